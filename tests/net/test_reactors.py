"""What is wanted of a reactor is what Twisted's have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.interfaces import IReactorFDSet, IReactorTime
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import Interface

from ftpalg.life.reactor import IWhole
from ftpalg.net.reactors import IAsking, IReaching, Reactor
from tests.net.pairs import REACTOR


def parts(interface: Any) -> Iterator[Any]:
    """Twisted's interfaces that one of ours is made of."""
    for base in interface.__bases__:
        if base.__module__.startswith("twisted."):
            yield base
        elif base is not Interface:
            yield from parts(base)


class Wanted(SynchronousTestCase):
    """Each part."""

    def test_interfaces(self) -> None:
        """The reactor that runs these tests provides them all."""
        for ours in (IAsking, IReaching, IWhole):
            found = list(parts(ours))
            self.assertGreater(len(found), 2)
            self.assertEqual([one for one in found if not one.providedBy(REACTOR)], [])

    def test_sessions(self) -> None:
        """What sessions want is in the interfaces that it is said to be of, under the same names."""
        names = {
            name for kind in Reactor.__mro__ for name in vars(kind) if not name.startswith("_")
        }
        self.assertEqual(
            names,
            {"addReader", "addWriter", "removeReader", "removeWriter", "callLater", "seconds"},
        )
        self.assertLessEqual(names, {*IReactorFDSet.names(), *IReactorTime.names()})
