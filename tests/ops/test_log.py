"""Events with their fields, and what must never be among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.actions import Outcome, TransferDone
from ftpalg.core.commands import SECRET, Command, parse_command
from ftpalg.core.events import ClientLost, CommandReceived, Link, ReplyReceived, Side
from ftpalg.core.replies import Reply, reply
from ftpalg.core.routes import Server
from ftpalg.ops.log import SessionLog

PASSWORD = b"hunter2"


@dataclass
class Login:
    """Which server it is, and whether a parent stands before it."""

    hidden: bool = False
    server: Server = Server("files.example")


@dataclass
class Session:
    """The two links of a session."""

    login: Login = field(default_factory=Login)

    client: Link = field(default_factory=lambda: Link("192.0.2.1", "192.0.2.254", 40000))
    server: Link | None = field(default_factory=lambda: Link("198.51.100.7", "198.51.100.254", 21))


@dataclass
class Driver:
    """What the log needs to know of a session."""

    name: str = "2a"
    session: Any = field(default_factory=Session)


class LogCase(SynchronousTestCase):
    """A log whose events are kept."""

    def setUp(self) -> None:
        self.events: list[LogEvent] = []
        observer: Any = self.keep
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.log = SessionLog(ladder=True)
        self.driver = Driver()

    def keep(self, event: LogEvent) -> None:
        """Take what is ours of what everybody logs."""
        if str(event.get("log_namespace")).startswith("ftpalg"):
            self.events.append(event)

    def one(self) -> LogEvent:
        """The only event so far."""
        (event,) = self.events
        return event

    def fields(self, *names: str) -> list[Any]:
        """Those fields of the only event."""
        return [self.one()[name] for name in names]

    @property
    def lines(self) -> list[str]:
        """The events as an operator reads them."""
        return [formatEvent(event) for event in self.events]


class Events(LogCase):
    """One line for each thing worth one."""

    def test_login(self) -> None:
        """Who logged in where."""
        self.log.login(self.driver, "anna")
        self.assertEqual(
            self.fields("session", "client", "server", "user"),
            ["2a", "192.0.2.1:40000", "198.51.100.7:21", "anna"],
        )
        self.assertEqual(self.lines, ["2a 192.0.2.1:40000 -> 198.51.100.7:21 logged in as anna"])

    def test_closed_without_server(self) -> None:
        """A session that never reached a server has a dash in its place."""
        self.driver.session = Session(server=None)
        self.log.closed(self.driver)
        self.assertEqual(self.lines, ["2a 192.0.2.1:40000 -> - closed"])

    def test_transfer(self) -> None:
        """Everything about a transfer is in fields of its own."""
        done = TransferDone(Command(b"RETR", b"a b"), Outcome.BROKEN, "the server reset it")
        self.log.transfer(self.driver, done, 3_000, 1.5)
        self.assertEqual(
            self.fields("command", "outcome", "bytes", "seconds", "rate", "reason"),
            ["RETR a b", "broken", 3_000, 1.5, 2_000.0, "the server reset it"],
        )
        self.assertIn("RETR a b: broken, 3000 bytes in 1.500 s (2000 bytes/s)", self.lines[0])

    def test_transfer_in_no_time(self) -> None:
        """A transfer that took no time has no rate."""
        done = TransferDone(Command(b"STOR", b"x"), Outcome.COMPLETE, "")
        self.log.transfer(self.driver, done, 3, 0.0)
        self.assertEqual(self.one()["rate"], 0.0)

    def test_refused(self) -> None:
        """A client that was turned away is a warning with its address."""
        self.log.refused(Link("192.0.2.9", "192.0.2.254", 1), "Too many.")
        self.assertEqual(self.lines, ["192.0.2.9 refused: Too many."])
        self.assertEqual(self.one()["log_level"], LogLevel.warn)

    def test_intruder(self) -> None:
        """A stranger at a data port is a warning with its address and the side."""
        self.log.intruder(self.driver, Side.SERVER, "203.0.113.66")
        self.assertEqual(self.fields("session", "side", "host"), ["2a", "server", "203.0.113.66"])
        self.assertEqual(self.one()["log_level"], LogLevel.warn)

    def test_gateway(self) -> None:
        """Braces in a text are a text's braces."""
        self.log.told("told {x}")
        self.log.warned("warned {x}")
        self.assertEqual(self.lines, ["told {x}", "warned {x}"])
        levels = [event["log_level"] for event in self.events]
        self.assertEqual(levels, [LogLevel.info, LogLevel.warn])

    def test_namespace(self) -> None:
        """All events are of one namespace, so that an observer can choose them."""
        self.log.told("x")
        self.assertEqual(self.one()["log_namespace"], "ftpalg")


