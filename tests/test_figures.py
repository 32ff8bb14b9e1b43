"""README.rst's figures are those of docs/measurements.rst, whose table is the one that bench.peers prints."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import page, picture
from bench.cases import Case, cases, fewer
from bench.proxies import PROXIES
from bench.variants import VARIANTS
from tests.simple_tables import Table, tables

TREE = Path(__file__).parents[1]
COMMAND = page.COMMAND
SHOWN = page.SHOWN
COUNTED = re.compile(r"([\d.]+)(?: \([\d.]+\))?")
FIGURE = re.compile(r"([\d.,]+) (s|ms|KiB|MiB)")


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
        return page.NONE
    if form is None:
        return counted
    _, _, decimals = form[1].partition(".")
    return f"{float(found[1]):.{len(decimals)}f} {form[2]}"


def rows_of(measured: tuple[Case, ...]) -> list[str]:
    """The names of their rows."""
    return [row.name for case in measured for row in case.rows]


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
                    figures += cell != page.NONE
                else:
                    self.assertIsNone(FIGURE.search(cell), (row, name))
        self.assertGreater(figures, 10)

    def test_counted(self) -> None:
        """The tables have the rows and columns that the command prints, which stands before them."""
        changed = table("docs/measurements.rst", VARIANTS[1].name)
        for (head, rows), measured, proxies in (
            (self.counted, cases, PROXIES),
            (changed, fewer, VARIANTS),
        ):
            self.assertEqual([row[0] for row in rows], rows_of(measured(1 << 30)))
            self.assertEqual(head, ["case", "direct", *(proxy.name for proxy in proxies)])
        before, _, _ = (TREE / "docs/measurements.rst").read_text("utf-8").partition("mod_proxy ")
        self.assertIn(COMMAND, before.rpartition("\n---")[2])
        self.assertIn(COMMAND, (TREE / "README.rst").read_text("utf-8"))

    def test_written(self) -> None:
        """What the command would write into README.rst for these figures stands there."""
        text = (TREE / "README.rst").read_text("utf-8")
        self.assertEqual(page.readme(text, self.counted), text)

    def test_drawn(self) -> None:
        """The picture is that of the table."""
        self.assertEqual(page.PICTURE.read_text("utf-8"), picture.drawn(self.counted))
