"""Commands: one line, one value, one table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.commands import (
    BEFORE_LOGIN,
    FOREIGN,
    KINDS,
    Command,
    Kind,
    parse_command,
)
from ftpalg.core.wire.errors import BadCommand

LINE = st.binary(max_size=40).filter(lambda b: not set(b) & set(b"\r\n\0"))


class Parsing(SynchronousTestCase):
    """``parse_command`` and ``bytes(command)``."""

    def test_lines(self) -> None:
        """The verb is upper-cased, the argument is what stands behind the first space."""
        for line, command in (
            (b"NOOP", Command(b"NOOP")),
            (b"noop", Command(b"NOOP")),
            (b"NOOP ", Command(b"NOOP", b"")),
            (b"RETR  a b ", Command(b"RETR", b" a b ")),
            (b"RETR \xff\xff\xe9", Command(b"RETR", b"\xff\xff\xe9")),
            (b"p@sw", Command(b"P@SW")),
            (b"xsha256 a", Command(b"XSHA256", b"a")),
            (b"ABCDEFGHIJKLMNOP x", Command(b"ABCDEFGHIJKLMNOP", b"x")),
        ):
            self.assertEqual(parse_command(line), command)

    def test_urgent(self) -> None:
        """What stood in front of a line is the command's to remember, and no part of its bytes."""
        for urgent in (True, False):
            command = parse_command(b"ABOR", urgent=urgent)
            self.assertEqual((command.urgent, bytes(command)), (urgent, b"ABOR\r\n"))

    def test_no_commands(self) -> None:
        """A verb is a letter and up to 15 more or digits; anything else is refused with 500."""
        for line in (
            b"",
            b"5MD5",
            b" NOOP",
            b"Host: a",
            b"NO\tOP",
            b"A" * 17,
            b"\xe9",
            b"12 3",
            b"NOOP\n",
        ):
            self.assertEqual(self.assertRaises(BadCommand, parse_command, line).code, 500)

    def test_empty_password(self) -> None:
        """Quirk 13: an empty password travels as ``PASS `` whichever way it came."""
        self.assertEqual(bytes(parse_command(b"PASS")), b"PASS \r\n")
        self.assertEqual(bytes(parse_command(b"PASS ")), b"PASS \r\n")

    @given(st.sampled_from([b"RETR", b"stor", b"XCWD"]), st.none() | LINE)
    def test_round_trip(self, verb: bytes, argument: bytes | None) -> None:
        """Rule 5: the argument's bytes pass unchanged, and so does whether there is one."""
        line = verb if argument is None else verb + b" " + argument
        self.assertEqual(bytes(parse_command(line)), verb.upper() + line[len(verb) :] + b"\r\n")

    @given(LINE)
    def test_any_line(self, line: bytes) -> None:
        """Any line is a command of one line or a BadCommand."""
        try:
            command = parse_command(line)
        except BadCommand:
            return
        self.assertEqual(bytes(command).count(b"\r\n"), 1)
        self.assertEqual(parse_command(bytes(command)[:-2]).verb, command.verb)
        self.assertTrue(command.shown.isprintable())


class Table(SynchronousTestCase):
    """The kinds of verbs."""

    def test_kinds(self) -> None:
        """A verb of the table has its kind, any other goes to the server."""
        for verb, kind in (
            (b"USER", Kind.USER),
            (b"QUIT", Kind.QUIT),
            (b"P@SW", Kind.ADDRESS),
            (b"MLSD", Kind.DOWNLOAD),
            (b"STOU", Kind.UPLOAD),
            (b"REST", Kind.RESTART),
            (b"ABOR", Kind.ABORT),
            (b"STAT", Kind.STATUS),
            (b"FEAT", Kind.FEATURES),
            (b"STRU", Kind.STRUCTURE),
            (b"ALGS", Kind.ALGS),
            (b"CPSV", Kind.REFUSED),
            (b"SITE", Kind.SITE),
            (b"XCWD", Kind.FORWARD),
            (b"PRET", Kind.FORWARD),
        ):
            self.assertIs(Command(verb).kind, kind)

    def test_each_kind_has_verbs(self) -> None:
        """Only FORWARD is without verbs of its own, and no verb of HTTP or SMTP is FTP's."""
        self.assertEqual(set(Kind) - set(KINDS.values()), {Kind.FORWARD})
        self.assertEqual(FOREIGN & set(KINDS), frozenset())


class BeforeLogin(SynchronousTestCase):
    """``passes_before_login``."""

    def test_ftp(self) -> None:
        """What FTP clients send before they log in, and every other verb of FTP, passes."""
        for verb in (
            b"user pass acct auth pbsz prot feat syst opts host clnt noop help quit lang csid stat rein"
            b" site type pwd cwd xpwd list nlst mlsd mlst retr stor size mdtm mfmt pret p@sw xsha256"
        ).split():
            self.assertTrue(parse_command(verb).passes_before_login, verb)

    def test_others(self) -> None:
        """Verbs of other protocols, and those that nobody knows, do not."""
        for verb in (
            b"VRFY XCLIENT XFORWARD EXPN HELO MAIL SEND TURN STARTTLS STLS APOP LOGIN CAPABILITY"
            b" CONFIG SLAVEOF EVAL FLUSHALL GET stats version NICK JOIN XYZZY OPEN RESP A"
        ).split():
            self.assertFalse(parse_command(verb).passes_before_login, verb)

    def test_every_known_verb(self) -> None:
        """No verb that the gateway treats in some way is unknown there; none is HTTP's or SMTP's."""
        self.assertEqual(set(KINDS) - BEFORE_LOGIN, {b"OPEN", b"RESP"})
        self.assertEqual(FOREIGN & BEFORE_LOGIN, frozenset())


class Shown(SynchronousTestCase):
    """What a log may show."""

    def test_printable(self) -> None:
        """Nothing that a peer sends moves the cursor or begins a line."""
        self.assertEqual(Command(b"RETR", b"a\x1b[2Jb").shown, r"RETR a\x1b[2Jb")
