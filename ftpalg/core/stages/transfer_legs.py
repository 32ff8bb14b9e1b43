"""What a step of the table does to a transfer's two legs, and the wait that runs meanwhile.

``ORDERS`` has the steps that concern a leg.  The others end the table's part of a transfer: they are
the client's and the server's to hear of, and ``transfer.ENDINGS`` has them.
"""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.core.actions import AbortLeg, Action, CloseLeg, Connect, EndLeg, Relay
from ftpalg.core.desk import Desk
from ftpalg.core.events import SIDE, Side
from ftpalg.core.signals import SIGNAL
from ftpalg.core.stages.transfer_states import LEG, Happening, Step, Transfer
from ftpalg.core.stages.transfer_steps import step

ANEW = frozenset((Happening.PRELIMINARY, Happening.POSITIVE, Happening.NEGATIVE, Happening.EXPIRED))
"""What makes a wait that goes on begin anew: the server has spoken, or it was over."""


def nothing(transfer: Transfer) -> None:
    """The leg serves as it is."""


ORDERS: dict[Step, Callable[[Transfer], Action | None]] = {
    Step.OPEN_CLIENT: nothing,
    Step.OPEN_SERVER: nothing,
    Step.DIAL_CLIENT: lambda transfer: Connect(Side.CLIENT, transfer.client_port),
    Step.DIAL_SERVER: lambda transfer: Connect(Side.SERVER, transfer.server_port),
    Step.RELAY: lambda transfer: Relay(transfer.source),
    Step.END_CLIENT: lambda transfer: EndLeg(Side.CLIENT),
    Step.END_SERVER: lambda transfer: EndLeg(Side.SERVER),
    Step.ABORT_CLIENT: lambda transfer: AbortLeg(Side.CLIENT),
    Step.ABORT_SERVER: lambda transfer: AbortLeg(Side.SERVER),
}
"""What is ordered of the network."""


def follow(
    desk: Desk, before: Transfer, happening: Happening, side: Side | None, reason: str
) -> tuple[Transfer, Step | None]:
    """Let it happen: the legs get their orders, and the wait runs that the table says.

    Returned are the transfer that follows and the step that ends the table's part of it, if any.
    """
    after, steps = step(before, happening, side, reason)
    missed = before.server is LEG.DIALLING and after.server is LEG.MISSED
    if missed and after.blame is SIDE.SERVER:
        desk.signal(SIGNAL.PORT_FAILED)
    was, now = before.wait, after.wait
    if was is not now or happening in ANEW:
        if was is not None and was is not now:
            desk.stop(was)
        if now is not None:
            desk.start(now)
    for one in steps:
        if one not in ORDERS:
            return after, one  # it is the last
        order = ORDERS[one](after)
        if order is not None:
            desk.order(order)
    return after, None


def let_go(transfer: Transfer, side: Side) -> Action:
    """How a leg goes that is live when its transfer is over: it fails.

    Where the client has heard no 1xx nothing was promised, and its data connection ends cleanly: a
    client like basic-ftp takes a reset there for the answer, or for an error of its own.
    """
    promised = transfer.promised or transfer.relayed
    return AbortLeg(side) if promised or side is SIDE.SERVER else CloseLeg(side)
