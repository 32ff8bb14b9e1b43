"""The ways a client names the server it wants.

A: ``USER user@host[:port]``, the last ``@`` splits, because an account may hold one (RFC 1919).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ftpalg.core.actions import Server
from ftpalg.core.errors import BadArgument

HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
V6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")


@dataclass(frozen=True, slots=True)
class Login:
    """A user name, and the server named with it if one was."""

    user: bytes
    server: Server | None


def parse_user(argument: bytes | None) -> Login:
    """Read USER's argument.  Raise BadArgument where a server is named and cannot be read."""
    user, at, where = (argument or b"").rpartition(b"@")
    if not at:
        return Login(where, None)
    if not user:
        raise BadArgument("USER names a server but no user; write user@server.")
    return Login(user, parse_server(where))


def parse_server(text: bytes) -> Server:
    """Read ``name``, ``name:port``, ``[v6]`` or ``[v6]:port``.  Raise BadArgument."""
    try:
        where = text.decode("ascii")
    except UnicodeDecodeError:
        raise BadArgument("The server's name holds a byte that no host name has.") from None
    if where.startswith("["):
        host, bracket, rest = where[1:].partition("]")
        valid = bool(bracket) and ":" in host and V6.fullmatch(host) is not None
        colon, port = rest[:1], rest[1:]
        valid = valid and colon in ("", ":")
    else:
        host, colon, port = where.partition(":")
        valid = len(host) <= 253 and HOST.fullmatch(host) is not None
    if not valid:
        raise BadArgument("The server's name cannot be read; write name, name:port or [v6]:port.")
    if not colon:
        return Server(host)
    if not (port.isascii() and port.isdigit()) or not 1 <= int(port[:6]) <= 65535:
        raise BadArgument("The server's port must be a number from 1 to 65535.")
    return Server(host, int(port))
