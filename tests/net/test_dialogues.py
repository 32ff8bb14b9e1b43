"""The dialogues as they are told and kept: both the same, and no password in either."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import CaughtUp, CommandReceived, Event, ReplyGoesOn, ReplyReceived
from ftpalg.core.facts import About, CommandLine, Peer, ReplyLines
from ftpalg.core.last_lines import MARK, LastLines, Line, Rung, arrow_of, rungs, texts_of
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.replies import Reply, reply
from ftpalg.net.dialogues import Dialogues, part_of_reply
from tests.net.doubles import Log

NOW = 1_790_000_000
ABOUT = About("1", Peer("192.0.2.1", 40000))
PASSWORDS = st.text("aBc\xe9 .[\\x", min_size=3, max_size=12).filter(lambda one: one.strip() == one)
PIECES = st.lists(
    st.sampled_from(["PASSWORD", "password", " ", "530", "\x1b[2J", "\xff", "x", "-", "y" * 700])
).map("".join)


class Told(Log):
    """Keeps the lines that it is told."""

    def __init__(self, *, ladder: bool, last_lines: LastLines | None) -> None:
        super().__init__()
        self.ladder = ladder
        self.last_lines: Any = last_lines
        self.lines: list[Line] = []

    def see(self, about: About, fact: Any) -> None:
        assert about is ABOUT
        self.lines.append(fact)


class Spoken(SynchronousTestCase):
    """One session's dialogues."""

    def begin(self, *, ladder: bool = True, kept: bool = True) -> None:
        """Nothing has been said."""
        self.log = Told(ladder=ladder, last_lines=LastLines(lambda: NOW) if kept else None)
        self.session: Any = SimpleNamespace(shared=SimpleNamespace(log=self.log), about=ABOUT)
        self.dialogues = Dialogues()

    def come(self, *events: Event) -> None:
        """What happens; whoever speaks is heard first, as by the driver."""
        for event in events:
            self.dialogues.come(self.session, self.dialogues.heard(event))

    def send(self, line: bytes) -> None:
        """A command goes to the server."""
        command = parse_command(line)
        self.dialogues.go_by(self.session, CommandLine(command, sent=True))
        self.dialogues.sent(command)

    @property
    def kept(self) -> list[Rung]:
        """What is read of the buffer."""
        return list(rungs(bytes(self.dialogues.lines or b""), NOW))

    @property
    def told(self) -> list[Rung]:
        """What the log's ladder shows."""
        return [
            Rung(NOW, arrow_of(line), text) for line in self.log.lines for text in texts_of(line)
        ]


class Saying(Spoken):
    """What becomes of what is said."""

    def test_each_way(self) -> None:
        """What is told is kept; an event that is no line is neither."""
        self.begin()
        self.come(
            CommandReceived(Command(b"NOOP")),
            CaughtUp(),
            ReplyReceived(reply(211, "a\nb")),
            ReplyGoesOn(150, b"150-a"),
        )
        self.send(b"EPSV")
        self.dialogues.go_by(self.session, ReplyLines(reply(200, "ok"), sent=True))
        self.dialogues.go_by(self.session, part_of_reply(b"150-a", sent=True))
        shown = [f"{one.arrow.value}  {one.text.decode()}" for one in self.kept]
        self.assertEqual(
            shown,
            [
                "C -> P  NOOP",
                "P <- S  211-a",
                "P <- S  211 b",
                "P <- S  150-a",
                "P -> S  EPSV",
                "C <- P  200 ok",
                "C <- P  150-a",
            ],
        )
        self.assertEqual(self.told, self.kept)

    def test_who_is_not_there(self) -> None:
        """Kept without being told, told without being kept."""
        self.begin(ladder=False)
        self.come(CommandReceived(Command(b"NOOP")))
        self.assertEqual((len(self.kept), self.log.lines), (1, []))
        self.begin(kept=False)
        self.come(CommandReceived(Command(b"NOOP")))
        self.assertIsNone(self.dialogues.lines)
        self.assertEqual(self.log.lines, [CommandLine(Command(b"NOOP"))])


class Secrets(Spoken):
    """No password, whoever says it."""

    @given(PASSWORDS, st.lists(st.lists(PIECES, min_size=1, max_size=4), max_size=8))
    def test_never(self, password: str, answers: list[list[str]]) -> None:
        """Of PASS nothing, and nothing that a server quotes, in whatever case and piece of a reply."""
        self.begin()
        secret = password.encode("latin-1")
        line = parse_command(b"PASS " + secret)
        self.come(CommandReceived(line))
        self.send(bytes(line)[:-2])
        for pieces in answers:
            texts = [
                piece.replace("PASSWORD", password.upper()).replace("password", password)
                for piece in pieces
            ]
            lines = tuple(b" " + text.encode("latin-1") for text in texts)
            message = Reply(530, (b"530-x", *lines, b"530 x"))
            self.come(ReplyGoesOn(150, lines[0]), ReplyReceived(message))
            self.dialogues.go_by(self.session, ReplyLines(message, sent=True))
            kept = bytes(self.dialogues.lines or b"")
            if secret not in b"530-x530 x":
                self.assertNotIn(secret.lower(), kept.lower())
            whole = [one for one in self.kept if not one.text.endswith(MARK)]
            self.assertFalse(Counter(whole) - Counter(self.told))

    def test_a_reply_that_quotes_nothing_is_itself(self) -> None:
        """Though something is known that it might quote."""
        self.begin()
        self.send(b"PASS hunter2")
        for text in ("welcome", "wel\ncome"):
            self.come(ReplyReceived(said := reply(230, text)))
            (line,) = [one for one in self.log.lines[-1:] if isinstance(one, ReplyLines)]
            self.assertIs(line.reply, said)

    def test_the_lines_of_a_reply_that_goes_on(self) -> None:
        """To the client, too."""
        self.begin()
        self.send(b"PASS hunter2")
        self.dialogues.go_by(self.session, part_of_reply(b"150-Hunter2", sent=True))
        self.assertEqual(self.kept[-1].text, b"150-****")
        self.assertEqual(self.told[-1].text, b"150-****")
