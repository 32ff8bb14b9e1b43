"""``GET /bans``, ``POST /ban`` and ``POST /unban``: who is kept out for a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from ftpalg.admin.asking import Asked, Json, Listed, Refusal
from ftpalg.admin.recording import record
from ftpalg.admin.steered import Steered
from ftpalg.config import BansMode
from ftpalg.core.bans import Ban, Kind, Who, account_key
from ftpalg.core.wire.addresses import normal
from ftpalg.ops.forms import stamp

BATCH = 500
"""Bans in one turn of the reactor: some 3 ms."""
LONGEST = 10**9
"""Seconds of a ban: 31 years."""
NAME = 255
"""Signs of an account's name."""


def bans(gateway: Steered, asked: Asked) -> Listed:
    """Those that are there now."""
    return Listed("bans", _batches(gateway, gateway.bans.bans))


def _batches(gateway: Steered, rows: Sequence[Ban]) -> Iterator[list[Json]]:
    for at in range(0, len(rows), BATCH):
        yield [_as_json(gateway, one) for one in rows[at : at + BATCH]]


def ban(gateway: Steered, asked: Asked) -> Json:
    """The ban."""
    who, seconds = _whom(gateway, asked), asked.get("seconds", 0)
    if seconds > LONGEST:
        raise Refusal(400, f"'seconds' is at most {LONGEST}")
    if gateway.bans.mode is BansMode.OFF:
        raise Refusal(409, "bans.mode is off: nobody is banned; set it to shadow or on")
    if who.kind is Kind.PEER and gateway.bans.is_safe(_address(asked)):
        raise Refusal(409, f"{who.name} is never banned: bans.safe or a balancer's network has it")
    found = gateway.bans.ban(who, seconds, _uid(asked))
    record(gateway, asked, "ban", result=f"banned until {stamp(found.until)}")
    return _as_json(gateway, found)


def unban(gateway: Steered, asked: Asked) -> Json:
    """Who is in again."""
    who = _whom(gateway, asked)
    if not gateway.bans.unban(who, _uid(asked)):
        record(gateway, asked, "unban", result="refused")
        raise Refusal(404, f"{who} is not banned, and has no wrong logins")
    record(gateway, asked, "unban", result="let in again")
    return {"kind": who.kind.value, "name": who.name}


def _whom(gateway: Steered, asked: Asked) -> Who:
    account = asked.get("account", "")
    if bool(asked.get("peer")) is bool(account):
        raise Refusal(400, "one of 'peer' and 'account' is needed")
    if not account:
        return gateway.bans.who(Kind.PEER, _address(asked))
    if len(account) > NAME or not account.isprintable():
        raise Refusal(400, f"'account' is a name of at most {NAME} printable signs")
    return Who(Kind.ACCOUNT, account_key(account))


def _address(asked: Asked) -> str:
    """The peer's; an IPv6 network, as it is listed, is meant by its first address."""
    said = asked.get("peer", "")
    host, slash, _ = said.partition("/")
    if not slash or ":" in host:
        try:
            return str(ip_address(normal(host)))
        except ValueError:
            pass
    raise Refusal(400, f"'peer' is an address, and not {said[:60]!r}; networks: access.clients")


def _uid(asked: Asked) -> int | None:
    return asked.caller.uid if asked.caller.uid >= 0 else None


def _as_json(gateway: Steered, one: Ban) -> Json:
    return {
        "kind": one.who.kind.value,
        "name": one.who.name,
        "since": stamp(one.since),
        "until": stamp(one.until),
        "seconds": max(0.0, round(one.until - gateway.reactor.seconds(), 3)),
        "times": one.times,
        "reason": one.reason,
        "holds": gateway.bans.mode is BansMode.ON,
    }
