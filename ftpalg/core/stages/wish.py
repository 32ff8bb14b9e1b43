"""What a client wants, as far as it has said so, before a server is reached."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.user_at_host import Named


@value
class Wish(NamedTuple):
    """What an entering client has said so far.

    ``named`` is the USER that its PASS is awaited for, ``password`` the one at the server where it
    came with it.  ``claim`` is what its account was named with; ``user`` and ``server`` are whom it
    was led to last.  ``wrong`` counts refused logins here.
    """

    named: Named | None = None
    password: bytes | None = None
    claim: Named | None = None
    user: bytes | None = None
    server: Server | None = None
    wrong: int = 0


NOTHING = Wish()
"""Most clients of a route that names its server never say more."""
