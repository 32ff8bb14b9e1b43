"""Where in the server's tree a client is, from its commands and the replies to them.

RFC 959: 250 answers CWD and CDUP, 257 holds a path in quotes, a quote inside doubled (appendix II).
The directory of the login is ``~`` until a reply names it.  Names are bytes; ``..`` is taken by its
spelling, so behind a symbolic link the next PWD is right again.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ftpalg.core.value import value
from ftpalg.core.wire.commands import KINDS, Command
from ftpalg.core.wire.replies import Reply

HOME = b"~"
QUOTED = re.compile(rb'"((?:[^"]|"")*)"')
LONGEST = 4096
"""Bytes of a path that are taken from a reply: no server's system has longer ones (PATH_MAX)."""
ABSOLUTE = re.compile(rb"[/~]|[A-Za-z]:[/\\]")
"""Windows servers take and tell ``C:/…``, many servers ``~user``."""
DOWN = frozenset((b"CWD", b"XCWD"))
UP = frozenset((b"CDUP", b"XCUP"))
TOLD = frozenset((b"PWD", b"XPWD"))
STEPS = DOWN | UP | TOLD | {b"REIN"}
"""The commands that a place is followed by."""
STAYS = frozenset(KINDS) - {b"USER", b"PASS", b"ACCT", b"SITE", b"REIN", b"OPEN"} | frozenset(
    b"SIZE MDTM MLST MFMT MFCT MFF DELE MKD XMKD RNFR ALLO TYPE LANG PRET AVBL DSIZ HASH RANG"
    b" XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512 MD5 MMD5 CSID".split()
)
"""Behind these a client is where it was; RNTO may have moved the directory that it is in."""


@value
class Place(NamedTuple):
    """A directory."""

    path: bytes = HOME

    def absolute(self, name: bytes | None) -> bytes:
        """The path of a name that was said here; without one it is the place itself."""
        if not name:
            return self.path
        whole = name if ABSOLUTE.match(name) else self.path + b"/" + name
        return clean(whole)

    def after(self, command: Command, reply: Reply) -> Place:
        """Where the client is once that was answered so."""
        verb = command.verb
        if verb not in STEPS or not reply.positive:
            return self
        if verb == b"REIN":
            return Place()
        told = said(reply.text)
        if verb in TOLD:
            return Place(told) if told else self
        if told:  # pyftpdlib: 250 "/dir" is the current directory.
            return Place(told)
        return Place(self.absolute(command.argument if verb in DOWN else b".."))


@value
class Told(NamedTuple):
    """The current directory as the server itself has told it last, in 257, and nothing has moved since;
    without a path nobody knows.  ``silent`` is True where the server has been asked and would not say.

    Other than a ``Place`` it is never reckoned: what CWD led to is the server's alone to know.
    """

    path: bytes = b""
    silent: bool = False

    def after(self, verb: bytes, reply: Reply) -> Told:
        """The same once the server has answered that verb so."""
        if verb in TOLD:
            told = said(reply.text) if reply.code == 257 else b""
            return Told(told, silent=not told)
        return self if verb in STAYS else Told()


def said(text: bytes) -> bytes:
    """The absolute path in quotes that a reply holds, or nothing."""
    found = QUOTED.search(text)
    path = found[1].replace(b'""', b'"') if found else b""
    return clean(path) if ABSOLUTE.match(path) and len(path) <= LONGEST else b""


def clean(path: bytes) -> bytes:
    """The same path without ``.``, ``..`` and doubled slashes; nothing leads above the first part."""
    first, *rest = path.split(b"/")
    parts: list[bytes] = []
    for part in rest:
        if part == b".." and parts and parts[-1] != b"..":
            parts.pop()
        elif part == b".." and first == HOME:
            parts.append(part)  # above a directory whose own path nobody has told
        elif part not in (b"", b".", b".."):
            parts.append(part)
    return b"/".join([first, *parts]) or b"/"
