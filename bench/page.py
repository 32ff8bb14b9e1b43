"""Writes what was measured where it is read: docs/measurements.rst, its picture, and README.rst's figures."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench import machine, picture
from bench.cases import IDLE
from bench.proxies import PROXIES
from bench.simple_table import lines

TREE = Path(__file__).parents[1]
PAGE, PICTURE, README = (
    TREE / name for name in ("docs/measurements.rst", "docs/measurements.svg", "README.rst")
)
COMMAND = "``python -m bench.peers``"
BEGIN, END = ".. what bench.peers writes begins", ".. what bench.peers writes ends"
SHOWN = {
    "CPU for 1 GiB in clear": "RETR, CPU s/GiB",
    "CPU for 1 GiB, TLS": "RETR, TLS to the client, CPU s/GiB",
    "CPU for a login": "login and QUIT, CPU ms",
    "memory, idle session": IDLE,
}
"""Each row of README.rst's table that has figures, and the row that was measured."""
UNITS = {"CPU s/GiB": "s", "CPU ms": "ms", "KiB": "KiB"}
FAILS = "fails"
NONE = "\N{EN DASH}"
WIDTH = 118

Table = tuple[list[str], list[list[str]]]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its rounds, MiB of its files, the load before it, the seconds it took."""

    rounds: int
    mib: int
    load: float
    took: float

    def told(self) -> str:
        """What the figures are."""
        packages = {package for proxy in PROXIES for package in proxy.needs.values()}
        found = machine.versions(sorted(packages))
        peers = ", ".join(f"{name} {version}" for name, version in found.items())
        when, took = f"{date.today():%d %B %Y}", f"{self.took / 60:.0f} minutes"
        what = f"medians of {self.rounds} rounds with files of {self.mib} MiB, a quarter of that under TLS"
        return (
            f"By {COMMAND} (``make bench-peers``), {when}, in {took}: {what}."
            f"  {machine.told()}; Debian's {peers}.  {machine.beside(self.load)}"
        )


def shown(counted: str, row: str) -> str:
    """A cell of README.rst: the figure without its multiple, and the unit."""
    unit = UNITS[row.rpartition(", ")[2]]
    return NONE if counted in ("", FAILS) else f"{counted.partition(' ')[0]} {unit}"


def readme(text: str, table: Table) -> str:
    """README.rst with the figures of this table, where it has their rows."""
    head, rows = table
    counted = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    found = text.splitlines(keepends=True)
    for at, line in enumerate(found):
        if RULE.match(line):
            starts = [rule.start() for rule in re.finditer("=+", line)]
        for name, row in SHOWN.items():
            if line.startswith(name + "  "):
                cells = [name, *(shown(counted[row].get(one, ""), row) for one in COLUMNS)]
                found[at] = laid(cells, starts)
    return "".join(found)


MULTIPLE = re.compile(r"\(([\d.]+)\)")
RULE = re.compile(r"=+(?:  +=+)+$")
COLUMNS = ("ftpalg", "mod_proxy", "SuSE ftp-proxy", "frox", "Squid ftp_port", "kernel helper")
"""README.rst's, by the names that the proxies have here."""


def laid(cells: list[str], starts: list[int]) -> str:
    """A line of a simple table."""
    line = ""
    for start, cell in zip(starts, cells, strict=True):
        line = line.ljust(start) + cell
    return line + "\n"


def aims(table: Table) -> str:
    """How what is asked of this gateway compares with what was found."""
    head, rows = table
    cells = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    squid = MULTIPLE.search(cells["login and QUIT, CPU ms"]["Squid ftp_port"])
    rates = cells["RETR 16 KiB, files/s"]
    said = []
    if squid is not None and float(squid[1]):
        times = f"{1 / float(squid[1]):.1f}"
        said.append(
            f"A login by ftpalg takes {times} times Squid's CPU, where at most 1.6 was the aim."
        )
    if rates["mod_proxy"] not in ("", FAILS):
        ratio = float(rates["ftpalg"]) / float(rates["mod_proxy"])
        said.append(
            f"It moves {ratio:.1f} times as many small files a second as mod_proxy, where 1.3 was the aim."
        )
    return "  ".join(said)


def section(run: Run, peers: Table, variants: Table) -> Iterator[str]:
    """What stands between the two comments."""
    yield from textwrap.wrap(run.told(), WIDTH, break_on_hyphens=False)
    yield ""
    yield from lines(*peers)
    yield ""
    yield f".. image:: {PICTURE.name}"
    yield "   :alt: what the table's costs are as multiples of ftpalg's"
    yield ""
    yield from textwrap.wrap(aims(peers), WIDTH, break_on_hyphens=False)
    yield ""
    yield "The gateway as it is, and with one thing changed:"
    yield ""
    yield from lines(*variants)


def written(text: str, between: str) -> str:
    """The page with this between the two comments.  Raise ValueError where they are not there."""
    begin, end = text.index(BEGIN), text.index(END)
    return f"{text[:begin]}{BEGIN}\n\n{between}\n\n{text[end:]}"


def write(run: Run, peers: Table, variants: Table) -> None:
    """All three files."""
    made = "\n".join(section(run, peers, variants))
    PAGE.write_text(written(PAGE.read_text("utf-8"), made), "utf-8")
    PICTURE.write_text(picture.drawn(peers), "utf-8")
    README.write_text(readme(README.read_text("utf-8"), peers), "utf-8")
