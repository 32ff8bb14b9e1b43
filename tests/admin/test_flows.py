"""Lines to a client that follows what happens."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Flow, Write
from ftpalg.admin.flows import MOST, Flowing
from tests.admin.test_slices import Reader


class Flows(SynchronousTestCase):
    """What is written goes on as long as the client is there."""

    def setUp(self) -> None:
        self.reader = Reader()
        self.gone = self.went_on = 0
        Flowing(Clock(), self.reader, Flow(self.begin, self.go_on))

    def go_on(self) -> None:
        self.went_on += 1

    def begin(self, write: Write, end: Callable[[], None]) -> Callable[[], None]:
        self.write, self.end = write, end

        def gone() -> None:
            self.gone += 1

        return gone

    def test_lines(self) -> None:
        """Each at once; the end is the end."""
        self.write({"a": 1})
        self.write({"b": "\n"})
        self.assertEqual(self.reader.got, [b'{"a":1}\n', b'{"b":"\\n"}\n'])
        self.end()
        self.end()
        self.write({"c": 1})
        self.assertEqual((self.gone, self.reader.ends, len(self.reader.got)), (1, ["finished"], 2))

    def test_goes(self) -> None:
        """Nothing is written to one that has gone, and whoever writes knows it."""
        producer = self.reader.producer
        producer.stopProducing()
        producer.stopProducing()
        self.write({"a": 1})
        self.end()
        self.assertEqual((self.gone, self.reader.got, self.reader.ends), (1, [], []))

    def test_slow(self) -> None:
        """What it does not read waits, in its order; then it goes on."""
        self.assertTrue(self.write({"a": 0}))
        self.reader.got.clear()
        self.reader.producer.pauseProducing()
        self.assertFalse(self.write({"a": 1}))
        self.assertFalse(self.write({"a": 2}))
        self.assertEqual(self.reader.got, [])
        self.reader.producer.resumeProducing()
        self.write({"a": 3})
        self.assertEqual(self.reader.got, [b'{"a":1}\n', b'{"a":2}\n', b'{"a":3}\n'])

    def test_pauses_again(self) -> None:
        """A client that takes one line of what waits gets the next with its next room."""
        self.reader.fills = True
        self.write({"a": 1})
        self.write({"a": 2})
        self.write({"a": 3})
        for lines in (1, 2, 3):
            self.assertEqual(len(self.reader.got), lines)
            self.assertEqual(self.went_on, 0)
            self.reader.producer.resumeProducing()
        self.assertEqual(self.went_on, 1)
        self.assertEqual(self.reader.got, [b'{"a":1}\n', b'{"a":2}\n', b'{"a":3}\n'])

    def test_does_not_read(self) -> None:
        """What waits is bounded: it is cut off."""
        self.reader.producer.pauseProducing()
        line = {"a": "x" * 1000}
        for _ in range(MOST // 1000 + 1):
            self.write(line)
        self.assertEqual((self.gone, self.reader.ends), (1, ["given up"]))

    def test_ended_with_lines_waiting(self) -> None:
        """They are written before the end."""
        self.reader.producer.pauseProducing()
        self.write({"a": 1})
        self.end()
        self.assertEqual((self.reader.got, self.reader.ends), ([b'{"a":1}\n'], ["finished"]))

    def test_ended_in_its_beginning(self) -> None:
        """A flow that has nothing to say."""
        reader = Reader()

        def begin(write: Write, end: Callable[[], None]) -> Callable[[], None]:
            write({"a": 1})
            end()
            return lambda: setattr(self, "gone", self.gone + 1)

        Flowing(Clock(), reader, Flow(begin))
        self.assertEqual((reader.got, reader.ends, self.gone), ([b'{"a":1}\n'], ["finished"], 1))
