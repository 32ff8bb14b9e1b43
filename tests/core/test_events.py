"""What can happen to a session."""

from __future__ import annotations

from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Event, Side
from ftpalg.core.session import EVENTS


class Events(SynchronousTestCase):
    """The events themselves."""

    def test_sides(self) -> None:
        """Each side's other is the other."""
        self.assertEqual(
            [side.other for side in (Side.CLIENT, Side.SERVER)], [Side.SERVER, Side.CLIENT]
        )

    def test_each_is_handled(self) -> None:
        """Every event has its handler in the session, and there is none besides."""
        self.assertEqual(set(EVENTS), set(get_args(Event)))
