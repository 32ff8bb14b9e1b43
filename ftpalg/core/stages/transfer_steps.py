"""What one thing that happens makes of a transfer, by the tables of ``transfer_states``.

``step`` takes one transfer and what has happened to it, and returns the transfer that follows with the
steps to carry out.
"""

from __future__ import annotations

from functools import cache

from ftpalg.core.events import SIDE, TIMER, Side, Timer
from ftpalg.core.keys import at_hand
from ftpalg.core.stages.transfer_states import (
    ASKED_ONLY,
    CHANGES,
    HAPPENING,
    LATECOMERS,
    LEG,
    LEGS,
    LOST,
    OVERDUE,
    STEPS,
    WORDS,
    Happening,
    Leg,
    Step,
    Transfer,
    Verdict,
)

STEP = at_hand(Step)


def step(
    transfer: Transfer, happening: Happening, side: Side | None = None, reason: str = ""
) -> tuple[Transfer, tuple[Step, ...]]:
    """What a transfer becomes by a happening (to ``side``, if to a leg), and the steps it asks for.

    The steps come in the order in which they are to be carried out; the legs have changed already
    as they say.  What has no meaning changes nothing.
    """
    late: list[Step] = []
    client, server, verdict = transfer[:3]
    legs = LEGS.get(happening)
    if legs is not None:
        assert side is not None, "what happens to a leg has a side"
        leg = legs.get(client if side is SIDE.CLIENT else server)
        if leg is None:
            return transfer, ()
        if leg in LOST:
            transfer = transfer._replace(
                reason=transfer.reason or reason, blame=transfer.blame or side
            )
        if side is SIDE.CLIENT:
            client = leg
        else:
            server = leg
    elif happening is HAPPENING.EXPIRED:
        transfer, last = _expire(transfer, late)
        if last is not None:
            return transfer, (*late, last)
        client, server, verdict = transfer[:3]
    else:
        verdict = WORDS[happening].get(verdict, verdict)
        if happening is HAPPENING.SENT and server is LEG.MISSED and transfer.server_port:
            server = LEG.CLOSED  # it is ours to dial
            transfer = transfer._replace(reason="", blame=None)
    client, server, steps, wait = settled(client, server, verdict)
    if wait is TIMER.ABORT_REPLY and transfer.heard:
        wait = TIMER.ABORT  # one of the two replies has come
    relayed = transfer.relayed or STEP.RELAY in steps
    states = client, server, verdict, wait, relayed
    after = tuple.__new__(Transfer, states + transfer[5:])
    return after, (*late, *steps) if late else steps


def _expire(transfer: Transfer, steps: list[Step]) -> tuple[Transfer, Step | None]:
    """The wait is over: the legs that were awaited are lost; the step that ends the table's part."""
    wait, transfer = transfer.wait, transfer._replace(wait=None)
    assert wait is not None, "only a wait that runs can be over"
    meant = OVERDUE.get((wait, transfer.verdict))
    if wait is Timer.UNANNOUNCED and transfer.promised:
        return transfer, None  # its 1xx has begun (z/OS holds a data set): that is not silent
    if isinstance(meant, Verdict):
        return transfer._replace(verdict=meant), None
    for side, late in LATECOMERS.get(wait, {}).items():
        if transfer.verdict is Verdict.AWAITED and wait is Timer.DATA_OPEN:
            late = ASKED_ONLY[side]
        leg = transfer.leg(side)
        if leg in late:
            steps.append(Step.ABORT_CLIENT if side is Side.CLIENT else Step.ABORT_SERVER)
            what = "did not take its end" if leg is Leg.ENDING else "did not open it"
            reason = transfer.reason or f"the {side.value} {what} in time"
            lost = LEGS[Happening.FAILED][leg]
            blame = transfer.blame or side
            transfer = transfer.with_leg(side, lost)._replace(reason=reason, blame=blame)
    if meant is Step.UNCONFIRMED and transfer.lost:
        meant = Step.GIVE_UP
    return transfer, meant


@cache
def settled(
    client: Leg, server: Leg, verdict: Verdict
) -> tuple[Leg, Leg, tuple[Step, ...], Timer | None]:
    """Follow the joint table from there until it says to wait, or hands over.

    Returned are the legs as they are then, the steps on the way, and the wait that runs.
    """
    steps: list[Step] = []
    while True:
        what, wait = STEPS[client, server, verdict]
        change = CHANGES.get(what)
        if change is None:
            break
        steps.append(what)
        sides, leg = change
        if Side.CLIENT in sides:
            client = LEGS[Happening.FAILED][client] if leg is Leg.FAILED else leg
        if Side.SERVER in sides:
            server = LEGS[Happening.FAILED][server] if leg is Leg.FAILED else leg
    if what is Step.WAIT:
        return client, server, tuple(steps), wait
    return client, server, (*steps, what), None
