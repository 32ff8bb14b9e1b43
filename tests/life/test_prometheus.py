"""Prometheus itself asks a gateway, and the dashboard's every query has an answer."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from urllib.parse import quote
from urllib.request import urlopen

from twisted.trial.unittest import SkipTest

from tests.life.programs import Foreground
from tests.life.scrapes import PublishedCase
from tests.net.dates import DAY, dated, write, write_key
from tests.ops.test_alerts import RULES, panels
from tests.ops.test_bans import tool
from tests.wire.peers import TIMEOUT, Client, Closed, Control

STARTS = 60.0
VARIABLES = {"$job": "ftpalg", "$instance": ".*", "$__rate_interval": "30s"}


class Prometheus:
    """One that asks this port four times a second, with the rules that come with ftpalg."""

    def __init__(self, program: str, folder: Path, port: int) -> None:
        text = (
            f"global: {{scrape_interval: 250ms, evaluation_interval: 1s}}\nrule_files: [{RULES}]\n"
            "scrape_configs:\n  - job_name: ftpalg\n"
            f'    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]\n'
        )
        (folder / "prometheus.yml").write_text(text)
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    "--web.listen-address=127.0.0.1:0",
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.port = 0

    def there(self) -> bool:
        """Whether it answers by now."""
        said = self.log.read_text()
        found = re.search(r'msg="Listening on" address=127\.0\.0\.1:(\d+)', said)
        self.port = int(found[1]) if found else 0
        return bool(found) and "ready to receive web requests" in said

    def ask(self, path: str) -> object:
        """What its API says."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=TIMEOUT) as answer:
            found: object = json.load(answer)["data"]
        return found

    def values(self, query: str) -> list[float]:
        """Each sample that a query finds now, as far as it is a number."""
        found = self.ask(f"query?query={quote(query)}")
        assert isinstance(found, dict)
        numbers = [float(one["value"][1]) for one in found["result"]]
        return [number for number in numbers if number == number]

    def until(self, query: str) -> bool:
        """Whether the query finds something before long."""
        end = monotonic() + STARTS
        while monotonic() < end:
            if self.values(query):
                return True
            try:
                self._process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            return False
        return False

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


class Dashboard(PublishedCase):
    """A gateway where a little of everything has happened."""

    def setUp(self) -> None:
        super().setUp()
        program = tool("prometheus")
        if not program:
            raise SkipTest("Prometheus is not installed")
        self.gateway = self.everything()
        self.prometheus = Prometheus(program, self.scratch, self.port(self.gateway))
        self.addCleanup(self.prometheus.stop)
        self.assertTrue(
            self.gateway.until(self.prometheus.there, STARTS), self.prometheus.log.read_text()
        )
        self.assertTrue(self.prometheus.until('up{job="ftpalg"} == 1'))

    def everything(self) -> Foreground:
        """One with a certificate and TLS for who wants it, and a bound on sessions."""
        certificate, key = self.scratch / "a.pem", self.scratch / "a.key"
        write(certificate, dated(datetime.now(UTC) + 60 * DAY))
        write_key(key)
        rest = (
            f'[client-tls]\nmode = "offer"\ncertificate = "{certificate}"\nprivate-key = "{key}"\n'
        )
        return self.published(f"{rest}[limits]\nsessions-per-peer = 3\n")

    def happen(self) -> None:
        """Transfers that are whole, one that breaks, logins, a refusal, a handshake, a failure."""
        self.transfer(self.gateway, b"RETR a")
        self.transfer(self.gateway, b"STOR b")
        self.broken()
        idle = [self.idle(self.gateway) for _ in range(3)]
        turned_away = Client(self.gateway.address)
        self.assertEqual(turned_away.code(), 421)
        turned_away.close()
        idle.pop().close()
        self.assertTrue(self.gateway.rests())
        self.handshake()
        self.server.then(lambda control: control.sock.close())
        unlucky = Client(self.gateway.address)
        self.addCleanup(unlucky.close)
        try:
            unlucky.code()
        except Closed:
            pass

    def broken(self) -> None:
        """An upload whose client dies."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"STOR", b"150 Here it comes.")
            port.open()
            control.until_end()

        client = self.enter(self.gateway, script)
        data = client.pasv()
        self.addCleanup(data.close)
        self.assertEqual(client.ask(b"STOR x").code, 150)
        data.sendall(b"x")
        client.sock.close()

    def handshake(self) -> None:
        """A client that does not like our certificate."""
        self.server.then(lambda control: control.login())
        client = Client(self.gateway.address)
        self.addCleanup(client.close)
        client.code()
        self.assertEqual(client.ask(b"AUTH TLS").code, 234)
        strict = ssl.create_default_context()
        with self.assertRaises((ssl.SSLError, OSError)):
            strict.wrap_socket(client.sock, server_hostname="ftp.example")

    def test_queries(self) -> None:
        """Every query of the dashboard finds numbers; the rules are loaded, and nobody is alarmed."""
        queries = {
            (panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]
        }
        self.assertTrue(self.prometheus.until("ftpalg_transfers_total"))
        self.happen()
        missing: dict[str, str] = {}
        for title, query in sorted(queries):
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            self.assertNotIn("$", query)
            if not self.prometheus.until(query):
                missing[title] = query
        self.assertEqual(missing, {})
        rules = self.prometheus.ask("rules")
        assert isinstance(rules, dict)
        found = [rule for group in rules["groups"] for rule in group["rules"]]
        self.assertEqual({rule["health"] for rule in found}, {"ok"})
        self.assertEqual(len(found), 10)
        firing = {rule["name"] for rule in found if rule["state"] == "firing"}
        self.assertEqual(firing, set())
