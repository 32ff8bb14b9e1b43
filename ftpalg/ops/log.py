"""The log: an observer of facts that writes records, and the lines of both dialogues.

Passwords never get here: commands come redacted.  At the ladder level every line of both dialogues
is logged, in the notation of the tests.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from twisted.python.runtime import seconds

from ftpalg.core import facts
from ftpalg.core.facts import About, Fact
from ftpalg.core.news import GatewayTold, News
from ftpalg.core.wire.printing import printable
from ftpalg.ops.lines import LinesFile
from ftpalg.ops.outlets import (
    Datagrams,
    TwistedLog,
    Written,
    for_journald,
    for_syslog,
    lost,
    standard_error,
)
from ftpalg.ops.record_tables import Record
from ftpalg.ops.records import Records
from ftpalg.ops.seldom import Few
from ftpalg.ops.settings import LogSettings, Said
from ftpalg.ops.trail import Known
from ftpalg.ops.writer import Sink, Writer
from ftpalg.ops.xferlog import Xferlog

SYSLOG = "/dev/log"
JOURNAL = "/run/systemd/journal/socket"


class LogFault(Exception):
    """What ``[log]`` asks for cannot be had; the text is a sentence."""


class SessionLog:
    """Writes what it sees, as the settings say.  Raise LogFault.

    ``hosted`` is True under twistd and twist, whose log takes the place of standard error.
    """

    def __init__(
        self,
        settings: LogSettings,
        *,
        hosted: bool,
        clock: Callable[[], float] = seconds,
    ) -> None:
        self._hosted = hosted
        self._clock = clock
        self._writer = Writer[Record](sink_of(settings, hosted=hosted), self._notice)
        few = Few(self._writer.write)
        self._records = Records(settings, few.write, clock, node=platform.node())
        self._xferlog: Xferlog | None = None
        self._take(settings, self._xferlog_of(settings))

    def _take(self, settings: LogSettings, xferlog: Xferlog | None) -> None:
        self._settings = settings
        self.ladder = settings.ladder
        if self._xferlog is not None:
            self._xferlog.writer.close()
        self._xferlog = xferlog
        self._records.take(settings, xferlog.write if xferlog is not None else None)

    def _notice(self, count: int) -> Record:
        return lost(count, "records", self._clock())

    def _xferlog_of(self, settings: LogSettings) -> Xferlog | None:
        def notice(count: int) -> None:
            self._writer.write(lost(count, "lines of the xferlog", self._clock()))

        if not settings.xferlog:
            return None
        with writable("xferlog", settings.xferlog):
            return Xferlog(settings, notice)

    def see(self, about: About, fact: Fact) -> None:
        """Write a fact of a session down, if it is one that the log tells."""
        if isinstance(fact, facts.CommandLine):
            self._rung(about, "P -> S" if fact.sent else "C -> P", fact.command.shown)
        elif isinstance(fact, facts.ReplyLines):
            for line in fact.reply.lines:
                self._rung(about, "C <- P" if fact.sent else "P <- S", printable(line))
        else:
            self._records.see(about, fact)

    def tell(self, news: News) -> None:
        """Write down what happened to the gateway."""
        self._records.tell(news)

    def known(self, session: str) -> Known | None:
        """What the facts of that session have told; None where it is over."""
        return self._records.known(session)

    def told(self, text: str) -> None:
        """A sentence about the gateway."""
        self.tell(GatewayTold(text))

    def warned(self, text: str) -> None:
        """One about what should not stay so."""
        self.tell(GatewayTold(text, warning=True))

    def _rung(self, about: About, arrow: str, text: str) -> None:
        self._records.rung(about, arrow, text)

    # -- where it goes ----------------------------------------------------------------------------

    @property
    def _writers(self) -> tuple[Writer[Record] | Writer[str], ...]:
        return (self._writer, *([self._xferlog.writer] if self._xferlog else ()))

    def reopen(self) -> None:
        """Open the files anew; where one cannot be, say so and go on with the old one."""
        for writer in self._writers:
            try:
                writer.reopen()
            except OSError as error:
                self.warned(f"log not reopened: {error.filename}: {error.strerror}")

    @contextmanager
    def renewed(self, said: Said) -> Iterator[None]:
        """Go on by these settings, where nothing is raised meanwhile.  Raise LogFault."""
        settings, old, sink = LogSettings.of(said), self._settings, None
        with ExitStack() as opened:
            if (settings.to, settings.format) != (old.to, old.format):
                sink = sink_of(settings, hosted=self._hosted)
                opened.callback(sink.close)
            xferlog = self._xferlog_of(settings)
            if xferlog is not None:
                opened.callback(xferlog.writer.close)
            yield
            opened.pop_all()
        if sink is not None:
            self._writer.take(sink)
        self._take(settings, xferlog)

    def close(self) -> None:
        """Nothing is written any more, once what came before is."""
        for writer in self._writers:
            writer.flush()
            writer.close()


def sink_of(settings: LogSettings, *, hosted: bool) -> Sink[Record]:
    """Where records go.  Raise LogFault."""
    form, (way, _, place) = settings.format, settings.to.partition(":")
    if way == "file":
        with writable("to", settings.to):
            return Written(LinesFile(place), form)
    if way == "syslog":
        with writable("to", settings.to):
            return Datagrams(SYSLOG, for_syslog(form))
    if way == "journald":
        with writable("to", settings.to):
            return Datagrams(JOURNAL, for_journald)
    if hosted:
        return TwistedLog(form)
    if sys.__stderr__ is None:
        raise LogFault('log.to = "stderr": it is closed; write "syslog", "journald" or "file:PATH"')
    return standard_error(form, os.environ.get("JOURNAL_STREAM", ""))


@contextmanager
def writable(key: str, said: str) -> Iterator[None]:
    """A file that cannot be opened is told by its setting."""
    try:
        yield
    except OSError as error:
        where = f": {error.filename}" if error.filename and error.filename not in said else ""
        text = f'log.{key} = "{said}": cannot be written: {error.strerror}{where}'
        raise LogFault(text) from None
