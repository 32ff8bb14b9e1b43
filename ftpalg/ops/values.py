"""What the fields of records hold: whose they are, paths, texts that are bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ftpalg.core.certificates import Shown
from ftpalg.core.events import SIDES, Side
from ftpalg.core.facts import About, CommandBarred, Outcome, OverQuota
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.core.wire.printing import printable
from ftpalg.ops.record_fields import Value
from ftpalg.ops.settings import Which
from ftpalg.ops.texts import bounded
from ftpalg.ops.trail import Trail, file_of

CHANGES = frozenset(b"DELE RNFR RNTO MKD XMKD RMD XRMD SITE MFMT MFCT MFF SMNT XCPF XCPT".split())
"""Commands that change something at the server, beside transfers."""
OCTETS = 64
"""Bytes of what broke the protocol."""
TOLD: Mapping[Which, Callable[[Command], bool]] = {
    Which.OFF: lambda command: False,
    Which.CHANGES: lambda command: command.verb in CHANGES,
    Which.ALL: lambda command: command.kind not in (Kind.DOWNLOAD, Kind.UPLOAD),
}
"""Which commands get a record; transfers have their own."""


def within(values: tuple[str, ...] | tuple[int, ...], longest: int) -> Value:
    """The same of several."""
    texts = tuple(bounded(one, longest) for one in values if isinstance(one, str))
    return texts or values  # numbers are not bounded


def ports_of(ports: tuple[tuple[Side, int], ...]) -> tuple[int, ...]:
    """Those of both legs, 0 for none; nothing where neither has one."""
    found = dict(ports)
    return tuple(found.get(side, 0) for side in SIDES) if found else ()


def whose(about: About, account: str, user: str) -> dict[str, Value | None]:
    """The fields that every record of a session has."""
    server = about.server
    return {
        "session": about.session,
        "client_ip": about.client.host,
        "client_port": about.client.port,
        "server_name": about.name,
        "server_ip": None if server is None else server.host,
        "server_port": None if server is None else server.port,
        "parent": about.parent or None,
        "listener": about.listener,
        "route": about.route,
        "account": account,
        "user": user,
    }


def path_of(command: Command, trail: Trail) -> str:
    """The file, or the directory that is listed."""
    return printable(file_of(command, trail.place))


def paths_of(command: Command, renamed: bytes | None) -> tuple[bytes | None, bytes | None]:
    """What a command is about, and its other half: the new name, or the words of SITE."""
    argument = command.argument
    if command.secret:
        return None, b"****"
    if command.verb == b"RNTO":
        return renamed, argument
    if command.verb == b"SITE":
        return None, argument
    if command.verb in (b"MFMT", b"MFCT", b"MFF"):
        fact, _, path = (argument or b"").partition(b" ")
        return path, fact
    if command.verb in CHANGES:
        return argument, None
    return None, argument


def barred_of(fact: CommandBarred, trail: Trail) -> dict[str, Value | None]:
    """What is told of a command that was refused before the server saw it."""
    command, target = fact.command, None
    if command.secret or command.verb in CHANGES:
        name, target = paths_of(command, trail.renamed)
        path = None if name is None else printable(trail.place.absolute(name))
    else:
        path = path_of(command, trail)
    return {
        "command": command.verb.decode("ascii"),
        "path": path,
        "target": None if target is None else printable(target),
        "rule": fact.rule,
        "code": fact.code,
        "why": fact.text,
    }


def quota_of(fact: OverQuota, trail: Trail) -> dict[str, Value | None]:
    """What is told of a transfer that moved more than it may, or would have."""
    raised = f"raise limits.{fact.quota.word}, or set it to 0 for none"
    reset = "ftpalg quotas reset gives the account a new day"
    return {
        "command": fact.command.verb.decode("ascii"),
        "path": path_of(fact.command, trail),
        "what": fact.quota.word,
        "outcome": (Outcome.BROKEN if fact.broken else Outcome.REFUSED).value,
        "rule": fact.rule,
        "used": fact.used,
        "limit": fact.limit,
        "code": fact.code,
        "why": fact.text,
        "remedy": raised if fact.quota.counted is None else f"{raised}; {reset}",
    }


def octets_of(line: bytes) -> str:
    """The first bytes of a line, what is no text written out."""
    cut = printable(line[:OCTETS])
    return cut + ("…" if len(line) > OCTETS else "")


def resumed(tls: frozenset[Side], which: frozenset[Side]) -> str | None:
    """Whose leg resumed a TLS session; None where none was under TLS."""
    if not tls:
        return None
    found = [side.value for side in SIDES if side in which]
    return {0: "neither", 1: "".join(found), 2: "both"}[len(found)]


def tls_of(trail: Trail, side: Side) -> dict[str, Value | None]:
    """The version and cipher of a side's control connection, where it is under TLS."""
    if side not in trail.tls:
        return {}
    version, cipher = trail.tls[side]
    return {"tls_version": version, "tls_cipher": cipher}


def certificate_of(shown: Shown | None) -> dict[str, Value | None]:
    """What is told of a certificate."""
    if shown is None:
        return {}
    return {
        "subject": shown.subject,
        "issuer": shown.issuer,
        "names": shown.names,
        "not_before": shown.not_before,
        "not_after": shown.not_after,
        "sha256": shown.sha256,
    }
