"""The server's leg: what is required is had or refused, and every data connection resumes."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tests.tls.certificates import VERSIONS, authority, issued, server_context
from tests.tls.peers import (
    REFUSED,
    TlsClient,
    TlsTestCase,
    admit,
    as_server,
    ending,
    explicit,
    finish,
    half_close,
    last_words,
    private,
    secure,
    verbs,
)
from tests.wire.peers import BLOCK, QUICK, TIMEOUT, Control, echo_site, reset

LOGIN = {b"USER", b"PASS", b"ACCT"}


def send_file(
    control: Control, context: ssl.SSLContext, ends: Callable[[ssl.SSLSocket], None] = finish
) -> bool:
    """One protected download; True where it resumed the session."""
    port = control.data()
    control.answer(b"RETR", b"150 Here it comes.")
    data = as_server(port.open(), context)
    resumed = bool(data.session_reused)
    data.sendall(BLOCK)
    ends(data)
    return resumed


def take_file(control: Control, context: ssl.SSLContext) -> tuple[bytes, str, bool]:
    """One protected upload: the bytes, the end, and whether the session was resumed."""
    port = control.data()
    control.answer(b"STOR", b"150 Go on.")
    data = as_server(port.open(), context)
    found = (*ending(data), bool(data.session_reused))
    finish(data)  # a server that does not answer close_notify forgets its TLS 1.2 session
    return found


class Explicit(TlsTestCase):
    """ftpes://: no TLS, no login."""

    scheme = "ftpes"

    def refused(self, script: Callable[[Control], Any]) -> bytes:
        """The client's one reply, 421; the server saw no login."""
        served = self.serve(script)
        client = self.connect()
        client.send(b"USER joe\r\nPASS secret\r\n")
        found = client.reply()
        assert found.code == 421, found
        assert ending(client.sock)[1] != "cut"
        said = served.result(TIMEOUT)
        assert not verbs(said) & LOGIN, said
        assert b"secret" not in self.gateway.whole_log().encode()
        return found.text

    def test_auth_refused(self) -> None:
        """AUTH answered with a refusal: a clear 421, USER is never sent."""
        for answer in (
            b"500 What?",
            b"502 No.",
            b"504 No.",
            b"534 No.",
            b"431 Later.",
            b"530 Login.",
        ):

            def script(control: Control, answer: bytes = answer) -> list[bytes]:
                control.say(b"220 Ready.")
                control.answer(b"AUTH", answer)
                return last_words(control)

            assert b"TLS" in self.refused(script), answer

    def test_auth_answered_oddly(self) -> None:
        """A positive answer that is no 234 is no promise of TLS."""
        for answer in (
            b"200 OK.",
            b"220 Ready.",
            b"230 In.",
            b"331 Password.",
            b"350 More.",
            b"232 In.",
            b"235 More.",
            b"150 Soon.",
        ):

            def script(control: Control, answer: bytes = answer) -> list[bytes]:
                control.say(b"220 Ready.")
                control.answer(b"AUTH", answer)
                if answer.startswith(b"1"):
                    control.say(b"500 No.")
                return last_words(control)

            assert b"TLS" in self.refused(script), answer

    def test_logged_in_by_the_greeting(self) -> None:
        """A greeting with 230 is a stripped TLS (CVE-2021-22946)."""

        def script(control: Control) -> list[bytes]:
            control.say(b"230 Welcome.")
            return last_words(control)

        assert b"TLS" in self.refused(script)

    def test_closed(self) -> None:
        """The server closes at AUTH."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.expect(b"AUTH")
            return []

        self.refused(script)

    def test_closed_within_the_handshake(self) -> None:
        """The server agrees, then closes."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            return []

        assert b"TLS" in self.refused(script)

    def test_bytes_behind_234(self) -> None:
        """Replies in clear glued behind the 234, or sent right after it, end the session."""

        def glued(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.", b"230 Welcome, stranger.")
            return last_words(control)

        def half(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.expect(b"AUTH")
            control.send(b"234 Go on.\r\n230 Wel")
            return last_words(control)

        def multi(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.", b"211-Features:")
            return last_words(control)

        def later(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            assert control.sock.recv(1) == b"\x16"  # the ClientHello begins
            control.say(b"230 Welcome, stranger.")
            return last_words(control)

        for script in (glued, half, multi, later):
            self.refused(script)

    def test_silent_handshake(self) -> None:
        """A server that never answers the ClientHello: told in the time of timeouts.handshake."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            return last_words(control)

        assert b"TLS" in self.refused(script)

    timers = QUICK + "handshake = 0.5\n"

    def test_accepted_with_334(self) -> None:
        """334 counts as success, as curl has it."""
        context = server_context()

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"334 Go on.")
            secure(control, context)
            admit(control)

        self.serve(script)
        self.enter()

    def test_features_are_asked_anew(self) -> None:
        """What the client learns of the server comes from inside TLS."""

        def script(control: Control) -> Any:
            control.answer(b"FEAT", b"211-Features:", b" SIZE", b"211 End")

        client, _ = self.talk(script)
        assert b" SIZE" in client.ask(b"FEAT").lines

    def test_protection_before_data(self) -> None:
        """PBSZ 0 and PROT P come before the first data command, once for all transfers."""
        context = server_context()

        def script(control: Control) -> Any:
            private(control)
            for _ in range(3):
                send_file(control, context)
                control.say(b"226 Sent.")

        client, served = self.talk(script)
        for active in (False, True, False):
            assert ending(client.begin(b"RETR file", active=active)) == (BLOCK, "end")
            assert client.code() == 226
        served.result(TIMEOUT)

    def test_pbsz_refused(self) -> None:
        """A server that does not know PBSZ may still know PROT."""
        context = server_context()

        def script(control: Control) -> Any:
            control.answer(b"PBSZ", b"502 No.")
            control.answer(b"PROT", b"200 Private.")
            send_file(control, context)
            control.say(b"226 Sent.")

        client, _ = self.talk(script)
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_prot_refused(self) -> None:
        """PROT P refused: no RETR, no data connection, a clear reply; the session lives."""
        for answer in (b"534 No.", b"536 No.", b"504 No.", b"431 No.", b"502 What?"):

            def script(control: Control, answer: bytes = answer) -> list[bytes]:
                control.answer(b"PBSZ", b"200 PBSZ=0")
                control.answer(b"PROT", answer)
                seen = []
                while True:
                    verb, _ = control.command()
                    seen.append(verb)
                    if verb == b"EPSV":
                        control.say(b"229 Fine (|||1025|)")
                    elif verb == b"SITE":
                        control.say(b"200 here")
                        return seen
                    else:
                        control.say(b"550 No.")

            client, served = self.talk(script)
            prepared = client.ask(b"PASV")
            if prepared.code == 227:
                found = client.ask(b"RETR file")
                assert found.code in (521, 522, 534, 536, 425), found
                assert b"protect" in found.text or b"PROT" in found.text, found
            assert client.in_step()
            assert b"RETR" not in served.result(TIMEOUT)

    def test_pasv_before_the_login(self) -> None:
        """PROT refused before the login, because of that, does not spoil the session."""
        context = server_context()

        def script(control: Control) -> Any:
            explicit(control, context)
            logged = False
            while True:
                verb, _ = control.command()
                if verb == b"USER":
                    control.say(b"331 Password, please.")
                elif verb == b"PASS":
                    control.say(b"230 Welcome.")
                    logged = True
                    private(control)
                    send_file(control, context)
                    control.say(b"226 Sent.")
                    return
                else:
                    assert not logged
                    control.say(b"530 Log in first.")

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"PASV").code == 530
        client.login()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_data_handshake_fails(self) -> None:
        """A server whose data handshake fails: no complete transfer, and the session goes on."""

        def garbage(data: Any) -> None:
            data.sendall(b"220 I am no TLS server\r\n" * 40)
            ending(data)

        def silent(data: Any) -> None:
            ending(data)

        def gone(data: Any) -> None:
            data.close()

        def dead(data: Any) -> None:
            reset(data)

        for what in (garbage, silent, gone, dead):

            def script(control: Control, what: Callable[[Any], None] = what) -> Any:
                private(control)
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                what(port.open())
                control.say(b"425 TLS failed on the data connection.")
                verb, _ = control.command()
                if verb == b"ABOR":
                    control.say(b"226 Nothing to abort.")
                    verb, _ = control.command()
                assert verb == b"SITE"
                control.say(b"200 here")

            client, served = self.talk(script)
            data = client.begin(b"RETR file")
            assert ending(data) == (b"", "reset"), what.__name__
            assert client.code() in (425, 426), what.__name__
            assert client.in_step(), what.__name__
            served.result(TIMEOUT)

    def test_data_certificate(self) -> None:
        """Another server's certificate on the data connection: nothing is sent to it."""
        for kind in ("unknown", "elsewhere.example.net", "expired"):
            bad = server_context(kind)

            def script(control: Control, bad: ssl.SSLContext = bad) -> Any:
                private(control)
                port = control.data()
                control.answer(b"STOR", b"150 Go on.")
                try:
                    data = as_server(port.open(), bad)
                    found: Any = ending(data)
                except REFUSED:
                    found = b"", "refused"
                control.say(b"425 TLS failed.")
                return found

            client, served = self.talk(script)
            data = client.begin(b"STOR file")
            try:
                data.sendall(b"the secret file")
                data.close()
            except OSError:
                pass  # it was reset
            assert client.code() in (425, 426)
            got, how = served.result(TIMEOUT)
            assert (got, how != "end") == (b"", True), (kind, got, how)


class Implicit(TlsTestCase):
    """ftps://: TLS before the greeting."""

    scheme = "ftps"

    def test_whole_session(self) -> None:
        """The greeting comes under TLS; PBSZ and PROT are sent all the same; no AUTH."""
        self.context = context = server_context()

        def script(control: Control) -> Any:
            private(control)
            first = send_file(control, context)
            control.say(b"226 Sent.")
            found = take_file(control, context)
            control.say(b"226 Taken.")
            return (*found, first)

        client, served = self.talk(script)
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        data = client.begin(b"STOR file", active=True)
        data.sendall(BLOCK)
        data.close()
        assert client.code() == 226
        found = served.result(TIMEOUT)
        assert (len(found[0]), *found[1:]) == (len(BLOCK), "end", True, True), found[1:]

    def test_plain_greeting(self) -> None:
        """A server that greets in clear: 421, USER is never sent."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        found = client.reply()
        assert found.code == 421 and b"TLS" in found.text, found
        assert not verbs(served.result(TIMEOUT)) & LOGIN


class ClearAllowed(TlsTestCase):
    """server-tls.clear-data = true."""

    scheme = "ftpes"
    server_tls = "clear-data = true"

    def test_works(self) -> None:
        """PROT P refused: data goes in clear, and the log says so, at the start as well."""

        def script(control: Control) -> Any:
            control.answer(b"PBSZ", b"200 PBSZ=0")
            control.answer(b"PROT", b"534 No.")
            for _ in range(2):
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                data = port.open()
                data.sendall(BLOCK)
                data.close()
                control.say(b"226 Sent.")

        client, _ = self.talk(script)
        for _ in range(2):
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226
        assert "server-tls.clear-data = true" in self.gateway.whole_log()
        assert "goes in clear" in self.gateway.whole_log()


class Auto(TlsTestCase):
    """server-tls.mode = "auto"."""

    server_tls = 'mode = "auto"'

    def test_offered(self) -> None:
        """TLS is used where the server offers it."""
        context = server_context()

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

    def test_not_offered(self) -> None:
        """Otherwise it goes on in clear, data too, and the log says so."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"500 What?")
            admit(control)
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            data.sendall(BLOCK)
            data.close()
            control.say(b"226 Sent.")

        self.serve(script)
        client = self.enter()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        assert "in clear" in self.gateway.new_log()

    def test_bad_certificate(self) -> None:
        """A server that offers TLS with a bad certificate is refused, not downgraded."""
        context = server_context("unknown")

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
        assert client.code() == 421
        assert not verbs(served.result(TIMEOUT)) & LOGIN

    def test_odd_answer(self) -> None:
        """A 2xx that is no 234 is neither an offer nor a refusal: no login."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"200 Whatever.")
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 421
        assert not verbs(served.result(TIMEOUT)) & LOGIN


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


class Resumption(TlsTestCase):
    """A server that insists on resumed data connections, like FileZilla Server and vsftpd."""

    scheme = "ftpes"
    client_tls = 'mode = "offer"'

    def many(self, *, tickets: bool, version: ssl.TLSVersion, tls: bool) -> None:
        """Ten downloads and uploads in one session, all resumed."""
        self.context = context = server_context(version=version, tickets=tickets)

        def script(control: Control) -> Any:
            private(control)
            found = []
            for _ in range(5):
                found.append(send_file(control, context))
                control.say(b"226 Sent.")
                found.append(take_file(control, context)[2])
                control.say(b"226 Taken.")
            return found

        client, served = self.talk(script, tls=tls)
        for turn in range(5):
            data = client.begin(b"RETR file", active=bool(turn % 2))
            assert ending(data) == (BLOCK, "end")
            assert client.code() == 226
            data = client.begin(b"STOR file", active=bool(turn % 2))
            data.sendall(BLOCK)
            finish(data)
            assert client.code() == 226
        resumed = served.result(TIMEOUT)
        assert resumed == [True] * 10, (version, tickets, resumed)

    def test_many_transfers(self) -> None:
        """TLS 1.2 and 1.3, with tickets and with session IDs."""
        for version in VERSIONS:
            for tickets in (True, False):
                self.many(tickets=tickets, version=version, tls=False)

    def test_many_transfers_of_a_tls_client(self) -> None:
        """The same with TLS to the client too."""
        for version in VERSIONS:
            self.many(tickets=True, version=version, tls=True)

    def after(self, breaks: Callable[[Control, ssl.SSLSocket], None], version: Any) -> None:
        """Break a download, then do three more: all resumed."""
        self.context = context = server_context(version=version)

        def script(control: Control) -> Any:
            private(control)
            found = []
            for turn in range(4):
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                data = as_server(port.open(), context)
                found.append(data.session_reused)
                data.sendall(BLOCK)
                if turn == 0:
                    breaks(control, data)
                    control.say(b"426 Broken.")
                else:
                    finish(data)
                    control.say(b"226 Sent.")
            return found

        client, served = self.talk(script)
        assert ending(client.begin(b"RETR file"))[1] == "reset"
        assert client.code() == 426
        for _ in range(3):
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226
        assert served.result(TIMEOUT) == [True] * 4, version

    def test_after_a_cut_transfer(self) -> None:
        """FIN without close_notify does not spoil the session."""

        def breaks(_: Control, data: ssl.SSLSocket) -> None:
            half_close(data)
            ending(data)
            data.close()

        for version in VERSIONS:
            self.after(breaks, version)

    def test_after_a_reset_transfer(self) -> None:
        """Neither does a RST."""
        for version in VERSIONS:
            self.after(lambda _, data: reset(data), version)

    def test_after_the_client_went(self) -> None:
        """Neither does a client that resets its data connection: we are the ones who break."""
        for version in VERSIONS:
            self.context = context = server_context(version=version)

            def script(control: Control, context: ssl.SSLContext = context) -> Any:
                private(control)
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                data = as_server(port.open(), context)
                try:
                    while True:
                        data.sendall(BLOCK)
                except OSError:
                    data.close()
                control.say(b"426 Broken.")
                found = []
                for _ in range(3):
                    found.append(send_file(control, context))
                    control.say(b"226 Sent.")
                return found

            client, served = self.talk(script)
            data = client.begin(b"RETR file")
            data.recv(1000)
            reset(data)
            assert client.code() == 426
            for _ in range(3):
                assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
                assert client.code() == 226
            assert served.result(TIMEOUT) == [True] * 3, version


class Named(TlsTestCase):
    """The client names the server; rules choose its TLS."""

    scheme = ""
    client_tls = 'mode = "offer"'
    server_tls = 'mode = "explicit"'
    more = """\
[[server-tls.rules]]
server = "localhost"
mode = "off"
[[server-tls.rules]]
server = "127.0.0.2"
mode = "implicit"
[[server-tls.rules]]
server = "127.0.0.3"
mode = "match"
[[server-tls.rules]]
server = "127.0.0.4"
mode = "auto"
"""

    def named(self, host: str, script: Callable[[Control], Any]) -> tuple[TlsClient, Future[Any]]:
        """A client that has named the server; its reply has not been read."""
        future = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.send(b"USER joe@%b:%d\r\n" % (host.encode(), self.server.port))
        return client, future

    def test_default(self) -> None:
        """Where no rule speaks the general mode holds."""
        context = server_context()

        def script(control: Control) -> Any:
            explicit(control, context)
            assert control.answer(b"USER", b"331 Password, please.") == b"joe"
            control.answer(b"PASS", b"230 Welcome.")

        client, _ = self.named("127.0.0.1", script)
        assert client.code() == 331
        assert client.ask(b"PASS secret").code == 230

    def test_off(self) -> None:
        """A rule that switches TLS off, in any case of the name."""
        for host in ("localhost", "LOCALHOST"):

            def script(control: Control) -> Any:
                control.say(b"220 Ready.")
                admit(control)

            client, _ = self.named(host, script)
            assert client.code() == 331

    def test_refused_and_named_anew(self) -> None:
        """A wrong certificate: told which, USER never sent; the client may name another."""
        context = server_context()

        def wrong(control: Control) -> list[bytes]:
            explicit(control, context)
            return last_words(control)

        def plain(control: Control) -> Any:
            control.say(b"220 Ready.")
            admit(control)

        client, served = self.named("127.0.0.5", wrong)
        found = client.reply()
        assert 400 <= found.code < 600 and b"not for 127.0.0.5" in found.text, found
        assert not verbs(served.result(TIMEOUT)) & LOGIN
        self.serve(plain)
        client.send(b"USER joe@localhost:%d\r\n" % self.server.port)
        assert client.code() == 331
        assert client.ask(b"PASS secret").code == 230

    def test_match_with_a_secure_client(self) -> None:
        """match: a client under TLS gets a server under TLS or none."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"502 No.")
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.send(b"USER joe@127.0.0.3:%d\r\n" % self.server.port)
        found = client.reply()
        assert found.code >= 400 and b"TLS" in found.text, found
        assert not verbs(served.result(TIMEOUT)) & LOGIN

    def test_match_with_a_plain_client(self) -> None:
        """match: a plain client gets a plain server."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            admit(control)

        client, _ = self.named("127.0.0.3", script)
        assert client.code() == 331

    def test_glued_bytes(self) -> None:
        """Bytes in clear behind the 234 here too."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.", b"331 Password, please.")
            return last_words(control)

        client, served = self.named("127.0.0.1", script)
        assert client.code() >= 400
        assert not verbs(served.result(TIMEOUT)) & LOGIN


class Mixed(TlsTestCase):
    """Both control connections under TLS."""

    scheme = "ftpes"
    client_tls = 'mode = "require"'

    def test_levels_are_independent(self) -> None:
        """The server is asked for P whatever the client's level is, and the client's is kept."""
        context = server_context()

        def script(control: Control) -> Any:
            private(control)
            send_file(control, context)
            control.say(b"226 Sent.")
            echo_site(control)

        client, _ = self.talk(script, tls=True)
        data = client.begin(b"RETR file")
        assert isinstance(data, ssl.SSLSocket)
        assert ending(data) == (BLOCK, "end")
        assert client.code() == 226
        assert client.in_step()
