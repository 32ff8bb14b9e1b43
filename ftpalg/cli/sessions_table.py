"""Sessions as a table that fits a terminal.

Those that move a file come first, the quickest at the top, then the others, who was heard last first.
What has no room goes, the least important column first; long texts lose their ends, paths their
beginnings.  No sign in it moves a terminal's cursor: peers choose names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple
from unicodedata import combining, east_asian_width

from ftpalg.ops.texts import bounded

Session = Mapping[str, Any]
GAP = "  "
LONGEST = 400
"""Signs of one text."""
MODES = {"active": "A", "passive": "P", None: ""}
UNITS = ("B", "K", "M", "G", "T", "P")


class Column(NamedTuple):
    """``least`` is the width that it has at the least where it may be cut, 0 where it may not.

    ``right``: numbers stand at the right; ``tail``: of what is cut the end stays.
    """

    name: str
    of: Callable[[Session], str]
    least: int = 0
    right: bool = False
    tail: bool = False


def amount(number: int | None) -> str:
    """Bytes in four signs: 999B, 1.0K, 12M."""
    if number is None:
        return ""
    size, unit = float(number), 0
    while size >= 999.5 and unit < len(UNITS) - 1:
        size, unit = size / 1024, unit + 1
    shown = f"{size:.1f}" if unit and size < 9.95 else f"{size:.0f}"
    return f"{shown}{UNITS[unit]}"


def span(seconds: float) -> str:
    """A time in few signs: 0s, 59s, 4m, 23h, 12d."""
    for unit, length, most in (("s", 1, 120), ("m", 60, 7200), ("h", 3600, 172800)):
        if seconds < most:
            return f"{max(0, int(seconds / length))}{unit}"
    return f"{int(seconds / 86400)}d"


def _end(host: str | None, port: int | None) -> str:
    return "" if host is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _whose(one: Session) -> str:
    return f"{one['account']} as {one['user']}" if one["account"] else str(one["user"])


def _tls(one: Session) -> str:
    """The versions of both control connections: 1.3/- is TLS with the client only."""
    client = _version(one["client_tls"])
    return f"{client}/{_version(one['server_tls'])}" if one["server_ip"] else client


def _version(tls: str) -> str:
    return tls.removeprefix("TLSv") or "-"


def _legs(one: Session) -> str:
    """Active or passive, and s under TLS; the client's leg and the server's: P/As."""
    if one["client_mode"] is None:
        return ""
    return "/".join(
        MODES[one[f"{side}_mode"]] + ("s" if one[f"{side}_data_tls"] else "")
        for side in ("client", "server")
    )


def _doing(one: Session) -> str:
    if one["command"] is None:
        return f"{one['state']}, draining" if one.get("draining") else str(one["state"])
    return f"{one['command']} {one['path'] or ''}".rstrip()


def _percent(one: Session) -> str:
    return "" if one["percent"] is None else f"{one['percent']}%"


COLUMNS = (
    Column("SESSION", lambda one: str(one["session"])),
    Column("CLIENT", lambda one: _end(one["client_ip"], one["client_port"]), 15),
    Column("USER", _whose, 8),
    Column(
        "SERVER", lambda one: one["server_name"] or _end(one["server_ip"], one["server_port"]), 12
    ),
    Column("DOING", _doing, 16, tail=True),
    Column("%", _percent, right=True),
    Column("RATE", lambda one: amount(one["rate"]), right=True),
    Column("BYTES", lambda one: amount(one["bytes"]), right=True),
    Column("IDLE", lambda one: span(one["idle"]), right=True),
    Column("AGE", lambda one: span(one["age"]), right=True),
    Column("TLS", _tls),
    Column("DATA", _legs),
    Column("ROUTE", lambda one: str(one["route"]), 6),
    Column("EPOCH", lambda one: str(one["epoch"]), right=True),
)
"""From left to right."""
IMPORTANCE = (
    *("SESSION", "CLIENT", "DOING", "USER", "%", "RATE", "SERVER", "IDLE", "AGE", "TLS", "DATA"),
    *("BYTES", "ROUTE", "EPOCH"),
)
"""From what stays to what goes first."""


def table(sessions: Iterable[Session], width: int | None = None) -> str:
    """The table, not wider than that; at the end how many they are.

    Each session is looked at as soon as it is there: they may come while others are looked up still.
    """
    rows, rates, cells_of = [], [], [column.of for column in COLUMNS]
    for one in sessions:
        rows.append((_rank(one), [of(one) for of in cells_of]))
        rates.append(one["rate"])
    if not rows:
        return summary(rates, width)
    rows.sort(key=itemgetter(0))
    texts = zip(*(cells for _, cells in rows), strict=True)
    columns = {one.name: found for one, found in zip(COLUMNS, texts, strict=True) if any(found)}
    return "\n".join([*_lines(columns, width), summary(rates, width)])


def _lines(columns: Mapping[str, Sequence[str]], width: int | None) -> Iterator[str]:
    """The lines of these texts, those of each column below each other.

    Most texts of a column are alike: each is looked at once.
    """
    short = {
        name: {text: bounded(text, LONGEST) for text in set(texts)}
        for name, texts in columns.items()
    }
    widths = {name: max(len(name), *map(_width, texts.values())) for name, texts in short.items()}
    sizes = fitted(widths, width)
    cells: list[list[str]] = []
    for column in COLUMNS:
        size = sizes.get(column.name)
        if size is not None:
            shown = {text: _cell(each, column, size) for text, each in short[column.name].items()}
            head = _cell(column.name, column, size)
            cells.append([head, *map(shown.__getitem__, columns[column.name])])
    for row in zip(*cells, strict=True):
        yield GAP.join(row).rstrip()


def fitted(widths: Mapping[str, int], width: int | None) -> dict[str, int]:
    """The columns that are shown, with their widths."""
    if width is None:
        return dict(widths)
    least = {one.name: one.least for one in COLUMNS if one.least}
    found: dict[str, int] = {}
    left = width + len(GAP)
    for name in (name for name in IMPORTANCE if name in widths):
        size = min(least.get(name, widths[name]), widths[name])
        if size + len(GAP) <= left:
            found[name] = size
            left -= size + len(GAP)
        elif not found:
            break  # without its name a session's line tells nothing
    for name in found:
        more = min(left, widths[name] - found[name])
        found[name] += more
        left -= more
    return found


def _rank(one: Session) -> tuple[bool, int, float]:
    return one["rate"] is None, -(one["rate"] or 0), one["idle"]


def _cell(text: str, column: Column, size: int) -> str:
    room = size - _width(text)
    if room < 0:
        text = _cut(text, size, tail=column.tail)
        room = size - _width(text)
    return " " * room + text if column.right else text + " " * room


def _cut(text: str, size: int, *, tail: bool) -> str:
    """So much of it that it fits, with a sign that there was more.  Of a path the end tells more."""
    head = text[: text.find(" ") + 1] if tail else ""
    signs: Iterable[str] = reversed(text[len(head) :]) if tail else text
    kept: list[str] = []
    room = size - 1 - _width(head)
    for sign in signs:
        room -= _width(sign)
        if room < 0:
            break
        kept.append(sign)
    return f"{head}…{''.join(reversed(kept))}" if tail else f"{''.join(kept)}…"


def _width(text: str) -> int:
    """Columns that a terminal needs for it."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text
    )


def summary(rates: Sequence[int | None], width: int | None = None) -> str:
    """How many sessions there are, and what they move: a rate for each, None where it moves nothing.

    Not wider than that: what they move goes first.
    """
    if not rates:
        return _fitting(["no sessions", "none"], width)
    moving = [rate for rate in rates if rate is not None]
    said = f"{len(rates)} session{'s' * (len(rates) != 1)}"
    forms = [said, str(len(rates))]
    if moving:
        sum_of_all = f"{amount(sum(moving))}/s"
        busy = f"{said}, {len(moving)} with a transfer"
        forms = [f"{busy}, {sum_of_all}", busy, f"{said}, {sum_of_all}", *forms]
    return _fitting(forms, width)


def _fitting(forms: Sequence[str], width: int | None) -> str:
    """The first that is not wider than that, else the last."""
    return next((one for one in forms if width is None or len(one) <= width), forms[-1])
