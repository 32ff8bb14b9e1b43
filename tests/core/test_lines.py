"""Bytes to lines, at every split point of the input."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.errors import BareByte, LineTooLong
from ftpalg.core.wire.lines import CommandLines, ReplyLines, Telnet
from tests.core.splits import BYTES, LinesTest, read, splits

ARGUMENT = st.lists(st.sampled_from(b"\xff\xfe\xfd\xfb\xfa\xf4\xf0a "), max_size=9).map(bytes)
COMMAND_LIMIT = 12


def commands(limit: int = COMMAND_LIMIT) -> CommandLines:
    """The codec under test, with a small limit."""
    return CommandLines(limit)


def lf_commands() -> CommandLines:
    """The codec for clients that end lines with LF alone."""
    return CommandLines(COMMAND_LIMIT, lf_lines=True)


class FromClients(LinesTest):
    """``CommandLines``."""

    def test_lines(self) -> None:
        """Lines end with CR LF; several in one segment are several lines."""
        self.all_splits(commands, b"NOOP\r\nUSER bob\r\nPWD\r\nQU", b"NOOP", b"USER bob", b"PWD")

    def test_empty_lines(self) -> None:
        """Clients that send an empty line behind each command get no answer to it."""
        self.all_splits(commands, b"\r\nNOOP\r\n\r\n\r\r\nPWD\r\n\r\nQU", b"NOOP", b"PWD")
        self.all_splits(commands, b" \r\nNOOP\r\n \t\r\n\t\r\r\n PWD\r\n", b"NOOP", b" PWD")
        lines = commands()
        lines.feed(b"\r\n" * 1000)
        self.assertFalse(lines.ends_bare)
        self.assertIs(lines.next(), None)
        self.assertEqual(lines.take(), b"")

    def test_carriage_returns_before_the_end(self) -> None:
        """CR CR LF ends a line; more CRs than a line may have bytes are one that is too long."""
        self.all_splits(commands, b"NOOP\r\r\nPWD\r\r\r\n", b"NOOP", b"PWD")
        most = b"\r" * (COMMAND_LIMIT + 1)
        self.all_splits(commands, most + b"\nNOOP\r\n", b"NOOP")
        self.all_splits(commands, most + b"\r\nNOOP\r\n", "LineTooLong", b"NOOP")

    def test_spaces_and_bytes_are_kept(self) -> None:
        """Quirk 38: file names are bytes, leading and trailing spaces count."""
        self.all_splits(commands, b"RETR  \xe9\x80 \r\n", b"RETR  \xe9\x80 ")

    def test_bare_bytes_are_refused(self) -> None:
        """Quirk 36: a bare LF, CR or NUL is refused once, the next line is read."""
        for bad in (
            b"NO\nOP",
            b"NO\rOP",
            b"NO\0OP",
            b"NOOP\n",
            b"\nNOOP",
            b"NOOP\r\0",
            b"\n",
            b"\0",
        ):
            self.all_splits(commands, bad + b"\r\nNOOP\r\n", "BareByte", b"NOOP")

    def test_judged_as_it_came(self) -> None:
        """A Telnet command cannot hide the middle of a line: it is one line, refused, never two."""
        for hidden in (b"\xff\xf1", b"\xff\xfb\x01", b"\xff\xfa\x18\xff\xf0", b"\xff"):
            for joined in (b"\r%b\n", b"\r%b", b"%b\n", b"\n%b", b"\r\r%b\n", b"\n%b\n"):
                data = b"A" + joined % hidden + b"B\r\nNOOP\r\n"
                self.all_splits(commands, data, "BareByte", b"NOOP")

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

    def test_waiting(self) -> None:
        """``waiting`` is true only while a whole line can be taken."""
        lines = ReplyLines(64)
        for data, whole in ((b"220 O", False), (b"ne\r\n2", True)):
            lines.feed(data)
            self.assertIs(lines.waiting, whole)
        lines.next()
        self.assertFalse(lines.waiting)

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

    def test_empty_with_empty_lines(self) -> None:
        """An empty line behind AUTH is nothing that could run under TLS; half of one may be."""
        lines = commands()
        lines.feed(b"AUTH TLS\r\n\r\n\r\r\n")
        lines.next()
        self.assertTrue(lines.empty)
        lines.feed(b"\r")
        self.assertFalse(lines.empty)
        lines.feed(b"\n")
        self.assertTrue(lines.empty)
        for waiting in (b"\n", b"\0", b"\r\nA", b"\r\n\xff", b"A" * 99):
            lines = commands()
            lines.feed(waiting)
            self.assertFalse(lines.empty)
            self.assertIs(lines.next(), None)
            self.assertFalse(lines.empty)

    def test_take(self) -> None:
        """What waits can be taken whole, an unfinished Telnet command included; nothing is left."""
        for waiting in (b"", b"NOO", b"NOOP\r", b"\xff", b"\xff\xfb", b"NO\xff\xfb"):
            lines = commands()
            lines.feed(b"AUTH TLS\r\n" + waiting)
            lines.next()
            self.assertEqual(lines.empty, not waiting)
            self.assertEqual(lines.take(), waiting)
            self.assertTrue(lines.empty)

    def test_telnet(self) -> None:
        """At the start of a line WILL and DO are answered, and the rest of Telnet is taken out."""
        for data, line in (
            (b"\xff\xf4\xff\xf2ABOR", b"ABOR"),  # IP, DM: quirk 32
            (b"\xff\xf1ABOR", b"ABOR"),  # NOP
            (b"\xff\xfb\x01\xff\xfd\x03AB", b"AB"),
            (b"\xff\xfc\x01\xff\xfe\x03AB", b"AB"),
            (b"\xff\xfa\x18\x01x\xff\xf0AB", b"AB"),
            (b"\xff\xffB", b"\xff\xffB"),
            (b"\xff\xff\xff\xf1B", b"\xff\xff\xff\xf1B"),
            (b"\xffB", b"\xffB"),
        ):
            self.all_splits(commands, data + b"\r\nA\r\n" + data + b"\r\n", line, b"A", line)

    def test_names_with_telnet_bytes(self) -> None:
        """Letters of Windows-1251 at 0xF0 to 0xFF stay in a name, whatever Telnet calls them."""
        for code in range(0xF0, 0x100):
            for name in (b"\xff%c", b"\xff%cb", b"a\xff%c\xff", b"\xff\xff%c", b"\xff%c\xff\xf0"):
                line = b"STOR " + name % code
                self.all_splits(commands, line + b"\r\nA\r\n", line, b"A")
                for pieces in splits(line + b"\r\n"):
                    self.assertEqual(read(commands, pieces), ([line], b""))

    def test_telnet_answers(self) -> None:
        """WILL is answered with DONT and DO with WONT, once each."""
        for pieces in splits(b"\xff\xfb\x01NOOP\r\n\xff\xfd\x03\xff\xfc\x05"):
            self.assertEqual(read(commands, pieces), ([b"NOOP"], b"\xff\xfe\x01\xff\xfc\x03"))

    def test_urgent(self) -> None:
        """IP or DM in front of a line is told with that line and no other, however the bytes come."""
        long, interrupt = b"A" * 99 + b"\r\n", b"\xff\xf4\xff\xf2"
        for data, urgent in (
            (b"NOOP\r\n" + interrupt + b"ABOR\r\nNOOP\r\n", [False, True, False]),
            (b"\xff\xf2ABOR\r\n", [True]),
            (b"\xff\xf4ABOR\r\n\xff\xf4ABOR\r\n", [True, True]),
            (interrupt + b"\r\n\r\nABOR\r\nNOOP\r\n", [True, False]),
            (b"\xff\xf1\xff\xfb\x01\xff\xffA\r\nA\xff\xf4\r\n", [False, False]),
            (interrupt + long + b"NOOP\r\n", [True, False]),
            (long + interrupt + b"ABOR\r\nNOOP\r\n", [False, True, False]),
            (b"A\nB\r\n" + interrupt + b"ABOR\r\n", [False, True]),
        ):
            for pieces in splits(data):
                lines, found = commands(), list[bool]()
                for piece in pieces:
                    lines.feed(piece)
                    while True:
                        try:
                            line = lines.next()
                        except (BareByte, LineTooLong):
                            line = b""
                        if line is None:
                            break
                        found.append(lines.urgent)
                self.assertEqual(found, urgent, pieces)

    def test_urgent_behind_lines_that_wait(self) -> None:
        """An interrupt does not overtake lines that nobody has read yet."""
        lines = commands()
        for piece in (b"NOOP\r\nPWD\r\n", b"\xff\xf4", b"\xff\xf2ABOR\r\nPWD\r\n"):
            lines.feed(piece)
        found = [(lines.next(), lines.urgent) for _ in range(4)]
        self.assertEqual([line for line, _ in found], [b"NOOP", b"PWD", b"ABOR", b"PWD"])
        self.assertEqual([urgent for _, urgent in found], [False, False, True, False])

    def test_urgent_behind_what_was_given_up(self) -> None:
        """An interrupt goes with its line where that is given up, and the next has its own."""
        lines = commands()
        lines.feed(b"\xff\xf4NOOP\n")
        self.assertRaises(BareByte, lines.drop_bare)
        lines.feed(b"PWD\r\n")
        self.assertEqual((lines.next(), lines.urgent), (b"PWD", False))
        lines.feed(b"\xff\xf4ABOR\r\nPWD\r\n")
        self.assertEqual((lines.next(), lines.urgent), (b"ABOR", True))
        self.assertEqual((lines.next(), lines.urgent), (b"PWD", False))

    def test_telnet_behind_a_dropped_line(self) -> None:
        """A line given up because of its LF is followed by the start of another."""
        lines = commands()
        lines.feed(b"NOOP\n")
        self.assertRaises(BareByte, lines.drop_bare)
        self.assertEqual(lines.feed(b"\xff\xfd\x03NOOP\r\n"), b"\xff\xfc\x03")
        self.assertEqual(lines.next(), b"NOOP")

    @given(st.lists(ARGUMENT.map(lambda argument: b"A" + argument), max_size=4))
    @settings(max_examples=50)
    def test_every_byte_of_an_argument(self, texts: list[bytes]) -> None:
        """Behind the first letter of a line every byte but CR, LF and NUL is text."""
        data = b"".join(text + b"\r\n" for text in texts)
        for pieces in splits(data):
            self.assertEqual(read(commands, pieces), (texts, b""), pieces)

    @given(BYTES)
    @settings(max_examples=300)
    def test_any_bytes(self, data: bytes) -> None:
        """Whatever the bytes and the cuts, the lines are the same and hold no CR, LF or NUL."""
        expected = read(commands, (data,))
        for line in expected[0]:
            if isinstance(line, bytes):
                self.assertNotRegex(line, rb"[\r\n\0]|\A\Z")
                self.assertLessEqual(len(line), COMMAND_LIMIT)
        for pieces in splits(data):
            self.assertEqual(read(commands, pieces), expected, pieces)


class EndedByLf(LinesTest):
    """``CommandLines`` with ``lf_lines``."""

    def test_lines(self) -> None:
        """LF, CR LF and CR CR LF end a line; empty lines are ignored."""
        self.all_splits(lf_commands, b"NOOP\nPWD\r\n\n\r\nCDUP\r\r\nQU", b"NOOP", b"PWD", b"CDUP")

    def test_bare_bytes_are_refused(self) -> None:
        """A CR or NUL inside a line is refused as ever."""
        for bad in (b"NO\rOP", b"NO\0OP", b"\rNOOP", b"NOOP\r\0"):
            self.all_splits(lf_commands, bad + b"\nNOOP\n", "BareByte", b"NOOP")

    def test_limit(self) -> None:
        """A line as long as the limit passes with either end, one byte more is refused once."""
        whole = b"A" * COMMAND_LIMIT
        for end in (b"\n", b"\r\n"):
            self.all_splits(lf_commands, whole + end + b"NOOP\n", whole, b"NOOP")
            for more in (1, 2, 3, 100):
                data = whole + b"A" * more + end + b"NOOP\n"
                self.all_splits(lf_commands, data, "LineTooLong", b"NOOP")
        for size, lines in ((COMMAND_LIMIT + 1, ()), (COMMAND_LIMIT + 2, ("LineTooLong",))):
            self.all_splits(lf_commands, b"\r" * size + b"\nNOOP\n", *lines, b"NOOP")

    def test_no_end_is_bare(self) -> None:
        """Nobody waits for a CR that is not needed."""
        lines = lf_commands()
        lines.feed(b"NOOP\n")
        self.assertFalse(lines.ends_bare)

    def test_telnet(self) -> None:
        """A line begins behind each LF."""
        for pieces in splits(b"A\n\xff\xfd\x03B\xff\xfd\n\xff\xf1C\n"):
            self.assertEqual(
                read(lf_commands, pieces), ([b"A", b"B\xff\xfd", b"C"], b"\xff\xfc\x03")
            )

    @given(BYTES)
    @settings(max_examples=200)
    def test_any_bytes(self, data: bytes) -> None:
        """Whatever the bytes and the cuts, the lines are the same and hold no CR, LF or NUL."""
        expected = read(lf_commands, (data,))
        for line in expected[0]:
            if isinstance(line, bytes):
                self.assertNotRegex(line, rb"[\r\n\0]|\A\Z")
                self.assertLessEqual(len(line), COMMAND_LIMIT)
        for pieces in splits(data):
            self.assertEqual(read(lf_commands, pieces), expected, pieces)


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
            data = b"A\n\xff\xfa" + b"x" * size + b"\xff\xf0B"
            whole = self.outcome((data,))
            for at in range(1, len(data)):
                self.assertEqual(self.outcome((data[:at], data[at:])), whole, (size, at))

    def test_plain_text_is_not_copied(self) -> None:
        """Bytes without Telnet come back as they are."""
        data = b"NOOP\r\n"
        self.assertIs(Telnet().feed(data)[0], data)
