"""What a session is to do at its server, and how far it has come there."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.keys import Key
from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.core.value import value
from ftpalg.core.wire.replies import Reply


class At(Key):
    """Where the login at the server is."""

    AWAY = "no server is reached yet"
    GREETING = "its greeting is awaited"
    AUTH = "AUTH is asked"
    TLS = "TLS is being begun"
    GREETED = "it takes commands; nobody has been named, so nothing it answers lets anybody in"
    READY = "USER is to come, or to come again; a PASS before it is nobody's"
    USER = "USER is asked"
    NAMED = "USER is accepted; PASS is to come"
    PASS = "PASS or ACCT is asked"
    PASSLESS = "it needed no PASS; one that the client sends all the same is answered here"
    IN = "the client is in"


@value
class Plan(NamedTuple):
    """What a session does at its server.

    ``greets`` is True where the server's greeting is the client's, because no word of the client was
    needed to find it; else the greeting, or what follows from ``user`` and ``password``, answers the
    client's command, recoded to ``welcome``.  ``greeting`` is kept while TLS is begun.  ``wrong``
    counts refused logins.
    """

    at: At = At.AWAY
    route: Route = Route()
    server: Server | None = None
    tls: ServerTls = ServerTls.OFF
    greets: bool = False
    welcome: int = 0
    greeting: Reply | None = None
    user: bytes | None = None
    password: bytes | None = None
    wrong: int = 0


AWAY = Plan()
