"""Simple tables of reStructuredText, read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

RULE = re.compile(r"^=+(?:  +=+)+$")

Table = tuple[list[str], list[list[str]]]
"""The cells of the head, and those of each row."""


def joined(lines: Sequence[str], starts: Sequence[int]) -> list[list[str]]:
    """The rows of these lines; one whose first cell is empty goes on with the row above it.

    A backslash stands for a first cell that is empty.
    """
    rows: list[list[str]] = []
    for line in lines:
        ends = (*starts[1:], None)
        cells = [line[a:b].strip() for a, b in zip(starts, ends, strict=True)]
        if rows and not cells[0]:
            rows[-1] = [
                f"{above} {cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)
            ]
        else:
            rows.append([cell.removeprefix("\\") for cell in cells])
    return rows


def tables(text: str) -> Iterator[Table]:
    """Each table with a head; blank lines end one."""
    for block in text.split("\n\n"):
        lines = block.strip("\n").splitlines()
        rules = [number for number, line in enumerate(lines) if RULE.match(line)]
        if len(rules) == 3:
            top, middle, bottom = rules
            starts = [found.start() for found in re.finditer("=+", lines[top])]
            [head] = joined(lines[top + 1 : middle], starts)
            yield head, joined(lines[middle + 1 : bottom], starts)
