"""What must hold in every state of the walk, whatever has happened."""

from __future__ import annotations

from ftpalg.core import events as ev
from ftpalg.core.desk import Await
from ftpalg.core.events import Side, Timer
from ftpalg.core.phases import Phase
from ftpalg.core.stages.protection import Level
from ftpalg.core.stages.transfer_states import (
    AGREED,
    COMING,
    IN_FORCE,
    LIVE,
    LOST,
    Leg,
    Transfer,
    Verdict,
)
from ftpalg.core.wire.replies import reply
from tests.walk.network import BROKE, LIVE_LEGS
from tests.walk.scenes import FREE
from tests.walk.world import World

SEEN_AS: dict[Leg, tuple[str, ...]] = {
    Leg.CLOSED: ("", "asked", "ended", "failed"),
    Leg.LISTENING: ("opening",),
    Leg.DIALLING: ("opening",),
    Leg.STANDING: ("standing",),
    Leg.SHAKING: ("shaking",),
    Leg.OPEN: ("standing", "secure"),
    Leg.MOVING: ("source", "sink"),
    Leg.ENDING: ("ending",),
    Leg.ENDED: ("ended",),
    Leg.MISSED: ("", "failed"),
    Leg.FAILED: ("", "failed"),
}
"""What the network holds of a leg for each state that the core believes it to be in."""

LATE: tuple[ev.Event, ...] = (
    ev.ReplyReceived(reply(226, "late")),
    ev.LegFailed(Side.CLIENT, BROKE),
    ev.ClientLost("late"),
    ev.TimerExpired(Timer.IDLE),
)
"""What may come behind the end."""

OF_TRANSFERS = frozenset(
    (
        Timer.DATA_OPEN,
        Timer.UNANNOUNCED,
        Timer.STALLED,
        Timer.SETTLE,
        Timer.EARLY_REPLY,
        Timer.LAST_WORD,
        Timer.DELIVERY,
        Timer.FINAL_REPLY,
        Timer.ABORT_PAUSE,
        Timer.ABORT_REPLY,
        Timer.ABORT,
    )
)
UNHEARD = (Verdict.AWAITED, Verdict.SILENT, Verdict.STARTED, Verdict.LATE)
"""What the server's final reply has not come behind."""
ABORT_WAITS = frozenset((Timer.ABORT_PAUSE, Timer.ABORT_REPLY, Timer.ABORT))


def hold(world: World) -> None:
    """Raise Fault where one does not."""
    if world.session.over:
        _after_the_end(world)
    else:
        _between(world)


def _after_the_end(world: World) -> None:
    live = [leg for leg in (world.client_leg, world.server_leg) if leg in LIVE_LEGS]
    if live:
        world.fault(f"legs outlive the session: {live}")
    if world.begun:
        world.fault("the session is over, and nobody was told that its transfer is")
    for event in LATE:
        if world.session.handle(event):
            world.fault("an action after the end")


def _between(world: World) -> None:
    transfer = world.session.transfer.state
    if transfer is None or transfer.verdict is Verdict.NONE:
        _forget_legs(world)
    if transfer is not None:
        _legs_agree(world, transfer)
        _is_bounded(world, transfer)
        _goes_on(world, transfer)
    elif world.client_leg or world.server_leg:
        world.fault("legs without a transfer")
    _waits(world, transfer)


def _forget_legs(world: World) -> None:
    """Before the command, and without a transfer, what a leg was is no matter."""
    for side in ("client", "server"):
        if world.leg(side) in FREE:
            world.set_leg(side, "")


def _legs_agree(world: World, transfer: Transfer) -> None:
    for side in Side:
        if world.leg(side.value) not in SEEN_AS[transfer.leg(side)]:
            world.fault(f"the {side.value}'s leg is {world.leg(side.value)!r} to the network")
    if transfer.verdict is Verdict.NONE:
        if transfer.client in LOST and transfer.server in LIVE:
            world.fault("a live leg beside a failed one, before the command")
        return  # the server's is dialled again with the command
    if transfer.verdict is Verdict.ABORTING and transfer.server in LIVE:
        return  # the server's leg stands for timeouts.abort-pause, as ABOR asks
    # a server's port that cannot be had: nothing has moved, and its word is waited for first
    spared = transfer.server is Leg.MISSED and transfer.verdict in (
        Verdict.AWAITED,
        Verdict.STARTED,
    )
    if transfer.lost and transfer.live and not (spared and transfer.wait is not None):
        world.fault("a live leg beside a failed one")
    if transfer.verdict in (Verdict.REFUSED, Verdict.CUT) and transfer.live:
        world.fault("a live leg behind a refusal")


