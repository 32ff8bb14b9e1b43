"""Metrics and health from outside: counted while somebody asks, renewed, handed on, never in the way."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from ftpalg.admin.steered import NoMetrics
from ftpalg.config import Settings
from ftpalg.life.faults import CannotStart
from ftpalg.life.lag import EVERY
from ftpalg.life.publishing import KEY, MISSING, Publishing
from tests.life.programs import Foreground
from tests.life.scrapes import ANY, PublishedCase
from tests.life.test_upgrading import end
from tests.ops.test_bans import tool
from tests.wire.gateways import sockets_of
from tests.wire.peers import BIN, BLOCK, TIMEOUT, TREE, drained, listener, port_of

NOT_THERE = "raise ImportError('no such package')\n"


class Joining:
    """A log that knows who has joined."""

    def __init__(self) -> None:
        self.company: list[Any] = []
        self.join, self.leave = self.company.append, self.company.remove
        self.tell = self.company.append


class Counting(SynchronousTestCase):
    """Who is told facts, and who looks at the reactor."""

    def setUp(self) -> None:
        clock: Any = Clock()
        log: Any = Joining()
        self.clock, self.log = clock, log
        gateway: Any = SimpleNamespace(shared=SimpleNamespace(settings=Settings()))
        self.gateway = gateway
        self.pages = Publishing(clock, gateway, log, lambda: True)

    @property
    def counts(self) -> bool:
        """Whether anything is done for metrics; both halves of it, or none."""
        told, looked = bool(self.log.company), bool(self.clock.getDelayedCalls())
        self.assertEqual(told, looked)
        return told

    def test_nobody_asks(self) -> None:
        """Without a port nothing is counted, and nothing waits."""
        self.pages.open({})
        with self.pages.renewed(Settings()):
            pass
        self.assertFalse(self.counts)
        self.assertEqual((self.pages.descriptors, self.pages.ready), ({}, True))
        self.pages.hand_on()
        self.pages.close()

    def test_first_question(self) -> None:
        """At the admin socket the first question begins it, and a reload does not end it."""
        self.pages.scrape()
        self.assertTrue(self.counts)
        first = self.log.company[0]
        with self.pages.renewed(Settings()):
            pass
        self.pages.scrape()
        self.assertEqual(self.log.company, [first])
        self.clock.advance(EVERY + 0.3)
        lag = first.histograms["reactor_lag_seconds"][()]
        self.assertEqual(round(lag.sum, 6), 0.3)
        self.pages.close()
        self.assertFalse(self.counts)

    def test_missing(self) -> None:
        """A package that is not there is told, with what to do."""
        name = "ftpalg.ops.exposition"
        before = sys.modules.get(name)
        hidden: Any = None
        sys.modules[name] = hidden
        if before is not None:
            self.addCleanup(sys.modules.__setitem__, name, before)
        else:
            self.addCleanup(sys.modules.pop, name)
        self.assertEqual(str(self.assertRaises(NoMetrics, self.pages.scrape)), MISSING)
        error = self.assertRaises(CannotStart, self.pages._prepared, "127.0.0.1:8021")
        self.assertEqual(str(error), f"{KEY} = '127.0.0.1:8021': {MISSING}.")
        self.assertFalse(self.counts)

    def test_names(self) -> None:
        """Those of the settings, and the endpoint's own."""
        for listen, names in (
            ("", {"gw.example"}),
            (":8021", {"gw.example", "::"}),
            ("Metrics.example:8021", {"gw.example", "metrics.example"}),
            ("systemd:metrics", {"gw.example"}),
        ):
            admin = SimpleNamespace(listen=listen, names=("GW.example",))
            self.gateway.shared.settings = SimpleNamespace(admin=admin)
            self.assertEqual(self.pages.names, names, listen)


