"""The text that Prometheus reads."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from math import inf

from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.task import Clock
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from ftpalg.core.ends import Reason
from ftpalg.ops import exposition
from ftpalg.ops.exposition import AT_ONCE, Exposition
from ftpalg.ops.metric_tables import FAMILIES, PREFIX, Kind
from ftpalg.ops.metrics import Gauges, Labels, Metrics
from ftpalg.ops.process import Number
from tests.ops.cases import CLOSED, EVERY_FACT, EVERY_NEWS, NOON, transfer
from tests.ops.test_bans import tool
from tests.ops.test_metrics import IN, OURS

Read = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]

EVERY_GAUGE: dict[str, dict[tuple[str, ...], float]] = {
    name: {tuple(f"{label} of it" for label in family.labels): 1.0}
    for name, family in FAMILIES.items()
    if family.kind is Kind.GAUGE and not name.startswith(("start_", "config_"))
}
"""Of those that the exposition is told."""


def read(text: bytes) -> Read:
    """Each sample by its name and labels, as prometheus-client's own parser reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


class ExpositionCase(SynchronousTestCase):
    """Metrics with gauges of the test's own."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOON)
        self.metrics = Metrics([OURS], self.clock.seconds)
        self.gauges = Gauges(EVERY_GAUGE, {})
        self.exposition = Exposition(self.metrics, lambda: self.gauges)

    def everything(self) -> None:
        """Each fact and each piece of news once."""
        for fact in EVERY_FACT:
            self.metrics.see(IN, fact)
        for news in EVERY_NEWS:
            self.metrics.tell(news)
        self.metrics.took("reactor_lag_seconds", (), 0.004)

    def scrape(self) -> bytes:
        """The whole text."""
        return b"".join(self.exposition.scrape())


class Text(ExpositionCase):
    """What it says."""

    def test_every_family(self) -> None:
        """Each has its head, once, and a sample."""
        self.everything()
        text = self.scrape().decode()
        for name, family in FAMILIES.items():
            head = f"# HELP {PREFIX}{name} {family.meaning}\n# TYPE {PREFIX}{name} {family.kind.value}\n"
            self.assertEqual(text.count(head), 1, name)
        read(text.encode())

    def test_values(self) -> None:
        """Counters as they were counted, gauges as they stand."""
        self.everything()
        found = read(self.scrape())
        ended = ("letters", "CI"), ("listener", ":2121")
        self.assertEqual(found["ftpalg_sessions_total", ended], 1)
        self.assertEqual(found["ftpalg_pinholes", ()], 1)
        self.assertEqual(found["ftpalg_start_time_seconds", ()], NOON)
        self.assertEqual(found["ftpalg_config_last_reload_successful", ()], 0)

    def test_buckets(self) -> None:
        """Each has what the ones before it have, too."""
        for seconds in (0.004, 0.004, 0.02, 7.0):
            self.metrics.took("reactor_lag_seconds", (), seconds)
        found = read(self.scrape())
        name = "ftpalg_reactor_lag_seconds"
        by_bound = {
            dict(labels)["le"]: value
            for (of, labels), value in found.items()
            if of == f"{name}_bucket"
        }
        expected = {"0.001": 0, "0.005": 2, "0.01": 2, "0.025": 3, "1.0": 3, "+Inf": 4}
        self.assertEqual({bound: by_bound[bound] for bound in expected}, expected)
        self.assertEqual((found[f"{name}_count", ()], found[f"{name}_sum", ()]), (4, 7.028))

    def test_before_anything(self) -> None:
        """What has no labels is there from the start, at 0; and the process is."""
        found = read(self.scrape())
        self.assertEqual(found["ftpalg_session_duration_seconds_count", ()], 0)
        labels = ("result", "refused"), ("where", "server")
        self.assertEqual(found["ftpalg_logins_total", labels], 0)
        self.assertGreater(found["process_resident_memory_bytes", ()], 0)
        ratio = found["ftpalg_limit_ratio", (("limit", "descriptors"),)]
        used, most = found["process_open_fds", ()], found["process_max_fds", ()]
        self.assertEqual(ratio, used / most)

    def test_no_limit_of_descriptors(self) -> None:
        """None of it is used where there is no bound; nothing is said where there is no /proc."""
        for own, ratio in (
            (
                [
                    Number("process_open_fds", "gauge", "x", 5),
                    Number("process_max_fds", "gauge", "x", inf),
                ],
                0,
            ),
            ([], None),
        ):
            self.patch(exposition, "process", lambda own=own: iter([own]))
            found = read(self.scrape())
            self.assertEqual(found.get(("ftpalg_limit_ratio", (("limit", "descriptors"),))), ratio)
            self.assertIn(("ftpalg_pinholes", ()), found)

    def test_hostile_labels(self) -> None:
        """What a settings file may name is one label, whatever signs it has."""
        name = 'a"b\\c\nftpalg_pinholes 7'
        self.gauges = Gauges({"sessions": {(name, "", "idle"): 3}}, {})
        labels = ("listener", name), ("route", ""), ("state", "idle")
        found = read(self.scrape())
        self.assertEqual(found["ftpalg_sessions", labels], 3)
        self.assertNotIn(("ftpalg_pinholes", ()), found)


class Steps(ExpositionCase):
    """It is written in steps, of one instant."""

    def test_one_instant(self) -> None:
        """What happens between two steps is for the next time."""
        self.everything()
        before = read(self.scrape())
        steps = self.exposition.scrape()
        text = b""
        while (piece := next(steps)) != b"":
            text += piece
        self.everything()
        found = read(text + b"".join(steps))
        of_the_process = {key for key in found if key[0].startswith("process_")}
        ratio = {("ftpalg_limit_ratio", (("limit", "descriptors"),))}
        for key in found.keys() - of_the_process - ratio:
            self.assertEqual(found[key], before[key], key)

    def test_bounded(self) -> None:
        """A family of many series has many steps, and one head."""
        many: dict[Labels, float] = {
            (f"listener {number}", "", "idle"): number for number in range(4 * AT_ONCE + 1)
        }
        self.gauges = Gauges({"sessions": many}, {})
        pieces = [piece for piece in self.exposition.scrape() if b"ftpalg_sessions{" in piece]
        self.assertEqual(
            [piece.count(b"\n") - 2 * (at == 0) for at, piece in enumerate(pieces)],
            [AT_ONCE] * 4 + [1],
        )
        found = read(b"".join(pieces))
        self.assertEqual(sum(found.values()), sum(many.values()))


class Bytes(ExpositionCase):
    """Running transfers count, and a counter never falls."""

    def moved(self) -> float:
        """What the scrape says of downloads on the client's side."""
        labels = ("direction", "download"), ("side", "client")
        return read(self.scrape())["ftpalg_transfer_bytes_total", labels]

    def test_running(self) -> None:
        """What moves is counted before its end, and at its end once."""
        self.gauges = Gauges({}, {("client", "download"): 1000})
        self.assertEqual(self.moved(), 1000)
        self.gauges = Gauges({}, {})
        self.metrics.see(IN, transfer()._replace(moved=3000))
        self.assertEqual(self.moved(), 3000)

    def test_never_less(self) -> None:
        """One whose end nobody heard of is no reset of the counter."""
        self.gauges = Gauges({}, {("client", "download"): 1000})
        self.moved()
        self.gauges = Gauges({}, {})
        self.assertEqual(self.moved(), 1000)
        self.metrics.see(IN, transfer()._replace(moved=3000))
        self.assertEqual(self.moved(), 3000)


class Promtool(ExpositionCase):
    """Prometheus' own tool reads it."""

    def test_check(self) -> None:
        """It has nothing to say of names, heads, help."""
        promtool = tool("promtool")
        if not promtool:
            raise SkipTest("promtool is not installed")
        for tell in (lambda: None, self.everything):
            tell()
            done = subprocess.run(
                [promtool, "check", "metrics"], input=self.scrape(), capture_output=True, timeout=60
            )
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))


class Many(ExpositionCase):
    """As many series as the settings say."""

    def test_series(self) -> None:
        """Every reason of every end, from 1,000 servers that clients name: below 2,000 series."""
        for number in range(10_000):
            about = IN._replace(session=f"{number}", name=f"s{number % 1000}.example:21")
            for fact in EVERY_FACT:
                self.metrics.see(about, fact)
            closed = CLOSED._replace(reason=list(Reason)[number % len(Reason)])
            self.metrics.see(about, closed)
        found = read(self.scrape())
        self.assertLess(len(found), 400)
        self.assertFalse(
            [key for key in found if ".example:21" in str(key) and OURS not in str(key)]
        )