def _late(transfer: Transfer) -> tuple[Leg, ...]:
    """What the server's leg may not be for ever: ours to dial, and its own once it has agreed (row 8)."""
    if transfer.verdict is Verdict.NONE:
        return ()
    return (Leg.DIALLING,) if transfer.verdict is Verdict.AWAITED else COMING


def _is_bounded(world: World, transfer: Transfer) -> None:
    """A transfer's wait runs where it says so, and it says so where a peer is awaited."""
    running = world.timers & OF_TRANSFERS - _alone(world)
    if running != ({transfer.wait} if transfer.wait is not None else set()):
        world.fault(f"the waits {sorted(t.value for t in running)} run")
    begun = transfer.verdict is not Verdict.NONE
    legs = {transfer.client, transfer.server}
    if begun and Leg.ENDING in legs and not running & {Timer.DELIVERY, Timer.ABORT_PAUSE}:
        world.fault("a leg that is ending has no wait")
    if transfer.server in _late(transfer) and not running & {
        Timer.DATA_OPEN,
        Timer.STALLED,
        *ABORT_WAITS,
    }:
        world.fault("the server's leg has no wait to be opened in")
    if transfer.verdict in (Verdict.ABORTING, Verdict.CUT) and not running & ABORT_WAITS:
        world.fault("ABOR has no wait")
    if not world.timers and Leg.MOVING not in legs:
        world.fault("nothing bounds the transfer")
    if begun and not legs & set(LIVE) and not running:
        world.fault("the final reply has no wait")


def _goes_on(world: World, transfer: Transfer) -> None:
    """What can be done now is not put off."""
    legs = (world.client_leg, world.server_leg)
    protects = world.session.protection.protects
    ready = tuple("secure" if protects(side) else "standing" for side in Side)
    if legs == ready and transfer.verdict in AGREED:
        world.fault("both legs stand, the server has agreed, and nothing is relayed")
    if legs == ("ended", "sink") and transfer.verdict in IN_FORCE:
        world.fault("the client has ended its upload, and the server's leg goes on")
    if legs == ("sink", "ended") and transfer.verdict in (Verdict.LATE, Verdict.SUCCEEDED):
        world.fault("the download has ended, and the client's leg goes on")
    if transfer.verdict in UNHEARD and not world.owes_transfer:
        world.fault("the server has said its last word, and it is still awaited")


def _alone(world: World) -> set[Timer]:
    """The wait of an ABOR that concerns no transfer."""
    return {Timer.ABORT_REPLY} if world.session.desk.awaited is Await.ABOR else set()


def _waits(world: World, transfer: Transfer | None) -> None:
    desk = world.session.desk
    moving = transfer is not None and Leg.MOVING in (transfer.client, transfer.server)
    if not world.timers and not moving:
        world.fault("no wait runs")
    if transfer is None and world.timers & OF_TRANSFERS - _alone(world):
        world.fault("a wait outlives its transfer")
    if desk.awaited is Await.RESYNC and Timer.RESYNC not in world.timers:
        world.fault("NOOP has no wait")
    if desk.phase is Phase.DIALING and not world.timers & {Timer.LOGIN, Timer.HANDSHAKE}:
        world.fault("the server has no wait to greet in")
    if f"begins tls {Side.SERVER.value}" in world.pending and Timer.HANDSHAKE not in world.timers:
        world.fault("the server's handshake has no wait")
    busy = transfer is not None and transfer.verdict is not Verdict.NONE
    asked = "asked" in (world.client_leg, world.server_leg)
    if desk.head is not None and desk.awaited is None:
        if not (busy or asked or world.pending):
            world.fault(f"nobody answers {desk.head.verb.decode()}")
    if desk.head is None and desk.awaited is None and not busy and desk.queue:
        if desk.phase in (Phase.UNROUTED, Phase.SERVED):
            world.fault("commands wait for nothing")
    guards = world.session.protection.state
    if guards.server_level is Level.PRIVATE and not guards.server_secured:
        world.fault("a level of TLS that does not stand")
