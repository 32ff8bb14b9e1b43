"""Who is on: ``GET /sessions``, and the names that shells complete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ftpalg.admin.asking import Asked, Json, Listed, Refusal
from ftpalg.admin.filters import BadFilter, Fits, filter_of
from ftpalg.admin.session_fields import Seen, as_json
from ftpalg.admin.steered import Steered
from ftpalg.config import Settings

BATCH = 100
"""Sessions looked at in one turn of the reactor: some 2 ms."""


def who(gateway: Steered, asked: Asked) -> Listed:
    """Those that were open when it was asked, and are when their turn comes."""
    fits = fitting(asked)
    return Listed("sessions", _batches(gateway, gateway.sessions, fits))


def fitting(asked: Asked) -> Fits:
    """What its filter says.  Raise Refusal."""
    try:
        return filter_of(asked.get("filter", ()))
    except BadFilter as error:
        raise Refusal(400, str(error)) from None


def _batches(gateway: Steered, names: Sequence[str], fits: Fits) -> Iterator[list[Json]]:
    for at in range(0, len(names), BATCH):
        batch = names[at : at + BATCH]
        yield [as_json(one) for one in seen(gateway, batch) if fits(one)]


def seen(gateway: Steered, names: Sequence[str]) -> Iterator[Seen]:
    """Those of them that are open."""
    now = gateway.reactor.seconds()
    for name in names:
        snapshot, known = gateway.snapshot(name), gateway.known(name)
        if snapshot is not None and known is not None:
            yield Seen(snapshot, known, now)


def names(gateway: Steered, asked: Asked) -> Json:
    """What commands take as words."""
    settings = gateway.settings
    return {
        "sessions": list(gateway.sessions),
        "routes": [f"routes[{at}]" for at in range(len(settings.routes))],
        "listeners": [one.endpoint for one in settings.all_listeners],
        "servers": sorted(servers_of(settings)),
    }


def servers_of(settings: Settings) -> set[str]:
    """The servers that the settings name, as the records spell them."""
    return {
        *(str(url.server) for rule in settings.routes for url in rule.server or ()),
        *((str(settings.server.server),) if settings.server else ()),
    }
