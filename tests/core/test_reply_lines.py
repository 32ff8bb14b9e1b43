"""Lines of servers."""

from __future__ import annotations

from hypothesis import given, settings

from ftpalg.core.wire.errors import ReplyTooLong
from ftpalg.core.wire.lines import ReplyLines
from ftpalg.core.wire.replies import ReplyParser
from tests.core.splits import BYTES, LinesTest, read, splits

REPLY_LIMIT = 16


def replies() -> ReplyLines:
    """The codec under test, with a small limit."""
    return ReplyLines(REPLY_LIMIT)


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
        """Telnet at the start of a server's line is taken out too, and answered."""
        for pieces in splits(b"\xff\xfb\x01220 \xff\xffa\r\n\xff\xf1230 b\n\xff\xfd\x03"):
            self.assertEqual(
                read(replies, pieces),
                ([b"220 \xff\xffa", b"230 b"], b"\xff\xfe\x01\xff\xfc\x03"),
            )

    def test_names_with_telnet_bytes(self) -> None:
        """A server's text keeps every letter at 0xF0 to 0xFF."""
        for code in range(0xF0, 0x100):
            for name in (b"\xff%c", b"\xff%cb", b"a\xff%c\xff", b"\xff\xff%c", b"\xff%c\xff\xf0"):
                line = b'257 "%b"' % (name % code)
                for end in (b"\r\n", b"\n"):
                    for pieces in splits(line + end + b"2 " + end):
                        self.assertEqual(read(replies, pieces), ([line, b"2 "], b""))

    def test_within_a_reply(self) -> None:
        """Within a reply of several lines every line keeps them from its first byte on, however the bytes
        were cut, and whether the lines before are read already."""
        data = (
            b"\xff\xfd\x01213-a\r\n\xff\xfa\r\n\xff\xfb\x01\r\n\xff\xf9213 x\r\n213 e\r\n"
            b"\xff\xfb\x03220-x\n\xff\n220\r\n\xff\xfe\x01200 y\r\n"
        )
        names = [b"\xff\xfa", b"\xff\xfb\x01", b"\xff\xf9213 x"]
        expected = [b"213-a", *names, b"213 e", b"220-x", b"\xff", b"220", b"200 y"]
        for pieces in splits(data):
            for at_once in (True, False):
                parser, lines = ReplyParser(4096), ReplyLines(100)
                lines.replies = parser
                answers, found = b"", []
                for at, piece in enumerate(pieces, 1):
                    answers += lines.feed(piece)
                    while (at_once or at == len(pieces)) and (line := lines.next()) is not None:
                        found.append(line)
                        parser.feed(line)
                self.assertEqual(found, expected, pieces)
                self.assertEqual(answers, b"\xff\xfc\x01\xff\xfe\x03")

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
        for waiting in (b"", b"22", b"\xff", b"\xff\xfd", b"220 \xff\xfd"):
            lines = replies()
            lines.feed(b"234 Go\r\n" + waiting)
            lines.next()
            self.assertEqual(lines.empty, not waiting)
            self.assertEqual(lines.take(), waiting)
            self.assertTrue(lines.empty)

    @given(BYTES)
    @settings(max_examples=300)
    def test_any_bytes(self, data: bytes) -> None:
        """Whatever the bytes and the cuts, the lines are the same and hold no CR, LF or NUL."""
        expected = read(replies, (data,))
        for line in expected[0]:
            if isinstance(line, bytes):
                self.assertNotRegex(line, rb"[\r\n\0]")
        for pieces in splits(data):
            self.assertEqual(read(replies, pieces), expected, pieces)
