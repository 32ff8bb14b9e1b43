"""Answers that take their time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Json, Listed
from ftpalg.admin.slices import PATIENCE, Slices, listed
from tests.admin.cases import Turns


class Reader:
    """A client that reads as a test says."""

    def __init__(self, *, fills: bool = False) -> None:
        self.fills = fills
        self.producer: Any = None
        self.got: list[bytes] = []
        self.ends: list[str] = []

    def registerProducer(self, producer: object, streaming: bool) -> None:
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def write(self, data: bytes) -> None:
        self.got.append(data)
        if self.fills:
            self.producer.pauseProducing()

    def finish(self) -> None:
        assert self.producer is None, "it is unregistered first"
        self.ends.append("finished")

    def give_up(self) -> None:
        self.ends.append("given up")
        self.producer.stopProducing()


class SlicesTests(SynchronousTestCase):
    """A clock, and pieces that tell when they are asked for."""

    def setUp(self) -> None:
        self.clock = Turns()
        self.asked = 0
        self.closed = False

    def pieces(self, many: int = 3) -> Iterator[bytes]:
        try:
            for at in range(many):
                self.asked += 1
                yield b"%d" % at if at != 1 else b""
        finally:
            self.closed = True

    def test_one_a_turn(self) -> None:
        """Nothing at once, one piece in each turn, an empty one is not written, then the end."""
        reader = Reader()
        Slices(self.clock, reader, self.pieces())
        for turn in range(4):
            self.assertEqual(self.asked, turn)
            self.assertEqual(reader.ends, [])
            self.clock.turn()
        self.assertEqual((reader.got, reader.ends), ([b"0", b"2"], ["finished"]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_pauses(self) -> None:
        """No piece is made while the client does not read; it goes on where it stopped."""
        reader = Reader(fills=True)
        Slices(self.clock, reader, self.pieces())
        self.clock.turn()
        self.clock.advance(PATIENCE - 1)
        self.assertEqual(self.asked, 1)
        producer = reader.producer
        producer.resumeProducing()
        producer.resumeProducing()  # Twisted does so without a pause before, too
        self.assertEqual(self.asked, 1, "not before the next turn")
        for _ in range(2):
            self.clock.turn()
        self.assertEqual(reader.got, [b"0", b"2"])
        producer.resumeProducing()
        self.clock.turn()
        self.assertEqual(reader.ends, ["finished"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_does_not_read(self) -> None:
        """One that does not read for so long is got rid of; several pauses are one."""
        reader = Reader(fills=True)
        Slices(self.clock, reader, self.pieces())
        self.clock.turn()
        self.clock.advance(PATIENCE / 2)
        reader.producer.pauseProducing()
        self.clock.advance(PATIENCE / 2)
        self.assertEqual((reader.ends, self.closed), (["given up"], True))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_goes(self) -> None:
        """The work stops where the client goes, and what it holds is let go."""
        for pause in (False, True):
            self.asked, self.closed = 0, False
            reader = Reader(fills=pause)
            Slices(self.clock, reader, self.pieces())
            self.clock.turn()
            reader.producer.stopProducing()
            self.clock.advance(PATIENCE * 2)
            self.assertEqual((self.asked, self.closed, reader.ends), (1, True, []))
            self.assertEqual(self.clock.getDelayedCalls(), [])


class ListedTests(SynchronousTestCase):
    """The text of an array that comes in batches."""

    def test_batches(self) -> None:
        """It is one object, however the batches are cut, empty ones among them."""
        one: Json = {"a": "ä\x1b\n"}
        tried: list[list[list[Json]]] = [
            [],
            [[]],
            [[one]],
            [[], [one], []],
            [[one, one], [], [one]],
            [[one]] * 4,
        ]
        for batches in tried:
            text = b"".join(listed(Listed("things", iter(batches))))
            self.assertEqual(json.loads(text), {"things": [each for b in batches for each in b]})
            self.assertTrue(text.isascii())
            self.assertTrue(text.endswith(b"\n"))
            self.assertNotIn(b"\x1b", text)
            full = [batch for batch in batches if batch]
            first, *lines, last = text.splitlines()
            self.assertEqual((first, last), (b'{"things":[', b"]}"))
            found = [json.loads(b"[%b]" % line.removeprefix(b",")) for line in lines]
            self.assertEqual(found, full, "a line for each")

    def test_a_turn_for_each(self) -> None:
        """An empty batch is a turn, too: it has cost its time."""
        pieces = list(listed(Listed("things", iter([[], [], []]))))
        self.assertEqual(pieces[1:-1], [b"", b"", b""])
