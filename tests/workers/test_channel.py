"""What a supervisor and a worker say to each other, and what else may come over that wire."""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.protocols.amp import Box
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from ftpalg.life.reactor import installed
from ftpalg.workers import channel
from ftpalg.workers.channel import Channel, Gone, Late, Refused, connect
from tests.workers.ends import Ends, answer_of

LONG = {"names": [f"session {number} \N{SNOWMAN}" for number in range(20_000)]}


class Said(SynchronousTestCase):
    """Messages."""

    def setUp(self) -> None:
        self.ends = Ends()
        self.heard: list[Any] = []
        self.ends.theirs.hears["note"] = self.heard.append

    def test_told(self) -> None:
        """Bodies of any kind, in their order."""
        bodies: list[Any] = [None, 0, "ü\udc80", [1.5, True], {"a": {"b": []}}]
        for body in bodies:
            self.ends.ours.tell("note", body)
        self.ends.carry()
        self.assertEqual(self.heard, bodies)
        self.assertEqual(self.ends.lost, [])

    def test_asked(self) -> None:
        """The answer, at once or later; both ends ask."""
        later: Deferred[Any] = Deferred()
        self.ends.theirs.hears["double"] = lambda body: 2 * body
        self.ends.theirs.hears["later"] = lambda body: later
        self.ends.ours.hears["half"] = lambda body: body / 2
        self.assertEqual(self.ends.asked("double", 4), 8)
        self.assertEqual(answer_of(self.ends.theirs.ask("half", 4), self.ends), 2)
        waiting = self.ends.ours.ask("later")
        self.ends.carry()
        self.assertNoResult(waiting)
        later.callback("now")
        self.assertEqual(answer_of(waiting, self.ends), "now")
        self.assertEqual(self.ends.clock.getDelayedCalls(), [])

    def test_long(self) -> None:
        """More than AMP's values can hold, either way, and between others."""
        self.ends.theirs.hears["same"] = lambda body: body
        first = self.ends.ours.ask("same", LONG)
        self.ends.ours.tell("note", LONG)
        self.ends.ours.tell("note", "short")
        self.assertEqual(answer_of(first, self.ends), LONG)
        self.assertEqual(self.heard, [LONG, "short"])
        self.assertEqual((self.ends.theirs._paged, self.ends.theirs._pages), (0, {}))

    def test_refused(self) -> None:
        """What is raised is a sentence to the asker; a topic that nobody hears too.  Others go on."""

        def refuse(body: Any) -> None:
            raise ValueError("no 7 here")

        self.ends.theirs.hears["seven"] = refuse
        self.assertEqual(str(self.assertRaises(Refused, self.ends.asked, "seven")), "no 7 here")
        unheard = self.assertRaises(Refused, self.ends.asked, "eight")
        self.assertEqual(str(unheard), "nobody here hears of 'eight'")
        self.ends.ours.tell("eight")
        self.ends.ours.tell("note", 1)
        self.ends.carry()
        self.assertEqual((self.heard, self.ends.lost), ([1], []))

    def test_late(self) -> None:
        """One that does not answer is known; what it says later is heard by nobody."""
        later: Deferred[Any] = Deferred()
        self.ends.theirs.hears["later"] = lambda body: later
        waiting = self.ends.ours.ask("later", within=7)
        self.ends.carry()
        self.ends.clock.advance(6.9)
        self.assertNoResult(waiting)
        self.ends.clock.advance(0.2)
        self.assertEqual(
            str(self.failureResultOf(waiting, Late).value), "it has not answered 'later' in 7 s"
        )
        later.callback(1)
        self.ends.carry()
        self.assertEqual(self.ends.lost, [])

    def test_gone(self) -> None:
        """Who asks somebody that goes, or has gone, is told so; who tells hears nothing."""
        waiting = self.ends.ours.ask("later")
        self.ends.ours.connectionLost(Failure(ConnectionDone()))
        gone = self.failureResultOf(waiting, Gone)
        self.assertEqual(str(gone.value), "its end of the channel is closed")
        self.failureResultOf(self.ends.ours.ask("later"), Gone)
        self.ends.ours.tell("note")
        self.assertEqual(self.ends.lost, [("ours", "its end of the channel is closed")])
        self.assertEqual(self.ends.clock.getDelayedCalls(), [])


