"""Whom a server must prove to be, and who the gateway proves to be."""

from __future__ import annotations

import ssl
from typing import Any

from tests.tls.certificates import VERSIONS, authority, issued, server_context
from tests.tls.peers import (
    REFUSED,
    TlsTestCase,
    admit,
    ending,
    explicit,
    last_words,
    private,
    secure,
    verbs,
)
from tests.tls.protected import LOGIN, send_file
from tests.wire.peers import BLOCK, TIMEOUT, Control


class Certificates(TlsTestCase):
    """Whom the gateway believes."""

    scheme = "ftpes"
    host = "localhost"

    def shown(self, kind: str, expected: bytes) -> None:
        """A server with that certificate is refused with these words, and never told USER."""
        context = server_context(kind)

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            try:
                secure(control, context)
            except REFUSED:
                return []
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        client.send(b"USER joe\r\nPASS secret\r\n")
        found = client.reply()
        assert found.code == 421 and expected in found.text, (kind, found)
        assert not verbs(served.result(TIMEOUT)) & LOGIN

    def test_expired(self) -> None:
        """Expired, said so."""
        self.shown("expired", b"expired")

    def test_unknown_authority(self) -> None:
        """Issued by a stranger, said so."""
        self.shown("unknown", b"issuer is unknown")

    def test_self_signed(self) -> None:
        """Self-signed, said so."""
        self.shown("self_signed", b"self-signed")

    def test_wrong_host(self) -> None:
        """For another host, said so with the name that was wanted."""
        self.shown("elsewhere.example.net", b"not for localhost")

    def test_address_only(self) -> None:
        """For the address, where the name was asked for."""
        self.shown("127.0.0.1", b"not for localhost")

    def test_wildcards(self) -> None:
        """A wildcard for everything is none."""
        self.shown("*.localhost", b"not for localhost")

    def test_good(self) -> None:
        """The right one is believed, and SNI names the server."""
        context = server_context()
        asked: list[str | None] = []

        def note(_: Any, name: str | None, __: Any) -> None:
            asked.append(name)

        context.sni_callback = note

        def script(control: Control) -> Any:
            explicit(control, context)
            admit(control)
            private(control)
            send_file(control, context)
            control.say(b"226 Sent.")

        self.serve(script)
        client = self.enter()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        assert asked == ["localhost", "localhost"]

    def test_alpn(self) -> None:
        """ftp is offered to servers, nothing else."""
        context = server_context()
        context.set_alpn_protocols(["x-filezilla-ftp", "http/1.1", "ftp"])

        def script(control: Control) -> Any:
            explicit(control, context)
            assert isinstance(control.sock, ssl.SSLSocket)
            return control.sock.selected_alpn_protocol()

        served = self.serve(script)
        self.connect()
        assert served.result(TIMEOUT) == "ftp"

    def test_old_server(self) -> None:
        """A server that only knows TLS 1.1 is refused by default."""
        context = server_context()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            try:
                secure(control, context)
            except REFUSED:
                return []
            return last_words(control)

        served = self.serve(script)
        found = self.connect().reply()
        assert found.code == 421 and b"TLS" in found.text, found
        assert not served.result(TIMEOUT)


class Revoked(Certificates):
    """server-tls.crl."""

    scheme = "ftpes"

    def settings(self) -> str:
        """With a revocation list."""
        if "revoked" not in _lists:
            _lists["revoked"] = str(authority().revocations(issued("rsa").serial))
        crl = f'[server-tls]\ncrl = ["{_lists["revoked"]}"]\n'
        return super().settings().replace("[server-tls]\n", crl)

    def test_revoked(self) -> None:
        """Revoked, said so."""
        self.shown("rsa", b"revoked")


_lists: dict[str, str] = {}


class Address(TlsTestCase):
    """A server configured by its address."""

    scheme = "ftpes"

    def test_name_only(self) -> None:
        """A certificate for the name does not do where the address was configured."""
        context = server_context("localhost")

        def script(control: Control) -> list[bytes]:
            explicit(control, context)
            return last_words(control)

        served = self.serve(script)
        found = self.connect().reply()
        assert found.code == 421 and b"not for 127.0.0.1" in found.text, found
        assert not served.result(TIMEOUT)


class Unverified(TlsTestCase):
    """server-tls.verify = false."""

    scheme = "ftpes"
    server_tls = "verify = false"

    def test_works_and_is_told(self) -> None:
        """Any certificate does, data included; the log says so at the start."""
        for kind in ("expired", "unknown", "self_signed", "elsewhere.example.net"):
            self.context = server_context(kind)

            def script(control: Control) -> Any:
                private(control)
                assert self.context is not None
                send_file(control, self.context)
                control.say(b"226 Sent.")

            client, _ = self.talk(script)
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226
        assert "server-tls.verify = false" in self.gateway.whole_log()


class ClientCertificate(TlsTestCase):
    """The server asks for a certificate."""

    scheme = "ftpes"

    def settings(self) -> str:
        """With one of our own."""
        pair = issued("client").toml
        return super().settings().replace("[server-tls]\n", "[server-tls]\n" + pair)

    def test_shown(self) -> None:
        """It is shown on control and data."""
        for version in VERSIONS:
            self.context = server_context(version=version)
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(authority().file)

            def script(control: Control) -> Any:
                assert isinstance(control.sock, ssl.SSLSocket)
                assert control.sock.getpeercert(True) == issued("client").der
                private(control)
                assert self.context is not None
                send_file(control, self.context)
                control.say(b"226 Sent.")

            client, served = self.talk(script)
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end"), version
            assert client.code() == 226
            served.result(TIMEOUT)
