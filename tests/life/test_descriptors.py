"""File descriptors: what the limits need, what there is, and what fits."""

from __future__ import annotations

import resource
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits
from ftpalg.life.descriptors import BASE, SESSION, TRANSFER, descriptors


class Needs(SynchronousTestCase):
    """From limits.sessions to a number, and back."""

    def test_enough(self) -> None:
        """Where all fit there is no word, and as many are admitted as the limit says."""
        found = descriptors(Limits(sessions=100), 664)
        self.assertEqual((found.needed, found.warning), (664, ""))
        self.assertEqual((found.fitting, found.moving), (100, 100))

    def test_too_few(self) -> None:
        """One less: a transfer less, and a warning with the numbers."""
        found = descriptors(Limits(sessions=100), 663)
        self.assertEqual((found.fitting, found.moving), (100, 99))
        for word in (
            "limits.sessions = 100",
            "664",
            "663",
            "100 sessions",
            "99 with",
            "LimitNOFILE",
        ):
            self.assertIn(word, found.warning)

    def test_kept_for_transfers(self) -> None:
        """However many sessions there are, some can have a transfer."""
        found = descriptors(Limits(sessions=100_000), 20_000)
        self.assertEqual((found.fitting, found.moving), (9135, 416))
        found = descriptors(Limits(sessions=100_000, transfers=10), 20_000)
        self.assertEqual((found.fitting, found.moving), (9948, 10))

    def test_all_is_within(self) -> None:
        """What fits does, with its transfers, whatever is allowed."""
        for allowed in range(80, 3000, 7):
            for transfers in (1, 50, 4000):
                found = descriptors(Limits(transfers=transfers), allowed)
                taken = BASE + SESSION * found.fitting + TRANSFER * found.moving
                self.assertLessEqual(taken, allowed)
                self.assertGreater(found.fitting, 0)

    def test_next_to_nothing(self) -> None:
        """A gateway that admits nobody would be none."""
        found = descriptors(Limits(sessions=100), 24)
        self.assertEqual((found.fitting, found.moving), (1, 0))


RAISE = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}))
from ftpalg.life.descriptors import raised
print(raised(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


class Raised(SynchronousTestCase):
    """The soft limit, in a process of its own."""

    def test_to_the_hard_one(self) -> None:
        """All that is allowed is taken."""
        hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 500)
        for limit in (hard, 64):
            words = [sys.executable, "-c", RAISE.format(hard=limit)]
            found = subprocess.run(words, capture_output=True, text=True, check=True).stdout
            self.assertEqual(found.split(), [str(limit)] * 3)
