"""Relays within a limit, in tests."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from ftpalg.core.rates import Rate
from ftpalg.net.bucket import Bucket
from ftpalg.net.legs.allowance import Allowance
from ftpalg.net.legs.relay import Relay
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.legs.throttled import throttled

RATE = 1 << 26


def enter(call: Any, *arguments: object) -> None:
    """No session guards these."""
    call(*arguments)


def limited(
    clock: Any, source: DataSocket, sink: DataSocket, *told: Any, rate: int = RATE, splice: bool
) -> Relay:
    """A relay alone at a new limit, which it keeps as ``limit``."""
    limit = Bucket(clock, (Rate(rate),), UTC)
    made: Any = throttled(Allowance((limit,), enter), clock, source, sink, *told, splice=splice)
    made.limit = limit
    relay: Relay = made
    return relay
