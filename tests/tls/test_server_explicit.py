"""ftpes:// servers: what is required is had or refused."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from tests.tls.certificates import server_context
from tests.tls.peers import (
    REFUSED,
    TlsTestCase,
    admit,
    as_server,
    ending,
    explicit,
    last_words,
    private,
    secure,
    verbs,
)
from tests.tls.protected import LOGIN, send_file
from tests.wire.peers import BLOCK, TIMEOUT, Control, impatient, reset


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

    @impatient(handshake=2.0)
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

    @impatient(handshake=2.0)
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

    @impatient(handshake=0.5)
    def test_silent_handshake(self) -> None:
        """A server that never answers the ClientHello: told in the time of timeouts.handshake."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            return last_words(control)

        assert b"TLS" in self.refused(script)

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

    @impatient(stalled=2.0)
    def test_data_handshake_fails(self) -> None:
        """A server whose data handshake fails: no complete transfer, and the session goes on.

        The server's reset may overtake its 150: then nothing is promised, and the client's data
        connection ends cleanly behind the 425.
        """

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
            data = client.pasv()
            code = client.ask(b"RETR file").code
            if code == 150:
                assert ending(data) == (b"", "reset"), what.__name__
                code = client.code()
            else:
                assert ending(data) == (b"", "end"), what.__name__
            assert code in (425, 426), what.__name__
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
