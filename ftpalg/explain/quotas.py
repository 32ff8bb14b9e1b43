"""The quotas that are set, each with what it means for one session's transfers."""

from __future__ import annotations

from collections.abc import Iterator

from ftpalg.config import Listener, Settings
from ftpalg.core.quotas import Quota, source_of
from ftpalg.core.wire.commands import Command
from ftpalg.explain.steps import Outcome, Step
from ftpalg.net.quotas import WAYS, holding, of_table

TABLE = "limits"


def steps(
    settings: Settings, listener: Listener, route: str, account: str, command: Command | None
) -> Iterator[Step]:
    """Those of the gateway, of the route and of the listener that such a session has come to and goes."""
    found = holding(settings, listener.endpoint, route)
    source = source_of(command) if command is not None else None
    tables = [of_table(settings.limits, TABLE)]
    tables += [
        of_table(one.limits, f"routes[{at}].limits")
        for at, one in enumerate(settings.routes)
        if route == f"routes[{at}]"
    ]
    tables += [
        of_table(one.limits, f"listeners[{at}].limits")
        for at, one in enumerate(settings.listeners)
        if one.endpoint == listener.endpoint
    ]
    for quota, held in (one for table in tables for one in table.items()):
        why, holds = _means(quota, held.limit), False
        if command is not None and source is not quota.source:
            why = f"is about {WAYS[quota.source]}s of files"
        elif quota.counted is not None and not account:
            why = "counts by accounts at the gateway, and this session has none"
        elif found[quota] != held:
            why = f"{found[quota].key} counts instead"
        else:
            holds = True
        outcome = Outcome.TAKEN if holds else Outcome.PASSED
        yield Step(TABLE, held.key, settings.origin.place(held.key), outcome, why)


def _means(quota: Quota, limit: int) -> str:
    way = WAYS[quota.source]
    if quota.counted is None:
        return f"one {way} may have {limit} bytes"
    unit = "files" if quota.counted.value.endswith("files") else "bytes"
    return f"the account may have {limit} {unit} of {way}s from midnight to midnight"
