"""Pipes that lie ready."""

from __future__ import annotations

import os
import socket

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.legs.between import SPLICE, between
from ftpalg.net.legs.pipes import KEPT, Pipe, Pipes, new_pipe
from ftpalg.net.legs.relay import CHUNK, SMALL, CopyRelay, SpliceRelay
from ftpalg.net.legs.sockets import DataSocket
from tests.net.pairs import REACTOR, SocketCase
from tests.net.relays import Told
from tests.net.test_delivery import fill


def is_open(pipe: Pipe) -> bool:
    """Whether both ends are; one alone is never."""
    found = set()
    for end in pipe:
        try:
            os.fstat(end)
        except OSError:
            found.add(False)
        else:
            found.add(True)
    (same,) = found
    return same


class Ready(SynchronousTestCase):
    """What is given, and what is taken."""

    def setUp(self) -> None:
        self.pipes = Pipes()
        self.addCleanup(self.pipes.close)

    def test_given_and_taken(self) -> None:
        """None is there before one is given; that one is taken, once."""
        self.assertIsNone(self.pipes.take())
        pipe = new_pipe()
        self.pipes.give(pipe)
        self.assertEqual((self.pipes.take(), self.pipes.take()), (pipe, None))
        self.pipes.give(pipe)

    def test_enough(self) -> None:
        """Of many so many are kept, and the others closed."""
        made = [new_pipe() for _ in range(KEPT + 2)]
        for pipe in made:
            self.pipes.give(pipe)
        self.assertEqual([is_open(pipe) for pipe in made], [True] * KEPT + [False] * 2)

    def test_closed(self) -> None:
        """What lies ready is closed, and what is given later too."""
        first, second = new_pipe(), new_pipe()
        self.pipes.give(first)
        self.pipes.close()
        self.pipes.give(second)
        self.assertEqual((is_open(first), is_open(second), self.pipes.take()), (False, False, None))


class Relays(SocketCase):
    """What uses them."""

    if not SPLICE:
        skip = "splice is Linux's"

    def setUp(self) -> None:
        super().setUp()
        self.pipes = Pipes()
        self.addCleanup(self.pipes.close)

    def relay(self) -> SpliceRelay:
        """One whose far ends are ``giver`` and ``taker``; it has not begun."""
        source, self.giver = self.pair()
        sink, self.taker = self.pair(small=True)
        legs = DataSocket(REACTOR, source), DataSocket(REACTOR, sink)
        made = between(REACTOR, *legs, *Told().callbacks(), hold=lambda *_: None, pipes=self.pipes)
        self.addCleanup(made.stop)
        assert isinstance(made, SpliceRelay)
        return made

    def end(self, relay: SpliceRelay) -> None:
        """Its source ends, and it sees that."""
        self.giver.shutdown(socket.SHUT_WR)
        relay._pull()
        self.assertTrue(relay._stopped)

    def test_used_again(self) -> None:
        """An empty one serves the next transfer, which asks for no descriptors."""
        pipe = new_pipe()
        self.pipes.give(pipe)
        for _ in range(2):
            relay = self.relay()
            self.assertEqual((relay._out, relay._in), pipe)
            self.giver.sendall(b"file")
            relay._pull()
            self.assertEqual(self.taker.recv(9), b"file")
            self.end(relay)

    def test_none_ready(self) -> None:
        """Where none is, descriptors are asked for."""
        self.assertRaises(AssertionError, self.relay)
        legs = DataSocket(REACTOR, self.pair()[0]), DataSocket(REACTOR, self.pair()[0])
        made = between(REACTOR, *legs, *Told().callbacks(), hold=lambda *_: None, pipes=self.pipes)
        self.addCleanup(made.stop)
        self.assertIsInstance(made, CopyRelay)

    def test_not_empty(self) -> None:
        """One in which bytes were left is nobody's any more: they are of another's file."""
        pipe = new_pipe()
        self.pipes.give(pipe)
        relay = self.relay()
        relay.start(60.0)
        fill(relay._sink.socket)
        self.giver.send(b"another's")
        relay._pull()
        self.assertEqual((relay.moved, relay._holds), (0, True))
        relay.stop()
        self.assertEqual((is_open(pipe), self.pipes.take()), (False, None))

    def test_cut(self) -> None:
        """Nor one of a transfer that did not end: whether it is empty nobody has seen."""
        pipe = new_pipe()
        self.pipes.give(pipe)
        self.relay().stop()
        self.assertEqual((is_open(pipe), self.pipes.take()), (False, None))

    def test_enlarged(self) -> None:
        """Nor is one kept that was made larger: of that memory a user has a share."""
        pipe = new_pipe()
        self.pipes.give(pipe)
        relay = self.relay()
        for size in (SMALL, 1):
            self.giver.sendall(bytes(size))
            relay._pull()
            self.taker.recv(CHUNK)
        self.end(relay)
        self.assertEqual((is_open(pipe), self.pipes.take()), (False, None))
