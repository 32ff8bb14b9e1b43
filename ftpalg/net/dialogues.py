"""The two dialogues of a session, as they are told line by line and their last lines kept."""

from __future__ import annotations

from typing import Protocol

from ftpalg.core.events import CommandReceived, Event, ReplyGoesOn, ReplyReceived
from ftpalg.core.facts import About, CommandLine, ReplyLines
from ftpalg.core.last_lines import Line
from ftpalg.core.wire.replies import Reply
from ftpalg.net.quoted_passwords import PasswordMasking
from ftpalg.net.recorder import Recorder


class Shared(Protocol):
    """What its sessions have in common."""

    @property
    def log(self) -> Recorder:
        """Who is told."""


class Speaking(Protocol):
    """A session, as far as it is asked here."""

    @property
    def shared(self) -> Shared:
        """What it is given."""

    @property
    def about(self) -> About:
        """Whose lines these are."""


def part_of_reply(line: bytes, *, sent: bool = False) -> ReplyLines:
    """A line of a preliminary reply that is passed on before it is whole."""
    return ReplyLines(Reply(0, (line,)), sent)


class Dialogues(PasswordMasking):
    """Passes on what is said, without passwords; ``lines`` are the last ones, None before the first.

    Nothing is kept where nobody keeps (``Recorder.last_lines``).
    """

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: bytearray | None = None

    def come(self, session: Speaking, event: Event) -> None:
        """Something has happened, which may be that a peer has said something."""
        if isinstance(event, CommandReceived):
            self.go_by(session, CommandLine(event.command))
        elif isinstance(event, ReplyReceived):
            self.go_by(session, ReplyLines(event.reply))
        elif isinstance(event, ReplyGoesOn):
            self.go_by(session, part_of_reply(event.line))

    def go_by(self, session: Speaking, line: Line) -> None:
        """A line of one of them."""
        log = session.shared.log
        if isinstance(line, ReplyLines):
            unquoted = self.unquoted(line.reply)
            if unquoted is not line.reply:
                line = line._replace(reply=unquoted)
        if log.last_lines is not None:
            self.lines = log.last_lines.keep(self.lines, line)
        if log.ladder:
            log.see(session.about, line)
