"""Bytes to lines, at every split point of the input."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.errors import BareByte, LineTooLong, ReplyTooLong
from ftpalg.core.lines import CommandLines, ReplyLines, Telnet
from tests.core.splits import Codec, read, splits

BYTES = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\0", b"\xff", b"\xfa", b"\xf0", b"\xf2", b"\xfd", b"a", b"B "]
    ),
    max_size=24,
).map(b"".join)
COMMAND_LIMIT, REPLY_LIMIT = 12, 16


class LinesTest(SynchronousTestCase):
    """A test case that reads the same bytes in every cut."""

    def all_splits(self, made: Callable[[], Codec], data: bytes, *lines: bytes | str) -> None:
        """The lines are these, however the bytes come."""
        for pieces in splits(data):
            self.assertEqual(read(made, pieces)[0], list(lines), pieces)


def commands(limit: int = COMMAND_LIMIT) -> CommandLines:
    """The codec under test, with a small limit."""
    return CommandLines(limit)


def replies() -> ReplyLines:
    """The codec under test, with a small limit."""
    return ReplyLines(REPLY_LIMIT)


class FromClients(LinesTest):
    """``CommandLines``."""

    def test_lines(self) -> None:
        """Lines end with CR LF; several in one segment are several lines."""
        self.all_splits(commands, b"NOOP\r\nUSER bob\r\n\r\nQU", b"NOOP", b"USER bob", b"")

    def test_spaces_and_bytes_are_kept(self) -> None:
        """Quirk 38: file names are bytes, leading and trailing spaces count."""
        self.all_splits(commands, b"RETR  \xe9\x80 \r\n", b"RETR  \xe9\x80 ")

    def test_bare_bytes_are_refused(self) -> None:
        """Quirk 36: a bare LF, CR or NUL is refused once, the next line is read."""
        for bad in (b"NO\nOP", b"NO\rOP", b"NO\0OP", b"NOOP\r", b"\nNOOP", b"NOOP\r\0"):
            self.all_splits(commands, bad + b"\r\nNOOP\r\n", "BareByte", b"NOOP")

    def test_limit(self) -> None:
        """Quirk 37: a line as long as the limit passes, one byte more is refused once."""
        whole = b"A" * COMMAND_LIMIT
        self.all_splits(commands, whole + b"\r\nNOOP\r\n", whole, b"NOOP")
        for more in (1, 2, 3, 100):
            data = whole + b"A" * more + b"\r\nNOOP\r\n"
            self.all_splits(commands, data, "LineTooLong", b"NOOP")

    def test_limit_wins(self) -> None:
        """An overlong line with a bare byte is one error, not two."""
        for bad in (b"\n", b"\r", b"\0"):
            data = b"A" * 20 + bad + b"A" * 20 + b"\r\nNOOP\r\n"
            self.all_splits(commands, data, "LineTooLong", b"NOOP")

    def test_errors_carry_their_words(self) -> None:
        """Both refusals are sentences with their reply code."""
        lines = commands()
        lines.feed(b"A" * 13 + b"\r\nA\nB\r\n")
        found = self.assertRaises(LineTooLong, lines.next)
        self.assertEqual((found.code, str(found)), (500, "Command line longer than 12 bytes."))
        self.assertEqual(self.assertRaises(BareByte, lines.next).code, 500)

    def test_memory_is_bounded(self) -> None:
        """Rule 7: of a line without an end no more than the limit is kept."""
        lines = commands()
        for _ in range(100):
            lines.feed(b"A" * 1000)
            self.assertIs(lines.next(), None)
        lines.feed(b"\r\n")
        self.assertRaises(LineTooLong, lines.next)
        self.assertTrue(lines.empty)

    def test_empty(self) -> None:
        """``empty`` is true only while no byte waits: STARTTLS rests on it."""
        lines = commands()
        self.assertTrue(lines.empty)
        lines.feed(b"AUTH TLS\r\nUSER")
        self.assertFalse(lines.empty)
        lines.next()
        self.assertFalse(lines.empty)
        lines.feed(b" b\r\n")
        lines.next()
        self.assertTrue(lines.empty)

    def test_bare_line_end(self) -> None:
        """A line ended by LF alone is seen, refused on demand, and does not spoil the next."""
        lines = commands()
        lines.feed(b"NOOP")
        self.assertFalse(lines.ends_bare)
        lines.feed(b"\n")
        self.assertIs(lines.next(), None)
        self.assertTrue(lines.ends_bare)
        self.assertRaises(BareByte, lines.drop_bare)
        self.assertFalse(lines.ends_bare)
        lines.feed(b"NOOP\r\n")
        self.assertEqual(lines.next(), b"NOOP")

    def test_bare_line_end_when_too_long(self) -> None:
        """Giving up an overlong line ends its skipping as well."""
        lines = commands()
        lines.feed(b"A" * 99 + b"\n")
        self.assertIs(lines.next(), None)
        self.assertTrue(lines.ends_bare)
        self.assertRaises(BareByte, lines.drop_bare)
        lines.feed(b"NOOP\r\n")
        self.assertEqual(lines.next(), b"NOOP")

    def test_take(self) -> None:
        """What waits can be taken whole, an unfinished Telnet command included; nothing is left."""
        for waiting in (b"", b"NOO", b"NOOP\r", b"NO\xff", b"NO\xff\xfb"):
            lines = commands()
            lines.feed(b"AUTH TLS\r\n" + waiting)
            lines.next()
            self.assertEqual(lines.empty, not waiting)
            self.assertEqual(lines.take(), waiting)
            self.assertTrue(lines.empty)

    def test_telnet(self) -> None:
        """Quirk 36: IAC IAC goes on as it is, WILL and DO are answered, the rest is taken out."""
        for data, line in (
            (b"A\xff\xffB", b"A\xff\xffB"),
            (b"\xff\xf4\xff\xf2ABOR", b"ABOR"),  # IP, DM: quirk 32
            (b"AB\xff\xf1OR", b"ABOR"),  # NOP
            (b"\xff\xfb\x01A\xff\xfd\x03B", b"AB"),
            (b"\xff\xfc\x01A\xff\xfe\x03B", b"AB"),
            (b"A\xff\xfa\x18\x01x\xff\xf0B", b"AB"),
            (b"A\xffB", b"A\xffB"),  # a Latin-1 name, not doubled
            (b"A\xff", b"A\xff"),
        ):
            self.all_splits(commands, data + b"\r\n", line)

    def test_telnet_answers(self) -> None:
        """WILL is answered with DONT and DO with WONT, once each."""
        for pieces in splits(b"\xff\xfb\x01NOOP\r\n\xff\xfd\x03\xff\xfc\x05"):
            self.assertEqual(read(commands, pieces), ([b"NOOP"], b"\xff\xfe\x01\xff\xfc\x03"))

    @given(BYTES)
    @settings(max_examples=300, deadline=None)
    def test_any_bytes(self, data: bytes) -> None:
        """Whatever the bytes and the cuts, the lines are the same and hold no CR, LF or NUL."""
        expected = read(commands, (data,))
        for line in expected[0]:
            if isinstance(line, bytes):
                self.assertNotRegex(line, rb"[\r\n\0]")
                self.assertLessEqual(len(line), COMMAND_LIMIT)
        for pieces in splits(data):
            self.assertEqual(read(commands, pieces), expected, pieces)


class FromServers(LinesTest):
    """``ReplyLines``."""

    def test_line_ends(self) -> None:
        """Quirk 3: LF ends a line with or without CR; NUL and stray CR are left out."""
        self.all_splits(
            replies,
            b"220 a\r\n220 b\n\n\r\n2\x0020 \0c\r\n220\r d\r\r\n",
            b"220 a", b"220 b", b"", b"", b"220 c", b"220 d",
        )  # fmt: skip

    def test_limit(self) -> None:
        """A line as long as the limit passes with either end, one byte more loses the server."""
        whole = b"2" * REPLY_LIMIT
        self.all_splits(replies, whole + b"\r\n220 x\r\n", whole, b"220 x")
        self.all_splits(replies, whole + b"\n220 x\r\n", whole, b"220 x")
        for end in (b"\r\n", b"\n"):
            self.all_splits(replies, whole + b"2" + end, "ReplyTooLong")
        self.all_splits(replies, whole + b"222", "ReplyTooLong")

    def test_error_words(self) -> None:
        """The limit is named."""
        lines = replies()
        lines.feed(b"2" * 40)
        error = self.assertRaises(ReplyTooLong, lines.next)
        self.assertEqual(
            (error.code, str(error)), (421, "The server sent a reply line longer than 16 bytes.")
        )

    def test_telnet(self) -> None:
        """Telnet is taken out of a server's lines too, and answered."""
        for pieces in splits(b"2\xff\xfb\x0120 \xff\xffa\xff\xf1\r\n"):
            self.assertEqual(read(replies, pieces), ([b"220 \xff\xffa"], b"\xff\xfe\x01"))

    def test_empty(self) -> None:
        """``empty`` is true only while no byte waits."""
        lines = replies()
        lines.feed(b"220 a\r\n2")
        lines.next()
        self.assertFalse(lines.empty)
        lines.feed(b"20 b\r\n")
        lines.next()
        self.assertTrue(lines.empty)

    def test_take(self) -> None:
        """What waits can be taken whole, an unfinished Telnet command included; nothing is left."""
        for waiting in (b"", b"22", b"220 \xff", b"220 \xff\xfd"):
            lines = replies()
            lines.feed(b"234 Go\r\n" + waiting)
            lines.next()
            self.assertEqual(lines.empty, not waiting)
            self.assertEqual(lines.take(), waiting)
            self.assertTrue(lines.empty)

    @given(BYTES)
    @settings(max_examples=300, deadline=None)
    def test_any_bytes(self, data: bytes) -> None:
        """Whatever the bytes and the cuts, the lines are the same and hold no CR, LF or NUL."""
        expected = read(replies, (data,))
        for line in expected[0]:
            if isinstance(line, bytes):
                self.assertNotRegex(line, rb"[\r\n\0]")
        for pieces in splits(data):
            self.assertEqual(read(replies, pieces), expected, pieces)


