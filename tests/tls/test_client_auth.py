"""The client's control connection: AUTH, PBSZ and PROT, and TLS that is required of it."""

from __future__ import annotations

import ssl
from typing import Any

from tests.tls.peers import TlsClient, TlsTestCase, as_client, ending, last_words, refusal, verbs
from tests.tls.plain import send_file
from tests.wire.peers import BLOCK, TIMEOUT, Control


class Dialogue(TlsTestCase):
    """The replies of AUTH, PBSZ and PROT."""

    client_tls = 'mode = "offer"'

    def greeted(self) -> TlsClient:
        """A client that has read the greeting; the server is asked nothing."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        return client

    def test_every_mechanism(self) -> None:
        """TLS, TLS-C, SSL and TLS-P are accepted, in any case."""
        for word in (b"TLS", b"tls", b"TLS-C", b"Tls-c", b"SSL", b"ssl", b"TLS-P", b"tls-p"):
            client = self.greeted()
            client.auth(word)
            assert client.ask(b"PBSZ 0").code == 200, word

    def test_lower_case_verbs(self) -> None:
        """Verbs are read in any case."""
        client = self.greeted()
        assert client.ask(b"auth tls").code == 234
        client.secure()
        assert client.ask(b"pbsz 0").code == 200
        assert client.ask(b"prot p").code == 200

    def test_unknown_mechanism(self) -> None:
        """Anything else is 504, and the connection goes on in clear."""
        client = self.greeted()
        for word in (b"AUTH KERBEROS_V4", b"AUTH GSSAPI", b"AUTH TLS-X", b"AUTH TLS P"):
            assert client.ask(word).code == 504, word
        client.auth()
        assert client.ask(b"PBSZ 0").code == 200

    def test_auth_without_mechanism(self) -> None:
        """AUTH alone is an error of syntax or of parameter."""
        assert self.greeted().ask(b"AUTH").code in (501, 504)

    def test_auth_under_tls(self) -> None:
        """A second AUTH is refused and TLS stays."""
        client = self.greeted()
        client.auth()
        assert client.ask(b"AUTH TLS").code in (503, 534)
        assert client.ask(b"PBSZ 0").code == 200

    def test_before_tls(self) -> None:
        """PBSZ and PROT need AUTH, CCC needs TLS: 503, 503, 533."""
        client = self.greeted()
        assert client.ask(b"PBSZ 0").code == 503
        assert client.ask(b"PROT P").code == 503
        assert client.ask(b"CCC").code == 533

    def test_prot_before_pbsz(self) -> None:
        """PROT needs PBSZ: 503."""
        client = self.greeted()
        client.auth()
        assert client.ask(b"PROT P").code == 503
        assert client.ask(b"PBSZ 0").code == 200
        assert client.ask(b"PROT P").code == 200

    def test_levels(self) -> None:
        """S and E are 536, unknown levels 504, C and P 200; a refusal changes nothing."""
        client = self.greeted()
        client.auth()
        assert client.ask(b"PBSZ 0").code == 200
        for level, code in ((b"S", 536), (b"E", 536), (b"s", 536), (b"X", 504), (b"", 504)):
            found = client.ask(b"PROT " + level).code
            assert found == code or (level == b"" and found == 501), (level, found)
        for level in (b"C", b"P", b"c", b"p"):
            assert client.ask(b"PROT " + level).code == 200, level

    def test_pbsz_sizes(self) -> None:
        """Every number is answered with the size 0; what is none is 501."""
        client = self.greeted()
        client.auth()
        found = client.ask(b"PBSZ 16384")
        assert found.code == 200 and b"PBSZ=0" in found.text, found
        for size in (b"PBSZ", b"PBSZ x", b"PBSZ -1"):
            assert client.ask(size).code == 501, size

    def test_features(self) -> None:
        """FEAT lists AUTH TLS, PBSZ and PROT, once, and nothing of the server's own TLS."""

        def script(control: Control) -> Any:
            self.greet(control)
            control.answer(
                b"FEAT",
                b"211-Features:",
                b" AUTH TLS;SSL",
                b" PBSZ",
                b" PROT",
                b" CCC",
                b" SIZE",
                b"211 End",
            )
            return last_words(control)

        self.serve(script)
        client = self.enter()
        lines = [line.strip() for line in client.ask(b"FEAT").lines]
        for wanted in (b"AUTH TLS", b"PBSZ", b"PROT", b"SIZE"):
            assert lines.count(wanted) == 1, lines
        assert b"CCC" not in lines and b"AUTH TLS;SSL" not in lines, lines

    def test_user_is_forgotten(self) -> None:
        """A USER that came in clear is void under TLS: PASS then needs a USER of its own."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"USER", b"331 Password, please.")
            found = control.line()
            control.say(b"230 Welcome.")
            return [found, *last_words(control)]

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"USER mallory").code == 331
        client.auth()
        client.send(b"PASS secret\r\n")
        code = client.code()
        client.sock.close()
        assert code in (503, 530), f"{code} to PASS for a user named in clear"
        error = served.exception(TIMEOUT)  # the end where the PASS would have come
        assert error is not None, "PASS for a user named in clear"

    def test_port_is_forgotten(self) -> None:
        """A data port named before AUTH is void under TLS."""

        def script(control: Control) -> Any:
            self.greet(control)
            control.data()
            return last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.send(b"USER joe\r\n")
        assert client.code() == 331
        client.send(b"PASS secret\r\n")
        assert client.code() == 230
        client.pasv()
        assert client.ask(b"AUTH TLS").code in (234, 503, 534)

    def test_plain_client(self) -> None:
        """Where TLS is only offered a client may do without."""

        def script(control: Control) -> Any:
            send_file(control)

        client, _ = self.talk(script)
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_clear_data_of_a_secure_client(self) -> None:
        """After AUTH alone the level is C: data goes in clear."""

        def script(control: Control) -> Any:
            send_file(control)

        def whole(control: Control) -> Any:
            self.greet(control)
            script(control)

        self.serve(whole)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.login()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_ssl_implies_protection(self) -> None:
        """AUTH SSL and TLS-P imply PROT P, without PBSZ."""
        for word in (b"SSL", b"TLS-P"):

            def whole(control: Control) -> Any:
                self.greet(control)
                send_file(control)

            self.serve(whole)
            client = self.connect()
            assert client.code() == 220
            client.auth(word)
            client.login()
            client.level = b"P"
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226

    def test_no_session_ends_for_a_failed_handshake(self) -> None:
        """A client that does not trust us leaves; the next is served."""
        client = self.greeted()
        assert client.ask(b"AUTH TLS").code == 234
        stranger = ssl.create_default_context()
        error = refusal(lambda: as_client(client.sock, stranger))
        assert isinstance(error, ssl.SSLCertVerificationError)
        self.test_lower_case_verbs()


class Off(TlsTestCase):
    """TLS is not offered."""

    def test_refused(self) -> None:
        """AUTH is 502 and never reaches the server; FEAT tells of no TLS, the server's included."""

        def script(control: Control) -> list[bytes]:
            self.greet(control)
            control.answer(
                b"FEAT", b"211-Features:", b" AUTH TLS", b" PBSZ", b" PROT", b" SIZE", b"211 End"
            )
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 502
        assert client.ask(b"PBSZ 0").code in (502, 503)
        assert client.ask(b"PROT P").code in (502, 503)
        client.login()
        assert client.ask(b"AUTH SSL").code == 502
        text = client.ask(b"FEAT").text
        assert b"SIZE" in text and b"AUTH" not in text and b"PROT" not in text, text
        client.sock.close()
        assert not served.result(TIMEOUT)


