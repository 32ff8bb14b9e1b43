"""Limits over several workers: the same interface, one account, and leases that lapse."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits, Settings
from ftpalg.config.tables import Accounts
from ftpalg.core.ends import Refusal
from ftpalg.core.events import Link
from ftpalg.core.routes import Server
from ftpalg.net.bans import NO_BANS
from ftpalg.net.gateway import Gateway
from ftpalg.net.guesses import Barred, Guesses
from ftpalg.net.ledger import Bound, Line, Short
from ftpalg.net.seats import Seats
from ftpalg.net.sessions import Sessions
from ftpalg.net.shares import shares
from tests.net import test_ledger
from tests.net.doubles import POLICIES, Client, Log
from tests.net.test_sessions import Session
from tests.net.workers import Common, Worker

LEASE = 30.0
PEER, OTHER = "192.0.2.1", "192.0.2.2"


def alone(bounds: dict[Line, Bound]) -> Worker:
    """A worker that has no others."""
    return Worker(Common(lambda: 0.0, LEASE), "a", bounds)


class Asked(test_ledger.Asked):
    """What holds of the ledger of one process holds of a worker's."""

    made = staticmethod(alone)


class Granted(test_ledger.Granted):
    """Grants, too."""

    made = staticmethod(alone)


class Lingers(test_ledger.Lingers):
    """And what lingers."""

    made = staticmethod(alone)


class WorkersCase(SynchronousTestCase):
    """Two workers, each with what a gateway has: they know of each other by their ledgers alone."""

    limits = Limits(sessions=20, sessions_per_peer=7, sessions_per_server=3, transfers_per_peer=4)

    def setUp(self) -> None:
        self.clock = Clock()
        self.common = Common(self.clock.seconds, LEASE)
        self.one, self.two = (Worker(self.common, name, shares(self.limits)) for name in "ab")

    def sessions(self, ledger: Worker, limits: Limits | None = None) -> Sessions[Client, Session]:
        """The entrance of a worker."""
        log: Any = Log()
        settings = Settings(limits=limits or self.limits)
        return Sessions(settings, log, lambda peer: True, Session, ledger=ledger)

    def admit(self, sessions: Sessions[Client, Session], peer: str = PEER) -> Session | None:
        """One more client of a worker."""
        return sessions.admit(Client(), Link(peer, "192.0.2.254", 40000))


class Together(WorkersCase):
    """What one has granted is missing at the other."""

    def test_sessions(self) -> None:
        """Of five hundred attempts, at one and the other in turn, exactly as many get in as may; where
        one ends, at whichever, one more comes, at whichever."""
        doors = self.sessions(self.one), self.sessions(self.two)
        came = [self.admit(doors[at % 2]) for at in range(500)]
        self.assertEqual(sum(one is not None for one in came), 7)
        self.assertEqual([len(door.open) for door in doors], [4, 3])
        others = [self.admit(doors[at % 2], f"198.51.100.{at % 200}") for at in range(500)]
        self.assertEqual(sum(one is not None for one in others), 13)
        assert came[0] is not None
        doors[0].dismiss(came[0])
        self.assertIsNotNone(self.admit(doors[1]))
        self.assertIsNone(self.admit(doors[0]))

    def test_rates(self) -> None:
        """So it is with what is counted by the second."""
        limits = Limits(session_rate_per_peer=4, handshake_rate=3)
        doors = self.sessions(self.one, limits), self.sessions(self.two, limits)
        came = [self.admit(doors[at % 2], OTHER) for at in range(100)]
        self.assertEqual(sum(one is not None for one in came), 4)
        shaken = [doors[at % 2].may_shake(str(at)) for at in range(100)]
        self.assertEqual(shaken.count(None), 3)
        self.assertEqual({one[0] for one in shaken if one}, {Refusal.HANDSHAKES_TOO_FAST})

    def test_seats(self) -> None:
        """And with servers and transfers."""
        seats = [Seats(ledger, PEER) for ledger in (self.one, self.two) * 5]
        server = Server("files.test", 21)
        self.assertEqual([one.server(server) for one in seats].count(None), 3)
        self.assertEqual([one.transfer() for one in seats].count(None), 4)
        for one in seats:
            one.end()
        self.assertEqual([self.common.held(line).total() for line in Line], [0] * len(Line))

    def test_guesses(self) -> None:
        """Who guesses at both has guessed as often as at one."""
        settings = Settings(accounts=Accounts(failures_per_peer=6))
        both = [Guesses(self.clock, one, settings, NO_BANS) for one in (self.one, self.two)]
        for at in range(6):
            both[at % 2].begin(PEER, b"gus").wrong()
        for guesses in both:
            self.assertRaises(Barred, guesses.begin, PEER, b"gus")
            guesses.stop()


