"""Facts become records: each event one, with its fields, and nothing that must not be there."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from ftpalg.core import facts
from ftpalg.core.ends import Moment, Reason, Refusal
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Outcome, Peer
from ftpalg.core.news import News, Probed, Refused, Stopped
from ftpalg.core.reached import ServerReached
from ftpalg.core.wire.commands import Command
from ftpalg.ops.news import OF_GATEWAY
from ftpalg.ops.record_fields import ALWAYS, FIELDS, SESSION
from ftpalg.ops.record_tables import EVENTS, Level
from ftpalg.ops.records import COUNTED, OF_SESSIONS
from ftpalg.ops.settings import Keep, LogSettings, Which
from tests.ops.cases import (
    CLOSED,
    EVERY_FACT,
    EVERY_NEWS,
    LINK,
    NOWHERE,
    RecordsCase,
    answered,
    everything,
    transfer,
)

LADDER = {facts.CommandLine, facts.ReplyLines}
MEASURED = {ServerReached}
"""Facts for the metrics alone."""


class Tables(RecordsCase):
    """No fact and no field without its place."""

    settings = LogSettings(commands=Which.ALL)

    def test_every_fact(self) -> None:
        """Each fact but the ladder's and the metrics' has its record, each piece of news too."""
        self.assertEqual(set(OF_SESSIONS), set(get_args(facts.Fact)) - LADDER - MEASURED)
        self.assertEqual({*OF_GATEWAY, *COUNTED}, set(get_args(News)))
        self.assertEqual({type(fact) for fact in EVERY_FACT}, {*OF_SESSIONS, *MEASURED})
        self.assertEqual({type(news) for news in EVERY_NEWS}, {*OF_GATEWAY, *COUNTED})

    def test_every_event(self) -> None:
        """Each event of the table is written, with fields of the table that are its own."""
        everything(self.records)
        self.assertEqual({*self.events, "untold"}, set(EVENTS))  # that one is of ops.seldom
        for record in self.made:
            event = EVENTS[record.event]
            own = set(event.fields) | set(SESSION if event.of_session else ())
            self.assertLessEqual(set(record.fields), own, record.event)

    def test_every_field(self) -> None:
        """Each field of the table is some event's."""
        used = {name for event in EVENTS.values() for name in event.fields}
        self.assertEqual(used | {*SESSION, *ALWAYS}, set(FIELDS))


