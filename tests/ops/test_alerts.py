"""Alert rules and dashboard: promtool is content, and they speak of the table's metrics alone."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from ftpalg.ops.metric_tables import FAMILIES, PREFIX, Kind
from tests.ops.test_bans import ETC, tool

RULES = ETC / "prometheus" / "ftpalg.rules.yml"
SCRAPE = ETC / "prometheus" / "ftpalg.scrape.yml"
DASHBOARD = ETC / "grafana" / "ftpalg.json"
TESTS = Path(__file__).with_name("ftpalg.rules.test.yml")

SERIES = {
    PREFIX + name + ending
    for name, family in FAMILIES.items()
    for ending in (("_bucket", "_sum", "_count") if family.kind is Kind.HISTOGRAM else ("",))
}
LABELLED = {PREFIX + name: set(family.labels) for name, family in FAMILIES.items()}
EVERYWHERE = {"job", "instance", "le"}


def panels() -> Iterator[Any]:
    """Those of the dashboard that show something."""
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        if panel["type"] != "row":
            yield panel


def queries() -> list[str]:
    """Every one of the dashboard's."""
    return [target["expr"] for panel in panels() for target in panel["targets"]]


class Promtool(SynchronousTestCase):
    """Prometheus' own judgement."""

    def run_it(self, *words: str) -> str:
        """What it says; it has to be content."""
        promtool = tool("promtool")
        if not promtool:
            raise SkipTest("promtool is not installed")
        done = subprocess.run([promtool, *words], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_rules(self) -> None:
        """They are sound, and each comes when it is to come (tests/ops/ftpalg.rules.test.yml)."""
        self.run_it("check", "rules", "--lint=all", "--lint-fatal", str(RULES))
        self.run_it("test", "rules", str(TESTS))

    def test_scrape(self) -> None:
        """What is to be asked is a whole configuration by itself."""
        self.run_it("check", "config", "--syntax-only", str(SCRAPE))


class Alerts(SynchronousTestCase):
    """What the rules speak of."""

    def setUp(self) -> None:
        self.text = RULES.read_text("utf-8")

    def test_each_is_tried(self) -> None:
        """Each alert is seen to come, and seen not to come before."""
        tried = TESTS.read_text("utf-8")
        names = re.findall(r"- alert: (\w+)", self.text)
        self.assertEqual(len(names), 10)
        for name in names:
            self.assertRegex(tried, rf"alertname: {name}\n +eval_time: \w+\n +exp_alerts:")
            self.assertRegex(tried, rf"{{alertname: {name}, eval_time: \w+}}")

    def test_each_says_what_to_do(self) -> None:
        """A summary, a description, a severity."""
        for alert in self.text.split("- alert: ")[1:]:
            for word in ("expr:", "severity:", "summary:", "description:"):
                self.assertIn(word, alert)

    def test_names(self) -> None:
        """Metrics of the table alone."""
        found = set(re.findall(r"\bftpalg_[a-z_]+", self.text))
        self.assertLessEqual(found, SERIES)


class Dashboard(SynchronousTestCase):
    """What the dashboard shows."""

    def test_names(self) -> None:
        """Metrics of the table, and each of the table but those for alerts and other tools."""
        found = {name for query in queries() for name in re.findall(r"\bftpalg_[a-z_]+", query)}
        self.assertLessEqual(found, SERIES)
        bases = {name.removesuffix("_bucket") for name in found}
        self.assertEqual(bases, {PREFIX + name for name in FAMILIES})

    def test_labels(self) -> None:
        """Grouped by labels that those metrics have."""
        for query in queries():
            known = {
                label
                for name in re.findall(r"\bftpalg_[a-z_]+", query)
                for label in LABELLED[name.removesuffix("_bucket")]
            }
            for by in re.findall(r"by \(([a-z, ]+)\)", query):
                self.assertLessEqual(set(by.split(", ")), known | EVERYWHERE, query)

    def test_panels(self) -> None:
        """Each has a name and a word of explanation, and none lies over another."""
        cells: set[tuple[int, int]] = set()
        for panel in panels():
            self.assertTrue(panel["title"] and panel["description"], panel["id"])
            at = panel["gridPos"]
            mine = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            self.assertFalse(cells & mine, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            cells |= mine
