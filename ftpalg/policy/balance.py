"""Which of a route's servers to try first, and which where that one cannot be reached."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from hashlib import sha256

from ftpalg.core.routes import Balance, Server


def order(
    servers: tuple[Server, ...],
    balance: Balance,
    *,
    client: str,
    turn: int,
    sessions: Callable[[Server], int],
    healthy: Callable[[Server], bool],
) -> list[Server]:
    """All the servers, in the order to try them: the healthy before the others.

    The others are kept, because a health check may be wrong.  ``turn`` counts the sessions of the
    route, ``client`` is an address in normal spelling.
    """
    well = [server for server in servers if healthy(server)]
    ill = [server for server in servers if server not in well]

    def arranged(group: list[Server]) -> Iterable[Server]:
        if balance is Balance.ROUND_ROBIN:
            turned = deque(group)
            turned.rotate(-turn)
            return turned
        if balance is Balance.LEAST_SESSIONS:
            return sorted(group, key=sessions)
        if balance is Balance.STICKY:
            return sorted(group, key=lambda server: _weight(client, server))
        return group

    return [*arranged(well), *arranged(ill)]


def _weight(client: str, server: Server) -> bytes:
    """Rendezvous hashing: the same in every process, and no server's weight depends on another's.

    So only the clients of a lost server move, and they spread over all that remain.
    """
    return sha256(f"{client} {server}".encode()).digest()
