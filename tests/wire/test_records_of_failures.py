"""What records hold of what goes wrong: what an administrator needs to know of it."""

from __future__ import annotations

import contextlib
import ssl

from tests.tls.certificates import client_context, server_context
from tests.tls.peers import explicit
from tests.wire.recorded import GONE, PLAIN, SECURE, RecordsTestCase
from tests.wire.servers import Control


class Failures(RecordsTestCase):
    """What goes wrong, with what an administrator needs to know of it."""

    def test_refused_certificates(self) -> None:
        """Whose it is, who issued it, its names, its end and its digest."""
        for kind, reason, alert in (
            ("expired", "server-expired", "certificate_expired"),
            ("unknown", "server-untrusted", "unknown_ca"),
            ("other", "server-misnamed", ""),
        ):

            def script(control: Control, kind: str = kind) -> None:
                with contextlib.suppress(ssl.SSLError, ConnectionError):
                    explicit(control, server_context(kind))
                    control.sock.recv(1)

            self.serve_at(1, script)
            self.read_out(self.connect(SECURE))
            failed = self.record("tls_failed")
            told = failed["side"], failed["reason"], failed.get("alert", "")
            self.assertEqual(told, ("server", reason, alert))
            self.assertRegex(failed["not_after"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            self.assertRegex(failed["sha256"], r"^[0-9a-f]{64}$")
            for name in ("subject", "issuer"):
                self.assertIn("O=trustme", failed[name])
            if kind == "other":
                self.assertEqual(failed["names"], ["other"])

    def test_alerts_of_clients(self) -> None:
        """The name of the alert, whoever sends it."""
        old = client_context()
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        for context, reason, alert in (
            (ssl.create_default_context(), "client-distrust", "unknown_ca"),
            (old, "client-tls-version", "protocol_version"),
        ):
            self.serve_at(0, lambda control: control.say(b"220 Ready.").until_end())
            client = self.connect(PLAIN)
            self.assertEqual(client.code(), 220)
            self.assertEqual(client.ask(b"AUTH TLS").code, 234)
            with self.assertRaises(ssl.SSLError):
                context.wrap_socket(client.sock, server_hostname="localhost")
            client.sock.close()
            failed = self.record("tls_failed")
            self.assertEqual((failed["reason"], failed["alert"]), (reason, alert))
            self.assertNotIn("sha256", failed)

    def test_no_tls(self) -> None:
        """A server that begins none is quoted."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"502 Never heard of it.")
            control.answer(b"AUTH", b"502 Never heard of it.")
            control.until_end()

        self.serve_at(1, script)
        self.read_out(self.connect(SECURE))
        self.assertIn("502 Never heard of it.", self.record("tls_failed")["why"])

    def test_tried(self) -> None:
        """Each address with what came of it, and the time that it took."""
        server = self.servers[2]
        server.close()
        self.read_out(self.connect(GONE))
        (tried,) = self.record("server_unreachable")["tried"]
        self.assertRegex(tried, rf"^127\.0\.0\.1:{server.port} Connection refused \(\d+ ms\)$")

    def test_no_ftp(self) -> None:
        """A server that is none: what it has said, where that begins, and where the session stood."""
        self.serve_at(0, lambda control: control.say(b"\x05\x00 SSH-2.0 " + b"x" * 90).until_end())
        self.read_out(self.connect(PLAIN))
        error = self.record("protocol_error")
        self.assertEqual((error["side"], error["state"], error["offset"]), ("server", "R", 0))
        self.assertEqual(error["octets"], r"\x05\x00 SSH-2.0 " + "x" * 53 + "…")

    def test_offset(self) -> None:
        """How much it has said before."""
        said = len("220 Ready.\r\n331 Password, please.\r\n230 Welcome.\r\n")
        self.serve_at(0, lambda control: control.login().say(b"y" * 70_000).until_end())
        client = self.enter(PLAIN)
        client.send(b"SITE x\r\n")
        self.read_out(client)
        error = self.record("protocol_error")
        self.assertEqual((error["offset"], error["octets"]), (said, "y" * 64 + "…"))

    def test_http(self) -> None:
        """A client that is none."""
        self.serve_at(0, lambda control: control.say(b"220 Ready.").until_end())
        client = self.connect(PLAIN)
        self.assertEqual(client.code(), 220)
        client.send(b"NOOP\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.read_out(client)
        error = self.record("protocol_error")
        self.assertEqual((error["side"], error["octets"]), ("client", "GET / HTTP/1.1"))
        self.assertEqual(error["offset"], len("NOOP\r\n"))

    def test_echo(self) -> None:
        """A server that quotes the password does not get it into any record."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            control.answer(b"USER", b"331 Password, please.")
            control.answer(b"PASS", b"530 Gate-w0rd is not his password.")
            control.say(b"421 Gate-w0rd! Go away.")

        self.serve_at(0, script)
        client = self.connect(PLAIN)
        self.assertEqual(client.code(), 220)
        client.ask(b"USER joe")
        self.assertIn(b"Gate-w0rd", client.ask(b"PASS Gate-w0rd").text)
        self.read_out(client)
        self.assertEqual(self.record("login_refused")["text"], "**** is not his password.")
        self.assertNotIn("Gate-w0rd", self.gateway.whole_log())
