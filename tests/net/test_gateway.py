"""What sessions share: limits, what is known of servers, certificates."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from attrs import evolve
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from ftpalg.config import ClientTlsSettings, Limits, Parent, Settings
from ftpalg.config.tables import Access as AccessSettings
from ftpalg.config.tables import AccessRule, ParentUrl, Pinholes, ProxyProtocol
from ftpalg.core.actions import Dial
from ftpalg.core.events import Link, Side, Traits
from ftpalg.core.routes import Balance, Route, Server
from ftpalg.core.rules import Rules
from ftpalg.net import gateway as module
from ftpalg.net.driver import Driver
from ftpalg.net.gateway import RELOAD_SECONDS, SERVERS_KNOWN, Gateway, Policies
from ftpalg.net.reach import Way
from ftpalg.policy.access import Access
from ftpalg.policy.balance import order
from ftpalg.policy.ports import candidates
from tests.net.test_keypair import FilesCase
from tests.net.test_reach import Reactor

POLICIES = Policies(candidates, Access().admits, Access().refusal, order)


class Log:
    """Keeps what a gateway tells."""

    ladder = False

    def __init__(self) -> None:
        self.words: list[tuple[str, str]] = []

    def refused(self, link: Link, reason: str) -> None:
        self.words.append((f"refused {link.peer}", reason))

    def closed(self, driver: Driver) -> None:
        self.words.append(("closed", driver.name))

    def told(self, text: str) -> None:
        self.words.append(("told", text))

    def warned(self, text: str) -> None:
        self.words.append(("warned", text))


class Client:
    """A client's control connection, as far as a gateway looks at it."""

    rules = Rules()
    stalled = False

    def __init__(self) -> None:
        self.written = b""
        self.hung_up = False
        self.driver: Any = None

    def write(self, data: bytes) -> None:
        self.written += data

    def hang_up(self) -> None:
        self.hung_up = True


class GatewayCase(FilesCase):
    """A gateway with a clock and a log of the test's own."""

    def gateway(self, settings: Settings, policies: Policies = POLICIES) -> Any:
        """A gateway; ``log`` and ``clock`` are its."""
        log: Any = Log()
        self.log = log
        self.clock = Clock()
        return Gateway(self.clock, settings, log, policies)


class Admission(GatewayCase):
    """The limits."""

    def setUp(self) -> None:
        super().setUp()
        self.shared = self.gateway(Settings(limits=Limits(sessions=3, sessions_per_peer=2)))

    def admit(self, peer: str) -> tuple[Any, Client]:
        """One more client from there."""
        client = Client()
        return self.shared.admit(client, Link(peer, "192.0.2.254", 40000)), client

    def test_admitted(self) -> None:
        """A session has a name of its own and is known by it; its client knows it."""
        (one, client), (other, _) = self.admit("192.0.2.1"), self.admit("192.0.2.1")
        self.assertEqual([one.name, other.name], list(self.shared.sessions))
        self.assertIs(client.driver, one)
        self.assertEqual((client.written, client.hung_up), (b"", False))

    def test_in_all(self) -> None:
        """One above the limit gets 421 and is hung up on, whoever it is."""
        for peer in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            self.admit(peer)
        driver, client = self.admit("192.0.2.4")
        self.assertIsNone(driver)
        self.assertEqual(client.written, b"421 Too many sessions; try again later.\r\n")
        self.assertTrue(client.hung_up)
        self.assertEqual(
            self.log.words, [("refused 192.0.2.4", "Too many sessions; try again later.")]
        )

    def test_per_peer(self) -> None:
        """One address may have so many; another one is still served."""
        self.admit("192.0.2.1"), self.admit("192.0.2.1")
        driver, client = self.admit("192.0.2.1")
        self.assertIsNone(driver)
        self.assertRegex(client.written, rb"^421 Too many sessions from your address;")
        self.assertIsNotNone(self.admit("192.0.2.2")[0])

    def test_dismissed(self) -> None:
        """A session that is over makes room, once; nothing is kept of a peer without sessions."""
        one, _ = self.admit("192.0.2.1")
        self.admit("192.0.2.1")
        self.shared.dismiss(one)
        self.shared.dismiss(one)
        self.assertEqual(self.log.words, [("closed", one.name)])
        other, _ = self.admit("192.0.2.1")
        self.assertIsNotNone(other)
        self.assertIsNone(self.admit("192.0.2.1")[0])
        for driver in list(self.shared.sessions.values()):
            self.shared.dismiss(driver)
        self.assertEqual((self.shared.sessions, dict(self.shared._per_peer)), ({}, {}))

    def test_close(self) -> None:
        """Every session is ended with the reason."""
        ended: list[str] = []
        self.admit("192.0.2.1"), self.admit("192.0.2.2")
        self.patch(Driver, "end", lambda driver, text: ended.append(text))
        self.shared.close()
        self.assertEqual(ended, ["The gateway is shutting down."] * 2)


