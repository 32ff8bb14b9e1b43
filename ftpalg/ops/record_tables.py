"""What a record is: an event, a level, and fields (``record_fields``); the table of events.

Text, JSON, the schema and docs/records.rst are made from these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ftpalg.core.keys import Key
from ftpalg.core.value import value
from ftpalg.ops.record_fields import Value


class Level(Key):
    """How much a record matters; ``priority`` is syslog's and journald's word for it."""

    INFO = "info", 6
    WARN = "warn", 4
    ERROR = "error", 3
    CRITICAL = "critical", 2

    def __init__(self, word: str, priority: int) -> None:
        self.word = word
        self.priority = priority


@value
class Event(NamedTuple):
    """A kind of record: its level, what it says, and its own fields."""

    level: Level
    sentence: str
    fields: tuple[str, ...]
    of_session: bool = True


INFO, WARN, ERROR, CRITICAL = Level
CERTIFICATE = "subject", "issuer", "names", "not_before", "not_after", "sha256", "remedy"
"""Fields of a certificate that is refused."""

EVENTS = {
    "ready": Event(
        INFO,
        "the gateway listens",
        (
            *("version", "file", "epoch", "listeners", "servers", "tls", "ports", "limit"),
            *("expiries", "pids"),
        ),
        of_session=False,
    ),
    "worker_ready": Event(
        INFO,
        "a process serves in the place of one that was lost",
        ("worker", "worker_pid", "ports"),
        of_session=False,
    ),
    "worker_lost": Event(
        ERROR,
        "a process that served is gone, and its sessions with it",
        ("worker", "worker_pid", "sessions", "status", "signal", "why"),
        of_session=False,
    ),
    "reloaded": Event(
        INFO, "settings or certificates are new", ("file", "epoch", "changes"), of_session=False
    ),
    "reload_failed": Event(
        ERROR,
        "they are not: the old ones hold on",
        ("file", "epoch", "what", "why"),
        of_session=False,
    ),
    "certificate": Event(
        WARN,
        "one of the gateway's own, an authority or a revocation list ends, or cannot be read",
        ("setting", "certificate_file", "problem", "not_after", "days_left", "sentence"),
        of_session=False,
    ),
    "steered": Event(
        INFO,
        "somebody has changed something through the admin socket",
        ("verb", "words", "uid", "pid", "result"),
        of_session=False,
    ),
    "draining": Event(
        INFO, "no more sessions come", ("sessions", "transfers", "probes"), of_session=False
    ),
    "drained": Event(
        INFO,
        "a part of the gateway, or all of it, takes no new sessions",
        ("kind", "name", "sessions", "within", "uid"),
        of_session=False,
    ),
    "banned": Event(
        WARN,
        "a peer, or an account at the gateway, is kept out for a while",
        ("peer", "account", "offence", "times", "until", "mode", "uid"),
        of_session=False,
    ),
    "unbanned": Event(INFO, "it is no longer", ("peer", "account", "why", "uid"), of_session=False),
    "undrained": Event(
        INFO, "it takes them again", ("kind", "name", "sessions", "uid", "why"), of_session=False
    ),
    "stopped": Event(
        INFO, "the gateway has ended", ("sessions", "transfers", "probes"), of_session=False
    ),
    "session_opened": Event(
        INFO, "a client is there", ("proxy_header", "sni", "tls_version", "tls_cipher")
    ),
    "login": Event(
        INFO,
        "a client is in, at the gateway or at the server",
        ("where", "checker", "code", "text", "tls_version", "tls_cipher"),
    ),
    "login_refused": Event(
        WARN,
        "a login was wrong, at the gateway or at the server",
        ("where", "checker", "delay", "code", "text", "why"),
    ),
    "refused": Event(
        WARN,
        "a client was turned away before it had a session",
        ("client_ip", "client_port", "rule", "reason", "code", "why", "until", "count"),
        of_session=False,
    ),
    "command": Event(
        INFO, "a command was answered (log.commands)", ("command", "path", "target", "code")
    ),
    "command_refused": Event(
        WARN,
        "a command was refused by a rule of access.commands, and the server never saw it",
        ("command", "path", "target", "rule", "code", "why"),
    ),
    "over_quota": Event(
        WARN,
        "a transfer was refused, or broken in mid-stream, by a quota of limits",
        ("command", "path", "what", "outcome", "rule", "used", "limit", "code", "why", "remedy"),
    ),
    "transfer": Event(
        INFO,
        "a transfer is over",
        (
            *("command", "path", "direction", "outcome", "letters", "bytes", "seconds", "rest"),
            *("client_mode", "server_mode", "data_ports"),
            *("client_tls", "server_tls", "tls_resumed", "why"),
        ),
    ),
    "tls_failed": Event(
        WARN,
        "TLS of a control connection failed",
        (
            *("side", "reason", "why", "alert"),
            *CERTIFICATE,
        ),
    ),
    "server_unreachable": Event(
        WARN, "a server could not be reached, or not be used", ("reason", "why", "tried")
    ),
    "server_down": Event(
        WARN,
        "a server is out of service",
        ("server", "why", *CERTIFICATE),
        of_session=False,
    ),
    "server_up": Event(INFO, "a server is back in service", ("server",), of_session=False),
    "protocol_error": Event(
        WARN, "a peer said what FTP does not allow", ("side", "state", "offset", "octets", "why")
    ),
    "stray_data": Event(
        WARN, "a stranger came to a data port, and was refused", ("side", "host", "count")
    ),
    "shadow": Event(
        INFO,
        "a rule that is only tried (shadow = true) fits a decision, which was made without it",
        ("rule", "would", "differs"),
    ),
    "note": Event(WARN, "something about a session that an operator should know", ("text",)),
    "fault": Event(CRITICAL, "an exception ended a session", ("why", "trace")),
    "resource": Event(
        WARN, "something is used up", ("what", "used", "limit", "count"), of_session=False
    ),
    "untold": Event(
        WARN,
        "so many more records of a client came within a minute, and were not written",
        ("client_ip", "what", "count"),
        of_session=False,
    ),
    "probed": Event(
        INFO,
        "somebody looked whether the gateway is there",
        ("client_ip", "count"),
        of_session=False,
    ),
    "notice": Event(INFO, "something about the gateway", ("sentence",), of_session=False),
    "warning": Event(
        WARN, "something about the gateway that should not stay so", ("sentence",), of_session=False
    ),
    "line": Event(
        INFO, "a line of a dialogue (log.ladder)", ("session", "arrow", "text"), of_session=False
    ),
    "session_closed": Event(
        INFO,
        "a session is over",
        (
            *("letters", "reason", "why", "seconds", "transfers", "bytes_in", "bytes_out"),
            *("commands", "last_command"),
        ),
    ),
}


class Whose:
    """The fields that a session's records begin with, as long as none of them changes.

    ``encoded`` and ``spoken`` are what the forms have made of them, once and not for each record.
    """

    __slots__ = ("encoded", "fields", "spoken")

    def __init__(self, fields: Mapping[str, Value]) -> None:
        self.fields = fields
        self.encoded = self.spoken = ""


NOBODYS = Whose({})
"""Of records that are of no session."""


NOTHING: Mapping[str, Value] = MappingProxyType({})


@value
class Record(NamedTuple):
    """One event.  ``time`` is in seconds since 1970; fields that are not known are not there.

    No field of ``whose`` is in ``own``.
    """

    event: str
    time: float
    own: Mapping[str, Value] = NOTHING
    louder: Level | None = None
    whose: Whose = NOBODYS

    @property
    def fields(self) -> Mapping[str, Value]:
        """All of them, in the order in which they are written."""
        return {**self.whose.fields, **self.own}

    @property
    def level(self) -> Level:
        """How much it matters: as its kind says, or more."""
        return self.louder or EVENTS[self.event].level
