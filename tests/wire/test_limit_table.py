"""Every limit of a table: its default; over real sockets its code, sentence, record and counter."""

from __future__ import annotations

import http.client
import json
import re
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits
from ftpalg.config.limits import ListenerLimits, RouteLimits
from ftpalg.core.facts import What
from ftpalg.explain.limits import GENERAL, OF_LISTENER, OF_ROUTE
from tests.tls.certificates import issued
from tests.wire.crowds import Site
from tests.wire.gateways import TREE, Gateway
from tests.wire.limit_rows import LISTENER, ROUTE, TABLE, Row, Scene

ELSEWHERE = {
    "limits.lookups": "tests.net.test_client_lookups",
    "limits.lookups-per-peer": "tests.net.test_client_lookups",
}
"""Limits that want a name server which does not answer; who tries them."""
OFF = frozenset(("sessions_per_server", "sessions_per_route", "transfers_per_route"))
"""Counts that bound nothing by default: how large a server is nobody here knows."""
DERIVED = frozenset(("descriptors_per_peer",))
"""Those whose 0 is half of what there is."""


WITH_ACCOUNTS = "limits.sessions-per-account", "limits.transfers-per-account"


def key_of(prefix: str, name: str) -> str:
    """A setting as it is written."""
    return prefix + name.replace("_", "-")


class Defaults(SynchronousTestCase):
    """What holds where nobody says anything."""

    def test_counts_protect(self) -> None:
        """Every count bounds something; only what nobody can know here does not."""
        limits = Limits()
        counts = {name for name in GENERAL if not name.endswith("rate") and "_rate_" not in name}
        off = {name for name in counts if not getattr(limits, name)}
        self.assertEqual(off, OFF | DERIVED)

    def test_rates_are_off(self) -> None:
        """Nobody is slowed, or refused for being fast, before somebody wants that."""
        rates = {name for name in GENERAL if "_rate" in name}
        self.assertEqual(len(rates), 5)
        self.assertEqual({getattr(Limits(), name) for name in rates}, {0.0})

    def test_listeners_and_routes(self) -> None:
        """They have none of their own."""
        for section in (ListenerLimits, RouteLimits):
            values = {getattr(section(), one.name) for one in section.__attrs_attrs__}
            self.assertEqual({float(value) for value in values}, {0.0})


class Running(Gateway):
    """Started as systemd does, which is quicker."""

    program = "ftpalg", "run"


class LimitTable(SynchronousTestCase):
    """One gateway for each row, before one site."""

    def setUp(self) -> None:
        self.site = Site()
        self.addCleanup(self.site.close)
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-limits-")
        self.addCleanup(holder.cleanup)
        self.socket = str(Path(holder.name) / "admin.sock")
        self.documented = (TREE / "docs" / "replies.rst").read_text("utf-8")
        self.bounds = (TREE / "docs" / "behaviour.rst").read_text("utf-8")

    def begin(self, row: Row) -> Gateway:
        """A gateway with that limit, and no other that could be reached."""
        table, _, name = row.key.rpartition(".")
        own = f"{{ {name} = {row.value} }}"
        accounts = '[accounts]\nauth = ["memory:joe:Gate-w0rd"]\n'
        more = "command-delay = 0.1\nbad-commands = 100\n"
        text = (
            "[limits]\n"
            + more
            + (f"{name} = {row.value}\n" if table == "limits" else "")
            + (accounts if row.key in WITH_ACCOUNTS else "")
            + '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n'
            + (f"limits = {own}\n" if row.key.startswith(LISTENER) else "")
            + f'[[routes]]\nserver = "ftp://127.0.0.1:{self.site.port}"\n'
            + (f"limits = {own}\n" if row.key.startswith(ROUTE) else "")
            + f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
            + f'[admin]\nsocket = "{self.socket}"\n'
        )
        return Running([], text, (), ("127.0.0.1",), {"FTPALG_LOG_FORMAT": "json"})

    def counted(self, what: What) -> float:
        """How often the metrics say it was reached."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.socket)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        word = rf'^ftpalg_limits_reached_total{{limit="{what.value}"}} (\S+)$'
        found = re.search(word, text, re.MULTILINE)
        assert found, what
        return float(found[1])

    def is_counted(self, what: What) -> bool:
        """Whether it was reached."""
        return self.counted(what) >= 1

    def recorded(self, gateway: Gateway, what: What) -> dict[str, Any]:
        """The record of it."""
        word = f'"what":"{what.value}"'
        self.assertTrue(gateway.until(lambda: word in gateway.log.read_text()), what)
        line = next(line for line in gateway.log.read_text().splitlines() if word in line)
        found: dict[str, Any] = json.loads(line[line.index("{") :])
        return found

    def test_each(self) -> None:
        """Each has its own code and sentence for who is refused, its record, and its counter, and is
        documented."""
        for row in TABLE:
            gateway = self.begin(row)
            try:
                self.assertEqual(self.counted(row.what), 0, row.key)
                self.assertEqual(row.act(Scene(gateway, self)), row.said, row.key)
                self.assertEqual(self.recorded(gateway, row.what)["event"], "resource", row.key)
                self.assertTrue(gateway.until(partial(self.is_counted, row.what)), row.key)
            finally:
                gateway.stop()

    def test_documented(self) -> None:
        """What is said stands among the replies, and the setting among the bounds."""
        for row in TABLE:
            code, _, text = row.said.decode().partition(" ")
            head, _, reason = text.partition(": ")
            if reason:
                self.assertIn(f"{head}: …", self.documented, row.key)
            elif text:
                word = rf"``[0-9, ]*{code}[0-9, ]* {re.escape(text)}``"
                self.assertTrue(re.search(word, self.documented), row.key)
            if row.key.startswith("limits."):
                self.assertIn(f"``{row.key}``", self.bounds)

    def test_none_is_missing(self) -> None:
        """Every limit that several sessions share, those of listeners and routes too."""
        wanted = {key_of("limits.", name) for name in GENERAL} - set(ELSEWHERE)
        wanted |= {key_of(LISTENER, name) for name in OF_LISTENER}
        wanted |= {key_of(ROUTE, name) for name in OF_ROUTE}
        self.assertEqual({row.key for row in TABLE}, wanted)

    def test_own_sentences(self) -> None:
        """No two limits say the same, but a route's, or a listener's, what the general one says."""
        said: dict[bytes, set[What]] = {}
        for row in TABLE:
            said.setdefault(row.said, set()).add(row.what)
        self.assertEqual([one for one in said.values() if len(one) > 1], [])
