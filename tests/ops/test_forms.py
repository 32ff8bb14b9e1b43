"""Records as text and as JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ftpalg.core import facts
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Peer
from ftpalg.core.news import GatewayTold
from ftpalg.core.wire.commands import Command
from ftpalg.ops.forms import LONGEST, flat, line, stamp
from ftpalg.ops.record_tables import EVENTS, Record
from ftpalg.ops.settings import LogSettings, Which
from tests.ops.cases import CLOSED, NOON, NOWHERE, RecordsCase, answered, everything, transfer


class Text(RecordsCase):
    """For people."""

    settings = LogSettings(commands=Which.ALL)

    def lines(self, *seen: facts.Fact, about: About) -> list[str]:
        """The lines of these facts, without that of the beginning."""
        self.see(*seen, about=about)
        return [line(record) for record in self.made if record.event != "session_opened"]

    def test_every_event(self) -> None:
        """Each record has a line; one line, but for a traceback."""
        everything(self.records)
        for record in self.made:
            text = line(record)
            self.assertTrue(text)
            self.assertTrue(record.event == "fault" or "\n" not in text, text)
            if EVENTS[record.event].of_session:
                self.assertTrue(text.startswith("1jd5k7q0z 192.0.2.1:40000 -> 198.51.100.7:21 "))

    def test_no_server(self) -> None:
        """A session that never reached a server has a dash in its place."""
        (text,) = self.lines(CLOSED, about=NOWHERE)
        self.assertEqual(text, "1jd5k7q0z 192.0.2.1:40000 -> - CI quit, 0.0 s, 0 transfers: closed")

    def test_ipv6(self) -> None:
        """An address stands in brackets, apart from its port; JSON has two fields for it."""
        about = About("1", Peer("::1", 39958), Peer("2001:db8::1", 21))
        (text,) = self.lines(facts.LoggedIn("anna"), about=about)
        self.assertEqual(text, "1 [::1]:39958 -> [2001:db8::1]:21 logged in as anna")
        found = json.loads(flat(self.made[-1]))
        self.assertEqual((found["client_ip"], found["client_port"]), ("::1", 39958))

    def test_through_a_parent(self) -> None:
        """The connection leads to the parent: the server is named before it."""
        about = About("1", Peer("192.0.2.1", 1), Peer("198.51.100.7", 21), "files.example:21", True)
        (text,) = self.lines(CLOSED, about=about)
        self.assertIn("-> files.example:21 through 198.51.100.7:21 ", text)

    def test_login_refused(self) -> None:
        """Who, and where."""
        refused = facts.LoginRefused("Not you.", 530, Side.SERVER, "anna")
        (text,) = self.lines(refused, about=NOWHERE)
        self.assertTrue(text.endswith(" login of anna at the server refused: Not you."))

    def test_shadow(self) -> None:
        """What would have been done, and whether it is what was done."""
        rule = "f.toml:7: routes[0]"
        found = self.lines(
            facts.Shadowed(rule, "take it to a:21", differs=True),
            facts.Shadowed(rule, "take it to a:21", differs=False),
            about=NOWHERE,
        )
        would = "f.toml:7: routes[0], which is only tried, would take it to a:21"
        self.assertTrue(found[0].endswith(would), found[0])
        self.assertTrue(found[1].endswith(f"{would}: the same"), found[1])
        fields = json.loads(flat(self.made[-1]))
        self.assertEqual((fields["rule"], fields["differs"]), (rule, False))

    def test_transfer(self) -> None:
        """The rate is there for people only, and one that took no time has none."""
        quick = facts.TransferOver(transfer().command, facts.Outcome.COMPLETE, "", 3, 0.0)
        found = self.lines(transfer(), quick, about=NOWHERE)
        self.assertIn("RETR ~/a b: complete, 3000 bytes in 1.500 s (2000 bytes/s)", found[0])
        self.assertIn("(0 bytes/s)", found[1])
        self.assertNotIn("rate", flat(self.made[-1]))

    def test_braces(self) -> None:
        """Braces in a text are a text's braces."""
        self.tell(GatewayTold("told {x}"))
        self.assertEqual(line(self.made[-1]), "told {x}")


class Json(RecordsCase):
    """For programs."""

    def test_time(self) -> None:
        """RFC 3339 with microseconds, UTC."""
        self.assertEqual(stamp(NOON), "2026-09-21T14:13:20.250000Z")
        self.assertEqual(json.loads(flat(Record("notice", NOON)))["time"], stamp(NOON))

    def test_whose(self) -> None:
        """What all records of a session have is encoded once, and anew where it has changed."""
        self.see(facts.LoggedIn("anna"), facts.Noted("a"), facts.LoggedIn("bert"), facts.Noted("b"))
        found = [json.loads(flat(record)) for record in self.made]
        self.assertEqual([one["user"] for one in found], ["anna"] * 3 + ["bert"] * 2)
        self.assertIs(self.made[1].whose, self.made[2].whose)
        for record, one in zip(self.made, found, strict=True):
            head = {name: one.pop(name) for name in ("time", "event", "level")}
            self.assertEqual(list(head.values())[1:], [record.event, record.level.word])
            self.assertEqual(list(one.items()), list(record.fields.items()))

    def test_transfer(self) -> None:
        """An ordinary transfer has room for everything it has to say."""
        about = About(
            "1jd5k7q0z",
            Peer("2001:db8:1234:5678:9abc:def0:1234:5678", 54321),
            Peer("2001:db8:1234:5678:9abc:def0:1234:5678", 10021),
            "files.example:21",
            listener="[::]:21",
            route="routes[3]",
        )
        self.see(facts.LoggedIn("scanner"), answered("CWD /srv/scans/2026/11"), about=about)
        self.see(transfer("STOR invoice-00012345.pdf"), about=about)
        text = flat(self.made[-1])
        self.assertLessEqual(len(text.encode()), LONGEST)
        found = json.loads(text)
        self.assertEqual(found["path"], "/srv/scans/2026/11/invoice-00012345.pdf")
        self.assertNotIn("listener", found)  # session_opened has it
        self.assertEqual(json.loads(flat(self.made[0]))["listener"], "[::]:21")

    @hypothesis_settings(max_examples=60, deadline=None)
    @given(
        st.text(min_size=100, max_size=2_000),
        st.text(max_size=300),
        st.text(max_size=100),
    )
    def test_at_most(self, path: str, why: str, user: str) -> None:
        """However long the names are, the line is not; it is JSON all the same."""
        self.setUp()
        name = path.replace("\r", "").replace("\n", "").encode("utf-8", "surrogatepass")
        about = About("1jd5k7q0z", Peer("2001:db8::1", 54321), Peer("2001:db8::2", 21), user)
        over = facts.TransferOver(
            Command(b"STOR", name), facts.Outcome.BROKEN, why, 10**15, 10**6, "SD", "9" * 15
        )
        self.see(facts.AccountLoggedIn(user), facts.LoggedIn(user), over, about=about)
        text = flat(self.made[-1])
        self.assertLessEqual(len(text.encode()), LONGEST)
        self.assertEqual(json.loads(text)["bytes"], 10**15)

    def test_middle(self) -> None:
        """It is the middle of a path that goes."""
        self.see(transfer("STOR /begin/" + "x" * 1_000 + "/end.pdf"))
        found = json.loads(flat(self.made[-1]))["path"]
        self.assertTrue(found.startswith("/begin/x") and found.endswith("x/end.pdf"))