class Asked(GatewayCase):
    """What a gateway asks its policies, and what it does with the answers."""

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[Any] = []

    def asking(self, settings: Settings | None = None, **more: Any) -> Any:
        """A gateway whose policies are these, or POLICIES."""
        return self.gateway(settings or Settings(), replace(POLICIES, **more))

    def note(self, answer: Any) -> Callable[..., Any]:
        """A policy that notes what it is asked."""

        def answered(*words: Any, **more: Any) -> Any:
            self.asked.append((*words, more) if more else words)
            return answer

        return answered

    def test_admits(self) -> None:
        """An address that is not admitted gets 421, before any limit is looked at."""
        shared = self.asking(
            Settings(limits=Limits(sessions=1)), admits=lambda peer: peer == "192.0.2.1"
        )
        client = Client()
        self.assertIsNone(shared.admit(client, Link("192.0.2.2", "192.0.2.254", 1)))
        self.assertEqual(client.written, b"421 Your address is not admitted here.\r\n")
        self.assertEqual((client.hung_up, shared.sessions), (True, {}))
        self.assertEqual(self.log.words[0][0], "refused 192.0.2.2")
        self.assertIsNotNone(shared.admit(Client(), Link("192.0.2.1", "192.0.2.254", 1)))

    def test_ports(self) -> None:
        """The policy chooses the order of data ports."""
        shared = self.asking(ports=self.note(iter([3, 1, 2])))
        self.assertEqual(list(shared.ports(Side.CLIENT)), [3, 1, 2])
        data = Settings().data
        self.assertEqual(self.asked, [(*data.client_ports, data.excluded_ports)])

    def test_judge(self) -> None:
        """A server that a client named is judged with its account and its very address."""
        shared = self.asking(refusal=self.note("That is forbidden."))
        server = Server("ftp.example")
        dial = Dial((server,), Route(), named=True, account="anna")
        found = shared.judge(dial, "192.0.2.1", server, "192.0.2.7")
        self.assertEqual(found, "That is forbidden.")
        self.assertEqual(self.asked, [("192.0.2.1", "anna", server, "192.0.2.7")])

    def test_judge_own_machine(self) -> None:
        """A client from elsewhere does not get in from within; a rule with the address lets it."""
        self.patch(module, "is_local", lambda address: address == "192.0.2.254")
        server = Server("gw.example")
        dial = Dial((server,), Route(), named=True)
        shared = self.asking(refusal=lambda *_: "")
        found = shared.judge(dial, "192.0.2.1", server, "192.0.2.254")
        self.assertIn("is this gateway's own machine", found)
        self.assertEqual(shared.judge(dial, "192.0.2.254", server, "192.0.2.254"), "")
        self.assertEqual(shared.judge(dial, "192.0.2.1", server, "192.0.2.253"), "")
        self.assertEqual(shared.judge(dial, "192.0.2.1", server, "127.0.0.1"), "")
        for network, opened in (("192.0.2.254", True), ("192.0.2.0/24", False)):
            rule = AccessRule(networks=(ip_network(network),))
            shared.settings = evolve(shared.settings, access=AccessSettings(servers=(rule,)))
            found = shared.judge(dial, "192.0.2.1", server, "192.0.2.254")
            self.assertEqual(found == "", opened)

    def test_judge_configured(self) -> None:
        """A server that the settings name is not judged."""
        shared = self.asking(refusal=self.note("That is forbidden."))
        server = Server("127.0.0.1")
        dial = Dial((server,), Route((server,)), named=False)
        self.assertEqual(shared.judge(dial, "192.0.2.1", server, "127.0.0.1"), "")
        self.assertEqual(self.asked, [])

    def test_judge_ourselves(self) -> None:
        """The gateway itself is nobody's server, named by a client or by the settings."""
        shared = self.asking(refusal=lambda *_: "")
        shared.own.add("0.0.0.0", 2121)
        server = Server("localhost", 2121)
        for named in (True, False):
            dial = Dial((server,), Route(), named=named)
            found = shared.judge(dial, "192.0.2.1", server, "127.0.0.1")
            self.assertEqual(found, "localhost port 2121 is this gateway itself.")
            self.assertEqual(shared.judge(dial, "192.0.2.1", server, "240.0.0.1"), "")
            self.assertEqual(shared.judge(dial, "192.0.2.1", server, ""), "")

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
        shared.sessions_at[one] += 2
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
        shared = self.gateway(Settings())
        dials = []
        for name in "ab":
            servers = Server(f"{name}1"), Server(f"{name}2")
            dials.append(Dial(servers, Route(servers, Balance.ROUND_ROBIN)))
        firsts = [shared.order(dial, "192.0.2.1")[0].host for dial in dials * 3]
        self.assertEqual(firsts, ["a1", "b1", "a2", "b2", "a1", "b1"])

    def test_left(self) -> None:
        """A server that all sessions have left is counted no longer."""
        shared = self.gateway(Settings())
        server = Server("ftp.example")
        shared.sessions_at[server] += 2
        shared.left(server)
        self.assertEqual(shared.sessions_at[server], 1)
        shared.left(server)
        self.assertEqual(dict(shared.sessions_at), {})

    def test_balancers(self) -> None:
        """Whose connections begin with a PROXY header; nobody's without settings."""
        shared = self.gateway(Settings())
        self.assertFalse(shared.is_balancer("192.0.2.1"))
        balancers = ProxyProtocol((ip_network("192.0.2.0/28"),))
        shared = self.gateway(Settings(proxy_protocol=balancers))
        for peer, found in (("192.0.2.1", True), ("192.0.2.17", False), ("2001:db8::1", False)):
            self.assertIs(shared.is_balancer(peer), found, peer)


