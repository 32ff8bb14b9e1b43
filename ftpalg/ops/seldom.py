"""What may happen a thousand times a second is told once a minute, with how often it was.

And what one client may cause without end is told so many times a minute, and counted beyond that.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address
from math import inf

from ftpalg.ops.record_fields import Value
from ftpalg.ops.record_tables import Record

MINUTE = 60.0
MOST = 1024
"""Things that are counted; the one longest untold is forgotten first."""


class Seldom:
    """Counts things by their name."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, name: str, now: float) -> int:
        """How many to tell of now, this one among them; 0 where it is too early."""
        at, since = self._told.get(name, (-MINUTE, 0))
        if now - at < MINUTE:
            self._told[name] = (at, since + 1)
            return 0
        self._told[name] = (now, 0)
        self._told.move_to_end(name)
        if len(self._told) > MOST:
            self._told.popitem(last=False)
        return since + 1


IN_FULL = 100
"""Records of each kind that are written of one client within a minute."""
PREFIX = 64
"""Bits of an IPv6 address that are one client, whatever the settings say of its limits."""
CLIENTS = 4096
"""Kinds and clients that are counted; of the one longest there it is told what it had."""
SESSIONS = "session_closed"
"""Stands for all records of a session that never logged in."""
BOUNDED = frozenset(
    (
        *("refused", "command_refused", "login_refused", "shadow", "note", "stray_data"),
        *("server_unreachable", "tls_failed", "protocol_error", "fault"),
    )
)
"""What clients cause as often as they like.  What they do not, or what is the log's purpose, is not among
them: logins, commands and transfers."""
TELLING = frozenset(("login", "fault"))
"""Behind these every record of a session is written."""


class Minute:
    """One kind of one client: since when it is counted, how many were told and how many not."""

    __slots__ = ("client", "since", "told", "untold")

    def __init__(self, since: float) -> None:
        self.since = since
        self.told = self.untold = 0
        self.client = ""


class Few:
    """Hands records on to ``output``: of one client and kind IN_FULL within a minute; beyond that one
    ``untold`` counts them, once the minute is over and any record comes.

    A session that never logs in counts as one, with all of its records: it is written as a whole or not at
    all, up to its login.
    """

    def __init__(self, output: Callable[[Record], None]) -> None:
        self._output = output
        self._minutes: OrderedDict[tuple[str, str], Minute] = OrderedDict()
        self._due = inf
        self._began: Record | None = None
        self._muted: dict[str, Record] = {}

    def write(self, record: Record) -> None:
        """One more."""
        event = record.event
        if record.time >= self._due:
            self._tell_due(record, record.time - MINUTE)
        elif event == "stopped":
            self._tell_due(record, inf)
        began, self._began = self._began, None
        if event == "session_opened":
            self._began = record  # whether it is written the next record says, which comes at once
        elif began is not None:
            self._begin(began, record)
        elif self._muted and record.whose.fields.get("session") in self._muted:
            self._go_on(record)
        elif event not in BOUNDED or "count" in record.own or self._may(event, record):
            self._output(record)

    def _begin(self, began: Record, record: Record) -> None:
        """The first record of a session behind that of its beginning."""
        if record.event in TELLING or self._may(SESSIONS, record):
            self._output(began)
            self.write(record)
        elif record.event != SESSIONS:
            self._muted[str(record.whose.fields["session"])] = began

    def _go_on(self, record: Record) -> None:
        """A session goes on that is not written."""
        session = str(record.whose.fields["session"])
        if record.event in TELLING:
            self._output(self._muted.pop(session))
            self._output(record)
        elif record.event == SESSIONS:
            del self._muted[session]

    def _may(self, kind: str, record: Record) -> bool:
        """Whether one more of its client is written; where not, it is counted."""
        fields = record.whose.fields or record.own
        client, now = str(fields.get("client_ip", "")), record.time
        key = kind, _network(client)
        found = self._minutes.get(key)
        if found is None or not 0 <= now - found.since < MINUTE:
            if found is not None:
                self._tell(key, record)
            found = self._minutes[key] = Minute(now)
            if len(self._minutes) > CLIENTS:
                self._tell(next(iter(self._minutes)), record)
        if found.told < IN_FULL:
            found.told += 1
            return True
        found.untold += 1
        found.client = client
        self._due = min(self._due, found.since + MINUTE)
        return False

    def _tell_due(self, record: Record, since: float) -> None:
        """What was counted in minutes that had begun by then."""
        for key in [key for key, one in self._minutes.items() if one.since <= since]:
            self._tell(key, record)
        untold = [one.since for one in self._minutes.values() if one.untold]
        self._due = min(untold, default=inf) + MINUTE

    def _tell(self, key: tuple[str, str], record: Record) -> None:
        """Its minute is over, as that record comes; what was counted is told."""
        one = self._minutes.pop(key)
        if not one.untold:
            return
        own: dict[str, Value] = {"client_ip": one.client} if one.client else {}
        own |= {"what": key[0], "count": one.untold}
        if "node" in record.own:
            own["node"] = record.own["node"]
        self._output(Record("untold", record.time, own))


def _network(client: str) -> str:
    """What is one client of the log: one of IPv6 has as many addresses as it likes."""
    if ":" not in client:
        return client
    try:
        return str(int(IPv6Address(client)) >> (128 - PREFIX))
    except ValueError:  # shortened, as log.addresses wants it
        return client
