"""What a client says to get where it wants: the dialects' own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.user_at_host import Dialect
from ftpalg.explain.question import Question

ANYBODY = b"anonymous"
"""The user of a client that names none."""
PASSWORD = b"x"
"""Whatever stands for a password: each is taken for right, and none is ever shown."""


@value
class Names(NamedTuple):
    """What USER may name, as bytes, and the sign between user and server."""

    user: bytes
    server: bytes
    account: bytes
    at: bytes


Say = Callable[[Names], tuple[bytes, ...]]

WITHOUT_ACCOUNT: dict[Dialect, Say] = {
    Dialect.USER_SERVER: lambda n: (b"USER %b%b%b" % (n.user, n.at, n.server),),
    Dialect.USER_SERVER_PORT: lambda n: (b"USER %b%b%b" % (n.user, n.at, n.server),),
    Dialect.SITE: lambda n: (b"SITE " + n.server, b"USER " + n.user),
    Dialect.OPEN: lambda n: (b"OPEN " + n.server, b"USER " + n.user),
    Dialect.HOST: lambda n: (b"HOST " + n.server, b"USER " + n.user),
}
"""How a server is named once the account is known, or where none is wanted; the first that is spoken."""

WITH_ACCOUNT: dict[Dialect, Say] = {
    Dialect.USER_ACCOUNT_SERVER: lambda n: (
        b"USER %b%b%b%b%b" % (n.user, n.at, n.account, n.at, n.server),
    ),
    Dialect.ACCOUNT_USER_SERVER: lambda n: (
        b"USER %b%b%b%b%b" % (n.account, n.at, n.user, n.at, n.server),
    ),
    Dialect.ACCOUNT_COLON_USER: lambda n: (
        b"USER %b:%b%b%b" % (n.account, n.user, n.at, n.server),
    ),
    Dialect.USER_SERVER_ACCOUNT: lambda n: (
        b"USER %b%b%b %b" % (n.user, n.at, n.server, n.account),
    ),
    Dialect.ACCOUNT_SERVER: lambda n: (
        b"USER %b%b%b" % (n.account, n.at, n.server),
        b"USER " + n.user,
    ),
}
"""How a server is named in one breath with the account, where nothing else is spoken."""


def spelled(server: Server) -> bytes:
    """A server as a client writes it."""
    return str(server).removesuffix(":21").encode("ascii")


def login(
    question: Question,
    dialects: Iterable[Dialect],
    separators: bytes,
    *,
    accounts: bool,
    intercepted: bool,
) -> tuple[bytes, ...]:
    """The commands, without passwords.

    ``accounts`` is True where an account at the gateway is wanted, ``intercepted`` where the client does
    not know of the gateway.
    """
    user = ANYBODY if question.user is None else question.user
    account = question.account if accounts else None
    first = () if account is None else (b"USER " + account,)
    if question.to is None or intercepted:
        return *first, b"USER " + user
    names = Names(user, spelled(question.to), account or b"", separators[:1])
    spoken = list(dialects)
    for dialect, say in WITHOUT_ACCOUNT.items():
        if dialect in spoken:
            said = say(names)
            begins = dialect is Dialect.HOST  # which comes before any login
            return (*said[:1], *first, *said[1:]) if begins else (*first, *said)
    for dialect, say in WITH_ACCOUNT.items():
        if dialect in spoken and account is not None:
            return say(names)
    return *first, b"USER " + user
