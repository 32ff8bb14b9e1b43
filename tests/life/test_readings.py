"""What stands at one instant."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from attrs import evolve

from ftpalg.config import Certificate, ClientTlsSettings, ServerTlsSettings, Settings
from ftpalg.config.tables import Pinholes, RouteRule, ServerUrl
from ftpalg.core import facts
from ftpalg.core.drained import WHOLE, Part
from ftpalg.core.drained import Kind as PartKind
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Peer
from ftpalg.core.news import Reloaded
from ftpalg.core.routes import Server
from ftpalg.life.readings import Readings, servers_of
from ftpalg.net.gateway import Gateway
from ftpalg.net.ledger import Line
from ftpalg.net.standing import Standing
from ftpalg.ops.exposition import Exposition
from ftpalg.ops.metric_tables import FAMILIES, Kind
from ftpalg.ops.metrics import Gauges, Metrics
from tests.config.cases import ConfigTest
from tests.net.dates import DAY, NOON, dated, write, write_key
from tests.net.test_gateway import GatewayCase

TWO = """
server = "ftp://main.example"
[[routes]]
server = ["ftp://a.example", "ftp://b.example:2121"]
clients = ["192.0.2.0/24"]
[[routes]]
server = ["ftps://[2001:db8::1]"]
users = ["x"]
"""


class ReadingsCase(GatewayCase):
    """A gateway, and sessions that are as a test says."""

    def begin(self, settings: Settings) -> None:
        """A gateway of these."""
        self.of: Gateway = self.gateway(settings)
        self.metrics = Metrics(servers_of(settings), self.clock.seconds)
        self.readings = Readings(lambda: self.of.shared, self.metrics)

    def stand(self, *standing: Standing) -> None:
        """These are open."""
        sessions: Any = self.of.shared.sessions.open
        for at, one in enumerate(standing):
            sessions[f"{at}"] = SimpleNamespace(standing=one)
        self.addCleanup(sessions.clear)

    def gauges(self) -> Gauges:
        """As they are now."""
        return self.readings.gauges()

    def value(self, name: str, *labels: str) -> float:
        """One of them."""
        return self.gauges().values[name][labels]


class Drained(ReadingsCase):
    """What takes no new sessions."""

    def test_parts(self) -> None:
        """Each part by its name in the settings; servers that clients have named are one."""
        rule = RouteRule(server=(ServerUrl("ftp", Server("A.example")),))
        settings = Settings(routes=(rule,), listen=(":21",))
        self.begin(settings)
        self.assertEqual(self.gauges().values["drained"], {("gateway", ""): 0})
        for part in (
            WHOLE,
            Part(PartKind.SERVER, "a.example:21"),
            Part(PartKind.SERVER, "b.example:21"),
            Part(PartKind.SERVER, "c.example:21"),
            Part(PartKind.ROUTE, "routes[0]"),
            Part(PartKind.LISTENER, ":21"),
        ):
            self.of.drained.drain(part, settings)
        self.assertEqual(
            self.gauges().values["drained"],
            {
                ("gateway", ""): 1,
                ("server", "a.example:21"): 1,
                ("server", "other"): 1,
                ("route", "routes[0]"): 1,
                ("listener", ":21"): 1,
            },
        )
        self.of.drained.undrain(WHOLE)
        self.assertEqual(self.value("drained", "gateway", ""), 0)


class Sessions(ReadingsCase):
    """Who is there, and does what."""

    def setUp(self) -> None:
        super().setUp()
        settings = Settings(listen=(":21", ":2121"))
        data = evolve(settings.data, client_ports=(50000, 50009), server_ports=(51000, 51003))
        limits = evolve(settings.limits, sessions=8)
        self.begin(evolve(settings, data=data, limits=limits))

    def test_nobody(self) -> None:
        """Each listener is told with each state at 0."""
        found = self.gauges().values["sessions"]
        self.assertEqual(len(found), 2 * 8)
        self.assertEqual(set(found.values()), {0})
        self.assertEqual(self.value("sessions", ":2121", "", "opaque"), 0)
        self.assertEqual(self.value("transfers", "upload"), 0)
        self.assertEqual(self.value("limit_ratio", "sessions-per-peer"), 0)

    def test_counted(self) -> None:
        """By listener, route and state; transfers by direction, with what they have moved."""
        both = frozenset(Side)
        self.stand(
            Standing(":21", "", "N"),
            Standing(":21", "", "N"),
            Standing(":2121", "routes[0]", "I", ports=frozenset((Side.CLIENT,))),
            Standing(":2121", "routes[0]", "D", Side.CLIENT, 10, both),
            Standing(":2121", "routes[0]", "D", Side.CLIENT, 10, both),
            Standing(":2121", "routes[0]", "D", Side.SERVER, 5, both),
        )
        found = self.gauges()
        sessions = {labels: count for labels, count in found.values["sessions"].items() if count}
        expected = {
            (":21", "", "naming"): 2,
            (":2121", "routes[0]", "idle"): 1,
            (":2121", "routes[0]", "data"): 3,
        }
        self.assertEqual(sessions, expected)
        self.assertEqual(found.values["transfers"], {("upload",): 2, ("download",): 1})
        moved = {("client", "upload"): 20, ("client", "download"): 5}
        moved |= {("server", "upload"): 20, ("server", "download"): 5}
        self.assertEqual(found.moved, moved)
        self.assertEqual(found.values["data_ports_used"], {("client",): 4, ("server",): 3})
        self.assertEqual(found.values["data_ports_limit"], {("client",): 10, ("server",): 4})
        ratios = {"client-ports": 0.4, "server-ports": 0.75}
        for limit, ratio in ratios.items():
            self.assertEqual(self.value("limit_ratio", limit), ratio)

    def test_most_of_a_peer(self) -> None:
        """The limit of each peer is told by the peer that has most, whoever that is."""
        ledger = self.of.shared.ledger
        ledger.ask("192.0.2.1", Line.SESSIONS, 4)
        ledger.ask("192.0.2.2", Line.SESSIONS, 2)
        ledger.ask("192.0.2.2", Line.MEMORY, 1 << 27)
        self.assertEqual(self.value("limit_ratio", "sessions"), 0.75)
        self.assertEqual(self.value("limit_ratio", "sessions-per-peer"), 0.004)
        self.assertEqual(self.value("limit_ratio", "memory-per-peer"), 0.5)
        self.assertEqual(self.value("limit_ratio", "memory"), 0.125)

    def test_every_gauge(self) -> None:
        """Each of the table is there, with as many labels as it has; and the text can be made."""
        given = self.gauges().values
        ours = {name for name, one in FAMILIES.items() if one.kind is Kind.GAUGE}
        expositions = {name for name in ours if name.startswith(("start_", "config_"))}
        self.assertEqual(set(given), ours - expositions)
        for name, values in given.items():
            for labels in values:
                self.assertEqual(len(labels), len(FAMILIES[name].labels))
        self.assertIn(
            b"\nftpalg_build_info{", b"".join(Exposition(self.metrics, self.gauges).scrape())
        )

    def test_pinholes(self) -> None:
        """Those that were let in and not closed; none where there is no firewall to open."""
        self.assertEqual(self.value("pinholes"), 0)
        settings = Settings(pinholes=Pinholes(table="inet ftpalg"))
        self.begin(settings)
        holes: Any = self.of.shared.pinholes
        self.addCleanup(holes._pool.stop)
        holes.let_in.update({("192.0.2.1", 50000), ("192.0.2.1", 50001)})
        self.assertEqual(self.value("pinholes"), 2)


class Servers(ReadingsCase, ConfigTest):
    """Which of the settings' servers are up."""

    def test_names(self) -> None:
        """As facts spell them."""
        named = ["main.example:21", "a.example:21", "b.example:2121", "[2001:db8::1]:990"]
        self.assertEqual(list(servers_of(self.settings(TWO))), named)

    def test_up(self) -> None:
        """Checks speak of those that are checked, sessions of others; of the rest nothing is known."""
        self.begin(self.settings(TWO))
        checked = {("a.example:21",): True, ("b.example:2121",): True}
        self.assertEqual(self.gauges().values["server_up"], checked)
        health = self.of.shared.reaching.health
        health._down.add(next(one for one in health.checked if one.port == 2121))
        about = About("1", Peer("192.0.2.1", 1))
        for name, fact in (
            ("main.example:21", facts.LoggedIn("x")),
            ("b.example:2121", facts.LoggedIn("x")),
            ("[2001:db8::1]:990", facts.ServerUnreachable("x")),
        ):
            self.metrics.see(about._replace(name=name), fact)
        expected = {
            ("a.example:21",): 1,
            ("b.example:2121",): 0,
            ("main.example:21",): 1,
            ("[2001:db8::1]:990",): 0,
        }
        self.assertEqual(self.gauges().values["server_up"], expected)


