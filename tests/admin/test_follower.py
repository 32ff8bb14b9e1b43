"""Who follows dialogues: what is told, in which order, and what becomes of a reader that does not read."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin import follower
from ftpalg.admin.follower import MOST, MOST_BYTES, TURN, Follower
from ftpalg.core.ends import Moment, Reason
from ftpalg.core.facts import (
    About,
    CommandLine,
    Failed,
    Noted,
    Peer,
    ReplyLines,
    SessionClosed,
    SessionOpened,
)
from ftpalg.core.last_lines import LastLines, Line
from ftpalg.core.news import GatewayTold
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.replies import Reply
from tests.admin.cases import Turns

NOW = 1_790_000_000.0
OVER = SessionClosed(Reason.QUIT, Moment.IDLE)


def about(name: str, host: str = "192.0.2.1") -> About:
    """Whose facts a session's are."""
    return About(name, Peer(host, 40000))


class Sessions:
    """Those that there are, with what they have said."""

    def __init__(self) -> None:
        self.reactor = Turns()
        self.reactor.advance(NOW)
        self.last = LastLines(self.reactor.seconds)
        self.open: dict[str, About] = {}
        self.lines: dict[str, bytearray] = {}
        self.follower: Follower | None = None

    def about(self, session: str) -> About | None:
        return self.open.get(session)

    def last_lines(self, session: str) -> bytes:
        return bytes(self.lines.get(session, b""))

    def say(self, whose: About, *lines: Line) -> None:
        """These go by."""
        self.open[whose.session] = whose
        for line in lines:
            self.lines[whose.session] = self.last.keep(self.lines.get(whose.session), line)
            if self.follower is not None:
                self.follower.see(whose, line)

    def end(self, whose: About) -> None:
        """It is over."""
        if self.follower is not None:
            self.follower.see(whose, OVER)
        del self.open[whose.session]
        self.lines.pop(whose.session, None)


def command(text: str) -> CommandLine:
    """A command of a client."""
    return CommandLine(parse_command(text.encode("latin-1")))


class Followed(SynchronousTestCase):
    """A follower whose reader reads as the test says."""

    def setUp(self) -> None:
        self.begin()

    def begin(self) -> None:
        """There is nobody."""
        self.sessions = Sessions()
        self.written: list[dict[str, Any]] = []
        self.reads = True
        self.ends = 0

    def write(self, line: dict[str, Any]) -> bool:
        """The reader gets a line."""
        self.assertEqual(self.ends, 0)
        self.written.append(line)
        return self.reads

    def end(self) -> None:
        """That was all."""
        self.ends += 1

    def follow(self, *before: str, one: str = "", fits: Any = lambda whose: True) -> Follower:
        """Somebody does from now on."""
        follower = Follower(self.sessions, fits, one=one, before=before)
        follower.begin(self.write, self.end)
        self.sessions.follower = follower
        return follower

    def turns(self, most: int = 10_000) -> list[str]:
        """What is written from now on."""
        begun = len(self.written)
        for _ in range(most):
            if not self.sessions.reactor.getDelayedCalls():
                break
            self.sessions.reactor.turn()
        return [f"{one['session']} {one['arrow']}  {one['text']}" for one in self.written[begun:]]


