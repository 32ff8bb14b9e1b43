"""Whose facts a session's are, made of what it knows.

Many sessions have one server: what its name is and where it stands are the same objects for all of them.
"""

from __future__ import annotations

from functools import lru_cache

from ftpalg.core.events import Link
from ftpalg.core.facts import About, Peer
from ftpalg.core.routes import Route, Server

SERVERS = 1024
"""Of so many it is remembered."""


def about(
    name: str,
    client: Link,
    server: Link | None,
    asked: Server | None,
    route: Route,
    *,
    hidden: bool,
    listener: str,
) -> About:
    """``asked`` is the server as the settings or the client name it; ``hidden`` where the connection leads
    to a parent instead, ``listener`` that of the settings."""
    return About(
        name,
        Peer(client.peer, client.peer_port),
        None if server is None else _peer(server.peer, server.peer_port),
        "" if asked is None else _spelled(asked),
        server is not None and hidden,
        listener,
        route.name,
    )


@lru_cache(SERVERS)
def _peer(host: str, port: int) -> Peer:
    return Peer(host, port)


@lru_cache(SERVERS)
def _spelled(server: Server) -> str:
    return str(server)