class Certificates(ReadingsCase):
    """Their ends."""

    def setUp(self) -> None:
        super().setUp()
        self.files = Certificate(self.folder / "a.pem", self.folder / "a.key")
        write_key(self.files.private_key)
        self.ca = self.folder / "ca.pem"
        write(self.ca, dated(NOON + 9 * DAY, name="x"), dated(NOON + 8 * DAY, name="y"))

    def renew(self, *ends: timedelta) -> None:
        """The chain's certificates end then."""
        chain = [dated(NOON + end, name=f"{at}") for at, end in enumerate(ends)]
        write(self.files.certificate, *chain)

    def test_ends(self) -> None:
        """The first end of each file's; found anew when something was read."""
        self.renew(10 * DAY, 20 * DAY)
        half = ClientTlsSettings(
            certificate=self.files.certificate, private_key=self.files.private_key
        )
        own = Certificate(self.folder / "own.pem", self.files.private_key)
        write(own.certificate, dated(NOON + 30 * DAY))
        servers = ServerTlsSettings(
            ca=self.ca, certificate=own.certificate, private_key=own.private_key
        )
        self.begin(Settings(client_tls=half, server_tls=servers))
        name = "certificate_not_after_timestamp_seconds"
        expected = {
            ("client", str(self.files.certificate)): NOON + 10 * DAY,
            ("ca", str(self.ca)): NOON + 8 * DAY,
            ("server", str(own.certificate)): NOON + 30 * DAY,
        }
        found = self.gauges().values[name]
        self.assertEqual(found, {labels: end.timestamp() for labels, end in expected.items()})
        self.renew(40 * DAY)
        self.of.shared.certificates.reload()
        self.assertIs(self.gauges().values[name], found)
        self.metrics.tell(Reloaded(changes=("certificates",)))
        again = (NOON + 40 * DAY).timestamp()
        self.assertEqual(self.value(name, "client", str(self.files.certificate)), again)
