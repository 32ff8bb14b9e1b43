"""The supervisor's bans and the copies of two workers, with messages that a test carries over."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

from attrs import evolve
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Bans, BansMode, Settings
from ftpalg.core.bans import Ban, Banned, Kind, Offence, Unbanned, Who
from ftpalg.core.ends import Refusal
from ftpalg.core.events import Link
from ftpalg.core.news import News, Refused
from ftpalg.life.observers import Observers
from ftpalg.net.guesses import Barred, Guesses, key_of
from ftpalg.net.threads import Busy
from ftpalg.workers.banning import HOUR, KeptBans, OwnBans
from ftpalg.workers.ledger import WholeLedger
from tests.life.test_banning import Log
from tests.workers.test_board import boards

EVE, EVE6, ANN = "192.0.2.1", "2001:db8::1", "192.0.2.2"
ON = Bans(mode=BansMode.ON, threshold=3, account_threshold=3, time=100.0, limit=1)


class Copies(SynchronousTestCase):
    """``carry`` brings what was said to the others, as JSON."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.settings = Settings(bans=ON)
        self.waiting: list[Callable[[], Any]] = []
        self.logs = [Log() for _ in range(3)]
        supervisor, *each = boards(self, 2)
        self.kept = KeptBans(
            self.clock, Observers(self.logs[0]), self.settings, supervisor, self.to_all
        )
        self.copies: list[OwnBans] = []
        self.guesses: list[Guesses] = []
        for board, log in zip(each, self.logs[1:], strict=True):
            copy = OwnBans(
                self.clock, Observers(log), self.settings, lambda: None, self.to_supervisor
            )
            ledger = WholeLedger(board, 9, {}, 64)
            guesses = Guesses(self.clock, ledger, self.settings, copy)
            gateway: Any = SimpleNamespace(
                ledger=ledger,
                guesses=guesses,
                shared=SimpleNamespace(sessions=SimpleNamespace(open={})),
            )
            copy.attend(gateway)
            copy.start()
            self.copies.append(copy)
            self.guesses.append(guesses)
        for one in (self.kept, *self.copies):
            self.addCleanup(one.stop)
        self.kept.start()

    def to_all(self, topic: str, body: Any) -> None:
        for copy in self.copies:
            self.waiting.append(partial(copy.hears[topic], json.loads(json.dumps(body))))

    def to_supervisor(self, topic: str, body: Any) -> None:
        self.waiting.append(partial(self.kept.hears[topic], json.loads(json.dumps(body))))

    def carry(self) -> None:
        self.clock.advance(0)
        while self.waiting:
            self.waiting.pop(0)()

    def offend(self, worker: int, peer: str = EVE, times: int = 1) -> None:
        """One connection too many, as often."""
        for _ in range(times):
            link = Link(peer, "192.0.2.254", 1)
            self.copies[worker].tell(Refused(link, "", Refusal.TOO_MANY_OF_PEER, ""))

    def banned(self, peer: str = EVE) -> list[bool]:
        return [copy.of_peer(peer) is not None for copy in self.copies]

    def told(self) -> list[News]:
        """What the supervisor's log has; the others have nothing."""
        self.assertEqual([log.told for log in self.logs[1:]], [[], []])
        return self.logs[0].told

    def test_counted_together(self) -> None:
        """Offences of both count; the ban is told once, and both hold it until it ends."""
        self.offend(0)
        self.offend(1, times=2)
        self.assertEqual(self.banned(), [False, False])
        self.carry()
        self.assertEqual(self.banned(), [True, True])
        (news,) = self.told()
        assert isinstance(news, Banned)
        self.assertEqual((news.ban.who, news.ban.offence), (Who(Kind.PEER, EVE), Offence.LIMIT))
        self.offend(0)
        self.clock.advance(0)
        self.assertEqual(self.waiting, [])
        self.clock.advance(100)
        self.carry()
        self.assertEqual(self.banned(), [False, False])
        self.assertEqual([type(one) for one in self.told()], [Banned, Unbanned])
        self.assertEqual([copy.bans for copy in self.copies], [(), ()])

    def test_networks(self) -> None:
        """Addresses of one network are one peer, and an operator names it by one of them."""
        self.offend(0, EVE6)
        self.offend(1, "2001:db8::2", 2)
        self.carry()
        self.assertEqual(self.banned("2001:db8::3"), [True, True])
        self.assertTrue(self.kept.unban(self.kept.who(Kind.PEER, EVE6)))
        self.carry()
        self.assertEqual(self.banned(EVE6), [False, False])

    def test_many_at_once(self) -> None:
        """Those of one turn are one message."""
        self.offend(0, times=5000)
        self.clock.advance(0)
        self.assertEqual(len(self.waiting), 1)
        self.carry()
        self.assertEqual(len(self.told()), 1)

    def test_shadow(self) -> None:
        """What is only told is told once, and holds nowhere."""
        shadow = Settings(bans=Bans(mode=BansMode.SHADOW, threshold=3, limit=1))
        for one in (self.kept, *self.copies):
            one.renewed(shadow)
        self.offend(0, times=3)
        self.carry()
        self.assertEqual(self.banned(), [False, False])
        self.assertEqual([type(one) for one in self.told()], [Banned])

    def test_renewed(self) -> None:
        """Bans stay with new settings; of a network that is safe now they go, everywhere."""
        self.offend(0, times=3)
        self.offend(0, ANN, times=3)
        self.carry()
        safe = Settings(bans=evolve(ON, safe=(ip_network(f"{ANN}/32"),)))
        for one in (self.kept, *self.copies):
            one.renewed(safe)
        self.carry()
        self.assertEqual((self.banned(), self.banned(ANN)), ([True, True], [False, False]))
        self.assertEqual([type(one) for one in self.told()], [Banned, Banned, Unbanned])
        self.assertEqual([len(copy.bans) for copy in self.copies], [1, 1])

    def test_right(self) -> None:
        """A right login is known to all, and a ban of the account holds for strangers alone."""
        self.copies[0].right("Gus", ANN)
        self.carry()
        self.assertTrue(self.copies[1].knows("gus", ANN))
        self.kept.ban(self.kept.who(Kind.ACCOUNT, "gus"), 50)
        self.carry()
        found = [copy.of_account("gus", peer) for copy in self.copies for peer in (ANN, EVE)]
        self.assertEqual([ban is None for ban in found], [True, False] * 2)

    def test_right_again(self) -> None:
        """It is told once an hour, from each place."""
        for seconds, said in ((0, 1), (HOUR - 1, 0), (2, 1), (-2 * HOUR, 1)):
            self.clock.rightNow += seconds
            self.copies[0].right("gus", ANN)
            self.assertEqual(len(self.waiting), said, seconds)
            self.waiting.clear()

    def test_unban(self) -> None:
        """Wrong passwords are forgotten by all; False where nothing stood against it."""
        who = self.kept.who(Kind.PEER, EVE)
        self.assertFalse(self.kept.unban(who))
        for guesses in self.guesses:
            guesses.begin(EVE, b"gus").wrong()
        self.assertEqual([guesses.failures(EVE) for guesses in self.guesses], [2, 2])
        asked = self.guesses[0].begin(ANN, b"ann")
        self.assertEqual([guesses.failures(ANN) for guesses in self.guesses], [0, 0])
        self.assertFalse(self.kept.unban(self.kept.who(Kind.PEER, ANN)))
        asked.right()
        self.waiting.clear()
        self.assertTrue(self.kept.unban(who))
        self.carry()
        self.assertEqual([guesses.failures(EVE) for guesses in self.guesses], [0, 0])
        self.assertEqual([one.failures(key_of("gus")) for one in self.guesses], [2, 2])
        self.assertTrue(self.kept.unban(self.kept.who(Kind.ACCOUNT, "gus")))
        self.carry()
        self.assertEqual([one.failures(key_of("gus")) for one in self.guesses], [0, 0])
        self.assertEqual(self.told(), [])

    def test_busy(self) -> None:
        """Who comes while others are looked at that may be right is told so, wherever they are."""
        limit = self.settings.accounts.failures_per_peer
        asked = [self.guesses[0].begin(EVE, b"gus") for _ in range(limit)]
        for guesses in self.guesses:
            self.assertRaises(Busy, guesses.begin, EVE, b"gus")
        for guess in asked:
            guess.wrong()
        for guesses in self.guesses:
            self.assertRaises(Barred, guesses.begin, EVE, b"gus")
            self.addCleanup(guesses.stop)

    def test_newcomer(self) -> None:
        """One that comes later gets all of it."""
        self.offend(0, times=3)
        self.copies[0].right("gus", ANN)
        self.carry()
        copy = OwnBans(
            self.clock, Observers(Log()), self.settings, lambda: None, self.to_supervisor
        )
        self.addCleanup(copy.stop)
        copy.know(json.loads(json.dumps(self.kept.kept)))
        copy.hears["forgiven"](EVE)
        self.assertIsInstance(copy.of_peer(EVE), Ban)
        self.assertTrue(copy.knows("gus", ANN))

    def test_stopped(self) -> None:
        """What was not said yet is not said any more."""
        self.offend(0)
        self.copies[0].stop()
        self.clock.advance(1)
        self.assertEqual(self.waiting, [])
