"""No password in what is told: a server may quote what it was sent, in whatever it says.

The gateway's own is kept from its clients, too.
"""

from __future__ import annotations

import re
from typing import Any

from ftpalg.core.events import Event, ReplyGoesOn, ReplyReceived
from ftpalg.core.facts import (
    Fact,
    LoggedIn,
    LoginRefused,
    Noted,
    ProtocolError,
    ReplyLines,
    ServerUnreachable,
    SessionClosed,
    TlsFailed,
    TransferOver,
)
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import Reply

MASK = "****"
SHORTEST = 3
"""Bytes of a secret; fewer are in every other word."""
LONG = 8
"""Bytes of a secret that no file's name holds by chance."""
MOST = 8
"""Secrets that are kept: as many as may be tried at a server, and some that are changed there."""

TEXTS: dict[type, tuple[str, ...]] = {
    LoggedIn: ("text",),
    LoginRefused: ("reason",),
    Noted: ("text",),
    ProtocolError: ("reason",),
    ServerUnreachable: ("reason",),
    SessionClosed: ("text",),
    TlsFailed: ("reason",),
    TransferOver: ("reason",),
}
"""The facts that hold what a server has said, and where."""


class PasswordMasking:
    """Keeps the secrets that a server was sent until it is left; of many the last ones.

    What the client itself has said may be told to it again.  The gateway's own may not: while it logs
    in however short it is, and afterwards, where replies hold the names of files, if it is long.
    """

    __slots__ = ("_secrets", "own")

    def __init__(self) -> None:
        self._secrets: tuple[bytes, ...] = ()
        self.own = b""  # the gateway's; while there is none nothing is kept from the client

    def sent(self, command: Command, *, own: bool = False) -> None:
        """A command goes to the server; ``own`` is True where its secret is the gateway's."""
        for secret in command.secrets:
            if len(secret) >= (1 if own else SHORTEST) and secret not in self._secrets:
                self._secrets = (*self._secrets, secret)[-MOST:]
            if own:
                self.own = secret

    def logged_in(self) -> None:
        """The login is over: from now on replies hold the names of files."""
        if len(self.own) < LONG:
            self.own = b""

    def forget(self) -> None:
        """The server is left."""
        self._secrets, self.own = (), b""

    def heard(self, event: Event) -> Event:
        """What the server has said, as its client may get it."""
        if not self.own:
            return event
        if isinstance(event, ReplyReceived):
            return event._replace(reply=_masked(event.reply, (self.own,)))
        if isinstance(event, ReplyGoesOn):
            return event._replace(line=_without((self.own,), event.line))
        return event

    def unquoted(self, message: Reply) -> Reply:
        """A reply without any of them, as an observer may see it; itself where it holds none."""
        if not self._secrets:
            return message
        lines = message.lines
        said = lines[0].lower() if len(lines) == 1 else b"\n".join(lines).lower()
        for secret in self._secrets:
            if secret.lower() in said:
                return _masked(message, self._secrets)
        return message

    def told(self, fact: Fact) -> Fact:
        """The fact without any of them."""
        if not self._secrets:
            return fact
        if isinstance(fact, ReplyLines):
            return fact._replace(reply=self.unquoted(fact.reply))
        names = TEXTS.get(type(fact))
        if names is None:
            return fact
        for name in names:
            text: str = getattr(fact, name)
            masked: Any = _unprinted(self._secrets, text)
            if masked != text:
                fact = fact._replace(**{name: masked})
        if isinstance(fact, ProtocolError):
            return fact._replace(line=_without(self._secrets, fact.line))
        return fact


def _masked(message: Reply, secrets: tuple[bytes, ...]) -> Reply:
    """A reply without them, behind its code."""
    code = b"%d" % message.code
    heads = [4 if line.startswith(code) else 0 for line in message.lines]
    return message.texts_replaced(
        tuple(
            line[:head] + _without(secrets, line[head:])
            for line, head in zip(message.lines, heads, strict=True)
        )
    )


def _without(secrets: tuple[bytes, ...], text: bytes) -> bytes:
    """Bytes without them; servers that know capitals only say a password in capitals."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret.lower() in text.lower():
            text = re.sub(re.escape(secret), MASK.encode(), text, flags=re.IGNORECASE)
    return text


def _unprinted(secrets: tuple[bytes, ...], text: str) -> str:
    """The same where they are written out."""
    lower = text.lower()
    for secret in map(printable, sorted(secrets, key=len, reverse=True)):
        if secret.lower() in lower:
            text = re.sub(re.escape(secret), MASK, text, flags=re.IGNORECASE)
    return text
