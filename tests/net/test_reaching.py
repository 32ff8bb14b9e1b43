"""How servers are reached and judged, and what is known of them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits, Parent, Settings
from ftpalg.config.tables import ParentUrl
from ftpalg.core.actions import Dial
from ftpalg.core.events import Link
from ftpalg.core.routes import Balance, Route, Server
from ftpalg.net import reaching as module
from ftpalg.net.guarded import Guarded
from ftpalg.net.own_addresses import Own
from ftpalg.net.policies import Policies
from ftpalg.net.reach.attempt import Way
from ftpalg.net.reach.names import Answered, LookUp
from ftpalg.net.reaching import Reaching
from ftpalg.net.tls import ServerSide
from tests.net.doubles import POLICIES, Log, Resolver

CLIENT = Link("192.0.2.1", "192.0.2.254", 40000)


class Unbroken:
    """Whose parts raise nothing."""

    def broke(self) -> None:
        raise AssertionError("it broke")


class ReachingCase(SynchronousTestCase):
    """A clock and a log of the test's own."""

    def reaching(self, settings: Settings, policies: Policies = POLICIES) -> Any:
        """What reaches servers; ``own`` is its."""
        log: Any = Log()
        self.log = log
        clock: Any = Clock()
        self.clock = clock
        self.own = Own()
        side = ServerSide(settings.server_tls)
        self.known = Resolver()
        return Reaching(self.clock, settings, log, policies, self.own, side, self.known.look_up)


class Asked(ReachingCase):
    """What the policies are asked, and what is done with the answers."""

    def setUp(self) -> None:
        self.asked: list[Any] = []

    def asking(self, **more: Any) -> Any:
        """One whose policies are these, or POLICIES."""
        return self.reaching(Settings(), replace(POLICIES, **more))

    def note(self, answer: Any) -> Callable[..., Any]:
        """A policy that notes what it is asked."""

        def answered(*words: Any, **more: Any) -> Any:
            self.asked.append((*words, more) if more else words)
            return answer

        return answered

    def test_judge(self) -> None:
        """A server that a client named is judged with its account and its very address."""
        shared = self.asking(refusal=self.note("That is forbidden."))
        server = Server("ftp.example")
        dial = Dial((server,), Route(), named=True, account="anna")
        found = shared.judge(dial, "192.0.2.1", True, server, "192.0.2.7")
        self.assertEqual(found, "That is forbidden.")
        self.assertEqual(self.asked, [("192.0.2.1", "anna", server, "192.0.2.7")])

    def test_names_apart(self) -> None:
        """What clients look up cannot hold up the names of the settings, nor be answered by those."""
        shared, clients = self.reaching(Settings()), Resolver()

        def look_up(peer: str, name: str, answered: Answered) -> LookUp:
            self.assertEqual(peer, "192.0.2.1")
            return clients.look_up(name, answered)

        self.patch(shared._lookups, "look_up", look_up)
        for named in (True, False):
            dial = Dial((Server(f"named-{named}.test"),), Route(), named=named)
            reach = shared.reach(
                Guarded(self.clock, Unbroken()), dial, CLIENT, False, self.fail, self.fail
            )
            reach.start()
            reach.cancel()
        self.assertEqual(clients.asked, ["named-True.test"])
        self.assertEqual(self.known.asked, ["named-False.test"])
        self.assertEqual(clients.given_up + self.known.given_up, clients.asked + self.known.asked)

    def test_loops_are_asked(self) -> None:
        """Sessions that go back to where they come from, and are not logged in there, are counted."""
        shared = self.reaching(Settings(limits=Limits(returning=1)))
        shared._loops.add(CLIENT._replace(peer_port=1), CLIENT.peer)
        told: list[str] = []
        dial = Dial((Server(CLIENT.peer),), Route(), named=True)
        guarded = Guarded(self.clock, Unbroken())
        shared.reach(
            guarded, dial, CLIENT, False, self.fail, lambda *words: told.extend(words)
        ).start()
        self.assertIn("limits.returning", told[0])

    def test_judge_machine(self) -> None:
        """What the address is to this machine and the client is told; the first refusal counts."""
        self.patch(module, "is_local", lambda address: address.endswith(".254"))
        server = Server("gw.example")
        for client, near, address, facts in (
            ("192.0.2.1", True, "192.0.2.254", {"ours": True, "local": False, "parent": False}),
            ("192.0.2.254", True, "192.0.2.2", {"ours": False, "local": True, "parent": False}),
            ("192.0.2.254", False, "192.0.2.2", {"ours": False, "local": False, "parent": False}),
        ):
            self.asked.clear()
            shared = self.asking(machine=self.note("Not from within."), refusal=self.note(""))
            dial = Dial((server,), Route(), named=True)
            self.assertEqual(shared.judge(dial, client, near, server, address), "Not from within.")
            self.assertEqual(self.asked, [(server, address, facts)])
        dial = Dial((server,), Route(parent="office"), named=True)
        shared = self.asking(machine=self.note(""), refusal=self.note("That is forbidden."))
        self.asked.clear()
        found = shared.judge(dial, "192.0.2.1", True, server, "192.0.2.3")
        self.assertEqual(found, "That is forbidden.")
        self.assertEqual(self.asked[0][2], {"ours": False, "local": False, "parent": True})

    def test_judge_configured(self) -> None:
        """A server that the settings name is not judged."""
        shared = self.asking(refusal=self.note("That is forbidden."))
        server = Server("127.0.0.1")
        dial = Dial((server,), Route((server,)), named=False)
        self.assertEqual(shared.judge(dial, "192.0.2.1", True, server, "127.0.0.1"), "")
        self.assertEqual(self.asked, [])

    def test_judge_ourselves(self) -> None:
        """The gateway itself is nobody's server, named by a client or by the settings."""
        shared = self.asking(refusal=lambda *_: "")
        self.own.add("0.0.0.0", 2121)
        server = Server("localhost", 2121)
        for named in (True, False):
            dial = Dial((server,), Route(), named=named)
            found = shared.judge(dial, "192.0.2.1", True, server, "127.0.0.1")
            self.assertEqual(found, "localhost port 2121 is this gateway itself.")
            self.assertEqual(shared.judge(dial, "192.0.2.1", True, server, "240.0.0.1"), "")
            self.assertEqual(shared.judge(dial, "192.0.2.1", True, server, ""), "")

    def test_order_of_one(self) -> None:
        """There is nothing to ask about one server."""
        shared = self.asking(order=self.note([]))
        server = Server("ftp.example")
        found = shared.order(Dial((server,), Route((server,))), "192.0.2.1")
        self.assertEqual((found, self.asked), ([server], []))

    def test_order(self) -> None:
        """The policy is told the client, whose turn it is, who is well and how many are where."""
        one, two = Server("one.example"), Server("two.example")
        answer = [two, one]
        shared = self.asking(order=self.note(answer))
        dial = Dial((one, two), Route((one, two), Balance.STICKY))
        shared.came(one), shared.came(one)
        shared.health._down.add(two)
        self.assertIs(shared.order(dial, "192.0.2.1"), answer)
        ((servers, balance, more),) = self.asked
        self.assertEqual((servers, balance), ((one, two), Balance.STICKY))
        self.assertEqual((more["client"], more["turn"]), ("192.0.2.1", 0))
        self.assertEqual([more["sessions"](s) for s in servers], [2, 0])
        self.assertEqual([more["healthy"](s) for s in servers], [True, False])
        self.assertEqual(list(shared.sessions_at), [one])

    def test_turns(self) -> None:
        """Each route's sessions take turns among themselves, however they come."""
        shared = self.reaching(Settings())
        dials = []
        for name in "ab":
            servers = Server(f"{name}1"), Server(f"{name}2")
            dials.append(Dial(servers, Route(servers, Balance.ROUND_ROBIN)))
        firsts = [shared.order(dial, "192.0.2.1")[0].host for dial in dials * 3]
        self.assertEqual(firsts, ["a1", "b1", "a2", "b2", "a1", "b1"])

    def test_left(self) -> None:
        """A server that all sessions have left is counted no longer."""
        shared = self.reaching(Settings())
        server = Server("ftp.example")
        shared.came(server), shared.came(server)
        shared.left(server)
        self.assertEqual(shared.sessions_at[server], 1)
        shared.left(server)
        self.assertEqual(dict(shared.sessions_at), {})


