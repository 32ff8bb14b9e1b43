"""The ways a client names the server it wants, and its account at the gateway.

One reading of USER's argument from the right: an optional tail behind a space, then the last
separator begins the server, because an account may hold one itself (RFC 1919 section 4.4).  What the
wire cannot tell apart is decided by whether an account at the gateway is still wanted, then by which
accounts there are, where that is known, and then by the order of the dialects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.errors import BadArgument

HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
V6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")


class Dialect(Enum):
    """Each named as its user writes it; ``account`` is the one at the gateway."""

    SITE = "SITE server"
    OPEN = "OPEN server"
    HOST = "HOST server"
    SNI = "SNI server"
    AUTH = "AUTH account"
    USER_ACCOUNT_SERVER = "user@account@server"
    ACCOUNT_USER_SERVER = "account@user@server"
    ACCOUNT_COLON_USER = "account:user@server"
    USER_SERVER_ACCOUNT = "user@server account"
    ACCOUNT_SERVER = "account@server"
    USER_SERVER_PORT = "user@server port"
    USER_SERVER = "user@server"


# HOST is not among them: lftp sends it, with the gateway's own name, wherever FEAT lists it
DEFAULT_DIALECTS = (
    Dialect.SITE,
    Dialect.OPEN,
    Dialect.USER_ACCOUNT_SERVER,
    Dialect.USER_SERVER_ACCOUNT,
    Dialect.ACCOUNT_COLON_USER,
    Dialect.ACCOUNT_SERVER,
    Dialect.USER_SERVER_PORT,
    Dialect.USER_SERVER,
)


@value
class Named(NamedTuple):
    """What a USER names: of ``user``, ``server`` and ``account`` those that are not None."""

    dialect: Dialect | None = None
    user: bytes | None = None
    server: Server | None = None
    account: bytes | None = None


PORT_BEHIND = re.compile(rb" ([0-9]+)\Z")

IsAccount = Callable[[bytes], bool | None]
"""Tells whether there is an account of that name at the gateway; None where nobody knows."""
CUTS = 4
"""Separators at each end of a name at which an account is looked for; names have one or two."""


@value
class _Words(NamedTuple):
    """USER's argument in parts: ``left`` of the last separator, ``server``, and ``tail``."""

    left: bytes
    server: Server
    tail: bytes
    separators: bytes


def parse_user(
    argument: bytes | None,
    dialects: tuple[Dialect, ...] = DEFAULT_DIALECTS,
    separators: bytes = b"@",
    *,
    account: bool = False,
    told: bool = False,
    is_account: IsAccount | None = None,
) -> Named:
    """Read USER's argument; ``account`` is True while one at the gateway is still wanted.

    This is the one reading of it: whoever asks a rule about the user or the server asks with what is
    returned here.  ``told`` is True where the server is known whoever the user is; nothing in the
    argument names one then.  Without a server in it the argument is the user, or the account where
    one is wanted.

    Where an account is wanted ``is_account`` may know that there is one of a name (True), that there
    is none, or neither (None).  Of all readings the first that names an account which exists counts,
    the whole argument before any part of it: accounts may be mail addresses.  Where none does, the
    wire decides as without it.

    Raise BadArgument where a server is named and cannot be read.
    """
    steps = reading(
        argument, dialects, separators, account=account, told=told, is_account=is_account
    )
    return next(step.named for step in steps if step.named is not None)


class Lack(Enum):
    """Why a dialect does not read the words, or where there is no dialect, why the whole is one name."""

    TOLD = "the server is known without it"
    SEPARATOR = "no separator stands in it"
    DIALECTS = "no dialect names a server in USER"
    COMMAND = "it has a command of its own"
    ACCOUNT = "it names an account, and none is wanted"
    FORM = "the words have another form"


@value
class Read(NamedTuple):
    """A dialect was asked: what it reads, or why it does not.  Without a dialect the whole argument is
    one name; ``known`` is True where the account that it names exists, which goes before all order."""

    dialect: Dialect | None
    lack: Lack | None = None
    named: Named | None = None
    known: bool = False


