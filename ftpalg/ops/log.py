"""The log of sessions and transfers: twisted.logger events with named fields.

Fields: session (id), client and server (addresses), and per event command, outcome, bytes, seconds,
rate (bytes per second), reason.  Passwords never get here: commands come redacted.  At the ladder
level every line of both dialogues is logged, in the notation of the tests.
"""

from __future__ import annotations

from typing import Any, Protocol

from twisted.logger import Logger

from ftpalg.core.actions import TransferDone
from ftpalg.core.commands import Command, printable
from ftpalg.core.events import CommandReceived, Link, ReplyReceived, Side
from ftpalg.core.replies import Reply


class Logged(Protocol):
    """What the log needs to know of a session."""

    name: str
    session: Any


class SessionLog:
    """Writes the events.  ``ladder`` adds the lines of both dialogues."""

    def __init__(self, *, ladder: bool = False) -> None:
        self.ladder = ladder
        self.log = Logger(namespace="ftpalg")

    def _peers(self, driver: Logged) -> dict[str, str]:
        session = driver.session
        server = f"{session.server.peer}:{session.server.peer_port}" if session.server else "-"
        if session.server and session.login.hidden:
            server = f"{session.login.server} through {server}"
        client = f"{session.client.peer}:{session.client.peer_port}"
        return {"session": driver.name, "client": client, "server": server}

    def told(self, text: str) -> None:
        self.log.info("{text}", text=text)

    def warned(self, text: str) -> None:
        self.log.warn("{text}", text=text)

    def login(self, driver: Logged, user: str) -> None:
        self.log.info(
            "{session} {client} -> {server} logged in as {user}", user=user, **self._peers(driver)
        )

    def closed(self, driver: Logged) -> None:
        self.log.info("{session} {client} -> {server} closed", **self._peers(driver))

    def refused(self, link: Link, reason: str) -> None:
        self.log.warn("{client} refused: {reason}", client=link.peer, reason=reason)

    def note(self, driver: Logged, text: str) -> None:
        self.log.warn(
            "{session} {client} -> {server} {text}",
            text=printable(text.encode("utf-8", "surrogateescape")),
            **self._peers(driver),
        )

    def intruder(self, driver: Logged, side: Side, host: str) -> None:
        self.log.warn(
            "{session} data connection of the {side} refused: it comes from {host}",
            session=driver.name,
            side=side.value,
            host=host,
        )

    def transfer(self, driver: Logged, done: TransferDone, moved: int, seconds: float) -> None:
        self.log.info(
            "{session} {client} -> {server} {command}: {outcome}, {bytes} bytes in {seconds:.3f} s"
            " ({rate:.0f} bytes/s): {reason}",
            command=done.command.shown,
            outcome=done.outcome.value,
            reason=done.reason,
            bytes=moved,
            seconds=seconds,
            rate=moved / seconds if seconds > 0 else 0.0,
            **self._peers(driver),
        )

    def received(self, driver: Logged, event: object) -> None:
        """Ladder: what came from either side."""
        if isinstance(event, CommandReceived):
            self._rung(driver, "C -> P", event.command.shown)
        elif isinstance(event, ReplyReceived):
            self._lines(driver, "P <- S", event.reply)

    def reply(self, driver: Logged, sent: Reply) -> None:
        """Ladder: what goes to the client."""
        self._lines(driver, "C <- P", sent)

    def command(self, driver: Logged, sent: Command) -> None:
        """Ladder: what goes to the server."""
        self._rung(driver, "P -> S", sent.shown)

    def _lines(self, driver: Logged, arrow: str, message: Reply) -> None:
        for line in message.lines:
            self._rung(driver, arrow, printable(line))

    def _rung(self, driver: Logged, arrow: str, text: str) -> None:
        self.log.info("{session} {arrow}  {text}", session=driver.name, arrow=arrow, text=text)
