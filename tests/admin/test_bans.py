"""``GET /bans``, ``POST /ban`` and ``POST /unban``, by a gateway of the test's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Asked, Caller, Refusal
from ftpalg.admin.bans import BATCH, LONGEST, ban, bans, unban
from ftpalg.config import BansMode
from ftpalg.core.bans import Ban, Kind, Offence, Who
from ftpalg.core.news import News
from ftpalg.core.steering import Steered as Recorded
from tests.admin.cases import batches

EVE = Who(Kind.PEER, "192.0.2.1")


class Gateway:
    """Its bans, and itself as far as it is asked."""

    def __init__(self) -> None:
        self.reactor = Clock()
        self.bans: Any = self
        self.mode = BansMode.ON
        self.told: list[News] = []
        self.asked: list[tuple[Any, ...]] = []
        self.stands = True

    def who(self, kind: Kind, name: str) -> Who:
        return Who(kind, name)

    def is_safe(self, peer: str) -> bool:
        return peer == "127.0.0.1"

    def ban(self, who: Who, seconds: float, uid: int | None = None) -> Ban:
        self.asked.append((who, seconds, uid))
        return Ban(who, 0.0, seconds or 1800.0)

    def unban(self, who: Who, uid: int | None = None) -> bool:
        self.asked.append((who, uid))
        return self.stands

    def tell(self, news: News) -> None:
        self.told.append(news)


class Bans(SynchronousTestCase):
    """What the verbs do."""

    def setUp(self) -> None:
        self.gateway: Any = Gateway()

    def words(self, **words: Any) -> Asked:
        return Asked(words, Caller(1000, 98))

    def refused(self, verb: Any, status: int, **words: Any) -> str:
        """The sentence of a "no"; nothing was done."""
        error = self.assertRaises(Refusal, verb, self.gateway, self.words(**words))
        self.assertEqual(error.status, status, words)
        self.assertEqual(self.gateway.asked, [])
        return str(error.sentence)

    def test_list(self) -> None:
        """Row by row, in batches; what is left of each."""
        self.gateway.reactor.advance(10)
        row = Ban(EVE, 0.0, 60.0, 2, Offence.SCAN)
        self.gateway.bans = SimpleNamespace(bans=(row,) * (BATCH + 1), mode=BansMode.SHADOW)
        found = batches(bans(self.gateway, self.words()))
        self.assertEqual([len(batch) for batch in found], [BATCH, 1])
        self.assertEqual(
            found[0][0],
            {
                "kind": "peer",
                "name": "192.0.2.1",
                "since": "1970-01-01T00:00:00.000000Z",
                "until": "1970-01-01T00:01:00.000000Z",
                "seconds": 50.0,
                "times": 2,
                "reason": "scan",
                "holds": False,
            },
        )

    def test_ban(self) -> None:
        """A peer in any spelling, an account in any case; it is recorded."""
        for words, who, seconds in (
            ({"peer": "192.0.2.1"}, EVE, 0),
            ({"peer": "::ffff:192.0.2.1", "seconds": 5}, EVE, 5),
            ({"peer": "2001:DB8::1"}, Who(Kind.PEER, "2001:db8::1"), 0),
            ({"peer": "2001:db8::/64"}, Who(Kind.PEER, "2001:db8::"), 0),
            ({"account": "JoE"}, Who(Kind.ACCOUNT, "joe"), 0),
        ):
            found = ban(self.gateway, self.words(**words))
            self.assertEqual(self.gateway.asked.pop(), (who, seconds, 1000))
            self.assertEqual((found["name"], found["reason"]), (who.name, "operator"))
        self.assertEqual({type(one) for one in self.gateway.told}, {Recorded})

    def test_nobody(self) -> None:
        """Neither, both, or what is none: nothing is done."""
        for verb in (ban, unban):
            for words in (
                {}, {"peer": ""}, {"peer": "192.0.2.1", "account": "joe"},
                {"peer": "ftp.example"}, {"peer": "192.0.2.0/24"}, {"peer": "1"}, {"peer": ":::"},
                {"peer": "\x1b[2J"}, {"peer": "9" * 100000},
                {"account": "a\nb"}, {"account": "a" * 256}, {"account": "\x00"},
            ):  # fmt: skip
                self.assertLess(len(self.refused(verb, 400, **words)), 200)

    def test_too_long(self) -> None:
        """A ban that outlives dates."""
        self.refused(ban, 400, peer="192.0.2.1", seconds=LONGEST + 1)

    def test_off(self) -> None:
        """Where bans are off an order would be forgotten."""
        self.gateway.mode = BansMode.OFF
        self.assertIn("bans.mode", self.refused(ban, 409, peer="192.0.2.1"))

    def test_safe(self) -> None:
        """A safe network is not banned by mistake."""
        self.assertIn("bans.safe", self.refused(ban, 409, peer="127.0.0.1"))

    def test_unban(self) -> None:
        """Who is in again; 404 where nothing stood against it."""
        found = unban(self.gateway, self.words(peer="192.0.2.1"))
        self.assertEqual(found, {"kind": "peer", "name": "192.0.2.1"})
        self.gateway.stands = False
        error = self.assertRaises(Refusal, unban, self.gateway, self.words(account="joe"))
        self.assertEqual(error.status, 404)
        results = [one.result for one in self.gateway.told]
        self.assertEqual(results, ["let in again", "refused"])
