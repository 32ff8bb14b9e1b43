"""What the reactor calls of a session goes through a guard; an exception there ends the session (rule 11).

Sockets and timers are called by the reactor, which knows no session: it would log what they raise and
forget the descriptor, and session and peers would wait for ever.  Each owner gives its parts the
reactor as ``Guarded``, and whatever comes out of a call leads to the owner's ``broke``, once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.net.reactors import IWatched, Reactor
from ftpalg.net.turns import TURN, Later, Turns


class Owner(Protocol):
    """Whose parts they are."""

    def broke(self) -> None:
        """An exception is being handled that came out of one of them: ``Failure()`` has it."""


class Guarded:
    """A reactor, as the parts of one owner see it.

    A descriptor that has raised is made to fail first: it may be nobody's any more.  The reactor is not
    asked to leave one that it does not watch: to ask costs as much as to be left.  One that is ready when
    the turn has had enough (``turns``) is left until its turn comes.
    """

    __slots__ = ("_owner", "_reactor", "turns")

    def __init__(self, reactor: Reactor, owner: Owner, turns: Turns) -> None:
        self._reactor = reactor
        self._owner = owner
        self.turns = turns

    def broke(self) -> None:
        """An exception is being handled that came out of a part."""
        self._owner.broke()

    def enter(self, call: Callable[..., object], *args: object) -> None:
        """Call it; what it raises goes to the owner and no further."""
        try:
            call(*args)
        except Exception:
            self.broke()

    def callLater(
        self, delay: float, callable: Callable[..., object], /, *args: object
    ) -> IDelayedCall:
        return self._reactor.callLater(delay, self.enter, callable, *args)

    def later(self, call: Callable[[], object]) -> Later:
        """Call it in the next turn, or in the first that comes to it."""
        return Later(self.turns, partial(self.enter, call))

    def seconds(self) -> float:
        return self._reactor.seconds()

    def addReader(self, reader: IWatched, /) -> None:
        if reader.reading is None:
            reader.reading = _Entry(reader, self)
        self._reactor.addReader(reader.reading)

    def addWriter(self, writer: IWatched, /) -> None:
        if writer.writing is None:
            writer.writing = _Entry(writer, self)
        self._reactor.addWriter(writer.writing)

    def removeReader(self, reader: IWatched, /) -> None:
        entry = reader.reading
        if entry is not None:
            reader.reading = None
            self._reactor.removeReader(entry)

    def removeWriter(self, writer: IWatched, /) -> None:
        entry = writer.writing
        if entry is not None:
            writer.writing = None
            self._reactor.removeWriter(entry)

    def put_off_reading(self, entry: _Entry) -> None:
        """It is ready, and the turn is over."""
        self._reactor.removeReader(entry)
        self.turns.put_off(entry.read_late)

    def put_off_writing(self, entry: _Entry) -> None:
        """The same for writing."""
        self._reactor.removeWriter(entry)
        self.turns.put_off(entry.write_late)


@implementer(IWatched)
class _Entry:
    """One descriptor behind the guard, while the reactor watches it, which asks for its number often."""

    reading = writing = None
    __slots__ = ("_guarded", "abort", "descriptor", "fileno", "logPrefix")

    def __init__(self, watched: IWatched, guarded: Guarded) -> None:
        self.descriptor = watched
        self._guarded = guarded
        self.abort = watched.abort
        self.fileno = watched.fileno
        self.logPrefix = watched.logPrefix

    def doRead(self) -> None:
        turns = self._guarded.turns
        if turns.over:
            self._guarded.put_off_reading(self)
            return
        began = turns.now()
        try:
            self.descriptor.doRead()
        except Exception:
            self._broke()
        turns.spent += turns.now() - began
        if not 0.0 <= turns.spent <= TURN:
            turns.enough()

    def doWrite(self) -> None:
        turns = self._guarded.turns
        if turns.over:
            self._guarded.put_off_writing(self)
            return
        began = turns.now()
        try:
            self.descriptor.doWrite()
        except Exception:
            self._broke()
        turns.spent += turns.now() - began
        if not 0.0 <= turns.spent <= TURN:
            turns.enough()

    def read_late(self) -> None:
        """It was ready, and nobody has lost interest since.  The reactor calls one entry of a descriptor
        for both."""
        if self.descriptor.reading is not None:
            self._guarded.addReader(self.descriptor)
            self.doRead()

    def write_late(self) -> None:
        """The same for writing."""
        if self.descriptor.writing is not None:
            self._guarded.addWriter(self.descriptor)
            self.doWrite()

    def connectionLost(self, reason: Failure) -> None:
        try:
            self.descriptor.connectionLost(reason)
        except Exception:
            self._broke()

    def _broke(self) -> None:
        try:
            self.abort()
        finally:
            self._guarded.broke()