class Sessions(RecordsCase):
    """One session's records."""

    def test_renewed(self) -> None:
        """Other settings hold for sessions that have begun, too."""
        self.see(facts.LoggedIn("anna"))
        self.records.take(LogSettings(users=Keep.NONE, addresses=Keep.SHORT), None)
        self.see(facts.Noted("a"))
        fields = self.last("note").fields
        self.assertEqual((fields["client_ip"], fields.get("user")), ("192.0.2.0", None))

    def test_whose(self) -> None:
        """Each record says whose it is: names and numbers in fields of their own."""
        self.see(facts.AccountLoggedIn("gus"), facts.LoggedIn("anna"))
        self.assertEqual(
            self.last("login").fields,
            {
                "session": "1jd5k7q0z",
                "client_ip": "192.0.2.1",
                "client_port": 40000,
                "server_name": "files.example:21",
                "server_ip": "198.51.100.7",
                "server_port": 21,
                "account": "gus",
                "user": "anna",
                "where": "server",
            },
        )

    def test_unknown(self) -> None:
        """What is not known is not there."""
        self.see(facts.Noted("x"), about=NOWHERE)
        named = {"session", "client_ip", "client_port", "text"}
        self.assertEqual(set(self.last("note").fields), named)

    def test_opened_once(self) -> None:
        """The beginning is written with the first record, and once."""
        self.see(facts.SessionOpened())
        self.assertEqual(self.events, [])
        self.see(
            facts.TlsStands(Side.CLIENT, "a.example", "TLSv1.3", "AES"),
            facts.LoggedIn("anna"),
            CLOSED,
        )
        self.assertEqual(self.events, ["session_opened", "login", "session_closed"])
        opened = self.made[0].fields
        told = [opened[name] for name in ("sni", "tls_version", "tls_cipher")]
        self.assertEqual(told, ["a.example", "TLSv1.3", "AES"])
        self.assertNotIn("proxy_header", opened)

    def test_opened_through_a_balancer(self) -> None:
        """The balancer whose header has told who the client is."""
        self.see(facts.SessionOpened("192.0.2.8"), facts.LoggedIn("anna"))
        self.assertEqual(self.made[0].fields["proxy_header"], "192.0.2.8")

    def test_server_s_tls(self) -> None:
        """TLS with the server is not the client's: it goes with the login there."""
        self.see(
            facts.TlsStands(Side.SERVER, "", "TLSv1.2", "AES"), facts.AccountLoggedIn("gus", "file")
        )
        self.see(facts.LoggedIn("anna", 230, "Welcome."))
        opened, here, there = (record.fields for record in self.made)
        self.assertNotIn("tls_version", opened)
        self.assertNotIn("tls_version", here)
        self.assertEqual((here["checker"], there["tls_version"]), ("file", "TLSv1.2"))
        self.assertEqual((there["code"], there["text"]), (230, "Welcome."))

    def test_login_refused(self) -> None:
        """Here and there: whom, with which code, and why."""
        self.see(facts.LoginRefused("no such account", user="gus", checker="file", delay=2.0))
        found = self.last("login_refused")
        self.assertIs(found.level, Level.WARN)
        self.assertEqual(
            [found.fields[n] for n in ("where", "account", "code", "why", "checker", "delay")],
            ["gateway", "gus", 530, "no such account", "file", 2.0],
        )
        self.see(facts.LoginRefused("Not you.", 532, Side.SERVER, "anna"))
        found = self.last("login_refused")
        self.assertEqual(
            [found.fields[name] for name in ("where", "user", "code", "text")],
            ["server", "anna", 532, "Not you."],
        )

    def test_transfer(self) -> None:
        """Everything about a transfer is in fields of its own."""
        self.see(answered("CWD /pub/new"), transfer())
        found = self.last("transfer").fields
        self.assertEqual(
            {name: found[name] for name in EVENTS["transfer"].fields if name != "why"},
            {
                "command": "RETR",
                "path": "/pub/new/a b",
                "direction": "download",
                "outcome": "complete",
                "letters": "--",
                "bytes": 3_000,
                "seconds": 1.5,
                "rest": "100",
                "client_mode": "active",
                "server_mode": "passive",
                "data_ports": (5001, 50123),
                "client_tls": False,
                "server_tls": True,
                "tls_resumed": "server",
            },
        )

    def test_broken(self) -> None:
        """A transfer that broke is a warning, and says why; the server's praise is left out."""
        self.see(transfer("STOR x", Outcome.BROKEN, "client: reset"))
        self.assertEqual(self.made[-1].fields["why"], "client: reset")
        self.assertIs(self.last("transfer").level, Level.WARN)
        self.assertEqual(self.made[-1].fields["direction"], "upload")
        self.see(transfer())
        self.assertIs(self.last("transfer").level, Level.INFO)

    def test_list(self) -> None:
        """A list is of the directory; the options of ls are no path."""
        for line in ("LIST", "LIST -la", "NLST -a"):
            self.see(transfer(line))
            self.assertEqual(self.last("transfer").fields["path"], "~")
        self.see(transfer("LIST -la sub"))
        self.assertEqual(self.last("transfer").fields["path"], "~/sub")

    def test_closed(self) -> None:
        """The sums of a session."""
        self.see(facts.SessionOpened())
        self.clock.advance(12.5)
        self.see(transfer(), transfer("STOR x"), transfer("APPE x"), answered("NOOP", 200), CLOSED)
        found = self.last("session_closed").fields
        self.assertEqual(
            {name: found[name] for name in EVENTS["session_closed"].fields},
            {
                "letters": "CI",
                "reason": "quit",
                "why": "Goodbye.",
                "seconds": 12.5,
                "transfers": 3,
                "bytes_in": 6_000,
                "bytes_out": 3_000,
                "commands": 1,
                "last_command": "NOOP",
            },
        )

    def test_every_end(self) -> None:
        """Each reason in each moment has letters and a word of its own."""
        seen = set()
        for reason in Reason:
            for moment in Moment:
                self.see(facts.LoggedIn("x"), facts.SessionClosed(reason, moment))
                found = self.last("session_closed").fields
                seen.add((found["letters"], found["reason"]))
        self.assertEqual(len(seen), len(Reason) * len(Moment))

    def test_behind_the_end(self) -> None:
        """What comes behind a session's end begins no other, and nothing of it is kept."""
        self.see(CLOSED, facts.Failed("at its end", "trace"))
        self.assertEqual(self.events, ["session_opened", "session_closed", "fault"])
        self.assertEqual(self.records._trails, {})


