"""README.rst's figures are those of docs/measurements.rst, whose table is the one that bench.peers prints."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench.peers import IDLE, cases
from bench.proxies import PROXIES
from tests.simple_tables import Table, tables

TREE = Path(__file__).parents[1]
COMMAND = "``python -m bench.peers``"
SHOWN = {
    "CPU for 1 GiB in clear": "RETR, CPU s/GiB",
    "CPU for 1 GiB, TLS": "RETR, TLS to the client, CPU s/GiB",
    "CPU for a login": "login and QUIT, CPU ms",
    "memory, idle session": IDLE,
}
"""Each row of README.rst's table that has figures, and the row that was measured."""

NONE = "\N{EN DASH}"
FIGURE = re.compile(r"([\d.,]+) (s|ms|KiB|MiB)")
COUNTED = re.compile(r"([\d.]+)(?: \([\d.]+\))?")


def table(name: str, column: str) -> Table:
    """The one of this file with that column."""
    [found] = [one for one in tables((TREE / name).read_text("utf-8")) if column in one[0]]
    return found


def column(found: Table, name: str) -> dict[str, str]:
    """The cells of a column, by their rows; empty where the table has no such column."""
    head, rows = found
    at = head.index(name) if name in head else None
    return {row[0]: row[at] if at else "" for row in rows}


def as_shown(shown: str, counted: str) -> str:
    """The figure that was measured, with as many decimals as are shown, and the unit that is shown."""
    found, form = COUNTED.fullmatch(counted), FIGURE.fullmatch(shown)
    if found is None:
        return NONE
    if form is None:
        return counted
    _, _, decimals = form[1].partition(".")
    return f"{float(found[1]):.{len(decimals)}f} {form[2]}"


class Figures(SynchronousTestCase):
    """Both tables, and the program that printed one of them."""

    def setUp(self) -> None:
        self.shown = table("README.rst", "frox")
        self.counted = table("docs/measurements.rst", "mod_proxy")

    def test_shown(self) -> None:
        """Each figure was measured, each that could be shown is, and no other row has any."""
        figures = 0
        for name in self.shown[0][1:]:
            shown, counted = column(self.shown, name), column(self.counted, name)
            for row, cell in shown.items():
                if row in SHOWN:
                    self.assertEqual(cell, as_shown(cell, counted[SHOWN[row]]), (row, name))
                    figures += cell != NONE
                else:
                    self.assertIsNone(FIGURE.search(cell), (row, name))
        self.assertGreater(figures, 10)

    def test_counted(self) -> None:
        """The table has the rows and columns that the command prints, which stands before it."""
        head, rows = self.counted
        printed = [name for case in cases(1 << 30) for name in case.rows]
        self.assertEqual([row[0] for row in rows], [*printed, IDLE])
        self.assertEqual(head, ["case", "direct", *(proxy.name for proxy in PROXIES)])
        before, _, _ = (TREE / "docs/measurements.rst").read_text("utf-8").partition("mod_proxy ")
        self.assertIn(COMMAND, before.rpartition("\n---")[2])
        self.assertIn(COMMAND, (TREE / "README.rst").read_text("utf-8"))
