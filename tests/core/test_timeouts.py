"""Sessions that end because a wait is over."""

from __future__ import annotations

from ftpalg.core.events import Timer as Wait
from tests.core.ladder import LadderTest
from tests.core.openings import GREETED, LOGIN


class Waited(LadderTest):
    """Waits for the client and for the server."""

    def test_idle(self) -> None:
        """No command in time is the client's fault, no answer the server's."""
        self.after_login("P ..  timer idle\nC <- P  421 No command came within…\nP ..  hangs up")
        self.after_login(
            """
            C -> P  NOOP
            P ..    starts idle
            P -> S  NOOP
            P ..    timer idle
            C <- P  421 The server did not answer within the time that timeouts.idle allows.
            P ..    hangs up
            """
        )

    def test_idle_begins_with_the_login(self) -> None:
        """Before the login only the login's wait runs; with it the idle wait begins."""
        made = self.ladder().play(GREETED)
        self.assertEqual(made.running, {Wait.LOGIN})
        made.play(LOGIN)
        self.assertEqual(made.running, {Wait.IDLE})
