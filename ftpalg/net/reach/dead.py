"""Addresses that did not answer while another one of the same name did."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TypeVar

from twisted.internet.interfaces import IReactorTime

LASTS = 60.0
"""Seconds for which such an address is tried last."""
MOST = 1024
"""Addresses that are remembered; the oldest is forgotten first."""

Target = TypeVar("Target", bound=Hashable)


class Dead:
    """Remembers them for a while; none is left out, since all may be dead or the memory wrong."""

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._since: OrderedDict[Hashable, float] = OrderedDict()

    def add(self, target: Hashable) -> bool:
        """It did not answer; whether that is news."""
        news = not self.holds(target)
        self._since.pop(target, None)
        self._since[target] = self._reactor.seconds()
        if len(self._since) > MOST:
            self._since.popitem(last=False)
        return news

    def holds(self, target: Hashable) -> bool:
        """Whether it is remembered as dead."""
        since = self._since.get(target)
        return since is not None and self._reactor.seconds() - since < LASTS

    def last(self, targets: list[Target]) -> list[Target]:
        """The same, the dead behind the others."""
        return sorted(targets, key=self.holds)
