"""The log as twistd has it, the ladder, where records go by setting, and files that are moved away."""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import facts
from ftpalg.core.facts import CommandLine, ReplyLines
from ftpalg.core.news import Refused
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.replies import Reply, reply
from ftpalg.core.wire.secret_words import SECRET
from ftpalg.ops import log
from ftpalg.ops.log import LogFault, SessionLog, sink_of
from ftpalg.ops.outlets import Datagrams, TwistedLog, Written
from ftpalg.ops.seldom import IN_FULL
from ftpalg.ops.settings import Form, Keep, LogSettings, Which
from tests.ops.cases import ABOUT, CLOSED, EVERY_FACT, LINK, transfer

PASSWORD = b"hunter2"


class LogCase(SynchronousTestCase):
    """A log whose events are kept."""

    def setUp(self) -> None:
        self.events: list[LogEvent] = []
        observer: Any = self.keep
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.log = SessionLog(LogSettings(ladder=True), hosted=True)

    def keep(self, event: LogEvent) -> None:
        """Take what is ours of what everybody logs."""
        if str(event.get("log_namespace")).startswith("ftpalg"):
            self.events.append(event)

    def see(self, *seen: facts.Fact) -> None:
        """Let the log see what happened."""
        for fact in seen:
            self.log.see(ABOUT, fact)

    @property
    def lines(self) -> list[str]:
        """The events as an operator reads them."""
        return [formatEvent(event) for event in self.events]


class Twisted(LogCase):
    """twistd's and twist's log."""

    def test_fields(self) -> None:
        """The text is for people, and each field is one of the event's."""
        self.see(facts.LoggedIn("anna"))
        event = self.events[-1]
        self.assertEqual(
            formatEvent(event), "1jd5k7q0z 192.0.2.1:40000 -> 198.51.100.7:21 logged in as anna"
        )
        self.assertEqual(
            [event["event"], event["user"], event["client_port"]], ["login", "anna", 40000]
        )
        self.assertIs(event["log_level"], LogLevel.info)
        self.assertEqual(event["log_namespace"], "ftpalg")

    def test_json(self) -> None:
        """JSON where that is asked for."""
        self.log = SessionLog(LogSettings(format=Form.JSON), hosted=True)
        self.log.told("x")
        found = json.loads(self.lines[0])
        found.pop("time")
        self.assertEqual(
            found,
            {"event": "notice", "level": "info", "sentence": "x", "node": platform.node()},
        )

    def test_gateway(self) -> None:
        """Sentences with a level; braces in a text are a text's braces."""
        self.log.told("told {x}")
        self.log.warned("warned {x}")
        for _ in range(IN_FULL + 9):  # what comes without end is not written without end
            self.log.tell(Refused(LINK, "Too many."))
        self.assertEqual(len(self.events), 2 + IN_FULL)
        del self.events[3:]
        self.assertEqual(self.lines, ["told {x}", "warned {x}", "192.0.2.9 refused: Too many."])
        levels = [event["log_level"] for event in self.events]
        self.assertEqual(levels, [LogLevel.info, LogLevel.warn, LogLevel.warn])

    def test_forging(self) -> None:
        """Line ends and escapes of a peer are written out, its braces are not filled in."""
        hostile = "a\r\n2a forged \x1b[2J{session}"
        self.see(facts.LoggedIn(hostile), facts.Noted(hostile), facts.ServerUnreachable(hostile))
        self.see(
            ReplyLines(Reply(226, (hostile.encode(),))),
            transfer("RETR x", facts.Outcome.BROKEN, hostile),
        )
        for text in self.lines[1:]:
            self.assertTrue(text.isprintable(), text)
            self.assertIn(r"a\r\n2a forged \x1b[2J{session}", text)


class Ladder(LogCase):
    """Both dialogues in the notation of the tests."""

    def test_notation(self) -> None:
        """An arrow for each direction, two spaces, the line."""
        self.see(
            CommandLine(Command(b"PASV")),
            CommandLine(Command(b"EPSV"), sent=True),
            ReplyLines(Reply(229, (b"229 Extended (|||50123|)",))),
            ReplyLines(reply(211, "Features:\nUTF8\nEnd"), sent=True),
        )
        self.assertEqual(
            self.lines,
            [
                "1jd5k7q0z C -> P  PASV",
                "1jd5k7q0z P -> S  EPSV",
                "1jd5k7q0z P <- S  229 Extended (|||50123|)",
                "1jd5k7q0z C <- P  211-Features:",
                "1jd5k7q0z C <- P   UTF8",
                "1jd5k7q0z C <- P  211 End",
            ],
        )

    def test_secrets(self) -> None:
        """No secret is in any field of any event, in whatever case its verb came."""
        for verb in sorted(SECRET):
            for spelled in (verb, verb.lower(), verb.title()):
                command = parse_command(spelled + b" " + PASSWORD)
                self.see(CommandLine(command), CommandLine(command, sent=True))
        self.assertEqual(len(self.events), 6 * len(SECRET))
        for event in self.events:
            self.assertNotIn(PASSWORD.decode(), str(event))
            self.assertIn("****", formatEvent(event))


