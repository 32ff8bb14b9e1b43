"""What the network of the walk does: data connections, and the answers to other orders."""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.core import events as ev
from ftpalg.core.events import Side
from tests.core.ladder import SERVER

BROKE = "it broke"

LIVE_LEGS = ("asked", "opening", "standing", "shaking", "secure", "source", "sink", "ending")

LEG_MOVES: dict[str, tuple[str, ...]] = {
    "asked": ("listens", "cannot listen"),
    "opening": ("reached", "failed"),
    "standing": ("failed",),
    "shaking": ("secured", "failed", "refused"),
    "secure": ("failed",),
    "source": ("ended", "failed", "refused"),
    "sink": ("failed",),
    "ending": ("ended", "moves", "failed"),
}


def _both(made: Callable[[Side], ev.Event]) -> dict[str, ev.Event]:
    return {side.value: made(side) for side in Side}


LEG_EVENTS: dict[str, tuple[str, dict[str, ev.Event]]] = {
    "listens": ("opening", _both(lambda side: ev.Listening(side, 50000))),
    "cannot listen": ("", _both(lambda side: ev.ListenFailed(side, BROKE))),
    "reached": ("standing", _both(ev.LegReached)),
    "secured": ("secure", _both(ev.LegSecured)),
    "moves": ("ending", _both(ev.LegMoved)),
    "ended": ("ended", _both(ev.LegEnded)),
    "failed": ("failed", _both(lambda side: ev.LegFailed(side, BROKE))),
    "refused": ("failed", _both(lambda side: ev.LegFailed(side, BROKE, 522))),
}
"""What a leg is to the network behind an event."""

NET_MOVES: dict[str, tuple[str, ...]] = {
    "dials": ("connected", "unreachable"),
    "checks": ("accepts", "refuses", "busy"),
    "asks for room": ("room", "no room"),
    "begins tls client": ("client secured",),
    "begins tls server": ("server secured", "server insecure"),
}
"""How the network may answer an order."""

NET_EVENTS: dict[str, ev.Event] = {
    "connected": ev.ServerConnected(SERVER),
    "unreachable": ev.ServerUnreachable(BROKE),
    "accepts": ev.AccountAccepted("gus"),
    "refuses": ev.AccountRefused(BROKE),
    "busy": ev.AccountsBusy(),
    "room": ev.RoomAnswered(),
    "no room": ev.RoomAnswered("Too many transfers."),
    "client secured": ev.ClientSecured(""),
    "server secured": ev.ServerSecured(),
    "server insecure": ev.ServerInsecure(BROKE),
}
