"""Sockets that are watched together, over real ones."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.internet.main import CONNECTION_DONE
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from ftpalg.net.legs.sockets import reset
from ftpalg.net.watch import MOST, Watch
from tests.net.pairs import pair


class Reactor:
    """Knows whether the watch is watched."""

    def __init__(self) -> None:
        self.readers: list[object] = []
        self.addReader = self.readers.append
        self.removeReader = self.readers.remove

    def seconds(self) -> float:
        return 7.0

    def callLater(self, delay: float, *call: object) -> object:
        return delay, call


class One:
    """A descriptor that tells what it is told; ``reads`` and ``writes`` are what it does then."""

    reading = writing = False

    def __init__(self, told: list[object], sock: socket.socket, name: str = "one") -> None:
        self._told = told
        self.sock = sock
        self.name = name
        self.reads: Callable[[], object] = lambda: None
        self.writes: Callable[[], object] = lambda: None
        self.lost: Callable[[], object] = lambda: None

    def fileno(self) -> int:
        return self.sock.fileno()

    def logPrefix(self) -> str:
        return self.name

    def abort(self) -> None:
        """Nobody asks for it."""

    def doRead(self) -> Any:
        self._told.append((self.name, "reads"))
        return self.reads()

    def doWrite(self) -> Any:
        self._told.append((self.name, "writes"))
        return self.writes()

    def connectionLost(self, reason: Failure) -> None:
        self._told.append((self.name, reason.type))
        self.lost()


@implementer(IHalfCloseableDescriptor)
class Halved(One):
    """Its peer's end is not its own."""

    def readConnectionLost(self, reason: Failure) -> None:
        self._told.append((self.name, "ended"))

    def writeConnectionLost(self, reason: Failure) -> None:
        """Nobody tells that."""


