"""The order in which a route's servers are tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Balance, Server
from ftpalg.policy.balance import order

A, B, C, D = SERVERS = tuple(Server(f"{name}.example") for name in "abcd")
CLIENTS = tuple(f"192.0.2.{number}" for number in range(256))


def ordered(
    balance: Balance,
    servers: tuple[Server, ...] = SERVERS,
    *,
    client: str = CLIENTS[0],
    turn: int = 0,
    sessions: Callable[[Server], int] = lambda server: 0,
    ill: tuple[Server, ...] = (),
) -> list[Server]:
    """The order, where all are healthy and idle but for what is said."""
    return order(
        servers,
        balance,
        client=client,
        turn=turn,
        sessions=sessions,
        healthy=lambda server: server not in ill,
    )


class Order(SynchronousTestCase):
    """``order``."""

    @given(
        st.sampled_from(Balance),
        st.sets(st.sampled_from(SERVERS)).map(tuple),
        st.sets(st.sampled_from(SERVERS)).map(tuple),
        st.integers(0, 2**32),
        st.ip_addresses().map(str),
    )
    def test_all_and_the_healthy_first(
        self,
        balance: Balance,
        servers: tuple[Server, ...],
        ill: tuple[Server, ...],
        turn: int,
        client: str,
    ) -> None:
        """Each server comes once, none of the unhealthy ones before a healthy one."""
        found = ordered(balance, servers, client=client, turn=turn, ill=ill)
        self.assertEqual(sorted(map(str, found)), sorted(map(str, servers)))
        self.assertEqual(found, sorted(found, key=lambda server: server in ill))

    def test_first(self) -> None:
        """The given order, whoever asks and when."""
        for client, turn in ((CLIENTS[1], 1), (CLIENTS[2], 2)):
            self.assertEqual(ordered(Balance.FIRST, client=client, turn=turn), [A, B, C, D])
        self.assertEqual(ordered(Balance.FIRST, ill=(A, C)), [B, D, A, C])

    def test_round_robin(self) -> None:
        """Each turn begins one further, and goes on beyond the last."""
        for turn, expected in ((0, [A, B, C, D]), (1, [B, C, D, A]), (6, [C, D, A, B])):
            self.assertEqual(ordered(Balance.ROUND_ROBIN, turn=turn), expected)

    def test_round_robin_without_one(self) -> None:
        """The sessions of an unhealthy server are shared by all, not left to its neighbour."""
        firsts = Counter(
            ordered(Balance.ROUND_ROBIN, turn=turn, ill=(B,))[0] for turn in range(300)
        )
        self.assertEqual(firsts, {A: 100, C: 100, D: 100})

    def test_least_sessions(self) -> None:
        """The fewest sessions first, the given order between equals, health before both."""
        sessions = {A: 2, B: 1, C: 2, D: 0}.__getitem__
        self.assertEqual(ordered(Balance.LEAST_SESSIONS, sessions=sessions), [D, B, A, C])
        self.assertEqual(ordered(Balance.LEAST_SESSIONS, sessions=sessions, ill=(D,)), [B, A, C, D])

    def test_sticky(self) -> None:
        """A client stays with its server, whatever else changes; the clients are spread."""
        for client in CLIENTS:
            found = ordered(Balance.STICKY, client=client)
            self.assertEqual(
                found, ordered(Balance.STICKY, tuple(reversed(SERVERS)), client=client, turn=7)
            )
        firsts = Counter(ordered(Balance.STICKY, client=client)[0] for client in CLIENTS)
        self.assertTrue(all(32 < firsts[server] < 96 for server in SERVERS), firsts)

    def test_sticky_is_stable(self) -> None:
        """The same in every process and release: no seed of Python's has a part in it."""
        self.assertEqual(ordered(Balance.STICKY, client="192.0.2.2"), [B, D, A, C])

    def test_sticky_without_one(self) -> None:
        """Only the clients of a lost server move, they spread, and they come back."""
        moved: Counter[Server] = Counter()
        for client in CLIENTS:
            before = ordered(Balance.STICKY, client=client)
            for after in (
                ordered(Balance.STICKY, client=client, ill=(A,)),
                ordered(Balance.STICKY, (B, C, D), client=client),
            ):
                self.assertEqual(after[0], before[1] if before[0] == A else before[0])
            if before[0] == A:
                moved[before[1]] += 1
        self.assertEqual(set(moved), {B, C, D})

    def test_sticky_by_port(self) -> None:
        """Two servers on one address are two servers."""
        two = (Server("a.example", 21), Server("a.example", 2121))
        firsts = {ordered(Balance.STICKY, two, client=client)[0] for client in CLIENTS}
        self.assertEqual(firsts, set(two))