class Telling(Followed):
    """What is told of whom."""

    def test_a_session(self) -> None:
        """Its lines in the tests' notation, its beginning and its end; no other fact."""
        self.follow()
        one = about("1")
        for fact in (SessionOpened(), Noted("x"), command("PASS hunter2")):
            assert self.sessions.follower is not None
            self.sessions.follower.see(one, fact)
        self.sessions.say(one, ReplyLines(Reply(230, (b"230-a", b"230 \x1b[2J\xff"))))
        self.sessions.say(one, CommandLine(Command(b"EPSV"), sent=True))
        self.sessions.end(one)
        self.assertEqual(
            self.turns(),
            [
                "1 P ..  the session begins",
                "1 C -> P  PASS ****",
                "1 P <- S  230-a",
                r"1 P <- S  230 \x1b[2J\xff",
                "1 P -> S  EPSV",
                "1 P ..  the session is over (CI): the client said QUIT",
            ],
        )
        self.assertEqual(self.ends, 0)
        self.assertEqual(
            self.written[1],
            {
                "time": "2026-09-21T14:13:20.000000Z",
                "session": "1",
                "client_ip": "192.0.2.1",
                "client_port": 40000,
                "arrow": "C -> P",
                "text": "PASS ****",
            },
        )

    def test_nobody_else_s(self) -> None:
        """What does not fit, be it a line, an end, or what was said before."""
        self.sessions.say(about("1"), command("NOOP"))
        self.sessions.say(about("2", "192.0.2.2"), command("NOOP"))
        one = self.follow("1", "2", fits=lambda whose: whose.client.host == "192.0.2.2")
        self.sessions.say(about("1"), command("SYST"))
        self.sessions.end(about("1"))
        one.tell(GatewayTold("x"))
        self.assertEqual(self.turns(), ["2 C -> P  NOOP"])

    def test_until_it_is_over(self) -> None:
        """The one session: all that it has said is written, then the end is told, once."""
        self.sessions.say(about("1"), command("NOOP"))
        follower = self.follow(one="1")
        self.sessions.say(about("1"), command("QUIT"))
        self.sessions.end(about("1"))
        self.assertEqual(self.ends, 0)
        self.assertEqual(len(self.turns()), 2)
        self.assertEqual(self.ends, 1)
        follower.see(about("1"), OVER)
        follower.stop()
        self.assertEqual((self.turns(), self.ends), ([], 1))

    def test_over_without_a_word(self) -> None:
        """An exception, behind which nothing may be told any more."""
        self.sessions.say(about("1"))
        follower = self.follow(one="1")
        follower.see(about("1"), Failed("an exception", ""))
        self.turns()
        self.assertEqual(self.ends, 0)
        follower.see(about("1"), Failed("an exception", ""))
        del self.sessions.open["1"]
        self.turns()
        self.assertEqual(self.ends, 1)


class Back(Followed):
    """What was said before."""

    def test_comes_first(self) -> None:
        """Each session's lines stay in order, and none comes twice."""
        for name in "12":
            self.sessions.say(about(name), command("NOOP"), command("SYST"))
        self.sessions.reactor.advance(5)
        self.follow("1", "2")
        self.sessions.say(about("2"), command("PWD"))
        self.sessions.say(about("3"), command("QUIT"))
        found = self.turns()
        self.assertEqual(found[0], "3 C -> P  QUIT")
        self.assertEqual(
            found[1:],
            [
                *("1 C -> P  NOOP", "1 C -> P  SYST"),
                *("2 C -> P  NOOP", "2 C -> P  SYST", "2 C -> P  PWD"),
            ],
        )
        times = [one["time"][17:19] for one in self.written]
        self.assertEqual(times, ["25", "20", "20", "20", "20", "25"])
        self.sessions.say(about("2"), command("LIST"))
        self.assertEqual(self.turns(), ["2 C -> P  LIST"])

    def test_of_a_session_that_ends_before_its_turn(self) -> None:
        """It is told of all the same."""
        self.sessions.say(about("1"), command("NOOP"))
        self.follow("1", one="1")
        self.sessions.say(about("1"), command("QUIT"))
        self.sessions.end(about("1"))
        self.assertEqual(
            [line.partition("(")[0] for line in self.turns()],
            ["1 C -> P  NOOP", "1 C -> P  QUIT", "1 P ..  the session is over "],
        )
        self.assertEqual(self.ends, 1)

    def test_of_one_that_is_gone(self) -> None:
        """Nothing."""
        self.follow("1", "2")
        self.assertEqual(self.turns(), [])

    def test_of_many(self) -> None:
        """No turn looks at more sessions than it may write lines."""
        names = [str(name) for name in range(5 * TURN)]
        self.sessions.open = dict.fromkeys(names, about("x"))
        looked: list[About] = []

        def fits(whose: About) -> bool:
            looked.append(whose)
            return False

        self.follow(*names, fits=fits)
        self.turns(1)
        self.assertEqual(len(looked), TURN)
        self.turns()
        self.assertEqual(len(looked), 5 * TURN)