class Ways(GatewayCase):
    """How sockets towards servers are opened."""

    CLIENT = Link("192.0.2.1", "192.0.2.254", 40000)

    def way(self, route: Route, client: Link | None = CLIENT) -> Way:
        """The way of a route, where the settings know a parent named office."""
        self.office = Parent("office", ParentUrl("socks5", Server("proxy.example", 1080)))
        found: Way = self.gateway(Settings(parents=(self.office,))).way(route, client)
        return found

    def test_direct(self) -> None:
        """Without words of the route: from any address of ours, with no header."""
        self.assertEqual(self.way(Route()), Way(client=("192.0.2.1", 40000)))

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


class Starting(GatewayCase):
    """What the settings ask for and this machine must have."""

    def cannot(self, **data: Any) -> str:
        """Why a gateway with such data connections cannot start."""
        settings = Settings()
        found: str = self.gateway(
            evolve(settings, data=evolve(settings.data, **data))
        ).cannot_start()
        return found

    def test_can(self) -> None:
        """By default nothing is asked for; a port that is free may be had."""
        self.assertEqual(self.cannot(), "")
        with socket.socket() as sock:
            sock.bind(("", 0))
            port = sock.getsockname()[1]
        self.assertEqual(self.cannot(source_port=port), "")

    def test_source_port_taken(self) -> None:
        """A port that somebody listens on is told with the setting."""
        with socket.socket() as sock:
            sock.bind(("", 0))
            sock.listen()
            port = sock.getsockname()[1]
            found = self.cannot(source_port=port)
        self.assertRegex(
            found, rf"^data\.source-port = {port}: Address already in use; .*set it to 0$"
        )

    def test_source_port_forbidden(self) -> None:
        """One that needs a capability is told with its name."""

        class Strict(socket.socket):
            def bind(self, address: Any) -> None:
                raise PermissionError(13, "Permission denied")

        self.patch(socket, "socket", Strict)
        self.assertRegex(
            self.cannot(source_port=20),
            r"^data\.source-port = 20: Permission denied; .*CAP_NET_BIND_SERVICE",
        )

    def test_pinholes(self) -> None:
        """A table of nftables that cannot be had is told with the setting, before all else."""
        shared = self.gateway(Settings(pinholes=Pinholes(table="inet ftpalg")))
        self.patch(shared.pinholes, "check", lambda: "no such table")
        self.assertEqual(shared.cannot_start(), "pinholes.table = 'inet ftpalg': no such table")
        self.patch(shared.pinholes, "check", lambda: "")
        self.assertEqual(shared.cannot_start(), "")

    def test_starts_and_stops(self) -> None:
        """What goes on beside the sessions begins with the listeners and ends with the gateway."""
        settings = Settings()
        data = evolve(settings.data, client_address="gw.example")
        shared = self.gateway(evolve(settings, data=data))
        reactor: Any = Reactor()
        shared.advertised._reactor = reactor
        shared.start()
        self.assertEqual(reactor.resolver.asked, ["gw.example"])
        shared.close()
        self.assertEqual((reactor.getDelayedCalls(), self.clock.getDelayedCalls()), ([], []))


