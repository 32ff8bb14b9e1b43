"""``ftpalg errors``: what broke the protocol last, byte by byte, and what had been said before."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from ftpalg.cli import DONE
from ftpalg.cli.asking import NoAnswer, ask, said_no
from ftpalg.cli.ladder import LONGEST, rung
from ftpalg.ops.forms import end
from ftpalg.ops.texts import bounded

WIDTH = 16
"""Bytes of a row."""


def errors(words: Namespace) -> int:
    """Print them, the newest last; 1 where nobody answers."""
    try:
        found = ask(words, "errors", {})
    except NoAnswer as error:
        return said_no("errors", error)
    if words.json:
        print(json.dumps(found, indent=1))
    elif found["errors"]:
        print("\n\n".join("\n".join(shown(one)) for one in reversed(found["errors"])))
    else:
        print("nobody has broken the protocol")
    return DONE


def shown(one: Mapping[str, Any]) -> Iterator[str]:
    """Its lines."""
    yield f"{one['time'][:19]}Z {_offender(one)}"
    yield f"  {bounded(one['reason'], LONGEST)}"
    yield f"  session {one['session']}, {one['state']}: {end(one, 'client')} -> {end(one, 'server')}"
    data = bytes.fromhex(one["octets"])
    if data:
        offset = one["offset"]
        rest = one["length"] - len(data)
        more = f", the first {len(data)}" if rest else ""
        behind = f" behind {offset} others" if offset is not None else ""
        yield f"  {one['length']} bytes{behind}{more}:"
        yield from (f"    {row}" for row in hexdump(data, offset or 0))
    if one["ladder"]:
        yield "  what had been said:"
        yield from (f"    {rung(each)}" for each in one["ladder"])


def _offender(one: Mapping[str, Any]) -> str:
    if one["side"] == "client":
        return f"a client of {bounded(one['listener'], LONGEST)}"
    return f"server {bounded(one['server'] or end(one, 'server'), LONGEST)}"


def hexdump(data: bytes, offset: int) -> Iterator[str]:
    """Rows of bytes: where the first of them stands, their numbers, their ASCII."""
    for at in range(0, len(data), WIDTH):
        row = data[at : at + WIDTH]
        text = "".join(chr(one) if 32 <= one < 127 else "." for one in row)
        yield f"{offset + at:08x}  {row.hex(' '):{3 * WIDTH - 1}}  |{text}|"
