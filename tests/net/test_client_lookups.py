"""Look-ups that clients cause: how many at once, how long, and what counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.ledger import Bound, Line, OwnLedger, Short
from ftpalg.net.reach.client_lookups import Lookups
from ftpalg.net.reach.names import MOST, Answered, LookUp
from tests.net.nameservers import AAAA, NAME, A, DnsCase, record
from tests.net.pairs import REACTOR

ONE, TWO = "192.0.2.1", "192.0.2.2"


class Source:
    """Begins look-ups that end when the test says so; ``at_once`` are answered before that."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.answers: dict[str, tuple[Answered, Callable[[], None]]] = {}
        self.given_up: list[str] = []
        self.at_once = False

    def begin(self, name: str, answered: Answered, ended: Callable[[], None]) -> LookUp:
        self.begun.append(name)
        self.answers[name] = answered, ended
        given_up = self.given_up
        if self.at_once:
            self.answer(name, "192.0.2.9")

        class Begun:
            def cancel(self) -> None:
                given_up.append(name)

        return Begun()

    def answer(self, name: str, *addresses: str) -> None:
        """It resolves to these, and is done."""
        answered, _ = self.answers[name]
        answered(list(addresses), "" if addresses else f"no address for {name}")
        self.end(name)

    def end(self, name: str) -> None:
        """What it took is free again."""
        self.answers.pop(name)[1]()


class LookupsCase(SynchronousTestCase):
    """Three at once in all, two for each client, ten seconds."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.source = Source()
        self.warnings: list[str] = []
        self.ledger = OwnLedger({Line.LOOKUPS: Bound(2, 3)})
        self.shorts: list[Short] = []
        self.lookups = Lookups(
            self.clock,
            self.source,
            10.0,
            self.ledger,
            self.warnings.append,
            told=self.shorts.append,
        )
        self.told: list[tuple[str, list[str], str]] = []

    def look_up(self, peer: str, name: str) -> LookUp:
        """One more."""
        return self.lookups.look_up(
            peer, name, lambda found, fault: self.told.append((name, found, fault))
        )

    def nothing_left(self) -> None:
        """No clock runs, nothing is counted, nobody waits."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(
            (dict(self.ledger.holders(Line.LOOKUPS)), dict(self.lookups._waiting)), ({}, {})
        )


class Waits(LookupsCase):
    """What has to wait is told once, with what is used up."""

    def test_told(self) -> None:
        """Of one's share, or of all there are; not of those whose turn comes at once, nor again later."""
        for name in "abc":
            self.look_up(ONE, name)
        of_one = Short(Line.LOOKUPS, 2, 2, of_one=True)
        self.assertEqual(self.shorts, [of_one])
        self.look_up(TWO, "d")
        self.assertEqual(self.shorts, [of_one])
        self.look_up(TWO, "e")
        in_all = Short(Line.LOOKUPS, 3, 3, of_one=False)
        self.assertEqual(self.shorts, [of_one, in_all])
        self.source.end("a")
        self.assertEqual((self.source.begun, self.shorts), (["a", "b", "d", "c"], [of_one, in_all]))


class AtOnce(LookupsCase):
    """Five hundred of fifty clients."""

    def test_crowd(self) -> None:
        """Two of each run, three in all, however many wait; each is looked up once, and answered."""
        for n in range(500):
            self.look_up(f"192.0.2.{n % 50}", f"{n}.example")
        seen: list[str] = []
        while self.source.answers:
            running = list(self.source.answers)
            self.assertLessEqual(len(running), 3)
            peers = [int(name.partition(".")[0]) % 50 for name in running]
            self.assertLessEqual(max(map(peers.count, peers)), 2)
            seen.append(running[0])
            self.source.answer(running[0], "192.0.2.9")
        self.assertEqual((len(set(seen)), len(self.told)), (500, 500))
        self.assertEqual({short.limit for short in self.shorts}, {3})
        self.nothing_left()


class Answers(LookupsCase):
    """What is told."""

    def test_found(self) -> None:
        """The addresses, or the fault; a few of many."""
        self.look_up(ONE, "a"), self.look_up(ONE, "b")
        self.source.answer("a", *(f"192.0.2.{n}" for n in range(100)))
        self.source.answer("b")
        self.assertEqual(self.told[0], ("a", [f"192.0.2.{n}" for n in range(MOST)], ""))
        self.assertEqual(self.told[1:], [("b", [], "no address for b")])
        self.nothing_left()

    def test_at_once(self) -> None:
        """A source may answer before it returns, for a whole queue of them."""
        for name in "abcde":
            self.look_up(ONE, name)
        self.source.at_once = True
        self.source.answer("a", "192.0.2.9")
        self.source.answer("b", "192.0.2.9")
        self.assertEqual([name for name, _, _ in self.told], list("acdeb"))
        self.nothing_left()

    def test_late(self) -> None:
        """One that takes too long is told as that and given up; an answer behind it is nobody's."""
        self.look_up(ONE, "a")
        self.clock.advance(10)
        self.assertEqual(self.told, [("a", [], "no answer about a within timeouts.resolve")])
        self.assertEqual(self.source.given_up, ["a"])
        self.source.answer("a", "192.0.2.9")
        self.assertEqual(len(self.told), 1)
        self.nothing_left()