class Adopting(GatewayCase):
    """Connected sockets given to Twisted."""

    class Refusing(Clock):
        """A reactor that finds the socket broken."""

        def adoptStreamConnection(self, *words: Any) -> None:
            raise OSError(107, "Transport endpoint is not connected")

    def test_broken(self) -> None:
        """A socket that broke meanwhile is closed, and its protocol told, once."""
        shared = self.gateway(Settings())
        shared.reactor = self.Refusing()
        told: list[Any] = []

        class Lost(Protocol):
            def connectionLost(self, reason: Failure = connectionDone) -> None:
                told.append(reason.type)

        near, far = socket.socketpair()
        shared.adopt(near, Lost())
        self.assertEqual((told, near.fileno(), far.recv(1)), ([ConnectionLost], -1, b""))
        far.close()


class Known(GatewayCase):
    """What is remembered of servers."""

    def test_shared(self) -> None:
        """Sessions with one server share what was learned; its ports are apart."""
        shared = self.gateway(Settings())
        first = shared.traits_of(Server("one.example", 21))
        first.epsv = False
        self.assertIs(shared.traits_of(Server("one.example", 21)), first)
        self.assertEqual(shared.traits_of(Server("one.example", 2121)), Traits())

    def test_forgotten(self) -> None:
        """Beyond the bound, the server longest unused is forgotten, not the one first seen."""
        self.patch(module, "SERVERS_KNOWN", 3)
        shared = self.gateway(Settings())
        links = [Server(f"192.0.2.{n}") for n in range(4)]
        kept = [shared.traits_of(link) for link in links[:3]]
        shared.traits_of(links[0])
        shared.traits_of(links[3])
        self.assertEqual(len(shared._traits), 3)
        self.assertIs(shared.traits_of(links[0]), kept[0])
        self.assertIs(shared.traits_of(links[2]), kept[2])
        self.assertIsNot(shared.traits_of(links[1]), kept[1])

    def test_bounded(self) -> None:
        """However many servers there are, no more than the bound are remembered."""
        shared = self.gateway(Settings())
        for port in range(SERVERS_KNOWN + 10):
            shared.traits_of(Server("192.0.2.1", port))
        self.assertEqual(len(shared._traits), SERVERS_KNOWN)

    def test_ports(self) -> None:
        """Each side has its own range, without the ports left out."""
        settings = Settings()
        data = evolve(
            settings.data,
            client_ports=(50000, 50003),
            server_ports=(51000, 51001),
            excluded_ports=frozenset({50001}),
        )
        shared = self.gateway(evolve(settings, data=data))
        self.assertEqual(sorted(shared.ports(Side.CLIENT)), [50000, 50002, 50003])
        self.assertEqual(sorted(shared.ports(Side.SERVER)), [51000, 51001])


class Reloading(GatewayCase):
    """Certificates that change while the gateway runs."""

    def setUp(self) -> None:
        super().setUp()
        self.files = self.issue("a.example")
        half = ClientTlsSettings(
            certificate=self.files.certificate, private_key=self.files.private_key
        )
        self.shared = self.gateway(Settings(client_tls=half))
        self.clock.advance(1000)

    def test_taken_up(self) -> None:
        """A change is seen with the next client, and said once."""
        self.issue("b.example")
        os.utime(self.files.certificate, ns=(1, 1))
        self.shared.client_side()
        self.shared.client_side()
        self.assertEqual(self.log.words, [("told", "certificates reloaded")])

    def test_seldom(self) -> None:
        """The files are looked at once in a while, not for each client."""
        looked: list[float] = []
        self.patch(self.shared, "reload", lambda: looked.append(self.clock.seconds()))
        for _ in range(5):
            self.shared.client_side()
        self.clock.advance(RELOAD_SECONDS)
        self.shared.client_side()
        self.assertEqual(looked, [1000, 1000 + RELOAD_SECONDS])

    def test_fault(self) -> None:
        """A fault is a warning that names the setting; the old certificates stay."""
        self.files.certificate.write_bytes(b"")
        side = self.shared.client_side()
        ((level, text),) = self.log.words
        self.assertEqual(level, "warned")
        self.assertRegex(text, r"^certificates not reloaded: client-tls\.certificate = ")
        self.assertEqual(side._pairs[0].names, ("a.example",))

    def test_without_tls(self) -> None:
        """A gateway without certificates has nothing to load."""
        self.gateway(Settings()).reload()
        self.assertEqual(self.log.words, [])
