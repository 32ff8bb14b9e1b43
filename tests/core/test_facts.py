"""What observers are told."""

from __future__ import annotations

from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.ends import Moment, Reason
from ftpalg.core.facts import Fact, SessionClosed


class Facts(SynchronousTestCase):
    """Facts of a session."""

    def test_frozen(self) -> None:
        """One observer cannot change what the next one is told."""
        for kind in get_args(Fact):
            fact = kind._make(kind._fields)
            for name in kind._fields:
                with self.assertRaises(AttributeError, msg=kind):
                    setattr(fact, name, None)

    def test_letters(self) -> None:
        """The end of a session has the letter of who ended it, and of where it stood."""
        for reason in Reason:
            for moment in Moment:
                letters = SessionClosed(reason, moment).letters
                self.assertEqual(letters, reason.ender.letter + moment.letter)
