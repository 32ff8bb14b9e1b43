"""File descriptors: what the limits need, what there is, and what fits."""

from __future__ import annotations

import resource
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits
from ftpalg.life.descriptors import descriptors


class Needs(SynchronousTestCase):
    """From limits.sessions to a number, and back."""

    def test_enough(self) -> None:
        """Where all fit there is no word, and as many are admitted as the limit says."""
        found = descriptors(Limits(sessions=100), 664)
        self.assertEqual((found.needed, found.fitting, found.warning), (664, 100, ""))

    def test_too_few(self) -> None:
        """One less: one session less, and a warning with the numbers."""
        found = descriptors(Limits(sessions=100), 663)
        self.assertEqual(found.fitting, 99)
        for word in ("limits.sessions = 100", "664", "663", "99 sessions", "LimitNOFILE"):
            self.assertIn(word, found.warning)

    def test_next_to_nothing(self) -> None:
        """A gateway that admits nobody would be none."""
        self.assertEqual(descriptors(Limits(sessions=100), 24).fitting, 1)


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
