"""A session's last lines: what is kept, how much of it, and what is read from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.facts import CommandLine, ReplyLines
from ftpalg.core.last_lines import (
    MARK,
    SECONDS,
    SIZE,
    Arrow,
    LastLines,
    Line,
    Rung,
    arrow_of,
    rungs,
    texts_of,
)
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.replies import Reply, reply
from ftpalg.core.wire.secret_words import SECRET

NOW = 1_790_000_000.75
SECOND = 1_790_000_000

TEXT = st.lists(
    st.sampled_from([b"a", b"\xff", b"\x1b[2J", b" ", b"\t", b"A", b"wqNA", b"226 ok", b"x" * 600])
    | st.binary(max_size=20),
    max_size=6,
).map(lambda pieces: b"".join(pieces).translate(None, b"\0\r\n"))
"""What a line of FTP can hold; among it what buffers hold between lines."""
LINE: st.SearchStrategy[Line] = st.one_of(
    st.builds(
        CommandLine,
        st.builds(Command, st.sampled_from([b"RETR", b"SIZE", b"NOOP"]), st.none() | TEXT),
        st.booleans(),
    ),
    st.builds(
        ReplyLines,
        st.lists(TEXT, min_size=1, max_size=6).map(lambda lines: Reply(226, tuple(lines))),
        st.booleans(),
    ),
)
PASSED_ON = LINE.map(lambda line: [line._replace(sent=False), line._replace(sent=True)])
LINES = st.lists(PASSED_ON | LINE.map(lambda line: [line]), max_size=20).map(
    lambda several: [line for one in several for line in one]
)


def plain(line: Line, second: int = SECOND) -> list[Rung]:
    """What is to be read of one line."""
    return [Rung(second, arrow_of(line), text) for text in texts_of(line)]


class Kept(SynchronousTestCase):
    """One session's buffer, and a clock."""

    def setUp(self) -> None:
        self.now = NOW
        self.last = LastLines(lambda: self.now)
        self.lines: bytearray | None = None

    def keep(self, *lines: Line) -> None:
        """These lines go by."""
        for line in lines:
            self.lines = self.last.keep(self.lines, line)

    def found(self) -> list[Rung]:
        """What is read of the buffer now."""
        return list(rungs(bytes(self.lines or b""), self.now))

    def texts(self) -> list[str]:
        """The same in the tests' notation."""
        return [f"{one.arrow.value}  {one.text.decode()}" for one in self.found()]

    def pair(self, line: Line) -> Iterable[Line]:
        """It comes and is passed on."""
        return line._replace(sent=False), line._replace(sent=True)