class Serving(PublishedCase):
    """A gateway as it runs."""

    def test_bytes(self) -> None:
        """What records say has moved, metrics say has moved; and which sessions have ended how."""
        gateway = self.json()
        port = self.port(gateway)
        for line, blocks in ((b"RETR a", 1), (b"STOR b", 3), (b"RETR c", 2)):
            self.transfer(gateway, line, blocks)
        self.assertTrue(gateway.until(lambda: gateway.whole_log().count("session_closed") == 3))
        moved: Counter[str] = Counter()
        ended: Counter[str] = Counter()
        for record in self.records(gateway):
            if record["event"] == "transfer":
                moved[record["direction"]] += record["bytes"]
            elif record["event"] == "session_closed":
                ended[record["letters"]] += 1
        self.assertEqual(moved, {"download": 3 * len(BLOCK), "upload": 3 * len(BLOCK)})
        found = self.scrape(port)
        for side in ("client", "server"):
            for way, count in moved.items():
                self.assertEqual(
                    found.value("transfer_bytes_total", side=side, direction=way), count
                )
        for letters, count in ended.items():
            self.assertEqual(found.value("sessions_total", listener=ANY, letters=letters), count)
        server = f"127.0.0.1:{self.server.port}"
        self.assertEqual(found.value("logins_total", where="server", result="accepted"), 3)
        self.assertEqual(found.value("server_up", server=server), 1)
        self.assertEqual(found.value("server_connect_seconds_count", server=server), 3)
        self.assertEqual(found.total("data_open_seconds_count", mode="passive"), 6)
        self.assertEqual(found.value("session_duration_seconds_count"), 3)

    def json(self) -> Foreground:
        """One whose records are JSON."""
        gateway = self.begin(self.settings(form="json"))
        self.assertTrue(gateway.until(lambda: '"event":"ready"' in gateway.whole_log(), 60))
        record = next(one for one in self.records(gateway) if one["event"] == "ready")
        gateway.ports = [int(record["listeners"][0].rpartition(":")[2])]
        gateway.addresses = [("127.0.0.1", gateway.ports[0])]
        return gateway

    def test_standing(self) -> None:
        """Who is there and what moves, while it does."""
        gateway = self.published()
        port = self.port(gateway)
        client, data, more, _ = self.downloading(gateway)
        self.idle(gateway)
        self.assertTrue(gateway.rests())
        found = self.scrape(port)
        self.assertEqual(found.value("sessions", listener=ANY, route="", state="data"), 1)
        self.assertEqual(found.value("sessions", listener=ANY, route="", state="idle"), 1)
        self.assertEqual(found.value("transfers", direction="download"), 1)
        bytes_now = found.value("transfer_bytes_total", side="client", direction="download")
        self.assertEqual(bytes_now, len(BLOCK))
        self.assertEqual(found.value("data_ports_used", side="client"), 1)
        more.set()
        drained(data)
        self.assertEqual(client.code(), 226)
        found = self.scrape(port)
        self.assertEqual(found.value("transfers", direction="download"), 0)
        self.assertEqual(found.total("sessions"), 2)
        bytes_now = found.value("transfer_bytes_total", side="client", direction="download")
        self.assertEqual(bytes_now, 2 * len(BLOCK))

    def test_promtool(self) -> None:
        """Prometheus' own tool has nothing to say of a real scrape."""
        promtool = tool("promtool")
        if not promtool:
            raise SkipTest("promtool is not installed")
        gateway = self.published()
        self.transfer(gateway, b"RETR a")
        text = self.get(self.port(gateway), "/metrics")[1]
        words = [promtool, "check", "metrics"]
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_names(self) -> None:
        """By which one may ask."""
        gateway = self.published(admin=f'listen = "{ANY}"\nnames = ["gw.example"]')
        port = self.port(gateway)
        for host, status in (("GW.example:1", 200), ("127.0.0.1", 200), ("evil.example", 421)):
            self.assertEqual(self.get(port, "/live", host)[0], status, host)

    def test_draining(self) -> None:
        """Not ready while it drains, and alive until it has ended."""
        gateway = self.published()
        port = self.port(gateway)
        self.assertEqual(self.get(port, "/ready"), (200, "ready\n"))
        client, data, more, _ = self.downloading(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertTrue(gateway.logged("draining"))
        self.assertEqual((self.get(port, "/ready")[0], self.get(port, "/live")[0]), (503, 200))
        self.assertEqual(self.scrape(port).value("transfers", direction="download"), 1)
        more.set()
        drained(data)
        self.assertEqual(client.code(), 226)
        self.assertEqual(gateway.status(), 0)

    def test_busy(self) -> None:
        """A port that somebody has is one sentence, and status 1."""
        taken = listener()
        self.addCleanup(taken.close)
        endpoint = f"127.0.0.1:{port_of(taken)}"
        gateway = self.begin(self.settings(admin=f'listen = "{endpoint}"'))
        self.assertEqual(gateway.status(), 1)
        lines = gateway.whole_log().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("admin.listen", lines[0])
        self.assertIn("Address already in use (held by PID ", lines[0])

    def test_package_missing(self) -> None:
        """Without prometheus-client it does not start, and says what to do; nor is a word of Python."""
        gateway = self.begin(self.settings(), self.without())
        self.assertEqual(gateway.status(), 1)
        lines = gateway.whole_log().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("admin.listen", lines[0])
        self.assertIn("pip install 'ftpalg[metrics]'", lines[0])

    def without(self) -> dict[str, str]:
        """An environment in which it is not installed."""
        (self.scratch / "prometheus_client.py").write_text(NOT_THERE)
        return {"PYTHONPATH": f"{self.scratch}:{TREE}"}

    def test_not_wanted(self) -> None:
        """Without the port the package is not asked for; at the admin socket its lack is a sentence."""
        place = self.scratch / "folder" / "admin.sock"
        gateway = self.published(admin=f'socket = "{place}"', env=self.without())
        self.assertEqual(gateway.listened_on(), set(gateway.ports))
        status, text = self.at_socket(place, "/metrics")
        self.assertEqual(status, 501)
        self.assertIn("pip install 'ftpalg[metrics]'", text)
        self.assertEqual(self.at_socket(place, "/ready"), (200, "ready\n"))

    def test_socket(self) -> None:
        """At the admin socket the same is served, counted from the first question on."""
        place = self.scratch / "folder" / "admin.sock"
        gateway = self.published(admin=f'socket = "{place}"')
        self.transfer(gateway, b"RETR a")
        self.assertTrue(gateway.until(lambda: ": closed" in gateway.whole_log()))
        name = 'ftpalg_transfer_bytes_total{direction="download",side="client"}'
        self.assertIn(f"{name} 0.0\n", self.at_socket(place, "/metrics")[1])
        self.transfer(gateway, b"RETR a")
        self.assertTrue(gateway.until(lambda: gateway.whole_log().count(": closed") > 1))
        self.assertIn(f"{name} {float(len(BLOCK))}\n", self.at_socket(place, "/metrics")[1])

    def test_who(self) -> None:
        """``who`` and the metrics count the same sessions at one instant, by what they do."""
        place = self.scratch / "folder" / "admin.sock"
        gateway = self.published(admin=f'socket = "{place}"\nlisten = "{ANY}"')
        port = self.port(gateway)
        self.downloading(gateway)
        for _ in range(2):
            self.idle(gateway)
        self.assertTrue(gateway.rests())
        sessions = json.loads(self.at_socket(place, "/sessions")[1])["sessions"]
        who = Counter((one["listener"], one["state"]) for one in sessions)
        found = self.scrape(port)
        metrics = {
            (own["listener"], own["state"]): number
            for (name, labels), number in found.items()
            for own in [dict(labels)]
            if name == "ftpalg_sessions" and number
        }
        self.assertEqual(metrics, who)
        self.assertEqual(metrics, {(ANY, "data"): 1, (ANY, "idle"): 2})

    def at_socket(self, place: Path, path: str) -> tuple[int, str]:
        """Status and body."""
        asking = http.client.HTTPConnection("localhost", timeout=TIMEOUT)
        asking.sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(asking.close)
        asking.sock.settimeout(TIMEOUT)
        asking.sock.connect(str(place))
        asking.request("GET", path)
        answer = asking.getresponse()
        return answer.status, answer.read().decode()


class Renewed(PublishedCase):
    """Other settings, and another program."""

    def reload(self, gateway: Foreground, text: str, word: str = " reloaded\n") -> None:
        """The log says that of these settings."""
        gateway.file.write_text(text, encoding="utf-8")
        gateway.begin()
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged(word), gateway.whole_log())

    def test_reload(self) -> None:
        """The port comes, moves and goes; each is the only one."""
        gateway = self.published(admin="")
        self.assertEqual(gateway.listened_on(), set(gateway.ports))
        self.reload(gateway, self.settings())
        first = self.port(gateway)
        self.assertEqual(self.scrape(first).value("config_last_reload_successful"), 1)
        self.reload(gateway, self.settings(admin='listen = "127.0.0.2:0"'))
        moved = self.port(gateway)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", first))
        socket.create_connection(("127.0.0.2", moved)).close()
        self.reload(gateway, self.settings(admin=""))
        self.assertEqual(gateway.listened_on(), set(gateway.ports))

    def test_changes_places(self) -> None:
        """With ``admin.agent``, in one reload: each is found where the other was."""
        free = [listener(), listener()]
        here, there = (f"127.0.0.1:{port_of(one)}" for one in free)
        for one in free:
            one.close()
        gateway = self.published(admin=f'listen = "{here}"\nagent = "{there}"')
        self.reload(gateway, self.settings(admin=f'listen = "{there}"\nagent = "{here}"'))
        ports = [int(one.rpartition(":")[2]) for one in (here, there)]
        self.assertEqual(self.get(ports[1], "/live")[0], 200)
        with socket.create_connection(("127.0.0.1", ports[0]), TIMEOUT) as asking:
            self.assertRegex(asking.makefile("rb").readline(), rb"^up ready ")

    def test_faults(self) -> None:
        """What cannot be had changes nothing, and the metrics say so until it can."""
        gateway = self.published()
        port = self.port(gateway)
        taken = listener()
        self.addCleanup(taken.close)
        busy = f'listen = "127.0.0.1:{port_of(taken)}"'
        failed = "not reloaded"
        for text in (self.settings(admin=busy), self.settings("[limits]\nsessions = 0\n")):
            self.reload(gateway, text, failed)
            self.assertEqual(self.port(gateway), port)
            found = self.scrape(port)
            self.assertEqual(found.value("config_last_reload_successful"), 0)
        self.reload(gateway, self.settings())
        self.assertEqual(self.scrape(port).value("config_last_reload_successful"), 1)

    def test_fault_elsewhere(self) -> None:
        """A listener that cannot be had leaves the port where it is, too."""
        gateway = self.published()
        port = self.port(gateway)
        taken = listener()
        self.addCleanup(taken.close)
        text = self.settings(admin='listen = "127.0.0.2:0"')
        text = text.replace(
            f'listen = ["{ANY}"]', f'listen = ["{ANY}", "127.0.0.1:{port_of(taken)}"]'
        )
        self.reload(gateway, text, "not reloaded")
        self.assertEqual(self.port(gateway), port)
        self.assertEqual(self.get(port, "/live")[0], 200)

    def test_upgrade(self) -> None:
        """The next program has the port, and counts anew."""
        gateway = self.published("[timeouts]\nrest = 0.2\n")
        port, old = self.port(gateway), gateway.process.pid
        self.transfer(gateway, b"RETR a")
        words = [str(BIN / "ftpalg"), "upgrade", str(old)]
        environment = {"PYTHONPATH": str(TREE), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(words, cwd=TREE, env=environment, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        pid = gateway.successor()
        self.addCleanup(end, pid)
        self.assertEqual(gateway.status(), 0)
        self.assertTrue(sockets_of(pid))
        found = self.scrape(port)
        self.assertEqual(found.total("transfer_bytes_total"), 0)
        self.assertEqual(self.get(port, "/ready")[0], 200)
