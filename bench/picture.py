"""A picture of the table of costs: for each, a point for each proxy, as a multiple of the first one's; SVG.

Colours are Okabe's and Ito's, which those see who see some colours alike; each proxy has a shape, too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from html import escape

COST = re.compile(r"([\d.]+) \(([\d.]+)\)")
LEFT, RIGHT, WIDE, HIGH, TOP = 280, 30, 900, 22, 56
COLOURS = ("#000000", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00")
SHAPES = (
    "M0,-5V5",
    "M-5,0A5,5 0 1 1 5,0A5,5 0 1 1 -5,0",
    "M-4.5,-4.5H4.5V4.5H-4.5Z",
    "M0,-6L5.5,4.5H-5.5Z",
    "M0,-6L6,0L0,6L-6,0Z",
    "M0,6L5.5,-4.5H-5.5Z",
)


def multiples(table: tuple[list[str], list[list[str]]]) -> dict[str, list[tuple[int, float]]]:
    """The rows that have any: which proxy, and how many times as much as the first."""
    found = {}
    for name, _, ours, *others in table[1]:
        cells = [COST.fullmatch(cell) for cell in others]
        if ours and any(cells):
            points = [(at, float(cell[2])) for at, cell in enumerate(cells, 1) if cell]
            found[name] = [(0, 1.0), *points]
    return found


def marked(values: Sequence[float]) -> list[float]:
    """Where the scale has marks: 1, 2 and 5 of each power of ten, as far as the values go."""
    low, high = min(values), max(values)
    every = [digit * 10.0**power for power in range(-4, 6) for digit in (1, 2, 5)]
    first = max(at for at, mark in enumerate(every) if mark <= low)
    last = min(at for at, mark in enumerate(every) if mark >= high)
    return every[first : last + 1]


def point(which: int, x: float, y: float) -> str:
    """The mark of a proxy."""
    look = f'd="{SHAPES[which]}" fill="{COLOURS[which]}" stroke="{COLOURS[which]}"'
    return f'<path {look} transform="translate({x:.1f},{y:.1f})"/>'


def words(text: str, x: float, y: float, more: str = "") -> str:
    """Some text."""
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(text)}</text>'


def drawn(table: tuple[list[str], list[list[str]]]) -> str:
    """The picture; empty of points where nothing is compared."""
    return "\n".join(parts(table)) + "\n"


def parts(table: tuple[list[str], list[list[str]]]) -> Iterator[str]:
    """Its lines."""
    rows, names = multiples(table), table[0][2:]
    marks = marked([value for points in rows.values() for _, value in points] or [1.0])
    bottom = TOP + HIGH * len(rows)
    span = math.log(marks[-1] / marks[0]) or 1.0

    def across(value: float) -> float:
        return LEFT + (WIDE - LEFT - RIGHT) * math.log(value / marks[0]) / span

    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {bottom + 40}"'
        ' font-family="sans-serif" font-size="12">'
    )
    yield f'<rect width="{WIDE}" height="{bottom + 40}" fill="#ffffff"/>'
    for which, name in enumerate(names):
        x = LEFT + which * (WIDE - LEFT - RIGHT) / len(names)
        yield point(which, x, 20)
        yield words(name, x + 10, 24)
    for mark in marks:
        strong = "#000000" if mark == 1 else "#dddddd"
        x = across(mark)
        yield f'<path d="M{x:.1f},{TOP - 14}V{bottom}" stroke="{strong}"/>'
        yield words(f"{mark:g}", x, bottom + 16, ' text-anchor="middle"')
    for number, (name, points) in enumerate(rows.items()):
        y = TOP + HIGH * number
        yield words(name, LEFT - 12, y + 4, ' text-anchor="end"')
        yield from (point(which, across(value), y) for which, value in points)
    yield words(
        f"times {names[0]}'s; less is better",
        (LEFT + WIDE - RIGHT) / 2,
        bottom + 34,
        ' text-anchor="middle"',
    )
    yield "</svg>"
