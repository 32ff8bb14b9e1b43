"""``POST /drain``, ``POST /undrain`` and ``GET /drained``: parts of the gateway without new sessions."""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.admin.asking import Asked, Json, Refusal
from ftpalg.admin.recording import record
from ftpalg.admin.steered import Steered
from ftpalg.core.drained import Kind, NoSuchPart, Part, Standing

LONGEST = 253 + len(":65535")
"""Signs of a name: those of a host and a port."""
FOREVER = 10**9
"""Seconds beyond which a bound is none that anybody means."""


def drain(gateway: Steered, asked: Asked) -> Json:
    """How many sessions are there still."""
    within = asked.get("within", 0)
    if within > FOREVER:
        raise Refusal(400, f"'within' is at most {FOREVER} seconds")
    return _done(
        gateway, asked, "drain", lambda part: gateway.drains.drain(part, within, _uid(asked))
    )


def undrain(gateway: Steered, asked: Asked) -> Json:
    """How many sessions are there."""
    return _done(gateway, asked, "undrain", lambda part: gateway.drains.undrain(part, _uid(asked)))


def drained(gateway: Steered, asked: Asked) -> Json:
    """What is drained, and whether clients that come get sessions."""
    standing = [_as_json(one) for one in gateway.drains.standing]
    return {"drained": standing, "ready": gateway.is_ready}


def _done(gateway: Steered, asked: Asked, verb: str, order: Callable[[Part], Standing]) -> Json:
    try:
        found = order(_part(gateway, asked))
    except NoSuchPart as error:
        record(gateway, asked, verb, result="refused")
        raise Refusal(404, str(error)) from None
    record(gateway, asked, verb, result=f"{found.sessions} sessions are there")
    return _as_json(found)


def _part(gateway: Steered, asked: Asked) -> Part:
    kinds = {one.value: one for one in Kind}
    kind, name = kinds.get(asked.get("kind")), asked.get("name", "")
    if kind is None:
        raise Refusal(400, f"'kind' is one of {', '.join(kinds)}")
    if (kind is Kind.GATEWAY) is bool(name) or len(name) > LONGEST:
        raise Refusal(400, f"'name' is missing or too long; {Kind.GATEWAY.value} alone has none")
    return gateway.drains.part(kind, name)


def _uid(asked: Asked) -> int | None:
    return asked.caller.uid if asked.caller.uid >= 0 else None


def _as_json(one: Standing) -> Json:
    part = one.part
    return {
        "kind": part.kind.value,
        "name": part.name,
        "sessions": one.sessions,
        "within": one.within,
    }