class Required(TlsTestCase):
    """TLS is required."""

    client_tls = 'mode = "require"'

    def test_login_in_clear(self) -> None:
        """USER, PASS and all else are 530 before TLS and do not reach the server."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        for line in (b"USER joe", b"PASS secret", b"PASV", b"RETR file", b"ACCT x", b"CWD x"):
            assert client.ask(line).code == 530, line
        client.auth()
        client.sock.close()
        assert not verbs(served.result(TIMEOUT)) & {b"USER", b"PASS", b"ACCT", b"CWD", b"RETR"}

    def test_features_before_tls(self) -> None:
        """FEAT is answered before TLS: clients look there for AUTH."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"FEAT", b"530 Log in first.")
            return last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert b" AUTH TLS" in client.ask(b"FEAT").lines

    def test_clear_data(self) -> None:
        """PROT C and PASV are answered; the transfer command is 522, and the next with P works."""

        def script(control: Control) -> Any:
            self.greet(control)
            control.data()
            send_file(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.login()
        client.protect(b"C")
        client.pasv()
        assert client.ask(b"RETR file").code in (521, 522)
        client.protect()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_protection_changed_behind_pasv(self) -> None:
        """A data connection made before PROT P never carries data in clear after it."""

        def sends(control: Control) -> Any:
            self.greet(control)
            port = control.data()
            verb, _ = control.command()
            if verb != b"RETR":
                return
            control.say(b"150 Here it comes.")
            data = port.open()
            try:
                data.sendall(BLOCK)
                data.close()
                control.say(b"226 Sent.")
            except OSError:
                control.say(b"426 Broken.")
            last_words(control)

        self.serve(sends)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.login()
        data = client.pasv()
        assert client.ask(b"PBSZ 0").code == 200
        assert client.ask(b"PROT P").code == 200
        client.send(b"RETR file\r\n")
        data.settimeout(TIMEOUT)
        try:
            leaked = data.recv(65536)
        except (ConnectionError, TimeoutError):
            leaked = b""
        assert BLOCK[:64] not in leaked, "file bytes in clear where TLS is required"
