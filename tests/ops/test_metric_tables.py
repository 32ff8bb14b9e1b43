"""The table of metrics, and the page that is held to it."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.ends import Moment, Refusal
from ftpalg.core.facts import Outcome
from ftpalg.ops.metric_tables import FAMILIES, PREFIX, ROWS, Kind, Over

PAGE = Path(__file__).parents[2] / "docs" / "metrics.rst"
ROW = re.compile(r"\* - ``(ftpalg_[a-z_]+)``\n +- (\w+)(?:, by ([a-z, ]+))?\n +- ([^\n]+)\n")


class Table(SynchronousTestCase):
    """What Prometheus' naming rules ask for."""

    def test_names(self) -> None:
        """Each once.  Counters end in _total and nothing else does; a histogram's bounds rise."""
        self.assertEqual(len(FAMILIES), len(ROWS))
        for family in ROWS:
            self.assertEqual(family.name.endswith("_total"), family.kind is Kind.COUNTER, family)
            self.assertEqual(bool(family.buckets), family.kind is Kind.HISTOGRAM, family)
            self.assertEqual(sorted(set(family.buckets)), list(family.buckets))

    def test_over_processes(self) -> None:
        """Whatever is counted is added up; of gauges each says what becomes of several."""
        for family in ROWS:
            self.assertTrue(family.over is Over.SUM or family.kind is Kind.GAUGE, family)

    def test_page(self) -> None:
        """Name, kind, labels and meaning of each stand there, in this order, and no others."""
        rows = ROW.findall(PAGE.read_text("utf-8"))
        expected = [
            (PREFIX + one.name, one.kind.value, ", ".join(one.labels), one.meaning) for one in ROWS
        ]
        self.assertEqual(rows, expected)

    def test_values(self) -> None:
        """The values of labels that are closed lists stand there, too."""
        page = " ".join(PAGE.read_text("utf-8").split())
        for words in (
            [moment.name.lower() for moment in Moment],
            [refusal.word for refusal in Refusal],
            [outcome.value for outcome in Outcome],
        ):
            self.assertIn(", ".join(words), page)

    def test_several_processes(self) -> None:
        """Which are not added."""
        page = " ".join(PAGE.read_text("utf-8").split())
        for over, words in ((Over.MOST, "the highest counts of"), (Over.LEAST, "the lowest of")):
            names = ", ".join(f"``{PREFIX}{one.name}``" for one in ROWS if one.over is over)
            self.assertIn(f"{words} {names}", page)