class Watched(SynchronousTestCase):
    """A watch, and a reactor that never turns by itself."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.watch: Any = Watch(self.reactor)  # type: ignore[arg-type]
        self.told: list[object] = []
        self.addCleanup(self._left)

    def _left(self) -> None:
        """Nobody is watched any more, and no descriptor is left for the collector of garbage."""
        self.watch._watched.clear()
        self.watch.let_go()
        self.assertEqual(self.watch.fileno(), -1)

    def made(self, name: str = "one", kind: type[One] = One) -> tuple[One, socket.socket]:
        """A descriptor, and the far end of its socket."""
        near, far = pair()
        self.addCleanup(near.close)
        self.addCleanup(far.close)
        return kind(self.told, near, name), far

    def turn(self) -> list[object]:
        """What is told in one turn of the reactor."""
        self.told.clear()
        self.watch.doRead()
        return list(self.told)


class Asked(Watched):
    """What each of them is asked for."""

    def test_reading(self) -> None:
        """It is told as long as it is watched."""
        one, far = self.made()
        self.watch.addReader(one)
        self.watch.addReader(one)
        self.assertEqual(self.turn(), [])
        far.send(b"x")
        self.assertEqual(self.turn(), [("one", "reads")])
        self.assertEqual(self.turn(), [("one", "reads")])
        self.watch.removeReader(one)
        self.watch.removeReader(one)
        self.assertEqual(self.turn(), [])

    def test_both(self) -> None:
        """Reading comes first; one of both may be left."""
        one, far = self.made()
        far.send(b"x")
        self.watch.addReader(one)
        self.watch.addWriter(one)
        self.assertEqual(self.turn(), [("one", "reads"), ("one", "writes")])
        self.watch.removeReader(one)
        self.assertEqual(self.turn(), [("one", "writes")])
        self.watch.addReader(one)
        self.watch.removeWriter(one)
        self.assertEqual(self.turn(), [("one", "reads")])

    def test_resting(self) -> None:
        """It is told nothing, whether watched before or not, until it breaks or is watched again."""
        for watched in (True, False):
            one, far = self.made()
            far.send(b"x")
            if watched:
                self.watch.addReader(one)
            self.watch.rest(one)
            self.assertEqual(self.turn(), [])
            self.watch.addWriter(one)
            self.assertEqual(self.turn(), [("one", "writes")])
            self.watch.removeWriter(one)
            self.watch.addReader(one)
            self.assertEqual(self.turn(), [("one", "reads")])
            self.watch.rest(one)
            reset(far)
            far.close()
            self.assertEqual(self.turn(), [("one", ConnectionLost)])
            self.assertEqual(self.watch.fileno(), -1)

    def test_resting_no_more(self) -> None:
        """Who is removed while it rests is watched by nobody, and nor is another that reads its socket."""
        one, _ = self.made()
        self.watch.rest(one)
        self.watch.removeReader(one)
        self.assertEqual((self.watch.fileno(), self.reactor.readers), (-1, []))
        two, far = self.made()
        other = One(self.told, two.sock, "other")
        self.watch.rest(two)
        self.watch.addReader(other)
        far.send(b"x")
        self.assertEqual(self.turn(), [("other", "reads")])
        self.watch.removeReader(other)
        self.assertEqual((self.watch.fileno(), self.reactor.readers), (-1, []))

    def test_of_the_reactor(self) -> None:
        """The reactor watches it while it watches anybody, and has the clock."""
        one, _ = self.made()
        two, _ = self.made("two")
        self.watch.addReader(one)
        self.watch.addWriter(two)
        self.assertEqual(self.reactor.readers, [self.watch])
        self.watch.removeReader(one)
        self.assertEqual(self.reactor.readers, [self.watch])
        number = self.watch.fileno()
        os.fstat(number)
        self.watch.removeWriter(two)
        self.assertEqual((self.reactor.readers, self.watch.fileno()), ([], -1))
        self.assertRaises(OSError, os.fstat, number)
        self.assertEqual(self.watch.seconds(), 7.0)
        self.assertEqual(self.watch.callLater(0.5, "f", 1), (0.5, ("f", 1)))

    def test_kept(self) -> None:
        """A descriptor that is kept needs no other later, and is let go behind the last."""
        self.watch.keep()
        number = self.watch.fileno()
        one, _ = self.made()
        self.watch.addReader(one)
        self.watch.removeReader(one)
        self.assertEqual(self.watch.fileno(), number)
        self.watch.addReader(one)
        self.watch.let_go()
        self.assertEqual(self.watch.fileno(), number)
        self.watch.removeReader(one)
        self.assertEqual(self.watch.fileno(), -1)
        self.watch.keep()
        self.watch.let_go()
        self.assertEqual(self.watch.fileno(), -1)

    def test_closed(self) -> None:
        """One that has been closed is asked for nothing any more."""
        one, _ = self.made()
        one.sock.close()
        self.watch.removeReader(one)
        self.watch.removeWriter(one)
        self.assertEqual(self.turn(), [])

    def test_bounded(self) -> None:
        """One turn serves so many of them, and the next one the others first (rule 10)."""
        for at in range(MOST + 2):
            one, far = self.made(str(at))
            far.send(b"x")
            self.watch.addReader(one)
        first = self.turn()
        second = self.turn()
        self.assertEqual(len(first), MOST)
        self.assertEqual(len({*first, *second[:2]}), MOST + 2)


class Ended(Watched):
    """How they are told of an end."""

    def test_ended(self) -> None:
        """What it returns is its end, of which it is told once."""
        one, far = self.made()
        one.reads = lambda: CONNECTION_DONE
        self.watch.addReader(one)
        self.watch.addWriter(one)
        far.close()
        self.assertEqual(self.turn(), [("one", "reads"), ("one", ConnectionDone)])
        self.assertEqual((self.turn(), self.reactor.readers), ([], []))

    def test_half_closed(self) -> None:
        """Where it can be written to behind its peer's end, that is what it is told."""
        one, far = self.made(kind=Halved)
        one.reads = lambda: CONNECTION_DONE
        self.watch.addReader(one)
        far.close()
        self.assertEqual(self.turn(), [("one", "reads"), ("one", "ended")])
        self.watch.addWriter(one)
        self.assertEqual(self.turn()[:1], [("one", "writes")])

    def test_reset(self) -> None:
        """A connection that breaks while it is written is lost."""
        one, far = self.made()
        one.writes = lambda: self.fail("it is broken")
        self.watch.addWriter(one)
        reset(far)
        far.close()
        self.assertEqual(self.turn(), [("one", ConnectionLost)])
        self.assertEqual(self.turn(), [])

    def test_raised(self) -> None:
        """One that raises is lost by that, and the others are told of theirs."""
        one, far = self.made()
        two, other = self.made("two")

        def raises() -> None:
            raise ValueError

        one.reads = raises
        for sock, descriptor in ((far, one), (other, two)):
            self.watch.addReader(descriptor)
            sock.send(b"x")
        self.assertEqual(self.turn(), [("one", "reads"), ("one", ValueError), ("two", "reads")])
        self.assertEqual(self.turn(), [("two", "reads")])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_left_meanwhile(self) -> None:
        """Who is left by another's doing in the same turn is told nothing."""
        one, far = self.made()
        two, other = self.made("two")
        one.reads = lambda: self.watch.removeReader(two)
        for sock, descriptor in ((far, one), (other, two)):
            self.watch.addReader(descriptor)
            sock.send(b"x")
        self.assertEqual(self.turn(), [("one", "reads")])

    def test_number_given_on(self) -> None:
        """What another's doing has closed, and whose number a new one has, tells the new one nothing."""
        one, far = self.made()
        two, other = self.made("two")
        new, _ = self.made("new")

        def given_on() -> None:
            self.watch.removeReader(two)
            number = two.fileno()
            two.sock.close()
            os.dup2(new.sock.fileno(), number)
            new.sock.close()
            new.sock = socket.socket(fileno=number)
            self.addCleanup(new.sock.close)
            self.watch.addReader(new)

        one.reads = given_on
        for sock, descriptor in ((far, one), (other, two)):
            self.watch.addReader(descriptor)
            sock.send(b"x")
        self.assertEqual(self.turn(), [("one", "reads")])
        one.reads = lambda: None
        self.assertEqual(self.turn(), [("one", "reads")])

    def test_asked_meanwhile(self) -> None:
        """Who is asked for less by another's doing in the same turn is told no more than that."""
        one, far = self.made()
        two, other = self.made("two")
        one.reads = lambda: self.watch.removeReader(two)
        for sock, descriptor in ((far, one), (other, two)):
            sock.send(b"x")
            self.watch.addReader(descriptor)
        self.watch.addWriter(two)
        self.assertEqual(self.turn(), [("one", "reads"), ("two", "writes")])

    def test_left_by_itself(self) -> None:
        """What leaves while it reads is not told that it may write."""
        one, far = self.made()

        def leaves() -> None:
            self.watch.removeReader(one)
            self.watch.removeWriter(one)

        one.reads = leaves
        self.watch.addReader(one)
        self.watch.addWriter(one)
        far.send(b"x")
        self.assertEqual(self.turn(), [("one", "reads")])

    def test_reactor_ends(self) -> None:
        """All of them are lost with it."""
        for name in ("one", "two"):
            self.watch.addReader(self.made(name)[0])
        self.told.clear()
        self.watch.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(self.told, [("one", ConnectionLost), ("two", ConnectionLost)])
