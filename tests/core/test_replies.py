"""Replies: what servers send, and what clients can read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.errors import BadReply, ReplyTooLong
from ftpalg.core.replies import Reply, ReplyParser, reply

TEXT = st.text("2 1-ab0\xe9", max_size=8).map(str.encode)


def parsed(*lines: bytes, size: int = 4096) -> list[Reply]:
    """The replies that these lines make."""
    parser = ReplyParser(size)
    found = [parser.feed(line) for line in lines]
    return [message for message in found if message is not None]


class Parsing(SynchronousTestCase):
    """``ReplyParser``."""

    def test_single_lines(self) -> None:
        """One line is a reply; its text is kept, the sign behind the code becomes a space."""
        for line, expected in (
            (b"220 Hello", b"220 Hello"),
            (b"220", b"220 "),
            (b"220 ", b"220 "),
            (b"220\tHello", b"220 Hello"),
            (b"220  two", b"220  two"),
            (b"220 \xff\xe9", b"220 \xff\xe9"),
        ):
            self.assertEqual(parsed(line), [Reply(220, (expected,))])

    def test_all_codes(self) -> None:
        """Quirk 4: every code from 100 to 699 is a reply."""
        for code in range(100, 700):
            self.assertEqual(parsed(b"%d x" % code), [Reply(code, (b"%d x" % code,))])

    def test_no_replies(self) -> None:
        """What does not begin with such a code is no reply."""
        for line in (
            b"hello",
            b"22 x",
            b"099 x",
            b"700 x",
            b" 220 x",
            b"2201",
            b"-220",
            b"22\xb2 x",
        ):
            self.assertEqual(self.assertRaises(BadReply, parsed, line).code, 421)

    def test_blank_lines_between(self) -> None:
        """Quirk 3: a stray blank line between two replies is ignored."""
        self.assertEqual([m.code for m in parsed(b"220 a", b"", b" ", b"331 b")], [220, 331])

    def test_several_lines(self) -> None:
        """Quirks 1 and 2: interior lines begin with a space or ``ddd-`` whatever the server sent."""
        found = parsed(
            b"211-Status", b"211-X", b" indented", b"plain", b"", b"500 other", b"220", b"2111 x",
            b"211\tno end", b"-dash", b"211 End",
        )  # fmt: skip
        self.assertEqual(
            found,
            [
                Reply(
                    211,
                    (
                        b"211-Status", b"211-X", b" indented", b" plain", b"211-", b" 500 other",
                        b" 220", b" 2111 x", b" 211\tno end", b" -dash", b"211 End",
                    ),
                )
            ],
        )  # fmt: skip

    def test_last_line_of_digits_only(self) -> None:
        """Quirk 2: z/OS ends with three digits; the client gets a space behind them."""
        self.assertEqual(parsed(b"211-A", b"211"), [Reply(211, (b"211-A", b"211 "))])

    def test_size(self) -> None:
        """Rule 7: a reply beyond its size is refused; empty lines are not free."""
        line = b"x" * 68  # 100 bytes with its cost
        self.assertEqual(len(parsed(b"211-", *[line] * 9, b"211 End", size=1000)), 1)
        error = self.assertRaises(ReplyTooLong, parsed, b"211-", *[line] * 10, size=1000)
        self.assertEqual(
            (error.code, str(error)), (421, "The server sent a reply larger than 1000 bytes.")
        )
        self.assertRaises(ReplyTooLong, parsed, b"211-", *[b""] * 40, size=1000)

    def test_size_is_each_replys_own(self) -> None:
        """A reply's lines do not count for the next."""
        many = [b"211-", b"x" * 900, b"211 End"] * 5
        self.assertEqual(len(parsed(*many, size=1000)), 5)

    def test_empty(self) -> None:
        """``empty`` is true between two replies only."""
        parser = ReplyParser(1000)
        self.assertTrue(parser.empty)
        parser.feed(b"211-A")
        self.assertFalse(parser.empty)
        parser.feed(b"211 B")
        self.assertTrue(parser.empty)

    @given(st.lists(TEXT, max_size=6), TEXT)
    def test_clients_agree(self, inner: list[bytes], last: bytes) -> None:
        """curl, commons-net and ftplib end what we write at the same line, and read it the same."""
        inner = [line for line in inner if line[:4] not in (b"211 ", b"211")]
        (found,) = parsed(b"211-Begin", *inner, b"211 " + last)
        lines = bytes(found).split(b"\r\n")[:-1]
        self.assertEqual(len(lines), len(inner) + 2)
        for line in lines[:-1]:
            self.assertTrue(line.startswith((b" ", b"211-")), line)
        self.assertTrue(lines[-1].startswith(b"211 "))
        self.assertEqual(parsed(*lines), [found])


class Values(SynchronousTestCase):
    """``Reply`` and ``reply``."""

    def test_wire(self) -> None:
        """Every line ends with CR LF."""
        self.assertEqual(bytes(Reply(220, (b"220 a",))), b"220 a\r\n")
        self.assertEqual(bytes(Reply(220, (b"220-a", b"220 b"))), b"220-a\r\n220 b\r\n")

    def test_kinds(self) -> None:
        """1xx is preliminary, 2xx positive, and nothing else is either."""
        kinds = {n: (Reply(n, ()).preliminary, Reply(n, ()).positive) for n in (199, 200, 299, 300)}
        self.assertEqual(
            kinds, {199: (True, False), 200: (False, True), 299: (False, True), 300: (False, False)}
        )

    def test_text(self) -> None:
        """The text is the first line's."""
        self.assertEqual(Reply(220, (b"220-a", b"220 b")).text, b"a")

    def test_recoded(self) -> None:
        """Another code takes the place of the old one on every line that has it."""
        before = Reply(421, (b"421-a", b" 421 b", b"421-", b"421 c"))
        after = Reply(434, (b"434-a", b" 421 b", b"434-", b"434 c"))
        self.assertEqual(before.recoded(434), after)

    def test_texts_replaced(self) -> None:
        """The code stays."""
        self.assertEqual(
            Reply(220, (b"220 a",)).texts_replaced((b"220 b",)), Reply(220, (b"220 b",))
        )

    def test_our_own(self) -> None:
        """Line feeds make lines; the text is UTF-8."""
        self.assertEqual(bytes(reply(200, "é")), "200 é\r\n".encode())
        self.assertEqual(bytes(reply(214, "a\nb")), b"214-a\r\n214 b\r\n")
        self.assertEqual(bytes(reply(214, "a\n5 b\nc")), b"214-a\r\n 5 b\r\n214 c\r\n")