class Chosen(SynchronousTestCase):
    """``[log] to``."""

    def chosen(self, to: str, *, hosted: bool = False) -> object:
        """Where records go by that setting."""
        sink = sink_of(LogSettings(to=to), hosted=hosted)
        self.addCleanup(sink.close)
        return sink

    def test_standard_error(self) -> None:
        """In a process of ours; twistd's and twist's log takes its place."""
        self.assertIsInstance(self.chosen("stderr"), Written)
        self.assertIsInstance(self.chosen("stderr", hosted=True), TwistedLog)

    def test_by_name(self) -> None:
        """The other words have their sinks wherever we run."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
            daemon.bind(place := self.mktemp())
            self.patch(log, "SYSLOG", place)
            self.patch(log, "JOURNAL", place)
            self.choose_each()

    def test_no_daemon(self) -> None:
        """A log that nobody would take is a fault, as a file that cannot be written is."""
        for to, name in (("syslog", "SYSLOG"), ("journald", "JOURNAL")):
            self.patch(log, name, place := self.mktemp())
            fault = self.assertRaises(LogFault, self.chosen, to)
            text = f'log.to = "{to}": cannot be written: No such file or directory: {place}'
            self.assertEqual(str(fault), text)

    def choose_each(self) -> None:
        """Each word's sink."""
        for to, kind in (
            ("syslog", Datagrams),
            ("journald", Datagrams),
            (f"file:{self.mktemp()}", Written),
        ):
            self.assertIsInstance(self.chosen(to, hosted=True), kind)

    def test_closed(self) -> None:
        """Where standard error is closed, it is said what to write instead."""
        self.patch(sys, "__stderr__", None)
        fault = self.assertRaises(LogFault, self.chosen, "stderr")
        self.assertIn('write "syslog", "journald" or "file:PATH"', str(fault))
        self.assertIsInstance(self.chosen("stderr", hosted=True), TwistedLog)

    def test_of_the_settings(self) -> None:
        """The table of the settings in the words of this room."""
        said = SimpleNamespace(
            format=Form.JSON,
            to="syslog",
            ladder=True,
            commands=Which.ALL,
            xferlog=Path("/x"),
            users=Keep.SHORT,
            addresses=Keep.NONE,
            paths=Keep.WHOLE,
        )
        wanted = LogSettings(
            Form.JSON, "syslog", True, Which.ALL, "/x", Keep.SHORT, Keep.NONE, Keep.WHOLE
        )
        self.assertEqual(LogSettings.of(said), wanted)
        said.xferlog = None
        self.assertEqual(LogSettings.of(said).xferlog, "")

    def test_no_such_folder(self) -> None:
        """A file that cannot be opened is one sentence, for either file."""
        place = f"{self.mktemp()}/log"
        for key, said, settings in (
            ("to", f"file:{place}", LogSettings(to=f"file:{place}")),
            ("xferlog", place, LogSettings(xferlog=place)),
        ):
            fault = self.assertRaises(LogFault, SessionLog, settings, hosted=True)
            self.assertEqual(
                str(fault), f'log.{key} = "{said}": cannot be written: No such file or directory'
            )


