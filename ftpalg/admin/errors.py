"""``GET /errors``: what broke the protocol last, of each server and of the clients of each listener."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ftpalg.admin.asking import Asked, Json, Listed
from ftpalg.admin.session_fields import STATES
from ftpalg.admin.steered import Steered
from ftpalg.core.last_lines import Rung, rungs
from ftpalg.core.wire.printing import printable
from ftpalg.ops.forms import stamp
from ftpalg.ops.last_errors import LastError

BATCH = 10
"""Of them in one turn of the reactor: a ladder has some hundred lines."""


def errors(gateway: Steered, asked: Asked) -> Listed:
    """All that are kept, the newest first."""
    return Listed("errors", _batches(gateway.errors))


def _batches(rows: Sequence[LastError]) -> Iterator[list[Json]]:
    for at in range(0, len(rows), BATCH):
        yield [as_json(one) for one in rows[at : at + BATCH]]


def as_json(one: LastError) -> dict[str, Any]:
    """One row.  ``octets`` are hexadecimal, ``offset`` how many came before them on that connection."""
    about, fact = one.about, one.fact
    return {
        "time": stamp(one.seconds),
        "side": fact.side.value,
        "server": about.name,
        "server_ip": None if about.server is None else about.server.host,
        "server_port": None if about.server is None else about.server.port,
        "listener": about.listener,
        "session": about.session,
        "client_ip": about.client.host,
        "client_port": about.client.port,
        "state": STATES[fact.moment.letter],
        "reason": printable(fact.reason),
        "offset": fact.offset,
        "length": one.length,
        "octets": fact.line.hex(),
        "text": printable(fact.line),
        "ladder": [_line(rung) for rung in rungs(fact.before, one.seconds)],
    }


def _line(rung: Rung) -> dict[str, Any]:
    return {
        "time": stamp(rung.second),
        "arrow": rung.arrow.value,
        "text": printable(rung.text),
    }