class Looks(RecordsCase):
    """Balancers and monitors that only look make no noise."""

    GONE = facts.SessionClosed(Reason.CLIENT_CLOSED, Moment.NAMING)

    def test_silent(self) -> None:
        """Who says nothing and leaves is counted, and told of once a minute."""
        for _ in range(100):
            self.see(facts.SessionOpened(), self.GONE)
        self.tell(Probed("192.0.2.8"))
        self.assertEqual(self.events, ["probed"])
        self.clock.advance(60)
        self.see(facts.SessionOpened(), self.GONE)
        self.assertEqual(self.last("probed").fields["count"], 101)
        self.tell(Stopped(0))
        self.assertEqual(self.last("stopped").fields["probes"], 102)

    def test_said_something(self) -> None:
        """Who has said a word is no balancer."""
        self.see(facts.SessionOpened(), answered("USER x", 331), self.GONE)
        self.assertEqual(self.events, ["session_opened", "session_closed"])

    def test_otherwise_ended(self) -> None:
        """Who stays until it is put out is none either."""
        timeout = self.GONE._replace(reason=Reason.LOGIN_TIMEOUT)
        self.see(facts.SessionOpened(), timeout)
        self.assertEqual(self.events, ["session_opened", "session_closed"])


class Seldom(RecordsCase):
    """What happens often is told seldom."""

    def test_resource(self) -> None:
        """Once a minute each, with how often it was."""
        ports = facts.Resource(facts.What.DATA_PORTS, 10, 10)
        files = facts.Resource(facts.What.DESCRIPTORS, 1024, 1024)
        self.tell(ports, ports, files, ports)
        self.assertEqual(self.events, ["resource", "resource"])
        self.clock.advance(59.9)
        self.tell(ports)
        self.clock.advance(0.1)
        self.tell(ports)
        self.assertEqual(self.last("resource").fields["count"], 4)
        self.assertEqual(len(self.made), 3)

    def test_refused(self) -> None:
        """Who is turned away is told of each time: fail2ban counts."""
        self.tell(*[Refused(LINK, "Too many.", Refusal.TOO_MANY, "limits.sessions", 421)] * 3)
        self.assertEqual(self.events, ["refused"] * 3)
        self.assertEqual(
            self.made[0].fields,
            {
                "client_ip": "192.0.2.9",
                "client_port": 4711,
                "rule": "limits.sessions",
                "reason": "sessions",
                "code": 421,
                "why": "Too many.",
            },
        )
        self.tell(Refused(LINK, "no header", Refusal.BAD_HEADER, "f.toml:3: x"))
        self.assertNotIn("code", self.made[-1].fields)


class Hostile(RecordsCase):
    """Peers choose names and texts, not records."""

    SIGNS = (
        *("\x1b[2J", "\x1b]0;x\x07", "\r\n", "\x00", "\x7f", "\n"),
        *("\x85", "\x9b2J", "\x80", "\u2028", "\u2029"),
        *("\u202e", "\u202a", "\u2066", "\u2069", "\u200f", "\u061c", "\ud800", "\udc85"),
    )

    def texts(self, hostile: str) -> list[str]:
        """All texts of all records, where each text that a peer may choose is this one."""
        raw = hostile.encode("utf-8", "surrogatepass").replace(b"\r", b"").replace(b"\n", b"")
        about = About(hostile, Peer(hostile, 1), Peer(hostile, 2), hostile)
        for fact in EVERY_FACT:
            changed: dict[str, Any] = {
                name: hostile for name in fact._fields if isinstance(getattr(fact, name), str)
            }
            if isinstance(fact, facts.TransferOver):
                changed["command"] = Command(b"STOR", raw)
            if isinstance(fact, facts.CommandAnswered):
                changed["command"] = Command(b"DELE", raw)
            self.see(fact._replace(**changed), about=about)
        for news in EVERY_NEWS:
            changed = {
                name: hostile for name in news._fields if isinstance(getattr(news, name), str)
            }
            self.tell(news._replace(**changed))
        return [
            value
            for record in self.made
            for name, value in record.fields.items()
            if isinstance(value, str) and name != "trace"
        ]

    def test_printable(self) -> None:
        """Whatever text a peer chose and in whatever field it comes, it is written out."""
        for sign in self.SIGNS:
            for text in self.texts(f"a{sign}b"):
                self.assertTrue(text.isprintable(), ascii(text))
            self.made.clear()

    def test_trace(self) -> None:
        """A traceback keeps its lines, and each of them is text."""
        self.see(facts.Failed("a\nb", "Traceback:\n  File\x1b[2J\u2028x\n"))
        found = self.last("fault").fields
        self.assertEqual(found["why"], "a\\nb")
        self.assertEqual(found["trace"], "Traceback:\n  File\\x1b[2J\\u2028x\n")

    @given(st.text(max_size=3_000))
    def test_bounded(self, text: str) -> None:
        """No text is longer than its field allows."""
        self.setUp()
        self.see(facts.LoggedIn(text), facts.ServerUnreachable(text), transfer("RETR x", why=text))
        for record in self.made:
            for name, value in record.fields.items():
                if isinstance(value, str):
                    self.assertLessEqual(len(value), FIELDS[name].longest)
