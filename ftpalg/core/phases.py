"""Where a session stands, and from where it may go whither."""

from __future__ import annotations

from ftpalg.core.ends import Moment
from ftpalg.core.keys import Key, at_hand
from ftpalg.core.wire.commands import Command, Kind


class Phase(Key):
    """Where a session stands."""

    UNROUTED = "the client has yet to name a server"
    CHECKING = "the client's account at the gateway is being checked"
    DIALING = "a server is being reached, up to its greeting"
    SERVED = "the server takes commands"
    OPAQUE = "both control connections are copied untouched"
    OVER = "the control connections are being closed"


PHASE = at_hand(Phase)


PATHS: dict[Phase, tuple[Phase, ...]] = {
    Phase.UNROUTED: (Phase.CHECKING, Phase.DIALING, Phase.OVER),
    Phase.CHECKING: (Phase.UNROUTED, Phase.OVER),
    Phase.DIALING: (Phase.SERVED, Phase.UNROUTED, Phase.OVER),
    Phase.SERVED: (Phase.UNROUTED, Phase.OPAQUE, Phase.OVER),
    Phase.OPAQUE: (Phase.OVER,),
    Phase.OVER: (),
}
"""From each phase, those that may follow."""

ACTING = (Phase.UNROUTED, Phase.SERVED)
"""Where commands are carried out; in the others they wait."""

MOMENTS = {
    Phase.UNROUTED: Moment.NAMING,
    Phase.CHECKING: Moment.ACCOUNT,
    Phase.DIALING: Moment.REACHING,
    Phase.OPAQUE: Moment.OPAQUE,
}
"""The phases that are one moment; SERVED is several."""


def moment_of(phase: Phase, head: Command | None, logged_in: bool) -> Moment:
    """Where a session stands."""
    if phase in MOMENTS:
        return MOMENTS[phase]
    if not logged_in:
        return Moment.LOGIN
    if head is None:
        return Moment.IDLE
    return Moment.DATA if head.kind in (Kind.DOWNLOAD, Kind.UPLOAD) else Moment.COMMAND
