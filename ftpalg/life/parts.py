"""The parts of a gateway by these settings, as people name them, and what becomes of them with new ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ftpalg.config import Settings
from ftpalg.config.suggestions import like
from ftpalg.config.tables import RouteRule
from ftpalg.core.drained import WHOLE, Kind, NoSuchPart, Part
from ftpalg.core.wire.errors import BadArgument
from ftpalg.core.wire.user_at_host import parse_server
from ftpalg.net.drained import server_part

WITH_PORT = re.compile(r"(?:[^\[\]:]+|\[[^\]]*\]):[0-9]+")


def parts_of(settings: Settings) -> list[Part]:
    """Every part that these settings name: servers, routes and listeners, in their order."""
    urls = [settings.server] if settings.server else []
    urls += [url for rule in settings.routes for url in rule.server]
    servers = [server_part(url.server) for url in urls]
    routes = [Part(Kind.ROUTE, f"routes[{at}]") for at in range(len(settings.routes))]
    listeners = [Part(Kind.LISTENER, one.endpoint) for one in settings.all_listeners]
    return list(dict.fromkeys([*servers, *routes, *listeners]))


def names_servers(settings: Settings) -> bool:
    """Whether clients, or packets, may name servers that the settings do not."""
    return settings.server is None


def named(settings: Settings, kind: Kind, name: str, more: Iterable[Part] = ()) -> Part:
    """The part that is meant; ``more`` are those that sessions use.  Raise NoSuchPart.

    A server without a port is the one that there is of that name.
    """
    if kind is Kind.GATEWAY:
        return WHOLE
    found = (part for part in (*parts_of(settings), *more) if part.kind is kind)
    known = list(dict.fromkeys(found))
    if kind is Kind.SERVER:
        return _server(name, known, anybody=names_servers(settings))
    if Part(kind, name) in known:
        return Part(kind, name)
    raise _unknown(kind, name, known)


def _server(name: str, known: list[Part], *, anybody: bool) -> Part:
    try:
        found = parse_server(name.encode("utf-8", "surrogateescape"))
    except BadArgument as error:
        raise NoSuchPart(f"{shown(name)} is no server, HOST or HOST:PORT: {error}") from None
    part = server_part(found)
    if not WITH_PORT.fullmatch(name):
        host = part.name.rpartition(":")[0]
        same = [one for one in known if one.name.rpartition(":")[0] == host]
        if len(same) > 1:
            raise NoSuchPart(f"which of {', '.join(one.name for one in same)}?  Name its port too.")
        part = same[0] if same else part
    if part in known or anybody:
        return part
    raise _unknown(Kind.SERVER, name, known)


def _unknown(kind: Kind, name: str, known: list[Part]) -> NoSuchPart:
    names = [part.name for part in known]
    near = like(name, names)
    meant = f"; did you mean {near!r}?" if near else f"; there are: {', '.join(names) or 'none'}"
    return NoSuchPart(f"there is no {kind.value} {shown(name)}{meant}")


def shown(name: str) -> str:
    """What somebody has written, printable and not too long."""
    return repr(name if len(name) <= 80 else f"{name[:77]}...")


def renamed(old: Settings, new: Settings, part: Part, known: list[Part]) -> Part | None:
    """What a drained part is by new settings, whose parts are ``known``; None where it is gone.

    A route is the rule that is like it, wherever it stands now; or the one in its place, where no rule
    has come or gone and that one is new: then somebody has edited it.
    """
    if part.kind is Kind.ROUTE:
        at = int(part.name[len("routes[") : -1])
        place = _place(old.routes, new.routes, at)
        return None if place is None else Part(Kind.ROUTE, f"routes[{place}]")
    stays = part in known or (part.kind is Kind.SERVER and names_servers(new))
    return part if stays or part == WHOLE else None


def _place(old: tuple[RouteRule, ...], new: tuple[RouteRule, ...], at: int) -> int | None:
    if old[at] in new:
        return at if new[at : at + 1] == (old[at],) else new.index(old[at])
    edited = len(old) == len(new) and new[at] not in old
    return at if edited else None
