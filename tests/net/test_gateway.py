"""A gateway as a whole: what its sessions share, its start and its end."""

from __future__ import annotations

import socket
from typing import Any

from attrs import evolve
from twisted.internet.task import Clock

from ftpalg.config import Certificate, ClientTlsSettings, Limits, Settings, Timeouts
from ftpalg.config.tables import Pinholes
from ftpalg.core.actions import Dial
from ftpalg.core.certificates import CertificateDue
from ftpalg.core.events import Link, Traits
from ftpalg.core.facts import Fact, SessionClosed
from ftpalg.core.reached import ServerReached
from ftpalg.core.routes import Route, Server
from ftpalg.net.driver import Driver
from ftpalg.net.gateway import Gateway
from ftpalg.net.pinholes import Pinholes as Holes
from ftpalg.net.policies import Policies
from ftpalg.net.reach.system import System
from ftpalg.net.watch import Watch
from tests.net.dates import DAY, NOON, dated, write, write_key
from tests.net.doubles import POLICIES, Client, Log, Resolver
from tests.net.test_keypair import FilesCase


class GatewayCase(FilesCase):
    """A gateway with a clock and a log of the test's own."""

    def gateway(self, settings: Settings, policies: Policies = POLICIES) -> Gateway:
        """A gateway; ``log`` and ``clock`` are its."""
        log: Any = Log()
        self.log = log
        clock: Any = Clock()
        self.clock = clock
        made = Gateway(self.clock, settings, log, policies)
        self.addCleanup(self._left, made)
        return made

    def _left(self, gateway: Gateway) -> None:
        """No descriptor of its is left for the collector of garbage."""
        watch = gateway.shared.watch
        if isinstance(watch, Watch):
            watch.let_go()
            self.assertEqual(watch.fileno(), -1)


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
        gateway = self.gateway(Settings(pinholes=Pinholes(table="inet ftpalg")))
        self.patch(gateway.shared.pinholes, "check", lambda: "no such table")
        self.assertEqual(gateway.cannot_start(), "pinholes.table = 'inet ftpalg': no such table")
        self.patch(gateway.shared.pinholes, "check", lambda: "")
        self.assertEqual(gateway.cannot_start(), "")

    def test_starts_and_stops(self) -> None:
        """What goes on beside the sessions begins with the listeners and ends with the gateway."""
        settings = Settings()
        data = evolve(settings.data, client_address="gw.example")
        asked: list[str] = []
        self.patch(System, "begin", lambda system, name, *told: asked.append(name))
        gateway = self.gateway(evolve(settings, data=data))
        gateway.start()
        self.assertEqual(asked, ["gw.example"])
        gateway.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Composed(GatewayCase):
    """Sessions and what they share."""

    def test_session(self) -> None:
        """An admitted client has a session that knows what is shared, and its client."""
        gateway = self.gateway(Settings())
        client: Any = Client()
        driver: Any = gateway.shared.sessions.admit(client, Link("192.0.2.1", "192.0.2.254", 1))
        self.assertIs(driver.client, client)
        self.assertIs(driver.shared, gateway.shared)

    def test_close(self) -> None:
        """Every session is ended with the reason."""
        gateway = self.gateway(Settings())
        ended: list[str] = []
        self.patch(Driver, "end", lambda driver, text: ended.append(text))
        client: Any
        for client, port in ((Client(), 1), (Client(), 2)):
            gateway.shared.sessions.admit(client, Link("192.0.2.1", "192.0.2.254", port))
        gateway.close()
        self.assertEqual(ended, ["The gateway is shutting down."] * 2)


class Measured(GatewayCase):
    """What the network side knows of time."""

    def setUp(self) -> None:
        super().setUp()
        gateway = self.gateway(Settings())
        client: Any = Client()
        self.facts: list[Fact] = []
        self.patch(Log, "see", lambda log, about, fact: self.facts.append(fact))
        link = Link("192.0.2.1", "192.0.2.254", 1)
        self.driver: Any = gateway.shared.sessions.admit(client, link)

    def test_session(self) -> None:
        """The end of a session tells how long it was."""
        self.driver.start()
        self.clock.advance(7.5)
        self.driver.end("Goodbye.")
        closed = self.facts[-1]
        assert isinstance(closed, SessionClosed)
        self.assertEqual(closed.seconds, 7.5)

    def test_server(self) -> None:
        """A server that is reached is told, with the time since it was wanted."""
        backend = self.driver.backend
        self.patch(self.driver.shared.reaching, "reach", lambda *asked: NeverThere())
        link = Link("192.0.2.1", "192.0.2.254", 1)
        backend.dial(Dial((Server("ftp.example"),), Route(), ""), link, near=False)
        self.clock.advance(1.25)
        backend._server, backend._control = Server("ftp.example"), object()
        self.patch(Driver, "handle", lambda driver, event: None)
        self.patch(Driver, "client_waits", False)
        backend.server_met(Link("198.51.100.7", "192.0.2.254", 21))
        self.assertEqual(self.facts, [ServerReached("ftp.example:21", 1.25)])