class Bounds(LookupsCase):
    """How many run at once."""

    def test_per_peer(self) -> None:
        """A client's third one waits until one of its others has ended, not its neighbour's."""
        for name in "abc":
            self.look_up(ONE, name)
        self.look_up(TWO, "d")
        self.assertEqual(self.source.begun, ["a", "b", "d"])
        self.source.answer("d")
        self.assertEqual(self.source.begun, ["a", "b", "d"])
        self.source.answer("b")
        self.assertEqual(self.source.begun, ["a", "b", "d", "c"])

    def test_in_all(self) -> None:
        """However many clients there are; then they have their turns, one after the other."""
        for name in "abc":
            self.look_up(f"192.0.2.{ord(name)}", name)
        for name in "defg":
            self.look_up(ONE if name in "def" else TWO, name)
        self.assertEqual(self.source.begun, list("abc"))
        for name in "abc":
            self.source.answer(name)
        self.assertEqual(self.source.begun[3:], ["d", "g", "e"])

    def test_until_it_ends(self) -> None:
        """One that was given up, or took too long, counts until its source is done with it."""
        self.look_up(ONE, "a").cancel()
        self.look_up(ONE, "b")
        self.clock.advance(10)
        self.look_up(ONE, "c")
        self.assertEqual(self.source.begun, ["a", "b"])
        self.source.end("a")
        self.assertEqual(self.source.begun, ["a", "b", "c"])
        self.source.end("b")
        self.source.answer("c", "192.0.2.9")
        self.nothing_left()

    def test_wait_is_part_of_it(self) -> None:
        """One that never had its turn is told why, and is forgotten."""
        for name in "abc":
            self.look_up(ONE, name)
        self.clock.advance(10)
        waited = "no answer about c within timeouts.resolve: too many look-ups at once"
        self.assertEqual(self.told[2], ("c", [], waited))
        self.source.end("a")
        self.source.end("b")
        self.assertEqual(self.source.begun, ["a", "b"])
        self.nothing_left()

    def test_given_up_in_the_queue(self) -> None:
        """One that is given up while it waits never begins; twice is no harm."""
        self.look_up(ONE, "a"), self.look_up(ONE, "b")
        waiting = self.look_up(ONE, "c")
        waiting.cancel()
        waiting.cancel()
        self.source.answer("a")
        self.source.answer("b")
        self.assertEqual((self.source.begun, len(self.told)), (["a", "b"], 2))
        self.nothing_left()

    def test_cannot_begin(self) -> None:
        """A source that raises has answered: who asked hears it, nothing counts, and others go on."""

        def fail(*given: object) -> LookUp:
            raise ZeroDivisionError

        self.patch(self.source, "begin", fail)
        self.look_up(ONE, "a").cancel()
        self.assertEqual(self.told, [("a", [], "a could not be looked up")])
        self.assertIn("ZeroDivisionError", self.warnings[0])
        self.nothing_left()

    def test_renewed(self) -> None:
        """Under other settings those that run count on, and their end is waited for."""
        self.look_up(ONE, "a"), self.look_up(ONE, "b")
        before = self.lookups
        self.lookups = Lookups(
            self.clock, self.source, 10.0, self.ledger, self.warnings.append, before
        )
        self.look_up(ONE, "c")
        self.assertEqual(self.source.begun, ["a", "b"])
        self.source.answer("a")
        self.assertEqual(self.source.begun, ["a", "b", "c"])
        self.source.answer("b")
        self.source.answer("c")
        self.nothing_left()

    def test_network(self) -> None:
        """An IPv6 client has a whole /64 of addresses, and is one all the same."""
        for number, name in enumerate("abc"):
            self.look_up(f"2001:db8::{number}", name)
        self.look_up("2001:db8:0:1::1", "d")
        self.assertEqual(self.source.begun, ["a", "b", "d"])


class DeadNames(DnsCase):
    """Attack 2, with a real name server that never answers for some names."""

    async def test_others_are_answered(self) -> None:
        """200 look-ups of dead names by one peer: another one's is answered while they wait; none is
        free again before its time, given up or not."""
        self.server.zone = {(NAME, A): [record(NAME, "192.0.2.9")], (NAME, AAAA): []}
        answer = self.server.answer

        def but_dead(data: bytes, *, whole: bool) -> bytes | None:
            return None if b"dead" in data else answer(data, whole=whole)

        self.server.answer = but_dead  # type: ignore[method-assign]
        ledger = OwnLedger({Line.LOOKUPS: Bound(8, 64)})
        lookups = Lookups(REACTOR, self.resolver(), 60.0, ledger, self.fail)
        told: list[Any] = []
        dead = [
            lookups.look_up(ONE, f"dead{n}.example", lambda *words: told.append(words))
            for n in range(200)
        ]
        self.assertEqual(ledger.held(ONE, Line.LOOKUPS), 8)
        lookups.look_up(TWO, NAME, lambda *words: told.append(words))
        await self.until(lambda: told)
        self.assertEqual(told, [(["192.0.2.9"], "")])
        self.assertEqual(dict(ledger.holders(Line.LOOKUPS)), {ONE: 8})
        for one in dead:
            one.cancel()
        await self.until(lambda: not ledger.in_all(Line.LOOKUPS))
        self.nothing_left()
