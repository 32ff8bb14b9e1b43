"""What can happen to a session."""

from __future__ import annotations

from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Event, Link, ServerConnected, Side
from ftpalg.core.session import HANDLERS


class Events(SynchronousTestCase):
    """The events themselves."""

    def test_sides(self) -> None:
        """Each side's other is the other."""
        self.assertEqual(
            [side.other for side in (Side.CLIENT, Side.SERVER)], [Side.SERVER, Side.CLIENT]
        )

    def test_traits_are_not_shared_by_accident(self) -> None:
        """Two servers without known traits do not learn for each other."""
        first, second = (ServerConnected(Link("a", "b")) for _ in range(2))
        first.traits.epsv = False
        self.assertTrue(second.traits.epsv)

    def test_each_is_handled(self) -> None:
        """Every event has its handler in the session, and there is none besides."""
        self.assertEqual(set(HANDLERS), set(get_args(Event)))
