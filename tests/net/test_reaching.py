"""How servers are reached and judged, and what is known of them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits, Parent, RouteRule, Settings
from ftpalg.config.tables import ParentUrl, ServerUrl
from ftpalg.core.actions import Dial
from ftpalg.core.drained import Kind, Part
from ftpalg.core.ends import Reason
from ftpalg.core.events import Link
from ftpalg.core.facts import Noted, Resource, Shadowed, What
from ftpalg.core.routes import Balance, Route, Server
from ftpalg.net import reaching as module
from ftpalg.net.drained import server_part
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import OwnLedger
from ftpalg.net.own_addresses import Own
from ftpalg.net.policies import Policies
from ftpalg.net.reach.attempt import Way
from ftpalg.net.reach.names import Answered, LookUp
from ftpalg.net.reaching import Reaching
from ftpalg.net.tls.towards_servers import ServerSide
from ftpalg.net.turns import Turns
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
        return Reaching(
            self.clock, settings, log, policies, self.own, side, self.known.look_up, OwnLedger({})
        )


class Asked(ReachingCase):
    """What the policies are asked, and what is done with the answers."""

    def setUp(self) -> None:
        self.asked: list[Any] = []

    def asking(self, **more: Any) -> Any:
        """One whose policies are these, or POLICIES."""
        return self.reaching(Settings(), POLICIES._replace(**more))

    def note(self, answer: Any) -> Callable[..., Any]:
        """A policy that notes what it is asked."""

        def answered(*words: Any, **more: Any) -> Any:
            self.asked.append((*words, more) if more else words)
            return answer

        return answered

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
                Guarded(self.clock, Unbroken(), Turns(self.clock)),
                dial,
                CLIENT,
                False,
                self.fail,
                self.fail,
                self.fail,
            )
            reach.start()
            reach.cancel()
        self.assertEqual(clients.asked, ["named-True.test"])
        self.assertEqual(self.known.asked, ["named-False.test"])
        self.assertEqual(clients.given_up + self.known.given_up, clients.asked + self.known.asked)

    def test_loops_are_asked(self) -> None:
        """Sessions that go back to where they come from, and are not logged in there, are counted."""
        shared = self.reaching(Settings(limits=Limits(returning=1)))
        shared._loops.refusal(CLIENT._replace(peer_port=1), CLIENT.peer)
        told: list[str] = []
        dial = Dial((Server(CLIENT.peer),), Route(), named=True)
        guarded = Guarded(self.clock, Unbroken(), Turns(self.clock))
        facts: list[Any] = []
        failed = told.append
        shared.reach(
            guarded, dial, CLIENT, False, self.fail, lambda why, _: failed(why), facts.append
        ).start()
        self.assertIn("limits.returning", told[0])
        self.assertEqual(facts, [Resource(What.RETURNING)])

    def test_dead_addresses(self) -> None:
        """An address that did not answer, of a server that a client names, is told as that client's."""
        shared = self.reaching(Settings())
        for named, lines in ((True, []), (False, ["192.0.2.7 is dead"])):
            dial = Dial((Server("192.0.2.7"),), Route(), named=named)
            facts: list[Any] = []
            reach = shared.reach(
                Guarded(self.clock, Unbroken(), Turns(self.clock)),
                dial,
                CLIENT,
                False,
                self.fail,
                self.fail,
                facts.append,
            )
            reach._means.warned("192.0.2.7 is dead")
            self.assertEqual(facts, [Noted("192.0.2.7 is dead")] if named else [])
            self.assertEqual([text for _, text in self.log.words], lines)

    def test_shadows_are_not_asked(self) -> None:
        """Nobody looks after the servers of a route that is only tried."""
        urls = tuple(ServerUrl("ftp", Server(host)) for host in ("a.example", "b.example"))
        for shadow, servers in ((False, {url.server for url in urls}), (True, set())):
            routes = (RouteRule(server=urls, shadow=shadow),)
            health = self.reaching(Settings(routes=routes)).health
            self.assertEqual(set(health._routes), servers)

    def test_shadows_told_once(self) -> None:
        """What rules that are only tried would have said is told once for each dial, beside what is
        done."""
        told = Shadowed("f.toml:1: access.servers[0]", "allow it", differs=True)
        tried = {"tried": lambda *_, **__: told, "tried_by_name": lambda *_: told}
        shared = self.asking(refusal=lambda *_: "No.", by_name=lambda *_: "No.", **tried)
        servers = Server("192.0.2.7"), Server("192.0.2.8")
        heard: list[Any] = []
        failed: list[str] = []
        dial = Dial(servers, Route(), named=True)
        for _ in range(2):
            shared.reach(
                Guarded(self.clock, Unbroken(), Turns(self.clock)),
                dial,
                CLIENT,
                False,
                self.fail,
                lambda *words: failed.extend(words),
                heard.append,
            ).start()
        self.assertEqual(heard, [told, told])
        self.assertEqual(failed[1], "No.")
        asked = module.Asked(shared._judging, dial, CLIENT.peer, False, heard.append)
        self.assertEqual(asked.by_name(servers[0]), "No.")
        self.assertEqual(asked.refusal(servers[0], ""), "No.")
        self.assertEqual(heard, [told] * 3)

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

    def test_drained(self) -> None:
        """A drained server is no more tried, not even last; a route is barred whatever its servers."""
        shared = self.reaching(Settings(routes=(RouteRule(),)))
        one, two = Server("one.example"), Server("two.example")
        dial = Dial((one, two), Route((one, two), name="routes[0]"))
        shared._drained.drain(server_part(one), Settings())
        shared.health._down.add(two)
        self.assertEqual(shared.order(dial, "192.0.2.1"), [two])
        self.assertIsNone(shared.barred(dial))
        shared._drained.drain(server_part(two), Settings())
        self.assertIs(shared.barred(dial)[0], Reason.SERVER_DRAINED)
        shared._drained.undrain(server_part(one)), shared._drained.undrain(server_part(two))
        shared._drained.drain(Part(Kind.ROUTE, "routes[0]"), Settings(routes=(RouteRule(),)))
        self.assertIs(shared.barred(dial)[0], Reason.ROUTE_DRAINED)

    def test_turns(self) -> None:
        """Each route's sessions take turns among themselves, however they come."""
        shared = self.reaching(Settings())
        dials = []
        for name in "ab":
            servers = Server(f"{name}1"), Server(f"{name}2")
            dials.append(Dial(servers, Route(servers, Balance.ROUND_ROBIN)))
        firsts = [shared.order(dial, "192.0.2.1")[0].host for dial in dials * 3]
        self.assertEqual(firsts, ["a1", "b1", "a2", "b2", "a1", "b1"])

    def test_least_sessions(self) -> None:
        """Those that other processes have with a server count, too."""
        servers = Server("a"), Server("b")
        dial = Dial(servers, Route(servers, Balance.LEAST_SESSIONS))
        for elsewhere, first in (({}, "b"), ({"a:21": 1}, "b"), ({"b:21": 2}, "a")):
            shared = self.reaching(Settings())
            shared.came(servers[0])
            held = elsewhere.get
            self.patch(shared._ledger, "elsewhere", lambda key, line, held=held: held(key, 0))
            self.assertEqual(shared.order(dial, "192.0.2.1")[0].host, first)

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
            watch = shared._reactor
            enter = Guarded(shared._reactor, Unbroken(), shared._in_turn).enter

            def connectionLost(self, reason: Failure) -> None:
                told.append(reason.type)

        near, far = socket.socketpair()
        shared.adopt(near, Lost())
        self.assertEqual((told, near.fileno(), far.recv(1)), ([ConnectionLost], -1, b""))
        far.close()
