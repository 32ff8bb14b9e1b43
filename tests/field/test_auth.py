"""Servers that begin TLS by an older word, or answer AUTH oddly (field.md rows 17, 25 and 26)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.tls.certificates import server_context
from tests.tls.peers import TlsTestCase, admit, private, secure
from tests.wire.peers import TIMEOUT, Control, echo_site

if TYPE_CHECKING:  # cases that several classes run; trial itself must not collect them
    Cases = TlsTestCase
else:
    Cases = object

ANSWERS: tuple[tuple[bytes, bytes], ...] = (
    (b"504 No.", b"234 Go."),
    (b"530 Log in.", b"334 Go."),
    (b"202 What for?", b"200 Starting SSL."),
    (b"500 What?\r\n500 What?", b"235-Go\r\n235 on."),
)
"""What AUTH TLS gets, and AUTH SSL then; bftpd and others say a refusal twice."""


class AuthCases(Cases):
    """Each is served under TLS, its data too."""

    server_tls = 'mode = "auto"'
    client_tls = 'mode = "offer"'
    leads = False
    """Whether the client's AUTH comes first."""

    def asked(self, *answers: bytes) -> None:
        """A session whose server answers the AUTHs so, the last one with consent."""
        context = server_context()

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            words = [control.answer(b"AUTH", one) for one in answers]
            assert words == [b"TLS", b"SSL"][: len(answers)], words
            secure(control, context)
            admit(control)
            private(control)
            control.data(closed=True)
            echo_site(control)

        served = self.serve(script)
        client = self.enter(tls=self.leads)
        assert client.ask(b"EPSV").code == 229
        assert client.in_step()
        served.result(TIMEOUT)

    def test_older_word(self) -> None:
        """AUTH TLS refused, AUTH SSL accepted."""
        for refusal, consent in ANSWERS:
            self.asked(refusal, consent)

    def test_late_greeting(self) -> None:
        """A 220 that came late is no refusal, however long the answer takes behind it."""
        context = server_context()

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            assert control.answer(b"AUTH", b"220 Really.") == b"TLS"
            assert self.gateway.logged("reply 220 answers no command")
            control.say(b"234 Go.")
            secure(control, context)
            admit(control)
            echo_site(control)

        served = self.serve(script)
        assert self.enter(tls=self.leads).in_step()
        served.result(TIMEOUT)


class Auto(AuthCases, TlsTestCase):
    """TLS where it is."""


class Explicit(AuthCases, TlsTestCase):
    """TLS or nothing."""

    scheme = "ftpes"
    server_tls = ""


class Match(AuthCases, TlsTestCase):
    """As the client does."""

    server_tls = 'mode = "match"'
    leads = True