class NeverThere:
    """A server on the way to which nothing happens."""

    def start(self) -> None:
        """Nothing."""


class Ends(GatewayCase):
    """Certificates that end."""

    def due(self) -> list[str]:
        """What has been told of them since the last time."""
        log: Any = self.log
        found, log.news = log.news, []
        return [one.problem for one in found if isinstance(one, CertificateDue)]

    def test_start_and_reload(self) -> None:
        """They are told of at the start and with other settings, and by one timer from then on."""
        files = Certificate(self.folder / "a.pem", self.folder / "a.key")
        write(files.certificate, dated(NOON + 9000 * DAY, NOON + 8000 * DAY))
        write_key(files.private_key)
        half = ClientTlsSettings(certificate=files.certificate, private_key=files.private_key)
        gateway = self.gateway(Settings(client_tls=half))
        self.assertEqual(self.due(), [])
        gateway.start()
        self.assertEqual(self.due(), ["early"])
        other = gateway.prepared(Settings(client_tls=half, lf_lines=True), POLICIES)
        self.assertEqual(self.due(), [])
        gateway.take(other)
        self.assertEqual(self.due(), ["early"])
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        gateway.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class OtherSettings(GatewayCase):
    """Settings that come while the gateway runs."""

    def setUp(self) -> None:
        super().setUp()
        self.made = self.gateway(Settings())
        self.link = Link("192.0.2.1", "192.0.2.254", 40000)

    def test_prepared(self) -> None:
        """What is prepared changes nothing before it is taken."""
        before = self.made.shared
        other = Settings(limits=Limits(sessions=1))
        prepared = self.made.prepared(other, POLICIES)
        self.assertIs(self.made.shared, before)
        self.made.take(prepared)
        self.assertIs(self.made.shared.settings, other)

    def test_running_sessions_keep_theirs(self) -> None:
        """A session has what it began with, one that comes has what is new."""
        before = self.made.shared
        client: Any = Client()
        one: Any = before.sessions.admit(client, self.link)
        self.made.take(self.made.prepared(Settings(timeouts=Timeouts(idle=1.0)), POLICIES))
        after = self.made.shared
        client = Client()
        other: Any = after.sessions.admit(client, self.link)
        self.assertIs(one.shared, before)
        self.assertIs(other.shared, after)
        self.assertEqual(set(after.sessions.open.values()), {one, other})

    def test_what_is_known_goes_on(self) -> None:
        """Counts and traits of servers are not forgotten."""
        server = Server("one.example", 21)
        reaching = self.made.shared.reaching
        reaching.came(server)
        reaching.traits.learn(server, Traits(epsv=False))
        self.made.take(self.made.prepared(Settings(lf_lines=True), POLICIES))
        later = self.made.shared.reaching
        self.assertEqual(later.traits.of(server), Traits(epsv=False))
        reaching.left(server)
        self.assertEqual(later.sessions_at, {})

    def test_resolved_names_stay(self) -> None:
        """An address to advertise is not missing until its name is looked up again."""
        self.patch(
            System, "begin", lambda system, name, told, ended: Resolver().look_up(name, told)
        )
        data = evolve(Settings().data, client_address="here.example")
        self.made.take(self.made.prepared(Settings(data=data), POLICIES))
        self.made.shared.advertised._names["here.example"] = ("192.0.2.80",)
        self.made.take(self.made.prepared(Settings(data=data), POLICIES))
        self.assertEqual(self.made.shared.advertised.to_client("192.0.2.1"), "192.0.2.80")

    def test_pinholes(self) -> None:
        """The same table keeps its pinholes; another one has its own; all end with the gateway."""
        stopped: list[Holes] = []

        def stop(holes: Holes) -> None:
            stopped.append(holes)
            holes._pool.stop()

        self.patch(Holes, "stop", stop)
        one, two = Pinholes(table="inet one"), Pinholes(table="inet two")
        kept = []
        for holes in (one, one, two):
            self.made.take(self.made.prepared(Settings(pinholes=holes), POLICIES))
            kept.append(self.made.shared.pinholes)
        self.assertIs(kept[0], kept[1])
        self.assertIsNot(kept[1], kept[2])
        self.made.close()
        self.assertEqual(stopped, [kept[0], kept[2]])