def reading(
    argument: bytes | None,
    dialects: tuple[Dialect, ...],
    separators: bytes,
    *,
    account: bool,
    told: bool,
    is_account: IsAccount | None,
) -> Iterator[Read]:
    """What ``parse_user`` goes through: the first step that has ``named`` counts.  Raise BadArgument."""
    text = argument or b""
    at = max(text.rfind(separators[i : i + 1]) for i in range(len(separators)))
    if told or at < 0 or not any(dialect in READ for dialect in dialects):
        lack = Lack.TOLD if told else Lack.SEPARATOR if at < 0 else Lack.DIALECTS
        yield Read(None, lack, Named(account=text) if account else Named(user=text))
        return
    if account and is_account is not None:
        for named in _readings(text, dialects, separators):
            if named.account is not None and is_account(named.account):
                yield Read(named.dialect, None, named, known=True)
                return
    left, right = text[:at], text[at + 1 :]
    where, _, tail = right.partition(b" ")
    if tail.isdigit() and Dialect.USER_SERVER_PORT in dialects:
        where, tail = where + b":" + tail, b""
    if tail and not (account and Dialect.USER_SERVER_ACCOUNT in dialects):
        where, tail = right, b""  # no server's name has a space: told as such
    words = _Words(left, parse_server(where), tail, separators)
    if not left:
        raise BadArgument("USER names a server but no user; write user@server.")
    for dialect in dialects:
        read = READ.get(dialect)
        if read is None:
            yield Read(dialect, Lack.COMMAND)
        elif dialect in WITH_ACCOUNT and not account:
            yield Read(dialect, Lack.ACCOUNT)
        else:
            found = read(words) if bool(tail) is (read is _tail) else None
            yield Read(dialect, Lack.FORM if found is None else None, found)
            if found is not None:
                return
    raise BadArgument("USER names a server in a way that is not accepted here.")


def _readings(text: bytes, dialects: tuple[Dialect, ...], separators: bytes) -> Iterator[Named]:
    """Every reading that names an account; what is no separator in one is part of a name there."""
    yield Named(account=text)
    if Dialect.USER_SERVER_PORT in dialects:
        text = PORT_BEHIND.sub(rb":\1", text)
    for dialect in dialects:
        for left, where, tail in _parts(text, dialect, separators):
            try:
                server = parse_server(where)
            except BadArgument:
                continue
            if dialect is Dialect.ACCOUNT_SERVER:
                yield Named(dialect, None, server, left)
            elif dialect is Dialect.USER_SERVER_ACCOUNT:
                yield Named(dialect, left, server, tail)
            elif dialect is Dialect.USER_ACCOUNT_SERVER:
                for user, account in _cuts(left, separators):
                    yield Named(dialect, user, server, account)
            elif dialect in JOINED:
                signs = b":" if dialect is Dialect.ACCOUNT_COLON_USER else separators
                for account, user in _cuts(left, signs):
                    yield Named(dialect, user, server, account)


def _parts(
    text: bytes, dialect: Dialect, separators: bytes
) -> Iterator[tuple[bytes, bytes, bytes]]:
    """What is left of the server, the server, and the tail of a dialect that has one."""
    if dialect is not Dialect.USER_SERVER_ACCOUNT:
        parts = _last(text, separators)
        if parts is not None:
            yield *parts, b""
        return
    for head, tail in _cuts(text, b" "):
        parts = _last(head, separators)
        if parts is not None:
            yield *parts, tail


