"""``ftpalg shares``: who uses what up of a running gateway."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ftpalg.cli import DONE, WRONG
from ftpalg.cli.asking import NoAnswer, ask, said_no
from ftpalg.cli.sessions_table import amount
from ftpalg.ops.texts import bounded

HEADS = "LIMIT", "USED", "OF", "WHO"
LONGEST = 60
"""Signs of a name: clients choose those of accounts and servers."""


def shares(words: Namespace) -> int:
    """Print them; 1 where nobody answers."""
    if words.top is not None and words.top < 1:
        print("ftpalg shares: --top takes a number, above 0", file=sys.stderr)
        return WRONG
    try:
        found = ask(words, "shares", {"top": words.top})
    except NoAnswer as error:
        return said_no("shares", error)
    if words.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(table(found["shares"])))
    return DONE


def table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Its lines: limits of which nothing is used are left out."""
    shown = [HEADS, *[_shown(row) for row in rows if row["used"]]]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for what, used, most, who in shown:
        line = f"{what:{widths[0]}}  {used:>{widths[1]}}  {most:>{widths[2]}}  {who}"
        yield line.rstrip()


def _shown(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    sign = amount if row["limit"].startswith("memory") else str
    most = "-" if row["most"] is None else sign(row["most"])
    return row["limit"], sign(row["used"]), most, bounded(row["holder"], LONGEST)