class Slow(Followed):
    """A reader that does not read, and floods."""

    def test_nothing_is_written_before_it_reads(self) -> None:
        """Then all that has waited."""
        follower = self.follow()
        self.reads = False
        self.sessions.say(about("1"), *map(command, ("NOOP", "SYST", "PWD")))
        self.assertEqual(self.turns(), ["1 C -> P  NOOP"])
        self.assertEqual(self.turns(), [])
        self.reads = True
        follower.go_on()
        self.assertEqual(self.turns(), ["1 C -> P  SYST", "1 C -> P  PWD"])

    def test_lines_are_dropped_and_counted(self) -> None:
        """At most so many wait; where some are missing that is told in their place."""
        follower = self.follow(one="1")
        self.reads = False
        self.sessions.say(about("1"), command("NOOP"))
        self.turns()
        self.sessions.say(about("1"), *[command("NOOP")] * (MOST + 18))
        self.reads = True
        follower.go_on()
        self.turns(1)
        self.sessions.say(about("1"), command("SYST"))
        found = self.turns()
        self.assertEqual(len(self.written), 1 + MOST + 1 + 1)
        self.assertRegex(found[-2], "^ P ..  18 lines are dropped here")
        self.assertEqual(found[-1], "1 C -> P  SYST")

    def test_the_end_comes_behind_the_gap(self) -> None:
        """Also where the last thing that was dropped is the end itself."""
        follower = self.follow(one="1")
        self.reads = False
        self.sessions.say(about("1"), command("NOOP"))
        self.turns()
        self.sessions.say(about("1"), *[command("NOOP")] * (MOST + 2))
        self.sessions.end(about("1"))
        self.turns()
        self.assertEqual(self.ends, 0)
        self.reads = True
        follower.go_on()
        self.assertRegex(self.turns()[-1], "^ P ..  3 lines are dropped here")
        self.assertEqual(self.ends, 1)

    def test_bytes_are_bounded(self) -> None:
        """Of huge lines fewer wait."""
        self.follow()
        self.reads = False
        huge = ReplyLines(Reply(213, (b"x" * 65536,) * 20_000))
        self.sessions.say(about("1"), command("STAT"))
        self.turns()
        assert self.sessions.follower is not None
        self.sessions.follower.see(about("1"), huge)
        self.reads = True
        self.sessions.follower.go_on()
        found = self.turns()
        self.assertEqual(len(found), MOST_BYTES // 65536 + 1)
        self.assertIn(f"{20_000 - MOST_BYTES // 65536} lines are dropped", found[-1])

    def test_no_turn_is_long(self) -> None:
        """A flood is written piece by piece."""
        self.follow()
        self.sessions.say(about("1"), *[command("NOOP")] * 1000)
        self.assertEqual(self.written, [])
        self.assertEqual(len(self.turns(1)), TURN)
        self.assertEqual(len(self.turns()), 1000 - TURN)

    def test_who_has_gone(self) -> None:
        """Nothing is written, and nothing waits to be."""
        follower = self.follow()
        self.sessions.say(about("1"), command("NOOP"))
        follower.stop()
        self.assertEqual(self.sessions.reactor.getDelayedCalls(), [])
        self.sessions.say(about("1"), command("NOOP"))
        follower.go_on()
        self.assertEqual(self.turns(), [])

    def test_who_goes_while_it_is_written_to(self) -> None:
        def write(line: dict[str, Any]) -> bool:
            self.written.append(line)
            one.stop()
            return True

        one = Follower(self.sessions, lambda whose: True, one="1")
        one.begin(write, self.end)
        self.sessions.follower = one
        self.sessions.say(about("1"), command("NOOP"), command("SYST"))
        self.sessions.end(about("1"))
        self.assertEqual((self.turns(), self.ends), (["1 C -> P  NOOP"], 0))

    @given(st.lists(st.sampled_from(["say", "huge", "turn", "stall", "read"]), max_size=60))
    def test_every_line_is_written_or_counted(self, steps: list[str]) -> None:
        """In order, whatever the reader does, and never more than the bounds wait."""
        self.begin()
        self.patch(follower, "MOST", 8)
        self.patch(follower, "MOST_BYTES", 200)
        one = self.follow()
        said = 0
        for step in steps:
            if step in ("say", "huge"):
                text = f"RETR {said:04}" + "x" * (150 if step == "huge" else 0)
                self.sessions.say(about("1"), command(text))
                said += 1
            elif step == "turn":
                self.turns(1)
            else:
                self.reads = step == "read"
                if self.reads:
                    one.go_on()
            self.assertLessEqual(len(one._waiting), 8 + 1)
        self.reads = True
        one.go_on()
        self.turns()
        expected = 0
        for line in self.written:
            gap = re.match(r"(\d+) lines are dropped", line["text"])
            if gap is not None:
                expected += int(gap[1])
            else:
                self.assertEqual(int(line["text"][5:9]), expected)
                expected += 1
        self.assertEqual(expected, said)