def _cuts(text: bytes, signs: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Both sides of each sign, neither empty, the last one first; of many those at the ends."""
    places = [at for at in range(1, len(text) - 1) if text[at] in signs]
    if len(places) > 2 * CUTS:
        places = places[:CUTS] + places[-CUTS:]
    for at in reversed(places):
        yield text[:at], text[at + 1 :]


def _last(text: bytes, separators: bytes) -> tuple[bytes, bytes] | None:
    """Both sides of the last separator; None where there is none or a side is empty."""
    at = max(text.rfind(separators[i : i + 1]) for i in range(len(separators)))
    return (text[:at], text[at + 1 :]) if 0 < at < len(text) - 1 else None


def _first(text: bytes, separators: bytes) -> tuple[bytes, bytes] | None:
    """Both sides of the first separator; None where there is none or a side is empty."""
    found = [
        at for at in (text.find(separators[i : i + 1]) for i in range(len(separators))) if at >= 0
    ]
    at = min(found, default=-1)
    return (text[:at], text[at + 1 :]) if 0 < at < len(text) - 1 else None


def _user_account(words: _Words) -> Named | None:
    parts = _last(words.left, words.separators)
    return parts and Named(Dialect.USER_ACCOUNT_SERVER, parts[0], words.server, parts[1])


def _account_user(words: _Words) -> Named | None:
    parts = _first(words.left, words.separators)
    return parts and Named(Dialect.ACCOUNT_USER_SERVER, parts[1], words.server, parts[0])


def _colon(words: _Words) -> Named | None:
    parts = _first(words.left, b":")
    return parts and Named(Dialect.ACCOUNT_COLON_USER, parts[1], words.server, parts[0])


def _tail(words: _Words) -> Named:
    return Named(Dialect.USER_SERVER_ACCOUNT, words.left, words.server, words.tail)


def _account(words: _Words) -> Named:
    return Named(Dialect.ACCOUNT_SERVER, None, words.server, words.left)


def _user(words: _Words) -> Named:
    return Named(Dialect.USER_SERVER, words.left, words.server)


READ: dict[Dialect, Callable[[_Words], Named | None]] = {
    Dialect.USER_ACCOUNT_SERVER: _user_account,
    Dialect.ACCOUNT_USER_SERVER: _account_user,
    Dialect.ACCOUNT_COLON_USER: _colon,
    Dialect.USER_SERVER_ACCOUNT: _tail,
    Dialect.ACCOUNT_SERVER: _account,
    Dialect.USER_SERVER_PORT: _user,
    Dialect.USER_SERVER: _user,
}
"""How each dialect reads the words, or that it does not fit."""

WITH_ACCOUNT = frozenset(
    {
        Dialect.USER_ACCOUNT_SERVER,
        Dialect.ACCOUNT_USER_SERVER,
        Dialect.ACCOUNT_COLON_USER,
        Dialect.USER_SERVER_ACCOUNT,
        Dialect.ACCOUNT_SERVER,
    }
)


def split_password(dialect: Dialect | None, text: bytes, separators: bytes) -> tuple[bytes, bytes]:
    """The password at the server and the one at the gateway, of a PASS that joins them.

    Raise BadArgument where there is no separator.
    """
    if dialect is Dialect.USER_ACCOUNT_SERVER:
        parts = _last(text, separators)
    elif dialect is Dialect.ACCOUNT_USER_SERVER:
        parts = _first(text, separators)
    else:
        parts = _first(text, b":")
    if parts is None:
        raise BadArgument("PASS must join two passwords as USER joins two names.")
    return parts if dialect is Dialect.USER_ACCOUNT_SERVER else (parts[1], parts[0])


JOINED = frozenset(
    {Dialect.USER_ACCOUNT_SERVER, Dialect.ACCOUNT_USER_SERVER, Dialect.ACCOUNT_COLON_USER}
)
"""Dialects whose PASS joins both passwords."""


def parse_where(argument: bytes | None) -> Server:
    """Read the argument of SITE or OPEN: a server, its port behind ``:`` or a space."""
    host, _, port = (argument or b"").strip().partition(b" ")
    return parse_server(host + b":" + port.strip() if port else host)


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
    number = port.lstrip("0")
    if not (port.isascii() and number.isdigit() and len(number) < 6 and int(number) <= 65535):
        raise BadArgument("The server's port must be a number from 1 to 65535.")
    return Server(host, int(number))


def parent_user(
    user: bytes, server: Server, separators: bytes = b"@", *, allow: bool = False
) -> bytes:
    """USER's argument for a parent FTP proxy: ``user@server``, with the port where it is not 21.

    Raise BadArgument where the parent could read another server or port in it than the one that was
    judged: a separator, ``@`` always among them, or white space in the user part.  ``allow`` is
    ``separators-in-user`` of the parent, whose administrator knows that it reads from the right.
    """
    if not allow and any(sign in user for sign in b"@ \t\v\f" + separators):
        raise BadArgument(
            "The parent proxy could read another server in this user; separators-in-user allows it."
        )
    return b"%b@%b" % (user, str(server).removesuffix(":21").encode("ascii"))