class Peers(LogCase):
    """Who a line is about."""

    def test_through_a_parent(self) -> None:
        """The connection leads to the parent: the server is named before it."""
        self.driver.session.login.hidden = True
        self.log.closed(self.driver)
        self.assertIn("files.example:21 through 198.51.100.7:21", str(formatEvent(self.events[0])))

    def test_odd_account(self) -> None:
        """A note may hold a name that is no UTF-8, as a checker gave it."""
        self.log.note(self.driver, "account m\udcfcller at the gateway")
        self.assertIn(r"account m\xfcller at", str(formatEvent(self.events[0])))


class Forging(LogCase):
    """Peers choose names and texts, not log lines."""

    HOSTILE = "a\r\n2a forged \x1b[2J{session}"

    def test_one_line_each(self) -> None:
        """Line ends and escapes of a peer are written out, its braces are not filled in."""
        done = TransferDone(Command(b"RETR", self.HOSTILE.encode()), Outcome.COMPLETE, "")
        self.log.transfer(self.driver, done, 1, 1.0)
        self.log.note(self.driver, self.HOSTILE)
        self.log.received(self.driver, ReplyReceived(Reply(226, (self.HOSTILE.encode(),))))
        self.log.command(self.driver, Command(b"RETR", self.HOSTILE.encode()))
        self.assertEqual(len(self.lines), 4)
        for line in self.lines:
            self.assertTrue(line.isprintable(), line)
            self.assertIn(r"a\r\n2a forged \x1b[2J{session}", line)


class Ladder(LogCase):
    """Both dialogues in the notation of the tests."""

    def test_notation(self) -> None:
        """An arrow for each direction, two spaces, the line."""
        sent = Reply(229, (b"229 Extended (|||50123|)",))
        self.log.received(self.driver, CommandReceived(Command(b"PASV")))
        self.log.command(self.driver, Command(b"EPSV"))
        self.log.received(self.driver, ReplyReceived(sent))
        self.log.reply(self.driver, reply(227, "Entering Passive Mode (192,0,2,1,195,80)."))
        self.assertEqual(
            self.lines,
            [
                "2a C -> P  PASV",
                "2a P -> S  EPSV",
                "2a P <- S  229 Extended (|||50123|)",
                "2a C <- P  227 Entering Passive Mode (192,0,2,1,195,80).",
            ],
        )

    def test_many_lines(self) -> None:
        """Each line of a reply is a rung."""
        self.log.reply(self.driver, reply(211, "Features:\nUTF8\nEnd"))
        self.assertEqual(
            self.lines, ["2a C <- P  211-Features:", "2a C <- P   UTF8", "2a C <- P  211 End"]
        )

    def test_other_events(self) -> None:
        """What is no line of a dialogue is no rung."""
        self.log.received(self.driver, ClientLost("gone"))
        self.assertEqual(self.events, [])


class Secrets(LogCase):
    """Passwords get nowhere."""

    def test_commands(self) -> None:
        """No secret is in any field of any event, in whatever case its verb came."""
        for verb in sorted(SECRET):
            for spelled in (verb, verb.lower(), verb.title()):
                command = parse_command(spelled + b" " + PASSWORD)
                self.log.received(self.driver, CommandReceived(command))
                self.log.command(self.driver, command)
                done = TransferDone(command, Outcome.REFUSED, "")
                self.log.transfer(self.driver, done, 0, 0.0)
        self.assertEqual(len(self.events), 9 * len(SECRET))
        for event in self.events:
            values = {k: v for k, v in event.items() if not k.startswith("log_")}
            self.assertNotIn(PASSWORD.decode(), str(values))
            self.assertNotIn(PASSWORD.decode(), formatEvent(event))
            self.assertIn("****", formatEvent(event))
