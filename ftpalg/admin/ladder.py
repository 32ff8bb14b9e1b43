"""``GET /ladder``: the dialogues of some sessions, line by line as they are spoken."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

from ftpalg.admin.asking import Asked, Flow, Refusal, Write
from ftpalg.admin.filters import network_of
from ftpalg.admin.follower import Follower
from ftpalg.admin.steered import Steered
from ftpalg.core.facts import About

MOST = 16
"""Who may follow at a time: each line of every session goes by each of them."""
HOSTS = 1024
"""Clients of whom it is remembered whether they are meant."""


def ladder(gateway: Steered, asked: Asked) -> Flow:
    """Follow what is asked for.  Raise Refusal."""
    if gateway.followers >= MOST:
        raise Refusal(503, f"{MOST} follow already, and each costs every session some time")
    one, fits = _meant(gateway, asked.get("client"))
    before = gateway.sessions if asked.get("back") else ()
    follower = Follower(gateway, fits, one=one, before=(one,) if before and one else before)

    def begin(write: Write, end: Callable[[], None]) -> Callable[[], None]:
        def gone() -> None:
            gateway.leave(follower)
            follower.stop()

        gateway.follow(follower)
        follower.begin(write, end)
        return gone

    return Flow(begin, follower.go_on)


def _meant(gateway: Steered, client: str) -> tuple[str, Callable[[About], bool]]:
    """The one session, or nothing, and what tells whether somebody is meant.  Raise Refusal."""
    try:
        network = network_of(client)
    except ValueError:
        one = _session(gateway, client)
        return one, lambda about: about.session == one

    @lru_cache(HOSTS)
    def of(host: str) -> bool:
        try:
            return ip_address(host) in network
        except ValueError:  # whatever a session's client is called: it does not end for it
            return False

    return "", lambda about: of(about.client.host)


def _session(gateway: Steered, client: str) -> str:
    """The session that has such a name, or the only one whose name begins so."""
    found = [name for name in gateway.sessions if name.startswith(client.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refusal(400, f"{client!r}: {len(found)} sessions have names that begin so")
    raise Refusal(
        404, f"{client!r} is no session that runs, no address and no network; ftpalg who lists them"
    )
