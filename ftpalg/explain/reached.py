"""Whether one of the servers of a dial may be reached: what ``net.reach.failover`` asks, without a socket.

What is judged is judged by the same functions; that a server answers is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import NamedTuple

from ftpalg.config import Parent
from ftpalg.core.actions import Dial
from ftpalg.core.events import Link
from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.addresses import normal
from ftpalg.explain.question import Question
from ftpalg.net.judging import Judging
from ftpalg.net.own_addresses import Own
from ftpalg.net.reach.attempt import Asked, Way, asked, spelled_once, way_of
from ftpalg.net.reach.names import MOST, is_address, unknown
from ftpalg.policy.access import Access, ServerRule

NOWHERE_SPECIAL = "198.51.100.1"
"""An address like any other (RFC 5737)."""
OPEN = {
    True: "unless {0} leads to a special address or to the gateway's own machine",
    False: "depends on what {0} resolves to",
}
"""What is not known where the rules allow every address that is not special, or only some."""


@value
class Judged(NamedTuple):
    """One address of a server, or its name where that is told to a parent (``address`` is empty).

    ``refusal`` is the sentence for the client, ``hindered`` why the way does not lead there.
    """

    server: Server
    address: str
    refusal: str = ""
    hindered: str = ""


@value
class Tried(NamedTuple):
    """One server: how it is asked for, why a parent may not know its name where that was judged, and
    what was judged; None where its addresses are not known."""

    server: Server
    how: Asked
    by_name: str | None
    judged: tuple[Judged, ...] | None


@value
class Reached(NamedTuple):
    """What came of a dial: the ``server`` that is reached, None for none, then with what the core is
    told of it.  ``open`` says what is not known, where something is not."""

    way: Way
    tried: tuple[Tried, ...]
    server: Server | None = None
    address: str = ""
    reasons: str = ""
    forbidden: str = ""
    open: str = ""


class Reacher:
    """Asks for one client.  ``access`` is that of the settings."""

    def __init__(
        self,
        judging: Judging,
        access: Access,
        parents: tuple[Parent, ...],
        own: Own,
        question: Question,
    ) -> None:
        self._judging = judging
        self._access = access
        self._parents = {parent.name: parent for parent in parents}
        self._own = own
        self._question = question

    def reach(self, dial: Dial, client: Link) -> Reached:
        """What would come of it, if every address answers."""
        way = way_of(dial.route, self._parents.get(dial.route.parent), client)
        tried: list[Tried] = []
        reasons: list[str] = []
        forbidden = ""
        for server in dial.servers:
            one = self._try(dial, way, client, server)
            tried.append(one)
            if one.judged is None:
                certain = self._certain(dial, client, server)
                if certain is not False:
                    open_ = OPEN[certain is True].format(server.host) if dial.named else ""
                    return Reached(way, tuple(tried), server, "", "", "", open_)
                forbidden = self._refused(dial, client, server)
                reasons.append(forbidden)
                continue
            good = _first(way, [a for a in one.judged if not (a.refusal or a.hindered)])
            if good is not None:
                parent = way.parent is not None
                host = good.address or server.host
                led = way.led_to(server, host if parent else "")
                return Reached(way, tuple(tried), led, good.address)
            if not one.judged:
                forbidden = one.by_name or forbidden
                reasons.append(unknown(server.host))
            for address in one.judged:
                forbidden = address.refusal or forbidden
                reasons.append(address.refusal or address.hindered)
        return Reached(way, tuple(tried), None, "", "; ".join(reasons), forbidden)

    def _try(self, dial: Dial, way: Way, client: Link, server: Server) -> Tried:
        heard: list[str] = []

        def by_name() -> str:
            heard.append(self._judging.by_name(dial, client.peer, server))
            return heard[-1]

        how = asked(way, server.host, by_name)
        known: tuple[str, ...] | None
        if how is Asked.NAME:
            known = ("",)
        elif is_address(server.host):
            known = (server.host,)
        else:
            known = self._question.addresses_of(server.host, named=dial.named)
        judged = None
        if known is not None:
            hosts = spelled_once(known) if how is Asked.RESOLVED else list(known)[:MOST]
            asking = (self._judge(dial, way, client, server, one) for one in hosts)
            judged = tuple(asking if way.parent is not None else _until_good(asking))
        return Tried(server, how, heard[0] if heard else None, judged)

    def _judge(self, dial: Dial, way: Way, client: Link, server: Server, host: str) -> Judged:
        address = normal(host) if host else ""
        refusal = self._judging.refusal(dial, client.peer, True, server, address)
        dialled = way.parent.url.server.host if way.parent is not None else host
        hindered = ""
        if way.parent is not None and is_address(dialled):
            if self._own.listens_on(normal(dialled), way.parent.url.server.port):
                hindered = f"parent {way.parent.name} is this gateway itself"
        if is_address(dialled):
            hindered = hindered or way.hindered(dialled)
        return Judged(server, address, refusal, hindered)

    # -- without an address -----------------------------------------------------------------------

    def _certain(self, dial: Dial, client: Link, server: Server) -> bool | None:
        """Whether the rules allow, or refuse, every address that is not special; None: it depends."""
        if not dial.named:
            return True
        walk = asked_of_name(self._access, client.peer, dial.account, server)
        fitting = [rule for rule, lacks in walk if not lacks]
        found = {rule.allow for rule in fitting}
        if not fitting or fitting[-1].networks:
            found.add(False)  # behind the last rule
        return found.pop() if len(found) == 1 else None

    def _refused(self, dial: Dial, client: Link, server: Server) -> str:
        """What is said to an address that is in none of the networks."""
        rules = tuple(
            rule._replace(shadow=rule.shadow or bool(rule.networks))
            for rule in self._access.servers
        )
        judging = Access(servers=rules)
        return judging.refusal(client.peer, dial.account, server, NOWHERE_SPECIAL)


def _until_good(asking: Iterable[Judged]) -> Iterator[Judged]:
    """Up to the first that may be dialled: the next is judged only where that does not answer."""
    for one in asking:
        yield one
        if not (one.refusal or one.hindered):
            return


def _first(way: Way, allowed: list[Judged]) -> Judged | None:
    """The one that is tried first."""
    if not allowed:
        return None
    first = way.preferred([one.address for one in allowed])[0] if way.parent else allowed[0].address
    return next(one for one in allowed if one.address == first)


def asked_of_name(
    access: Access, client: str, account: str, server: Server
) -> list[tuple[ServerRule, str]]:
    """Each rule and what it lacks apart from its networks, up to the one that decides without any."""
    found = []
    whence = ip_address(normal(client))
    for rule in access.servers:
        if rule.shadow:
            continue
        lacks = rule._replace(networks=()).lacks(whence, account, server, None)
        found.append((rule, lacks))
        if not (lacks or rule.networks):
            break
    return found
