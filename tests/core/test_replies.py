"""Replies: what servers send, and what clients can read."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.errors import BadReply, ReplyTooLong
from ftpalg.core.wire.replies import Interior, Reply, ReplyParser, announced, reply
from tests.core.parsing import TEXT, Asking, parsed


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
            (b"220\t\ttwo", b"220 \ttwo"),
            (b"220UNIX Type: L8", b"220 UNIX Type: L8"),
            (b"220.Hello", b"220 .Hello"),
            (b"220\xe9", b"220 \xe9"),
            (b"220(Hello)", b"220 (Hello)"),
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

    def test_lines(self) -> None:
        """Rule 7: a reply of too many lines is refused, however short they are."""
        for bound in (1, 2, 10):
            parser = ReplyParser(4096, bound)
            for line in (b"211-", *[b""] * (bound - 1)):
                self.assertIs(parser.feed(line), None)
            self.assertEqual(
                parser.feed(b"211 End"), Reply(211, (b"211-",) * bound + (b"211 End",))
            )
            for line in (b"211-", *[b""] * (bound - 1)):
                parser.feed(line)
            error = self.assertRaises(ReplyTooLong, parser.feed, b"x")
            wanted = f"The server sent a reply of more than {bound} lines."
            self.assertEqual((error.code, str(error)), (421, wanted))

    def test_blank_lines_are_bounded(self) -> None:
        """Blank lines between two replies have a bound too, and each reply begins the count anew."""
        parser = ReplyParser(4096, uncoded_lines=3, uncoded_size=10)
        for line in (
            b"",
            b"",
            b"",
            b"220 x",
            b"",
            b" ",
            b"\t",
            b"221-x",
            b"",
            b"221 x",
            b"",
            b" " * 10,
        ):
            parser.feed(line)
        self.assertRaises(ReplyTooLong, parser.feed, b" ")
        self.assertEqual(ReplyParser(4096, uncoded_lines=1).feed(b""), None)
        parser = ReplyParser(4096, uncoded_lines=1)
        parser.feed(b"")
        self.assertRaises(ReplyTooLong, parser.feed, b"")

    def test_empty(self) -> None:
        """``empty`` is true between two replies only."""
        parser = ReplyParser(1000)
        self.assertTrue(parser.empty)
        parser.feed(b"211-A")
        self.assertFalse(parser.empty)
        parser.feed(b"211 B")
        self.assertTrue(parser.empty)

    def test_held(self) -> None:
        """What has come of a reply is held until it ends, unless its lines stream."""
        parser = ReplyParser(1000)
        self.assertEqual(parser.held, 0)
        parser.feed(b"125-A")
        self.assertEqual(parser.held, 5 + ReplyParser.LINE_COST)
        parser.feed(b" bc")
        self.assertEqual(parser.held, 5 + 3 + 2 * ReplyParser.LINE_COST)
        parser.feed(b"125 D")
        self.assertEqual(parser.held, 0)
        parser.streams = True
        parser.feed(b"125-A")
        self.assertEqual(parser.held, 0)

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


class Uncoded(SynchronousTestCase):
    """Text without a code between two replies, while it may be skipped."""

    def parser(self) -> ReplyParser:
        """A parser that skips little."""
        parser = ReplyParser(4096, uncoded_lines=3, uncoded_size=40)
        parser.asker = Asking(skips_text=True)
        return parser

    def test_skipped(self) -> None:
        """A banner before the greeting and text behind the 230 are left out."""
        parser = self.parser()
        lines = (b"Welcome!", b" 220 x", b"220 Hi", b"\x1b[1mNews", b"", b"\xe9t\xe9", b"331 x")
        found = [parser.feed(line) for line in lines]
        self.assertEqual(
            found, [None, None, Reply(220, (b"220 Hi",)), None, None, None, Reply(331, (b"331 x",))]
        )
        self.assertTrue(parser.empty)

    def test_never_unasked(self) -> None:
        """Where the caller does not say so, and once it says so no more, such a line is a fault."""
        self.assertRaises(BadReply, ReplyParser(4096).feed, b"Welcome!")
        parser = self.parser()
        parser.feed(b"Welcome!")
        parser.asker = Asking(skips_text=False)
        self.assertRaises(BadReply, parser.feed, b"Welcome!")

    def test_no_text(self) -> None:
        """What looks like a code or begins with a control byte is none: nothing is guessed from it."""
        for line in (b"700 x", b"099-x", b"999", b"000 ", b"\x16\x03\x01", b"\x15", b"\0"):
            self.assertRaises(BadReply, self.parser().feed, line)

    def test_digits(self) -> None:
        """Text may begin with a number that is no code before the greeting, and while nothing is asked
        (rules and news behind the 230); else it could be a broken reply."""
        for line in (b"24 hours a day", b"2026-11-26", b"0", b"2000 x", b"700x", b"1. Be nice."):
            parser = self.parser()
            self.assertIsNone(parser.feed(line))
            parser.feed(b"230 In")
            self.assertRaises(BadReply, parser.feed, line)
            parser.asker = Asking(skips_text=True, asks_nothing=True)
            self.assertIsNone(parser.feed(line))
            self.assertEqual(parser.feed(b"257 x"), Reply(257, (b"257 x",)))
        parser.asker = Asking(skips_text=True, asks_nothing=True)
        for line in (b"700 x", b"099-x", b"999", b"\x16\x03"):
            self.assertRaises(BadReply, parser.feed, line)

    def test_other_protocols(self) -> None:
        """A greeting of another protocol is told as such, at once: such a server waits for a client of
        its own.  Behind a reply the same words are text."""
        for line, name in (
            (b"SSH-2.0-OpenSSH_9.2", "SSH"),
            (b"HTTP/1.1 400 Bad Request", "HTTP"),
            (b"* OK IMAP4rev1 ready", "IMAP"),
            (b"+OK POP3 ready", "POP3"),
            (b"RFB 003.008", "VNC"),
            (b"@RSYNCD: 31.0", "rsync"),
        ):
            error = self.assertRaises(BadReply, self.parser().feed, line)
            self.assertEqual(str(error), f"The server speaks {name}, not FTP.")
            parser = self.parser()
            parser.feed(b"230 In.")
            self.assertIsNone(parser.feed(line))

    def test_told(self) -> None:
        """The first line that was left out is kept, for the log; blank ones are nothing."""
        parser = self.parser()
        for line, kept in ((b"", b""), (b" a ", b"a"), (b"220 Hi", b"a"), (b"b", b"a")):
            parser.feed(line)
            self.assertEqual(parser.passed_over, kept)

    def test_bounds(self) -> None:
        """Rule 7: too many lines, or too many bytes, are the end; each reply begins the count anew."""
        parser = self.parser()
        for line in (b"a", b"b", b"c", b"220 x", b"a", b"b", b"c"):
            parser.feed(line)
        error = self.assertRaises(ReplyTooLong, parser.feed, b"d")
        wanted = "The server sent more than 3 lines without a reply code."
        self.assertEqual((error.code, str(error)), (421, wanted))
        parser = self.parser()
        parser.feed(b"x" * 40)
        error = self.assertRaises(ReplyTooLong, parser.feed, b"x")
        self.assertEqual(str(error), "The server sent more than 40 bytes without a reply code.")

    def test_inside_a_reply(self) -> None:
        """Inside a reply of several lines nothing is left out."""
        parser = self.parser()
        found = [parser.feed(line) for line in (b"220-a", b"text", b"220 b")]
        self.assertEqual(found[2], Reply(220, (b"220-a", b" text", b"220 b")))


class Streaming(SynchronousTestCase):
    """Lines of a preliminary reply as they come, while ``streams`` is set."""

    def fed(self, parser: ReplyParser, *lines: bytes) -> list[Any]:
        """What each line gives."""
        return [parser.feed(line) for line in lines]

    def parser(self, size: int = 4096, lines: int = 100) -> ReplyParser:
        """A parser that streams."""
        parser = ReplyParser(size, lines)
        parser.streams = True
        return parser

    def test_each_line(self) -> None:
        """z/OS: each line of its 125 is given out at once, framed so that no client takes it for the end."""
        found = self.fed(
            self.parser(), b"125-Held", b"wait", b"125-more", b"", b"250 x", b"125", b"250 Done"
        )
        self.assertEqual(
            found,
            [
                Interior(125, b"125-Held"),
                Interior(125, b" wait"),
                Interior(125, b"125-more"),
                Interior(125, b"125-"),
                Interior(125, b" 250 x"),
                Reply(125, (b"125 ",)),
                Reply(250, (b"250 Done",)),
            ],
        )

    def test_preliminary_only(self) -> None:
        """Other replies come whole."""
        found = self.fed(self.parser(), b"250-a", b"b", b"250 c", b"150 d")
        self.assertEqual(
            found,
            [None, None, Reply(250, (b"250-a", b" b", b"250 c")), Reply(150, (b"150 d",))],
        )

    def test_wanted_whole(self) -> None:
        """A greeting's 120 comes whole: nobody may pass on its lines yet."""
        parser = self.parser()
        parser.asker = Asking(skips_text=True, passes_lines=False)
        found = self.fed(parser, b"120-Wait", b"for me", b"120 Soon", b"220 Hi")
        whole = Reply(120, (b"120-Wait", b" for me", b"120 Soon"))
        self.assertEqual(found, [None, None, whole, Reply(220, (b"220 Hi",))])

    def test_switched_within_a_reply(self) -> None:
        """A reply that has begun one way ends that way."""
        parser = ReplyParser(4096)
        parser.feed(b"125-a")
        parser.streams = True
        self.assertIs(parser.feed(b"b"), None)
        self.assertEqual(parser.feed(b"125 c"), Reply(125, (b"125-a", b" b", b"125 c")))
        parser.feed(b"125-a")
        parser.streams = False
        self.assertEqual(parser.feed(b"b"), Interior(125, b" b"))
        self.assertEqual(parser.feed(b"125 c"), Reply(125, (b"125 c",)))

    def test_bounds(self) -> None:
        """What has been given out still counts: in bytes and in lines."""
        parser = self.parser(size=1000)
        self.assertEqual(len(self.fed(parser, b"125-" + b"x" * 64, *[b" " * 68] * 9)), 10)
        self.assertRaises(ReplyTooLong, parser.feed, b"x")
        parser = self.parser(lines=3)
        self.fed(parser, b"125-", b"", b"")
        self.assertRaises(ReplyTooLong, parser.feed, b"")

    @given(st.lists(TEXT, max_size=6), TEXT)
    def test_same_bytes(self, inner: list[bytes], last: bytes) -> None:
        """The client reads the same bytes either way."""
        inner = [line for line in inner if line[:4] not in (b"125 ", b"125")]
        lines = (b"125-Begin", *inner, b"125 " + last)
        (whole,) = parsed(*lines)
        parts = self.fed(self.parser(), *lines)
        self.assertTrue(all(isinstance(part, Interior) for part in parts[:-1]))
        self.assertEqual(b"".join(map(bytes, parts)), bytes(whole))


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

    def test_announced(self) -> None:
        """The size of a file as servers tell it in a 150; one that no file has is none."""
        for text, size in (
            (b"Opening BINARY mode data connection for a (1) b (1234 bytes).", 1234),
            (b"Opening ASCII mode data connection for /bin/ls (0 bytes).", 0),
            (b"Opening data channel for a.", 0),
            (b"Here it comes (-5 bytes)", 0),
            (b"Here it comes (%b bytes)" % (b"9" * 19), 0),
            (b"(7 bytes", 0),
        ):
            self.assertEqual(announced(Reply(150, (b"150 " + text,))), size, text)

    def test_our_own(self) -> None:
        """Line feeds make lines; the text is UTF-8."""
        self.assertEqual(bytes(reply(200, "é")), "200 é\r\n".encode())
        self.assertEqual(bytes(reply(214, "a\nb")), b"214-a\r\n214 b\r\n")
        self.assertEqual(bytes(reply(214, "a\n5 b\nc")), b"214-a\r\n 5 b\r\n214 c\r\n")
