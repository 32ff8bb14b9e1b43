"""``GET /ladder``: whom it means, how many may follow, and how following begins and ends."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Flow, Refusal
from ftpalg.admin.flows import Flowing
from ftpalg.admin.ladder import MOST, ladder
from ftpalg.core.facts import CommandLine
from ftpalg.core.last_lines import LastLines
from ftpalg.core.wire.commands import Command
from tests.admin.cases import Standing, asked, session

LINE = CommandLine(Command(b"NOOP"))


def gateway() -> Standing:
    """With two sessions that have said something."""
    made = Standing(session("1jd5k7q0z", "192.0.2.1"), session("1jd5k7q1a", "fe80::1%eth0"))
    said = bytes(LastLines(made.reactor.seconds).keep(None, LINE))
    made.lines = dict.fromkeys(made.sessions, said)
    return made


class Reader:
    """A client of the socket."""

    def __init__(self) -> None:
        self.data = b""
        self.finished = False
        self.producer: Any = None

    def write(self, data: bytes) -> None:
        self.data += data

    def registerProducer(self, producer: object, streaming: bool) -> None:
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def finish(self) -> None:
        self.finished = True

    def give_up(self) -> None:
        raise AssertionError("it reads slowly, and that is all")


class Asking(SynchronousTestCase):
    """A gateway that is asked."""

    def setUp(self) -> None:
        self.gateway = gateway()

    def ask(self, client: str, **words: Any) -> Flow:
        """What it answers."""
        return ladder(self.gateway, asked(client=client, **words))

    def follow(self, client: str, **words: Any) -> Reader:
        """Somebody does."""
        reader = Reader()
        Flowing(self.gateway.reactor, reader, self.ask(client, **words))
        self.gateway.reactor.advance(0)
        return reader

    def shown(self, client: str) -> list[str]:
        """Whose lines are shown, of those that were said before."""
        data = self.follow(client, back=True).data
        return [name for name in self.gateway.sessions if name.encode() in data]

    def refused(self, client: str) -> tuple[int, str]:
        """Why not."""
        refusal = self.assertRaises(Refusal, self.ask, client)
        return refusal.status, refusal.sentence


class Meaning(Asking):
    """What the word means."""

    def test_addresses_and_networks(self) -> None:
        first, second = self.gateway.sessions
        for word, names in (
            ("192.0.2.1", [first]),
            ("192.0.2.7/24", [first]),
            ("0.0.0.0/0", [first]),
            ("fe80::1", [second]),
            ("::/0", [second]),
            ("192.0.2.2", []),
            ("::ffff:192.0.2.1", [first]),
            ("fe80::1%eth0", [second]),
        ):
            self.assertEqual(self.shown(word), names, word)

    def test_a_client_without_an_address(self) -> None:
        """Is nobody's, and no exception."""
        self.gateway.snapshots["nowhere01"] = session("nowhere01", "-")
        self.gateway.lines["nowhere01"] = self.gateway.lines["1jd5k7q0z"]
        self.assertEqual(self.shown("0.0.0.0/0"), ["1jd5k7q0z"])

    def test_sessions(self) -> None:
        """A name, or its beginning where only one begins so."""
        for word in ("1jd5k7q0z", "1JD5K7Q0"):
            self.assertEqual(self.shown(word), ["1jd5k7q0z"])
        self.assertEqual(self.refused("1jd"), (400, "'1jd': 2 sessions have names that begin so"))
        for word in ("2", "1jd5k7q0zz", "192.0.2.1/99", "files.example.net"):
            status, sentence = self.refused(word)
            self.assertEqual(status, 404)
            self.assertIn(f"'{word}' is no session that runs, no address and no network", sentence)

    def test_without_what_was_said_before(self) -> None:
        self.assertEqual(self.follow("1jd5k7q0z").data, b"")


class Flows(Asking):
    """How following begins and ends."""

    def test_who_goes(self) -> None:
        """Is told no more, and nothing waits for it."""
        reader = self.follow("192.0.2.0/24")
        self.gateway.happens("1jd5k7q0z", LINE)
        reader.producer.stopProducing()
        self.assertEqual(self.gateway.observers, [])
        self.assertEqual(self.gateway.reactor.getDelayedCalls(), [])

    def test_who_does_not_read(self) -> None:
        """One line more at most is kept for it; it gets the others as soon as it reads."""
        reader = self.follow("192.0.2.0/24")
        (follower,) = self.gateway.observers
        reader.producer.pauseProducing()
        for _ in range(3):
            self.gateway.happens("1jd5k7q0z", LINE)
            self.gateway.reactor.advance(0)
        self.assertEqual(reader.data, b"")
        self.assertEqual(len(follower._waiting), 2)  # type: ignore[attr-defined]
        reader.producer.resumeProducing()
        self.gateway.reactor.advance(0)
        self.assertEqual(reader.data.count(b"NOOP"), 3)

    def test_who_stops_reading_while_it_gets_what_has_waited(self) -> None:
        reader = self.follow("192.0.2.0/24")
        for _ in range(5):
            self.gateway.happens("1jd5k7q0z", LINE)
        write = reader.write

        def pausing(data: bytes) -> None:
            write(data)
            reader.producer.pauseProducing()

        reader.write = pausing  # type: ignore[method-assign]
        for count in range(1, 6):
            self.gateway.reactor.advance(0)
            self.assertEqual(reader.data.count(b"NOOP"), count)
            reader.producer.resumeProducing()

    def test_too_many(self) -> None:
        """One more is refused, until somebody goes."""
        readers = [self.follow("192.0.2.0/24") for _ in range(MOST)]
        self.assertEqual(self.refused("192.0.2.1")[0], 503)
        readers[0].producer.stopProducing()
        self.follow("192.0.2.0/24")
