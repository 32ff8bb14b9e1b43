"""A simple table of reStructuredText, as docs/measurements.rst has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of the table; the first cell of a row is not empty."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    yield rule
    for number, cells in enumerate((head, *rows)):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield "  ".join(padded).rstrip()
        if not number:
            yield rule
    yield rule
