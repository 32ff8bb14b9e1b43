"""How much of each line of the ledger one peer may hold, and all of them, by the settings."""

from __future__ import annotations

from sys import maxsize

from ftpalg.config import Limits
from ftpalg.core.facts import Resource, What
from ftpalg.net.ledger import Bound, Line, Short

OF_SESSION, AT_REST = 6, 2
"""Descriptors of a session with a transfer: two control connections, two legs, a pipe's two ends; and of
one without."""

WHAT = {
    (Line.SESSIONS, False): What.SESSIONS,
    (Line.SESSIONS, True): What.SESSIONS_PER_PEER,
    (Line.DESCRIPTORS, False): What.DESCRIPTORS,
    (Line.DESCRIPTORS, True): What.DESCRIPTORS_PER_PEER,
    (Line.MEMORY, False): What.MEMORY,
    (Line.MEMORY, True): What.MEMORY_PER_PEER,
    (Line.LOOKUPS, False): What.LOOKUPS,
    (Line.LOOKUPS, True): What.LOOKUPS_PER_PEER,
    (Line.HANDSHAKES, True): What.HANDSHAKES_PER_PEER,
    (Line.PASSIVE_LISTENERS, False): What.PASSIVE_LISTENERS,
    (Line.PASSIVE_LISTENERS, True): What.PASSIVE_LISTENERS_PER_PEER,
    (Line.TRANSFERS, False): What.TRANSFERS,
    (Line.TRANSFERS, True): What.TRANSFERS_PER_PEER,
    (Line.OF_LISTENER, True): What.SESSIONS_OF_LISTENER,
    (Line.OF_ACCOUNT, True): What.SESSIONS_PER_ACCOUNT,
    (Line.OF_ROUTE, True): What.SESSIONS_PER_ROUTE,
    (Line.OF_SERVER, True): What.SESSIONS_PER_SERVER,
    (Line.TRANSFERS_OF_ACCOUNT, True): What.TRANSFERS_PER_ACCOUNT,
    (Line.TRANSFERS_OF_ROUTE, True): What.TRANSFERS_PER_ROUTE,
}
"""What a record calls a line of one key (True), a peer's as a rule, and of all."""


def shares(limits: Limits, descriptors: int = maxsize, fitting: int = maxsize) -> dict[Line, Bound]:
    """``descriptors`` may be used by sessions and what they cause, and so many sessions fit into them.

    One peer gets half of them at the most, unless the settings name its share or so many sessions of it
    that they need more; where they do not even suffice for limits.sessions, half of the sessions that
    fit too.
    """
    sessions = min(limits.sessions, fitting)
    of_peer = limits.sessions_per_peer
    if sessions < limits.sessions:
        of_peer = min(of_peer, max(1, sessions // 2))
    share = limits.descriptors_per_peer or min(
        OF_SESSION * of_peer, descriptors, max(descriptors // 2, AT_REST * of_peer)
    )
    return {
        Line.SESSIONS: Bound(of_peer, sessions),
        Line.DESCRIPTORS: Bound(share, descriptors),
        Line.MEMORY: Bound(limits.memory_per_peer, limits.memory),
        Line.LOOKUPS: Bound(limits.lookups_per_peer, limits.lookups),
        Line.HANDSHAKES: Bound(limits.handshakes_per_peer),
        Line.PASSIVE_LISTENERS: Bound(limits.passive_listeners_per_peer, limits.passive_listeners),
        Line.TRANSFERS: Bound(limits.transfers_per_peer, limits.transfers),
        Line.OF_ACCOUNT: Bound(limits.sessions_per_account),
        Line.OF_ROUTE: Bound(limits.sessions_per_route or maxsize),
        Line.OF_SERVER: Bound(limits.sessions_per_server or maxsize),
        Line.TRANSFERS_OF_ACCOUNT: Bound(limits.transfers_per_account),
        Line.TRANSFERS_OF_ROUTE: Bound(limits.transfers_per_route or maxsize),
    }


def used_up(short: Short) -> Resource:
    """What an operator is told of a shortage."""
    return Resource(WHAT[short.line, short.of_one], short.used, short.limit)