class Hostile(SynchronousTestCase):
    """What is not spoken here loses the channel, with one sentence and no traceback."""

    def lost(self, data: bytes) -> None:
        """Our end gets these bytes."""
        ends = Ends()
        heard: list[Any] = []
        ends.ours.hears["note"] = heard.append
        ends.ours.dataReceived(data)
        ends.ours.dataReceived(box(_command=b"Tell", topic=b"note", page=b"0", data=b"1"))
        self.assertTrue(ends.ours.transport.aborted, data[:60])
        self.assertEqual(heard, [])
        ends.ours.connectionLost(Failure(ConnectionDone()))
        ((_, why),) = ends.lost
        self.assertNotEqual(why, "its end of the channel is closed")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_no_amp(self) -> None:
        """Any bytes, an empty box, keys and values that are too long."""
        for data in (b"HELO\r\n", b"\0\0", b"\xff" * 99, b"\0\1a\0\1b\0\0"):
            self.lost(data)

    def test_no_command(self) -> None:
        """Commands that there are not, AMP's own among them; with other words; answers to nothing."""
        for words in (
            {"_command": b"Nothing"},
            {"_command": b"StartTLS"},
            {"_command": b"Tell"},
            {"_command": b"Tell", "topic": b"note", "page": b"x", "data": b"1"},
            {"_command": b"Tell", "topic": b"\xff", "page": b"0", "data": b"1"},
            {"_answer": b"99"},
            {"_error": b"99", "_error_code": b"X", "_error_description": b"x"},
        ):
            self.lost(box(**words))

    def test_no_json(self) -> None:
        """Bodies that are none, too deep, or of pages of which nothing has come."""
        for page, data in ((b"0", b"{"), (b"0", b"[" * 60_000), (b"5", b"1"), (b"0", b"\xff")):
            self.lost(box(_command=b"Tell", topic=b"note", page=page, data=data))

    def test_too_much(self) -> None:
        """Pieces without an end are taken up to a bound, of bytes and of numbers."""
        piece = box(_command=b"More", page=b"1", data=b"x" * 1000)
        self.patch(channel, "MOST", 9_999)
        self.lost(piece * 10)
        self.patch(channel, "MOST", 1 << 30)
        pages = range(channel.PAGES + 1)
        self.lost(b"".join(box(_command=b"More", page=b"%d" % at, data=b"") for at in pages))

    def test_bad_answer(self) -> None:
        """An answer that cannot be read fails the question, too."""
        ends = Ends()
        waiting = ends.ours.ask("note")
        ends.ours.dataReceived(box(_answer=b"1", refused=b"False", page=b"9", data=b"1"))
        self.assertTrue(ends.ours.transport.aborted)
        gone = self.failureResultOf(waiting, Gone)
        self.assertEqual(str(gone.value), "its answer to 'note' cannot be read")


def box(**words: bytes) -> bytes:
    """As AMP writes it."""
    return bytes(Box({name.encode(): word for name, word in words.items()}).serialize())


class Sockets(TestCase):
    """Over a pair of sockets."""

    def setUp(self) -> None:
        self.lost: list[Deferred[str]] = [Deferred(), Deferred()]
        self.taken: Deferred[tuple[str, int]] = Deferred()
        ours, theirs = socket.socketpair()
        reactor = installed()
        self.ours = Channel(reactor, {}, self.lost[0].callback)

        def take(name: str, descriptor: int) -> None:
            self.taken.callback((name, descriptor))

        self.theirs = Channel(reactor, {"same": lambda body: body}, self.lost[1].callback, take)
        for end, sock in ((self.ours, ours), (self.theirs, theirs)):
            connect(reactor, sock.detach(), end)

    async def over(self) -> None:
        """Both ends are closed."""
        self.ours.lose("over")
        for one in self.lost:
            await one

    async def test_long(self) -> None:
        """A long body comes back whole, and who loses the channel is told at both ends."""
        self.assertEqual(await self.ours.ask("same", LONG), LONG)
        await self.over()

    async def test_descriptor(self) -> None:
        """A descriptor arrives as another number of the same file."""
        end, mouth = os.pipe()
        self.ours.hand("pipe", mouth)
        name, got = await self.taken
        os.close(mouth)
        os.write(got, b"x")
        self.assertEqual((name, os.read(end, 9)), ("pipe", b"x"))
        os.close(got)
        self.assertEqual(os.read(end, 9), b"")
        os.close(end)
        await self.over()

    async def test_descriptor_for_nobody(self) -> None:
        """The end that takes none closes it, and the channel with it."""
        end, mouth = os.pipe()
        self.theirs.hand("pipe", mouth)
        self.assertEqual(await self.lost[0], "it hands on descriptors")
        await self.lost[1]
        os.close(mouth)
        os.set_blocking(end, False)
        self.assertEqual(os.read(end, 9), b"")  # no copy of it is left
        os.close(end)
