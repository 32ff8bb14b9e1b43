"""Several servers for one route: the order in which they are tried."""

from __future__ import annotations

from typing import ClassVar

from tests.wire.peers import TIMEOUT, Client, Scene, impatient
from tests.wire.rules import RulesTestCase, route


class Several(RulesTestCase):
    """Several servers, all well."""

    hosts = ("127.0.0.1",) * 3
    checked: ClassVar[Scene | None] = None

    @classmethod
    def settings(cls) -> str:
        there = [f"ftp://127.0.0.1:PORT{which}" for which in range(3)]
        return "[health]\nevery = 1000.0\n" + "".join(
            route(clients=[f"127.0.0.{at}"], server=there[: 2 if at == 7 else 3], balance=balance)
            for at, balance in enumerate(
                ("first", "round-robin", "least-sessions", "sticky", "sticky", "round-robin"), 2
            )
        )

    def setUp(self) -> None:
        """Answer the health checks that are made at the start."""
        super().setUp()
        if Scene.current is not Several.checked:
            Several.checked = Scene.current
            checks = [
                self.serve_at(which, lambda c: (c.say(b"220 Well."), c.expect(b"QUIT")))
                for which in range(len(self.servers))
            ]
            for check in checks:
                check.result(TIMEOUT)

    def test_first(self) -> None:
        """Always the first."""
        self.assertEqual([self.goes(source="127.0.0.2") for _ in range(3)], [0, 0, 0])

    def test_round_robin(self) -> None:
        """One after the other, in each route on its own."""
        pairs = [(self.goes(source="127.0.0.3"), self.goes(source="127.0.0.7")) for _ in range(6)]
        three, two = ([pair[at] for pair in pairs] for at in (0, 1))
        self.assertEqual(sorted(three), [0, 0, 1, 1, 2, 2])
        self.assertEqual(three[:3], three[3:])
        self.assertEqual(sorted(two), [0, 0, 0, 1, 1, 1])
        self.assertEqual(two[:2] * 3, two)

    def held(self, source: str) -> tuple[Client, int]:
        """A session that stays, and where."""
        before = [server.accepted for server in self.servers]
        for which in range(3):
            self.serve_at(which, lambda c: (c.login(), c.until_end()))
        client = self.greeted(source)
        client.login()
        for server in self.servers:
            server.forget()
        after = [server.accepted for server in self.servers]
        return client, [new - old for new, old in zip(after, before, strict=True)].index(1)

    @impatient(quit=1.0)
    def test_least_sessions(self) -> None:
        """Where the fewest sessions are; one that ends makes room."""
        held = [self.held("127.0.0.4") for _ in range(3)]
        self.assertEqual(sorted(which for _, which in held), [0, 1, 2])
        client, which = held[1]
        client.send(b"QUIT\r\n")
        client.rest()
        self.assertEqual(self.held("127.0.0.4")[1], which)

    def test_sticky(self) -> None:
        """A client stays where it is."""
        for source in ("127.0.0.5", "127.0.0.6"):
            self.assertEqual(len({self.goes(source=source) for _ in range(4)}), 1)
