"""What is told of a server that was reached."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.value import value


@value
class ServerReached(NamedTuple):
    """A connection to that server stands, ``seconds`` after it was asked for: names were looked up and
    other addresses tried in them.  The net tells it."""

    server: str
    seconds: float
