"""What is wanted of a reactor, part by part, so that a test may give less than Twisted has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorFDSet,
    IReactorFromThreads,
    IReactorSocket,
    IReactorTCP,
    IReactorTime,
    IReactorUDP,
    IReadDescriptor,
    IReadWriteDescriptor,
)
from zope.interface import Attribute


class IWatched(IReadWriteDescriptor):
    """A descriptor that can be made to fail."""

    reading = Attribute(
        "what a guard has the reactor watch for its reading, None where it does not"
    )
    writing = Attribute("the same for writing")

    def abort() -> None:
        """Close it so that its peer sees a failure; harmless when closed already."""


class Watching(Protocol):
    """It tells descriptors when they are ready (parts of IReactorFDSet)."""

    def addReader(self, reader: IWatched, /) -> None: ...

    def addWriter(self, writer: IWatched, /) -> None: ...

    def removeReader(self, reader: IWatched, /) -> None: ...

    def removeWriter(self, writer: IWatched, /) -> None: ...


class Timing(Protocol):
    """It has a clock (parts of IReactorTime)."""

    def callLater(
        self, delay: float, callable: Callable[..., object], /, *args: object
    ) -> IDelayedCall: ...

    def seconds(self) -> float: ...


class Reading(Timing, Protocol):
    """It tells what is only read (parts of IReactorFDSet)."""

    def addReader(self, reader: IReadDescriptor, /) -> None: ...

    def removeReader(self, reader: IReadDescriptor, /) -> None: ...


class Reactor(Watching, Timing, Protocol):
    """What control and data connections want of a reactor, in one type."""


class IAsking(IReactorTime, IReactorTCP, IReactorUDP):
    """What asks name servers."""


class IReaching(IAsking, IReactorFDSet, IReactorFromThreads, IReactorSocket):
    """What all sessions of a gateway share."""
