"""Sessions, guesses, look-ups and what lingers, in any order: no line passes its bound, each is the sum of
its holders, and once all of it has ended every line is 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits, Listener, Settings
from ftpalg.config.limits import ListenerLimits
from ftpalg.config.tables import Accounts
from ftpalg.core.events import Link
from ftpalg.core.routes import Route, Server
from ftpalg.net.bans import NO_BANS
from ftpalg.net.guesses import Barred, Guess, Guesses
from ftpalg.net.ledger import Grant, Line, OwnLedger
from ftpalg.net.reach.client_lookups import Lookups
from ftpalg.net.seats import Seats
from ftpalg.net.sessions import Sessions
from ftpalg.net.shares import shares
from ftpalg.net.threads import Busy
from tests.net.doubles import Client, Log
from tests.net.test_client_lookups import Source
from tests.net.test_ledger import Drain
from tests.net.test_sessions import Session

PEERS = st.sampled_from(("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:1::1"))
NAMES = st.sampled_from(("gus", "ann"))
ROUTES = st.sampled_from(
    (Route(name="routes[0]"), Route(name="routes[1]", sessions=2, transfers=1))
)
SERVERS = st.sampled_from((Server("a.example"), Server("A.Example"), Server("b.example", 2121)))
LINES = st.sampled_from((Line.DESCRIPTORS, Line.MEMORY, Line.HANDSHAKES, Line.PASSIVE_LISTENERS))
LISTENERS = st.sampled_from(
    (Listener("tcp:21"), Listener("tcp:22", limits=ListenerLimits(sessions=3, session_rate=2.0)))
)
LIMITS = Limits(
    sessions=8,
    sessions_per_peer=4,
    sessions_per_account=3,
    sessions_per_route=5,
    sessions_per_server=3,
    session_rate_per_peer=5.0,
    handshake_rate=3.0,
    transfers=5,
    transfers_per_peer=3,
    transfers_per_account=1,
    transfers_per_route=3,
    passive_listeners=5,
    passive_listeners_per_peer=3,
    descriptors_per_peer=6,
    memory=1 << 20,
    memory_per_peer=1 << 20,
    handshakes_per_peer=2,
    lookups=4,
    lookups_per_peer=2,
)
"""Few of everything: what is short is what is to be tried."""
OTHERS = evolve(LIMITS, sessions=3, sessions_per_peer=2, descriptors_per_peer=2, transfers=1)
"""Fewer yet: what is held stays."""
FORGET = 60


class Holding(RuleBasedStateMachine):
    """Everything that holds something of a ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.ledger = OwnLedger(shares(LIMITS, 20, 8), 64, self.clock.seconds)
        self.shrunk = False
        log: Any = Log()
        self.sessions: Sessions[Any, Session] = Sessions(
            Settings(limits=LIMITS), log, lambda peer: True, Session, ledger=self.ledger
        )
        self.seats: dict[str, Seats] = {}
        accounts = Accounts(failures_per_peer=6, failures_per_account=4, forget=FORGET)
        self.guesses = Guesses(self.clock, self.ledger, Settings(accounts=accounts), NO_BANS)
        self.asked: list[Guess] = []
        self.source = Source()
        self.lookups = Lookups(self.clock, self.source, 10.0, self.ledger, lambda text: None)
        self.looking: list[Any] = []
        self.grants: list[Grant] = []
        self.drains: list[Drain] = []
        self.names = 0

    # -- sessions -----------------------------------------------------------------------------------

    @rule(peer=PEERS, listener=LISTENERS)
    def comes(self, peer: str, listener: Listener) -> None:
        """One more client."""
        client: Any = Client()
        client.listener = listener
        session = self.sessions.admit(client, Link(peer, "192.0.2.254", 40000))
        if session is not None:
            self.seats[session.name] = Seats(self.ledger, session.key)

    def one(self, data: Any) -> Seats | None:
        """One of the sessions, if there is any."""
        return data.draw(st.sampled_from(list(self.seats.values()))) if self.seats else None

    @rule(data=st.data(), name=NAMES)
    def is_account(self, data: Any, name: str) -> None:
        """It logs in, again too."""
        seats = self.one(data)
        if seats is not None:
            seats.account(name)

    @rule(data=st.data(), route=ROUTES, server=SERVERS)
    def goes(self, data: Any, route: Route, server: Server) -> None:
        """It goes its way, or is told that it is full."""
        seats = self.one(data)
        if seats is not None and (seats.route(route) or seats.server(server)):
            seats.leave_server()

    @rule(data=st.data())
    def transfers(self, data: Any) -> None:
        """A transfer begins; one that went on is over."""
        seats = self.one(data)
        if seats is not None:
            seats.transfer()

    @rule(
        data=st.data(),
        what=st.sampled_from((Seats.end_transfer, Seats.leave_server, Seats.leave_account)),
    )
    def leaves(self, data: Any, what: Callable[[Seats], None]) -> None:
        """It has something no more; it may be that it had not."""
        seats = self.one(data)
        if seats is not None:
            what(seats)

    @rule(data=st.data())
    def ends(self, data: Any) -> None:
        """A session is over, and told twice."""
        if self.seats:
            name = data.draw(st.sampled_from(list(self.seats)))
            session = self.sessions.open[name]
            for _ in range(2):
                self.sessions.dismiss(session)
            self.seats.pop(name).end()

    @rule(peer=PEERS)
    def shakes(self, peer: str) -> None:
        """A handshake, which turns out to be a resumed one."""
        key = self.ledger.whose(peer)
        if self.sessions.may_shake(key) is None:
            self.sessions.resumed(key)

    # -- guesses and look-ups -------------------------------------------------------------------------

    @rule(peer=PEERS, name=NAMES)
    def guesses_at(self, peer: str, name: str) -> None:
        """Somebody says a password."""
        try:
            self.asked.append(self.guesses.begin(peer, name.encode()))
        except (Barred, Busy):
            pass

    @rule(data=st.data(), end=st.sampled_from((Guess.right, Guess.wrong, Guess.nothing)))
    def is_told(self, data: Any, end: Callable[[Guess], None]) -> None:
        """It was right, or wrong, or nobody knows."""
        if self.asked:
            end(self.asked.pop(data.draw(st.integers(0, len(self.asked) - 1))))

    @rule(peer=PEERS)
    def looks_up(self, peer: str) -> None:
        """A name of a client's."""
        self.names += 1
        self.looking.append(self.lookups.look_up(peer, f"{self.names}.example", lambda *_: None))

    @rule(data=st.data(), gives_up=st.booleans())
    def looked_up(self, data: Any, gives_up: bool) -> None:
        """One is given up, and stays charged; or one that runs has an end."""
        if gives_up and self.looking:
            self.looking.pop(data.draw(st.integers(0, len(self.looking) - 1))).cancel()
        elif self.source.answers:
            self.source.end(data.draw(st.sampled_from(sorted(self.source.answers))))

    # -- what is asked for by the piece, and lingers ----------------------------------------------------

    @rule(peer=PEERS, line=LINES, amount=st.integers(0, 4))
    def takes(self, peer: str, line: Line, amount: int) -> None:
        """A grant, which may be refused and hold nothing."""
        grant = Grant(self.ledger, self.ledger.whose(peer), line)
        grant.to(amount)
        self.grants.append(grant)

    @rule(data=st.data(), amount=st.integers(0, 4))
    def changes(self, data: Any, amount: int) -> None:
        """More of it, or less, or all back."""
        if self.grants:
            data.draw(st.sampled_from(self.grants)).to(amount)

    @rule(peer=PEERS, line=LINES, slow=st.booleans())
    def lingers(self, peer: str, line: Line, slow: bool) -> None:
        """Something lingers; what is refused holds nothing."""
        self.drains.append(Drain(self.ledger, self.ledger.whose(peer), line, slow=slow))

    @rule(data=st.data())
    def is_over(self, data: Any) -> None:
        """Something that lingers ends by itself; it may have been reset."""
        if self.drains:
            self.drains.pop(data.draw(st.integers(0, len(self.drains) - 1))).over()

    # -- the world ----------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((0.1, 1.0, 15.0, 61.0)))
    def time_passes(self, seconds: float) -> None:
        """Rates fill, look-ups are late, failures are forgotten."""
        self.clock.advance(seconds)

    @rule(limits=st.sampled_from((LIMITS, OTHERS)))
    def settings_change(self, limits: Limits) -> None:
        """What is held stays."""
        self.shrunk = self.shrunk or limits is OTHERS
        self.ledger.renew(shares(limits, 20, 8), 64)

    # -- what always holds --------------------------------------------------------------------------------

    @invariant()
    def is_the_sum(self) -> None:
        """Of its holders, none of which holds nothing."""
        for line in Line:
            held = self.ledger.holders(line)
            assert sum(held.values()) == self.ledger.in_all(line), line
            assert all(amount > 0 for amount in held.values()), (line, held)

    @invariant()
    def is_bounded(self) -> None:
        """Nobody has more than may be, as long as nobody has made it less."""
        for line in Line:
            of_one, in_all = self.ledger.bound(line)
            if not self.shrunk:
                assert self.ledger.in_all(line) <= in_all, line
                assert max(self.ledger.holders(line).values(), default=0) <= of_one, line

    @invariant()
    def sessions_are_counted(self) -> None:
        """As many as there are."""
        assert self.ledger.in_all(Line.SESSIONS) == len(self.sessions.open)

    def teardown(self) -> None:
        """Everything ends: every line is 0, and nothing waits or lingers."""
        for name, seats in self.seats.items():
            self.sessions.dismiss(self.sessions.open[name])
            seats.end()
        for guess in self.asked:
            guess.wrong()
        for looking in self.looking:
            looking.cancel()
        for grant in self.grants:
            grant.back()
        for drain in self.drains:
            drain.over()
        while self.source.answers:
            self.source.end(min(self.source.answers))
        self.clock.advance(2 * FORGET)
        held = {line: dict(self.ledger.holders(line)) for line in Line}
        assert not any(held.values()), held
        assert [self.ledger.in_all(line) for line in Line] == [0] * len(Line)
        assert self.ledger.lingering == 0
        assert not any(row.oldest for row in self.ledger._rows.values())
        assert not self.sessions._came
        assert self.clock.getDelayedCalls() == []


Holding.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=80,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),  # to shrink walks takes minutes
)


class Stateful(SynchronousTestCase):
    """Many walks."""

    def test_walks(self) -> None:
        """Each rule again and again, in orders that nobody thought of."""
        Holding.TestCase("runTest").runTest()
