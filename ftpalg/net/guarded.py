"""What the reactor calls of a session goes through a guard; an exception there ends the session (rule 11).

Sockets and timers are called by the reactor, which knows no session: it would log what they raise and
forget the descriptor, and session and peers would wait for ever.  Each owner gives its parts the
reactor as ``Guarded``, and whatever comes out of a call leads to the owner's ``broke``, once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.value import value
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
        reader.reading = True
        self._reactor.addReader(_Entry(reader, self))

    def addWriter(self, writer: IWatched, /) -> None:
        writer.writing = True
        self._reactor.addWriter(_Entry(writer, self))

    def removeReader(self, reader: IWatched, /) -> None:
        if reader.reading:
            reader.reading = False
            self._reactor.removeReader(_Entry(reader, self))

    def removeWriter(self, writer: IWatched, /) -> None:
        if writer.writing:
            writer.writing = False
            self._reactor.removeWriter(_Entry(writer, self))

    def put_off_reading(self, entry: _Entry) -> None:
        """It is ready, and the turn is over."""
        self._reactor.removeReader(entry)
        self.turns.put_off(entry.read_late)

    def put_off_writing(self, entry: _Entry) -> None:
        """The same for writing."""
        self._reactor.removeWriter(entry)
        self.turns.put_off(entry.write_late)


@implementer(IWatched)
@value
class _Entry(NamedTuple):
    """One descriptor behind the guard; equal to every other entry of it."""

    descriptor: IWatched
    guarded: Guarded

    @property
    def reading(self) -> bool:
        return bool(self.descriptor.reading)

    @property
    def writing(self) -> bool:
        return bool(self.descriptor.writing)

    def fileno(self) -> int:
        return self.descriptor.fileno()

    def logPrefix(self) -> str:
        return self.descriptor.logPrefix()

    def abort(self) -> None:
        self.descriptor.abort()

    def doRead(self) -> None:
        turns = self.guarded.turns
        if turns.over:
            self.guarded.put_off_reading(self)
        else:
            began = turns.now()
            self._enter(self.descriptor.doRead)
            turns.spent += turns.now() - began
            if not 0.0 <= turns.spent <= TURN:
                turns.enough()

    def doWrite(self) -> None:
        turns = self.guarded.turns
        if turns.over:
            self.guarded.put_off_writing(self)
        else:
            began = turns.now()
            self._enter(self.descriptor.doWrite)
            turns.spent += turns.now() - began
            if not 0.0 <= turns.spent <= TURN:
                turns.enough()

    def read_late(self) -> None:
        """It was ready, and nobody has lost interest since."""
        if self.descriptor.reading:
            self.guarded.addReader(self.descriptor)
            self.doRead()

    def write_late(self) -> None:
        """The same for writing."""
        if self.descriptor.writing:
            self.guarded.addWriter(self.descriptor)
            self.doWrite()

    def connectionLost(self, reason: Failure) -> None:
        self._enter(self.descriptor.connectionLost, reason)

    def _enter(self, call: Callable[..., object], *args: Failure) -> None:
        try:
            call(*args)
        except Exception:
            try:
                self.descriptor.abort()
            finally:
                self.guarded.broke()