class FilesCase(SynchronousTestCase):
    """Records and transfers in files."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.file, self.transfers = self.folder / "log", self.folder / "xferlog"
        self.settings = LogSettings(to=f"file:{self.file}", xferlog=str(self.transfers))
        self.log = SessionLog(self.settings, hosted=True)
        self.addCleanup(self.log.close)

    def opened(self) -> list[str]:
        """What this process has open in the folder; descriptors of others come and go."""
        found = []
        for one in Path("/proc/self/fd").iterdir():
            try:
                found.append(os.readlink(one))
            except OSError:
                continue
        return sorted(one for one in found if one.startswith(str(self.folder)))

    def flush(self) -> None:
        """All is written, what the xferlog tells the log of too."""
        for writer in reversed(self.log._writers):
            writer.flush()

    def lines(self, file: Path) -> list[str]:
        """All that this file has by now."""
        self.flush()
        return file.read_text(encoding="utf-8").splitlines()


class Files(FilesCase):
    """As they are opened at the start."""

    def test_both(self) -> None:
        """Every fact is written; a transfer of a file to both."""
        for fact in EVERY_FACT:
            self.log.see(ABOUT, fact)
        lines = self.lines(self.file)
        self.assertEqual(self.file.read_text(encoding="utf-8").count("\n"), len(lines))
        self.assertIn('"event":"session_closed"', lines[-1])
        self.assertEqual(len(self.lines(self.transfers)), 2)

    def test_moved_away(self) -> None:
        """What was moved away keeps its lines, new ones go to a new file of the name."""
        self.log.see(ABOUT, transfer())
        for file in (self.file, self.transfers):
            file.rename(f"{file}.1")
        self.log.see(ABOUT, transfer())
        self.assertFalse(self.file.exists())
        self.log.reopen()
        self.log.see(ABOUT, CLOSED)
        self.assertEqual(len(self.lines(self.file)), 1)
        self.assertEqual(self.lines(self.transfers), [])
        self.assertEqual(len(self.lines(Path(f"{self.transfers}.1"))), 2)

    def test_folder_gone(self) -> None:
        """A file that cannot be opened anew is told of, in the old one."""
        moved = self.folder.rename(f"{self.folder}.away")
        self.log.reopen()
        last = "".join(self.lines(moved / "log"))
        self.assertIn(f"log not reopened: {self.file}: No such file or directory", last)
        self.assertIn(f"log not reopened: {self.transfers}: No such", last)

    def test_full_disk(self) -> None:
        """Lines and records that were lost are told of in the log, once they can be written again."""
        for file in (self.file, self.transfers):
            file.unlink()
            file.symlink_to("/dev/full")
        self.log.reopen()
        for _ in range(3):
            self.log.see(ABOUT, transfer())
        self.flush()
        for file in (self.file, self.transfers):
            file.unlink()
        self.log.reopen()
        self.log.see(ABOUT, transfer())
        self.assertEqual(len(self.lines(self.transfers)), 1)
        found = self.lines(self.file)
        self.assertEqual(len(found), 3, found)
        self.assertIn('"4 records could not be written"', found[1])
        told = [one for one in found if '"3 lines of the xferlog could not be written"' in one]
        self.assertEqual(len(told), 1, found)


class Renewed(FilesCase):
    """Settings that are read again."""

    def renew(self, **changed: Any) -> None:
        """Go on by them."""
        said = self.settings._replace(**changed)
        with self.log.renewed(said_as(said)):
            self.log.told("before")

    def test_nothing_new(self) -> None:
        """The same settings: all goes on in the same files."""
        self.renew()
        self.log.see(ABOUT, transfer())
        self.assertEqual(len(self.lines(self.file)), 3)
        self.assertEqual(len(self.lines(self.transfers)), 1)

    def test_each(self) -> None:
        """Each setting of the table is taken."""
        new, transfers = self.folder / "new", self.folder / "transfers"
        self.renew(
            to=f"file:{new}",
            format=Form.TEXT,
            ladder=True,
            commands=Which.OFF,
            xferlog=str(transfers),
            users=Keep.NONE,
            addresses=Keep.NONE,
            paths=Keep.NONE,
        )
        self.assertTrue(self.log.ladder)
        for fact in EVERY_FACT:
            self.log.see(ABOUT, fact)
        self.assertIn("before", self.lines(self.file)[-1])
        found = "\n".join(self.lines(new))
        self.assertFalse(found.startswith("{"))
        for kept in ("anna", "192.0.2.1", "/home"):
            self.assertNotIn(kept, found)
        self.assertNotIn("DELE", found)
        self.assertEqual(self.lines(self.transfers), [])
        self.assertEqual(len(self.lines(transfers)), 2)

    def test_form(self) -> None:
        """Text in the same file, behind what is there."""
        self.renew(format=Form.TEXT)
        self.log.told("behind")
        first, last = self.lines(self.file)
        self.assertTrue(first.startswith("{"))
        self.assertTrue(last.endswith(" info behind"), last)

    def test_no_xferlog(self) -> None:
        """None any more, and one again."""
        self.renew(xferlog="")
        self.assertEqual(self.opened(), [str(self.file)])
        self.log.see(ABOUT, transfer())
        self.renew()
        self.log.see(ABOUT, transfer())
        self.assertEqual(len(self.lines(self.transfers)), 1)

    def test_fault(self) -> None:
        """A file that cannot be opened: the log goes on as it was, with no descriptor more."""
        before = self.opened()
        for changed in (
            {"to": "file:/no/such"},
            {"xferlog": "/no/such"},
            {"to": f"file:{self.folder / 'new'}", "xferlog": "/no/such", "ladder": True},
        ):
            fault = self.assertRaises(LogFault, self.renew, **changed)
            self.assertIn('/no/such": cannot be written: No such file', str(fault))
        self.log.see(ABOUT, transfer())
        self.assertFalse(self.log.ladder)
        self.assertEqual(len(self.lines(self.file)), 2)
        self.assertEqual(len(self.lines(self.transfers)), 1)
        self.assertEqual(self.opened(), before)

    def test_something_else(self) -> None:
        """What is wrong elsewhere meanwhile leaves the log as it was too."""
        before = self.opened()
        said = self.settings._replace(to=f"file:{self.folder / 'new'}", ladder=True)
        with self.assertRaises(ZeroDivisionError), self.log.renewed(said_as(said)):
            raise ZeroDivisionError
        self.log.see(ABOUT, transfer())
        self.assertFalse(self.log.ladder)
        self.assertEqual(len(self.lines(self.file)), 2)
        self.assertEqual(self.opened(), before)


def said_as(settings: LogSettings) -> Any:
    """The same as the settings' own table says it."""
    return SimpleNamespace(**settings._asdict())