class Lapses(WorkersCase):
    """What a worker holds that has died is free again by itself."""

    def test_died(self) -> None:
        """Not before its lease is over, then at once; those of who lives stay."""
        doors = self.sessions(self.one), self.sessions(self.two)
        for at in range(7):
            self.admit(doors[at % 2])
        self.clock.advance(LEASE - 1)
        self.two.keep()
        self.assertIsNone(self.admit(doors[1]))
        self.clock.advance(1)  # of the first nobody has heard
        self.assertEqual(self.two.held(PEER, Line.SESSIONS), 3)
        self.assertEqual([self.admit(doors[1]) is not None for _ in range(5)], [True] * 4 + [False])

    def test_late(self) -> None:
        """One that was thought dead and lives is charged again, beyond the limit too: nobody's session ends
        for it, and nobody's begins."""
        doors = self.sessions(self.one), self.sessions(self.two)
        mine = [self.admit(doors[0]) for _ in range(7)]
        self.clock.advance(LEASE)
        self.two.keep()
        for _ in range(7):
            self.assertIsNotNone(self.admit(doors[1]))
        self.one.keep()
        self.assertEqual(
            self.one.ask(PEER, Line.SESSIONS), Short(Line.SESSIONS, 14, 7, of_one=True)
        )
        for session in mine:
            assert session is not None
            doors[0].dismiss(session)
        self.assertEqual(self.one.held(PEER, Line.SESSIONS), 7)

    def test_given_back_late(self) -> None:
        """What has lapsed may be given back like anything else: it was its holder's all the time."""
        self.one.ask(PEER, Line.TRANSFERS, 3)
        self.clock.advance(LEASE)
        self.one.give(PEER, Line.TRANSFERS, 2)
        self.assertIsNone(self.one.ask(PEER, Line.TRANSFERS))
        self.assertEqual(self.two.held(PEER, Line.TRANSFERS), 2)

    def test_kept(self) -> None:
        """A gateway keeps what it was granted, and no longer than it lives."""
        gateway = made(self.clock, self.one)
        gateway.start()
        gateway.start()
        self.one.ask(PEER, Line.TRANSFERS)
        for _ in range(20):
            self.clock.advance(LEASE / 3)
        self.assertEqual(self.two.held(PEER, Line.TRANSFERS), 1)
        gateway.close()
        self.clock.advance(LEASE)
        self.assertEqual(self.two.held(PEER, Line.TRANSFERS), 0)
        self.assertEqual(self.timers(gateway), [])

    def test_nothing_to_keep(self) -> None:
        """A gateway with a ledger of its own has no timer for it."""
        gateway = made(self.clock, None)
        gateway.start()
        self.assertEqual(self.timers(gateway), [])
        gateway.close()

    def timers(self, gateway: Gateway) -> list[Any]:
        """Those of its lease."""
        calls: Any = self.clock.getDelayedCalls()
        return [call for call in calls if call.func == gateway._keep]


def made(clock: Any, ledger: Worker | None) -> Gateway:
    """A gateway with that ledger, or its own."""
    log: Any = Log()
    return Gateway(clock, Settings(), log, POLICIES, ledger=ledger)