class Ways(ReachingCase):
    """How sockets towards servers are opened."""

    CLIENT = Link("192.0.2.1", "192.0.2.254", 40000)

    def way(self, route: Route, client: Link | None = CLIENT) -> Way:
        """The way of a route, where the settings know a parent named office."""
        self.office = Parent("office", ParentUrl("socks5", Server("proxy.example", 1080)))
        found: Way = self.reaching(Settings(parents=(self.office,))).way(route, client)
        return found

    def test_direct(self) -> None:
        """Without words of the route: from any address of ours, with no header."""
        self.assertEqual(self.way(Route()), Way())

    def test_parent(self) -> None:
        """The parent by its name; one that nobody knows is none."""
        way = self.way(Route(parent="office"))
        self.assertEqual((way.parent, way.proxied), (self.office, True))
        self.assertIsNone(self.way(Route(parent="other")).parent)

    def test_source(self) -> None:
        """An address of ours, or the client's own, which is another machine's."""
        way = self.way(Route(source="10.0.0.1"))
        self.assertEqual((way.source, way.transparent), ("10.0.0.1", False))
        way = self.way(Route(source="client"))
        self.assertEqual((way.source, way.transparent), ("192.0.2.1", True))

    def test_ourselves(self) -> None:
        """A check of our own has no client to speak for, and speaks for nobody."""
        route = Route(source="client", parent="office", proxy_protocol=2)
        expected = Way(self.way(route).parent, proxy_protocol=2)
        self.assertEqual(self.way(route, None), expected)
        self.assertEqual(self.way(Route(source="10.0.0.1"), None).source, "10.0.0.1")


class Adopting(ReachingCase):
    """Connected sockets given to Twisted."""

    class Refusing(Clock):
        """A reactor that cannot watch one more."""

        def addReader(self, reader: Any) -> None:
            raise OSError(28, "No space left on device")  # user.max_epoll_watches

    def test_broken(self) -> None:
        """A socket that cannot be watched is closed, and its protocol told, once."""
        shared = self.reaching(Settings())
        shared._reactor = self.Refusing()
        told: list[Any] = []

        class Lost:
            enter = Guarded(shared._reactor, Unbroken()).enter

            def connectionLost(self, reason: Failure) -> None:
                told.append(reason.type)

        near, far = socket.socketpair()
        shared.adopt(near, Lost())
        self.assertEqual((told, near.fileno(), far.recv(1)), ([ConnectionLost], -1, b""))
        far.close()