class Reading(Kept):
    """What is kept is what went by."""

    def test_ways(self) -> None:
        """Each direction has its arrow; a reply has its lines."""
        self.keep(
            CommandLine(Command(b"PASV")),
            CommandLine(Command(b"EPSV"), sent=True),
            ReplyLines(Reply(229, (b"229 Extended (|||50123|)",))),
            ReplyLines(reply(211, "Features:\nUTF8\nEnd"), sent=True),
        )
        self.assertEqual(
            self.texts(),
            [
                "C -> P  PASV",
                "P -> S  EPSV",
                "P <- S  229 Extended (|||50123|)",
                "C <- P  211-Features:",
                "C <- P   UTF8",
                "C <- P  211 End",
            ],
        )

    def test_what_is_passed_on_is_kept_once_and_read_twice(self) -> None:
        self.keep(*self.pair(CommandLine(parse_command(b"RETR x"))))
        once = len(self.lines or b"")
        self.assertEqual(once, len("wqNAcRETR x\n"))
        self.keep(*self.pair(ReplyLines(reply(150, "a\nb\nc"))))
        self.assertEqual(
            self.texts(),
            [
                "C -> P  RETR x",
                "P -> S  RETR x",
                "P <- S  150-a",
                "P <- S   b",
                "P <- S  150 c",
                "C <- P  150-a",
                "C <- P   b",
                "C <- P  150 c",
            ],
        )

    def test_replies_behind_each_other_stay_apart(self) -> None:
        """Two that are passed on, which is not one of two lines."""
        for code in (150, 226):
            self.keep(*self.pair(ReplyLines(reply(code, "x"))))
        self.assertEqual(
            self.texts(), ["P <- S  150 x", "C <- P  150 x", "P <- S  226 x", "C <- P  226 x"]
        )

    def test_the_end_of_another_line_is_no_line(self) -> None:
        """Though it holds what would stand before it."""
        self.keep(CommandLine(Command(b"NOOP")))
        head = bytes(self.lines or b"")[:5]
        for first in ((), (CommandLine(Command(b"NOOP")),)):
            self.lines = None
            longer = CommandLine(Command(b"SITE", head + b"RETR x"))
            self.keep(*first, longer, CommandLine(Command(b"RETR", b"x"), sent=True))
            wanted = [rung for line in (*first, longer) for rung in plain(line)]
            self.assertEqual(self.found(), [*wanted, Rung(SECOND, Arrow.TO_SERVER, b"RETR x")])

    def test_seconds(self) -> None:
        """Each line has its own; one that is passed on later is kept by itself."""
        line = CommandLine(Command(b"NOOP"))
        self.keep(line)
        self.now += 0.2
        self.keep(line)
        self.now += 1
        self.keep(line._replace(sent=True))
        seconds = [(one.second - SECOND, one.arrow.value) for one in self.found()]
        self.assertEqual(seconds, [(0, "C -> P"), (0, "C -> P"), (1, "P -> S")])

    def test_long_ago_and_a_clock_set_back(self) -> None:
        self.keep(CommandLine(Command(b"NOOP")))
        for now in (NOW + SECONDS // 2 - 1, NOW - 3600):
            self.now = now
            self.assertEqual([one.second for one in self.found()], [SECOND])

    def test_one_line(self) -> None:
        """Its way and its text, as they are also told."""
        command, message = Command(b"PASS", b"hunter2"), Reply(230, (b"230-a", b"230 \xff"))
        for line, arrow, texts in (
            (CommandLine(command), "C -> P", (b"PASS ****",)),
            (CommandLine(Command(b"RETR", b"\xff"), sent=True), "P -> S", (b"RETR \xff",)),
            (ReplyLines(message), "P <- S", message.lines),
            (ReplyLines(message, sent=True), "C <- P", message.lines),
        ):
            self.assertEqual((arrow_of(line).value, texts_of(line)), (arrow, texts))

    def test_nothing(self) -> None:
        self.assertEqual(self.found(), [])


class Secrets(Kept):
    """What a command is known to hold."""

    def test_verbs(self) -> None:
        """In whatever case it came, in both directions."""
        for verb in (*sorted(SECRET), b"SITE PASSWD", b"QUOTE PASS", b"LITERAL PASS", b"XPSWD"):
            for spelled in (verb, verb.lower()):
                self.lines = None
                self.keep(*self.pair(CommandLine(parse_command(spelled + b" hunter2"))))
                self.assertNotIn(b"hunter2", bytes(self.lines or b""))
                self.assertEqual(len(self.found()), 2)
                self.assertTrue(self.texts()[0].endswith(" ****"), self.texts())

    @given(st.from_regex(rb"[A-Za-z@][A-Za-z0-9@]{0,15}( [A-Za-z]{1,9})? hunter2", fullmatch=True))
    def test_as_the_log_shows_it(self, line: bytes) -> None:
        """Whatever the verb: the buffer has what the log would have."""
        command = parse_command(line)
        kept = self.last.keep(None, CommandLine(command))
        (found,) = rungs(bytes(kept), NOW)
        self.assertEqual(found.text.decode(), command.shown)


class Bounds(Kept):
    """At most 2 KiB, of which the oldest whole lines go."""

    @given(LINES)
    def test_the_last_lines_are_there(self, lines: list[Line]) -> None:
        """Never more than fits; what is read is the end of what went by."""
        kept: bytearray | None = None
        for line in lines:
            kept = self.last.keep(kept, line)
            self.assertLessEqual(len(kept), SIZE)
        found = [*rungs(bytes(kept or b""), NOW)]
        wanted = [rung for line in lines for rung in plain(line)]
        if found and found[-1].text.endswith(MARK):
            self.assertTrue(wanted[-1].text.startswith(found[-1].text[: -len(MARK)]))
            self.assertTrue(all(one.text == found[-1].text for one in found))
        else:
            # of a reply whose beginning is gone both ways have lost it
            self.assertFalse(Counter(found) - Counter(wanted))
            self.assertEqual(found[-1:], wanted[-1:])

    def test_lines_go_one_by_one(self) -> None:
        """The oldest first, as many as have to."""
        for number in range(300):
            self.keep(CommandLine(parse_command(b"RETR %03d" % number)))
        numbers = [int(one.text[5:]) for one in self.found()]
        self.assertEqual(numbers, [*range(300 - SIZE // len("wqNAaRETR 000\n"), 300)])

    def test_a_reply_gives_up_its_first_lines(self) -> None:
        """Not the whole of it."""
        text = "\n".join(f"{number:03}" for number in range(140))
        self.keep(ReplyLines(reply(211, text)))
        self.assertEqual(len(self.found()), 140)
        for _ in range(100):
            self.keep(CommandLine(Command(b"NOOP")))
        self.assertEqual(len(self.found()), 204)
        self.assertEqual(self.found()[0].text, b" 036")

    def test_a_huge_reply(self) -> None:
        """Its last lines, and none of what was before."""
        self.keep(CommandLine(Command(b"STAT", b"-R")))
        for lines in ((b"",) * 20_000, (b"x" * 600,) * 20_000):
            self.keep(ReplyLines(Reply(213, (*lines, b"213 End"))))
            self.assertLessEqual(len(self.lines or b""), SIZE)
            found = self.found()
            self.assertEqual(found[-1], Rung(SECOND, Arrow.SERVER_SAYS, b"213 End"))
            self.assertEqual({one.text for one in found[:-1]}, {lines[0]})
            self.assertGreater(len(found) * (len(lines[0]) + 6), SIZE - 606)

    def test_a_huge_line(self) -> None:
        """Is cut, with a mark; also behind others of its reply, and where it is passed on."""
        self.keep(CommandLine(Command(b"NOOP")))
        command = CommandLine(Command(b"RETR", b"\xff" * 4000))
        self.keep(command)
        self.assertEqual(
            self.found(),
            [Rung(SECOND, Arrow.CLIENT_SAYS, b"RETR " + b"\xff" * (SIZE - 14) + MARK)],
        )
        self.keep(command._replace(sent=True))
        (found,) = self.found()
        self.assertEqual((found.arrow, len(self.lines or b"")), (Arrow.TO_SERVER, SIZE))
        self.keep(ReplyLines(Reply(200, (b"200-a", b"x" * 65536))))
        (found,) = self.found()
        self.assertEqual(found.text, b"x" * (SIZE - 9) + MARK)

    def test_exactly_full(self) -> None:
        """What fits is not cut, and what fits to the last byte leaves nothing before it."""
        self.keep(CommandLine(Command(b"NOOP")))
        whole = CommandLine(Command(b"RETR", b"x" * (SIZE - 11)))
        self.keep(whole)
        self.assertEqual(self.found(), plain(whole))
        self.assertEqual(len(self.lines or b""), SIZE)
        rest = CommandLine(Command(b"RETR", b"x" * (SIZE - 11 - 10)))
        self.keep(CommandLine(Command(b"NOOP")), rest)
        self.assertEqual(len(self.found()), 2)
        self.assertEqual(len(self.lines or b""), SIZE)
        self.keep(CommandLine(Command(b"SYST")))
        self.assertEqual(self.found(), [*plain(rest), *plain(CommandLine(Command(b"SYST")))])
