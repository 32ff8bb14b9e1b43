"""Where records go: a terminal or a pipe, a file, syslog, journald, or the log of twistd."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self

from twisted.logger import LogLevel, globalLogPublisher

from ftpalg.ops.forms import flat, line, stamp
from ftpalg.ops.lines import Lines
from ftpalg.ops.record_tables import Level, Record
from ftpalg.ops.settings import Form
from ftpalg.ops.twistd_log import READY

DAEMON = 3 << 3
"""syslog's facility of services."""
NAME = "ftpalg"


class TwistedLog:
    """The log of the program that runs us, twistd's or twist's; each field is one of the event's.

    The text is ready: braces in it are written twice, and no field is left to be put in, so that nobody
    who writes the event down has to take its format apart; who knows ``READY`` has it without.
    """

    LEVELS = {
        Level.INFO: LogLevel.info,
        Level.WARN: LogLevel.warn,
        Level.ERROR: LogLevel.error,
        Level.CRITICAL: LogLevel.critical,
    }
    SYSTEMS = {level: f"{NAME}#{level.name}" for level in LEVELS.values()}
    direct = True

    def __init__(self, form: Form = Form.TEXT) -> None:
        self._form = flat if form is Form.JSON else line

    def send(self, records: Sequence[Record]) -> int:
        """Hand them on."""
        for record in records:
            level, text = self.LEVELS[record.level], self._form(record)
            globalLogPublisher(
                {
                    **record.whose.fields,
                    **record.own,
                    "event": record.event,
                    "log_namespace": NAME,
                    "log_system": self.SYSTEMS[level],
                    "log_level": level,
                    "log_time": record.time,
                    "log_format": text.replace("{", "{{").replace("}", "}}"),
                    "log_flattened": {},
                    READY: text,
                }
            )
        return len(records)

    def again(self) -> Self:
        """Not ours."""
        return self

    def close(self) -> None:
        """Not ours either."""


class Written:
    """A line for each record; with ``prefixed`` each begins with its priority, as systemd reads it."""

    direct = False

    def __init__(self, lines: Lines, form: Form, prefixed: bool = False) -> None:
        self.lines = lines
        self.form = form
        self.prefixed = prefixed

    def send(self, records: Sequence[Record]) -> int:
        """A line for each; what has several, a traceback in text, is written at once too."""
        form = stamped if self.form is Form.TEXT else flat
        if not self.prefixed:
            return self.lines.send([form(record) for record in records])
        return self.lines.send(
            [
                "\n".join(f"<{record.level.priority}>{one}" for one in form(record).split("\n"))
                for record in records
            ]
        )

    def again(self) -> Self:
        """Into the file of that name."""
        return type(self)(self.lines.again(), self.form, self.prefixed)

    def close(self) -> None:
        """The file, where it is one."""
        self.lines.close()


def stamped(record: Record) -> str:
    """As a terminal has it."""
    return f"{stamp(record.time)} {record.level.word} {line(record)}"


class Datagrams:
    """One datagram for a record, to a socket of the machine's log.  Raise OSError if nobody has it."""

    direct = False

    def __init__(self, path: str, form: Callable[[Record], bytes]) -> None:
        self._path = path
        self._form = form
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
            try:
                asking.connect(
                    path
                )  # whether somebody is there; a later restart of it is no matter
            except OSError as error:
                raise OSError(error.errno, error.strerror, path) from None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def send(self, records: Sequence[Record]) -> int:
        """A datagram for each."""
        for taken, record in enumerate(records):
            try:
                self._socket.sendto(self._form(record), self._path)
            except OSError:
                return taken
        return len(records)

    def again(self) -> Self:
        """There is nothing to open: each datagram finds its way anew."""
        return self

    def close(self) -> None:
        """Nothing is written any more."""
        self._socket.close()


def lost(count: int, what: str, time: float) -> Record:
    """What tells of those that could not be written."""
    return Record("warning", time, {"sentence": f"{count} {what} could not be written"})


def for_syslog(form: Form) -> Callable[[Record], bytes]:
    """RFC 3164, as /dev/log takes it."""
    shown = line if form is Form.TEXT else flat

    def formed(record: Record) -> bytes:
        when = datetime.fromtimestamp(record.time).strftime("%b %e %H:%M:%S")
        head = f"<{DAEMON | record.level.priority}>{when} {NAME}[{os.getpid()}]: "
        return (head + shown(record)).encode("utf-8", "backslashreplace")

    return formed


def for_journald(record: Record) -> bytes:
    """journald's own form: a line for each field, a length before one that has several lines."""
    fields = {
        "MESSAGE": line(record),
        "PRIORITY": record.level.priority,
        "SYSLOG_IDENTIFIER": NAME,
        "FTPALG_EVENT": record.event,
        **{f"FTPALG_{name.upper()}": value for name, value in record.fields.items()},
    }
    return b"".join(_journal_field(name, value) for name, value in fields.items())


def _journal_field(name: str, value: object) -> bytes:
    text = "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    raw = text.encode("utf-8", "backslashreplace")
    if b"\n" not in raw:
        return b"%b=%b\n" % (name.encode(), raw)
    return b"%b\n%b%b\n" % (name.encode(), len(raw).to_bytes(8, "little"), raw)


def is_journal(descriptor: int, told: str) -> bool:
    """Whether that descriptor leads to journald, as JOURNAL_STREAM (systemd.exec(5)) says."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return told == f"{status.st_dev}:{status.st_ino}"


def standard_error(form: Form, journal_stream: str, descriptor: int = 2) -> Written:
    """Text on a terminal, JSON otherwise, where ``form`` leaves it open."""
    if form is Form.AUTO:
        form = Form.TEXT if os.isatty(descriptor) else Form.JSON
    return Written(Lines(descriptor), form, prefixed=is_journal(descriptor, journal_stream))
