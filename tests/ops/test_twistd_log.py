"""The lines of twistd's log are Twisted's own to the letter."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    globalLogPublisher,
    textFileLogObserver,
)
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.outlets import TwistedLog
from ftpalg.ops.record_tables import Level, Record, Whose
from ftpalg.ops.settings import Form
from ftpalg.ops.twistd_log import FILE, READY, line_of, take_over

WHEN = 1_790_000_000.999
RECORDS = (
    Record("warning", WHEN, {"sentence": "braces {of} {{all}} kinds, Grüße"}),
    Record("warning", WHEN + 0.002, {"sentence": "another second"}),
    Record("notice", WHEN + 86_400 * 180, {"sentence": "another half of the year"}),
    Record(
        "fault",
        WHEN,
        {"why": "several lines", "trace": "a\nb\n  c"},
        Level.CRITICAL,
        Whose({"session": "1", "client_ip": "192.0.2.1", "client_port": 1}),
    ),
)


def plain(event: LogEvent) -> str:
    """What Twisted makes of it."""
    written = io.StringIO()
    textFileLogObserver(written)(event)
    return written.getvalue()


class Lines(SynchronousTestCase):
    """Each event as a line."""

    def events(self, form: Form) -> list[LogEvent]:
        """What the log is told of the records."""
        seen: list[LogEvent] = []

        def keep(event: LogEvent) -> None:
            if READY in event:
                seen.append(event)

        observer: Any = keep
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        TwistedLog(form).send(RECORDS)
        return seen

    def test_records(self) -> None:
        """Ours, in both forms."""
        for form in (Form.TEXT, Form.JSON):
            events = self.events(form)
            self.assertEqual(len(events), len(RECORDS))
            self.assertEqual([line_of(event) for event in events], [*map(plain, events)])

    def test_of_others(self) -> None:
        """Those that Twisted formats, with a failure, without time, and without a text."""
        failure = Failure(ValueError("why"))
        for event in (
            {"log_format": "{x} here", "x": 1, "log_time": WHEN, "log_level": LogLevel.warn},
            {"log_format": "failed", "log_failure": failure, "log_time": WHEN, "log_system": "s"},
            {"log_format": "no time", "log_namespace": "n"},
        ):
            self.assertEqual(line_of(event), plain(event))
        self.assertIsNone(line_of({"log_time": WHEN}))


class TakenOver(SynchronousTestCase):
    """Which log it is that is written."""

    def observer(self, **options: object) -> Any:
        """That of an application with these options of twistd."""
        self.application = Componentized()
        reactor: Any = Clock()
        take_over(self.application, options, reactor)
        return self.application.getComponent(ILogObserver, None)

    def test_shown(self) -> None:
        """In the foreground it goes to standard output."""
        written = io.StringIO()
        with patch.object(sys, "stdout", written):
            for options in ({"nodaemon": True}, {"nodaemon": True, "logfile": "-"}):
                observer = self.observer(**options)
                self.assertIsInstance(observer, FileLogObserver)
                observer({"log_format": "said", "log_time": WHEN})
        self.assertEqual(written.getvalue().count("said\n"), 2)

    def test_left(self) -> None:
        """What twistd has another observer for, and what it is going to refuse, are its own."""
        self.assertIsNone(self.observer(nodaemon=True, syslog=True))
        self.assertIsNone(self.observer(nodaemon=True, logger=print))
        self.assertIsNone(self.observer(logfile="-"))

    def test_another(self) -> None:
        """One that an application has already stays."""
        application, reactor = Componentized(), Clock()
        application.setComponent(ILogObserver, print)
        take_over(application, {"nodaemon": True}, reactor)  # type: ignore[arg-type]
        self.assertIs(application.getComponent(ILogObserver), print)

    def test_file(self) -> None:
        """A daemon's has a name of its own, and SIGUSR1 rotates it where nobody else has that signal."""
        path = Path(self.mktemp())
        before = signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        turned: list[Any] = []

        class Turning:
            callFromThread = staticmethod(turned.append)

        application, reactor = Componentized(), Turning()
        take_over(application, {"logfile": str(path)}, reactor)  # type: ignore[arg-type]
        observer: Any = application.getComponent(ILogObserver)
        observer({"log_format": "first"})
        handler: Any = signal.getsignal(signal.SIGUSR1)
        handler(signal.SIGUSR1, None)
        turned[0]()
        observer({"log_format": "second"})
        self.assertIn("first", path.with_name(f"{path.name}.1").read_text())
        self.assertIn("second", path.read_text())
        self.assertEqual(FILE, "twistd.log")

    def test_signal_of_another(self) -> None:
        """Who has SIGUSR1 keeps it."""
        before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        self.observer(logfile=self.mktemp())
        self.assertEqual(signal.getsignal(signal.SIGUSR1), signal.SIG_IGN)
