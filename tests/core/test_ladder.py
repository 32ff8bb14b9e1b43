"""The ladder itself: a script that is left is shown whole."""

from __future__ import annotations

from tests.core.ladder import LadderTest
from tests.core.openings import PASV_EPSV


class Failing(LadderTest):
    """What a failure says."""

    def failed(self, script: str) -> str:
        """The message of a script that does not pass."""
        return str(self.assertRaises(self.failureException, self.logged_in().play, script))

    def test_mark(self) -> None:
        """The mark stands before the line that is not met, and the lines around it are there."""
        told = self.failed("C -> P  NOOP\nP -> S  PWD\nP <- S  257 root").splitlines()
        at = next(number for number, line in enumerate(told) if line.startswith(">>>"))
        self.assertEqual(told[at - 1].strip(), "C -> P  NOOP")
        self.assertEqual(told[at + 1].strip(), "P -> S  PWD")
        self.assertEqual(told[at + 2].strip(), "P <- S  257 root")

    def test_what_is_held(self) -> None:
        """The queue, what is awaited, the transfer and the waits that run are named."""
        told = self.failed(
            f"{PASV_EPSV}\nC -> P  NOOP\nP -> S  NOOP\nC -> P  PWD\nP ..  goes opaque"
        )
        self.assertIn("Await.FORWARD", told)
        self.assertIn("PWD", told.partition("queue:")[2])
        self.assertIn("Leg.LISTENING", told)
        self.assertIn("running: ['idle']", told)

    def test_left_over(self) -> None:
        """An order that nobody asserted is shown as the line that would have met it."""
        told = self.failed("C -> P  NOOP")
        self.assertIn("ordered and not asserted: ['P -> S  NOOP']", told)
