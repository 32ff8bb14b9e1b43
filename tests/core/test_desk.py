"""The desk: what every stage sees, and the only way in which it acts."""

from __future__ import annotations

from ftpalg.core.actions import SendReply
from ftpalg.core.desk import STATE, Desk
from ftpalg.core.ends import Reason
from ftpalg.core.phases import PATHS, Phase
from ftpalg.core.wire.replies import reply
from tests.core.ladder import LadderTest, actions
from tests.core.openings import RELAYED


class Desks(LadderTest):
    """One desk, as its session leaves it."""

    def desk(self, script: str = "") -> Desk:
        """That of a session behind its login."""
        return self.logged_in().play(script).session.desk

    def test_value(self) -> None:
        """The value is what stands in the slots of state; it can be compared and kept."""
        desk = self.desk(RELAYED)
        hash(desk.value)
        for name, value in zip(STATE, desk.value, strict=True):
            self.assertEqual(getattr(desk, name), value, name)

    def test_paths(self) -> None:
        """A phase is left along its paths only, and never for itself."""
        for phase in Phase:
            for other in Phase:
                desk = self.desk()
                desk.phase = phase
                if other in PATHS[phase]:
                    desk.move(other)
                    self.assertIs(desk.phase, other)
                else:
                    self.assertRaises(AssertionError, desk.move, other)

    def test_final_replies_have_a_command(self) -> None:
        """Rule 3: nothing is answered where nothing was asked."""
        desk = self.desk()
        self.assertRaises(AssertionError, desk.answer, reply(200, "OK."))
        self.assertRaises(AssertionError, desk.refuse, 530, "No.")

    def test_ends_once(self) -> None:
        """The first end counts; the last word is told once."""
        made = self.logged_in()
        made.end(reply(421, "First."))
        made.session.desk.leave(Reason.CLIENT_LOST, reply(421, "Second."))
        self.assertIs(made.session.desk.leaving, Reason.STOPPED)
        self.assertEqual(bytes(actions(made, SendReply)[-1].reply), b"421 First.\r\n")
