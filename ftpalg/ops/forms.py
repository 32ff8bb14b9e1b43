"""The two forms of a record: a line of text for people, a flat JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from ftpalg.ops.record_fields import Value
from ftpalg.ops.record_tables import EVENTS, NOBODYS, Record, Whose

LONGEST = 600
"""Bytes of a transfer's line; xferlog has a long path whole."""
LEAST = 8
"""Characters that are left of a text which gives way."""


ENCODED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def stamp(seconds: float) -> str:
    """RFC 3339, microseconds, UTC."""
    whole, rest = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_second(whole)}.{rest:06d}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """Many records are of one second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def flat(record: Record) -> str:
    """One JSON object without a level below it, in one line."""
    event, level = record.event, record.level.word
    head = f'{{"time":"{stamp(record.time)}","event":"{event}","level":"{level}"'
    line = f"{head}{_encoded(record.whose)}{_members(record.own)}}}"
    if record.event != "transfer":
        return line
    over = len(line.encode()) - LONGEST
    if over <= 0:
        return line
    fields = dict(record.fields)
    for name, gives_way in GIVE_WAY:
        if name in fields:
            over -= gives_way(fields, name, over)
            if over <= 0:
                break
    return f"{head}{_members(fields)}}}"


def _encoded(whose: Whose) -> str:
    if not whose.encoded:
        whose.encoded = _members(whose.fields)
    return whose.encoded


def _members(fields: Mapping[str, Value]) -> str:
    """Members of an object, behind others."""
    return f",{ENCODED(fields)[1:-1]}" if fields else ""


def _goes(fields: dict[str, Value], name: str, over: int) -> int:
    return len(_members({name: fields.pop(name)}).encode())


def _shrinks(fields: dict[str, Value], name: str, over: int) -> int:
    text = fields[name]
    if not isinstance(text, str) or len(text) <= LEAST:
        return 0
    fields[name] = shrunk = _shrunk(text, over)
    return _size(text) - _size(shrunk)


GIVE_WAY = (
    *((name, _goes) for name in ("node", "listener", "route")),
    *((name, _shrinks) for name in ("path", "why", "user", "account", "server_name")),
)
"""What a transfer's line that would be too long is left without: first what the record of the session's
beginning has, then the middle of texts."""


def _shrunk(text: str, over: int) -> str:
    """The text without its middle, so many bytes shorter where it is long enough."""
    room = _size(text) - over
    left = max(LEAST, len(text) * room // (room + over))
    while left > LEAST and _size(_half(text, left)) > room:
        left -= 2
    return _half(text, left)


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _half(text: str, left: int) -> str:
    return text[: left // 2] + "…" + text[-(left // 2) :]


Fields = Mapping[str, Value]


def whose(fields: Fields) -> str:
    """The session, its client and its server; an IPv6 address stands in brackets."""
    server = end(fields, "server")
    if fields.get("parent"):
        server = f"{fields['server_name']} through {server}"
    return f"{fields['session']} {end(fields, 'client')} -> {server}"


def _whom(fields: Fields) -> str:
    """Who is banned."""
    return f"account {fields['account']}" if "account" in fields else str(fields.get("peer", "…"))


def end(fields: Fields, side: str) -> str:
    """One end of a connection, "-" where there is none."""
    host, port = fields.get(f"{side}_ip"), fields.get(f"{side}_port")
    if port is None:
        return "-"
    host = "…" if host is None else str(host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def line(record: Record) -> str:
    """The record as a sentence, without its time."""
    event, its = record.event, record.whose
    said = SENTENCES[event](record.fields)
    if not EVENTS[event].of_session:
        return said
    if its is NOBODYS:
        return f"{whose(record.own)} {said}"
    if not its.spoken:
        its.spoken = whose(its.fields)
    return f"{its.spoken} {said}"


def _transfer(fields: Fields) -> str:
    moved, seconds = fields["bytes"], fields["seconds"]
    assert isinstance(moved, int) and isinstance(seconds, int | float)
    rate = moved / seconds if seconds > 0 else 0.0
    what = " ".join(str(fields[name]) for name in ("command", "path") if name in fields)
    return (
        f"{what}: {fields['outcome']}, {moved} bytes in {seconds:.3f} s ({rate:.0f} bytes/s)"
        f"{because(fields)}"
    )


def because(fields: Fields) -> str:
    """The sentence that says why, where there is one."""
    return f": {fields['why']}" if fields.get("why") else ""


def _login_refused(fields: Fields) -> str:
    user = fields.get("user") or fields.get("account")
    whom = f" of {user}" if user else ""
    said = f": {fields['text']}" if fields.get("text") else because(fields)
    return f"login{whom} at the {fields['where']} refused{said}"


def _login(fields: Fields) -> str:
    if fields["where"] == "gateway":
        return f"account {fields.get('account', '…')} at the gateway"
    return f"logged in as {fields.get('user', '…')}"


def _closed(fields: Fields) -> str:
    count = fields["transfers"]
    return (
        f"{fields['letters']} {fields['reason']}, {fields['seconds']:.1f} s,"
        f" {count} transfer{'' if count == 1 else 's'}: closed"
    )


def _listed(fields: Fields, *names: str) -> str:
    found = [(name, fields[name]) for name in names if fields.get(name)]
    return ", ".join(
        f"{name} {'; '.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in found
    )


def _behind(fields: Fields, *names: str) -> str:
    """What else is known, in brackets."""
    found = _listed(fields, *names)
    return f" ({found})" if found else ""


def _certificate(fields: Fields) -> str:
    """The alert, the certificate that is refused, and what would mend it."""
    found = _behind(fields, "alert", "subject", "issuer", "names", "not_after", "sha256")
    return found + (f"; {fields['remedy']}" if fields.get("remedy") else "")


def _opened(fields: Fields) -> str:
    tls = f", {fields['tls_version']}" if fields.get("tls_version") else ""
    name = f" for {fields['sni']}" if fields.get("sni") else ""
    return f"opened{tls}{name}"


def _part(fields: Fields) -> str:
    return f"{fields['kind']} {fields['name']}" if fields.get("name") else "the gateway"


SENTENCES: dict[str, Callable[[Fields], str]] = {
    "ready": lambda f: (
        "ready: ftpalg "
        + str(f["version"])
        + ", "
        + _listed(f, "listeners", "servers", "tls", "ports", "limit", "file", "expiries", "pids")
    ).rstrip(", "),
    "worker_ready": lambda f: (
        f"worker {f['worker']} serves (PID {f['worker_pid']}, ports {f.get('ports', '')})"
    ),
    "worker_lost": lambda f: (
        f"worker {f['worker']} (PID {f['worker_pid']}) is gone, {f['sessions']} sessions with it"
        f"{because(f)}{_behind(f, 'signal', 'status')}"
    ),
    "reloaded": lambda f: (
        f"{_listed(f, 'changes').removeprefix('changes ') or 'settings'} reloaded"
    ),
    "reload_failed": lambda f: f"{f['what']} not reloaded{because(f)}",
    "certificate": lambda f: str(f["sentence"]),
    "steered": lambda f: (
        f"{f['verb']} by uid {f.get('uid', '?')}: {f.get('result', 'done')}"
        + _behind(f, "words", "pid")
    ),
    "draining": lambda f: f"draining: {f['sessions']} sessions, {f['transfers']} transfers",
    "drained": lambda f: (
        f"drained: {_part(f)}, {f['sessions']} sessions are there"
        + (f", for {f['within']:g} s" if f.get("within") else "")
    ),
    "undrained": lambda f: (
        f"undrained: {_part(f)}, {f['sessions']} sessions were there{because(f)}"
    ),
    "banned": lambda f: (
        f"banned until {f['until']}: {_whom(f)} ({f['offence']}), time {f['times']}"
        + (", which is only told" if f["mode"] == "shadow" else "")
    ),
    "unbanned": lambda f: f"no longer banned: {_whom(f)}{because(f)}",
    "stopped": lambda f: f"stopped: {f['sessions']} sessions ended with it",
    "session_opened": _opened,
    "login": _login,
    "login_refused": _login_refused,
    "refused": lambda f: (
        f"{f.get('client_ip', '…')} refused{because(f)}"
        + (f" until {f['until']}, {f['count']} times" if "until" in f else "")
    ),
    "command": lambda f: (
        " ".join(str(f[name]) for name in ("command", "path", "target") if name in f)
        + f": {f['code']}"
    ),
    "command_refused": lambda f: (
        " ".join(str(f[name]) for name in ("command", "path", "target") if name in f)
        + f": refused by {f['rule']}{because(f)}"
    ),
    "over_quota": lambda f: (
        " ".join(str(f[name]) for name in ("command", "path") if name in f)
        + f": {f['outcome']} by {f['rule']}, used {f['used']}{because(f)} ({f['remedy']})"
    ),
    "transfer": _transfer,
    "tls_failed": lambda f: (
        f"TLS with the {f['side']} failed ({f['reason']}){because(f)}" + _certificate(f)
    ),
    "server_unreachable": lambda f: f"{f['reason']}{because(f)}{_behind(f, 'tried')}",
    "server_down": lambda f: f"server {f['server']} is out of service{because(f)}{_certificate(f)}",
    "server_up": lambda f: f"server {f['server']} is back in service",
    "protocol_error": lambda f: (
        f"the {f['side']} breaks the protocol{because(f)}{_behind(f, 'octets')}"
    ),
    "stray_data": lambda f: (
        f"data connection of the {f['side']} refused: it comes from {f.get('host', '…')}"
        f"{_several(f)}"
    ),
    "shadow": lambda f: (
        f"{f['rule']}, which is only tried, would {f.get('would', '…')}"
        f"{'' if f['differs'] else ': the same'}"
    ),
    "note": lambda f: str(f.get("text", "…")),
    "fault": lambda f: f"{f.get('why', '…')}:\n{f['trace']}",
    "resource": lambda f: (
        f"{f['what']} used up{', ' if f.get('limit') else ''}{_listed(f, 'used', 'limit')},"
        f" {f['count']} times"
    ),
    "untold": lambda f: f"{f.get('client_ip', '…')}: {f['count']} more of {f['what']} in a minute",
    "probed": lambda f: f"{f['count']} looks of {f.get('client_ip', '…')}",
    "notice": lambda f: str(f["sentence"]),
    "warning": lambda f: str(f["sentence"]),
    "line": lambda f: f"{f['session']} {f['arrow']}  {f.get('text', '…')}",
    "session_closed": _closed,
}
"""What a record says for people."""


def _several(fields: Mapping[str, Value]) -> str:
    count = fields.get("count", 1)
    return f" ({count} of them)" if count != 1 else ""
