"""docs/sizing.rst's tables are those that bench.sizing reckons, from costs that docs/measurements.rst has."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import sizing
from tests.simple_tables import tables

DOCS = Path(__file__).parents[1] / "docs"
MEASURED = {
    "login, in clear, CPU ms": "login and QUIT, CPU ms",
    "login, TLS to the client, CPU ms": "login and QUIT, TLS to the client, CPU ms",
    "file, in clear, CPU ms": "RETR 16 KiB, CPU ms",
    "file, TLS to the client, CPU ms": "RETR 16 KiB, TLS to the client, CPU ms",
    "bytes, in clear, CPU s/GiB": "RETR, CPU s/GiB",
    "bytes, TLS to the client, CPU s/GiB": "RETR, TLS to the client, CPU s/GiB",
}
"""Costs that are rounded up from a row of the table."""
SAID = {
    "idle session, in clear, KiB": r"([\d.]+) KiB each in clear",
    "idle session, TLS to the client, KiB": r"([\d.]+) KiB with TLS to the client",
}
"""Costs that a sentence has."""


class Sizing(SynchronousTestCase):
    """The page, the program and what was measured."""

    def setUp(self) -> None:
        self.page = (DOCS / "sizing.rst").read_text("utf-8")
        self.measured = (DOCS / "measurements.rst").read_text("utf-8")

    def test_tables(self) -> None:
        """Every line of each is there."""
        for table in sizing.tables():
            self.assertIn("\n".join(table), self.page)

    def test_costs(self) -> None:
        """No cost is less than was measured, nor above ten times as much."""
        [(head, rows)] = [one for one in tables(self.measured) if "mod_proxy" in one[0]]
        found = {row[0]: row[head.index("ftpalg")] for row in rows}
        for cost, row in MEASURED.items():
            measured = float(found[row])
            self.assertLessEqual(measured, sizing.COSTS[cost], cost)
            self.assertLess(sizing.COSTS[cost], 10 * measured, cost)

    def test_said(self) -> None:
        """An idle session has what the sentence says."""
        for cost, sentence in SAID.items():
            [said] = re.findall(sentence, " ".join(self.measured.split()))
            self.assertEqual(float(said), sizing.COSTS[cost], cost)
        self.assertEqual({*sizing.COSTS} - {*MEASURED, *SAID}, {*OTHERS})

    def test_more(self) -> None:
        """More sessions want no less of anything, and ten times as many ten times as many descriptors."""
        few, many = (dict(sizing.needs(sessions)) for sessions in (1_000, 10_000))
        for name, need in few.items():
            self.assertLessEqual(need, many[name], name)
        self.assertEqual(many["descriptors"], 10 * few["descriptors"])


OTHERS = ("process, MiB", "buffers of a transfer, TLS to the client, KiB")
"""Costs that docs/sizing.rst states itself."""