class Subnegotiation(SynchronousTestCase):
    """``Telnet`` by itself."""

    def outcome(self, pieces: tuple[bytes, ...]) -> tuple[bytes, bytes]:
        """All text and all answers."""
        telnet = Telnet()
        found = [telnet.feed(piece) for piece in pieces]
        return b"".join(text for text, _ in found), b"".join(answer for _, answer in found)

    def test_held_is_bounded(self) -> None:
        """A subnegotiation that does not end is given up; what is held stays small."""
        text, _ = self.outcome((b"\xff\xfa" + b"x" * 300, b"NOOP"))
        self.assertEqual(text, b"x" * 300 + b"NOOP")

    def test_bound_does_not_depend_on_cuts(self) -> None:
        """A subnegotiation beyond the bound is read the same however its bytes come."""
        for size in (200, 250, 255, 256, 257, 300, 600):
            data = b"A\xff\xfa" + b"x" * size + b"\xff\xf0B"
            whole = self.outcome((data,))
            for at in range(1, len(data)):
                self.assertEqual(self.outcome((data[:at], data[at:])), whole, (size, at))

    def test_plain_text_is_not_copied(self) -> None:
        """Bytes without Telnet come back as they are."""
        data = b"NOOP\r\n"
        self.assertIs(Telnet().feed(data)[0], data)
