"""Faults made on purpose in the core's tables, each of which the walk must find; ``make mutants``.

A mutant is one change of one table.  The walk stops at its first counterexample; a mutant that
survives every scene of CI shows a gap of the walk, and fails the run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from multiprocessing import Pool
from typing import Any, NamedTuple

from ftpalg.core import events as ev
from ftpalg.core import session
from ftpalg.core.desk import Await
from ftpalg.core.events import Side, Timer
from ftpalg.core.phases import Phase
from ftpalg.core.signals import Signal
from ftpalg.core.stages import transfer_states, transfer_steps
from ftpalg.core.stages.addressing import Addressing
from ftpalg.core.stages.forwarding import Forwarding
from ftpalg.core.stages.login import Login
from ftpalg.core.stages.reply_matching import ReplyMatching
from ftpalg.core.stages.transfer import ENDINGS, TransferStage
from ftpalg.core.stages.transfer_command import TransferCommand
from ftpalg.core.stages.transfer_legs import ORDERS, nothing
from ftpalg.core.stages.transfer_states import STEPS, Happening, Leg, Step, Verdict
from ftpalg.core.wire.commands import Kind
from tests.walk.scenes import NEAR
from tests.walk.walk import near

H, L, S, T, V = Happening, Leg, Step, Timer, Verdict


class Mutant(NamedTuple):
    """A name, and what makes the change."""

    name: str
    make: Callable[[], object]


def drop(table: dict[Any, Any], *keys: Any) -> Mutant:
    """An entry of a table, or of one inside it, is missing."""
    *outer, last = keys

    def make() -> None:
        found = table
        for key in outer:
            found = found[key]
        del found[last]

    return Mutant(f"no {' '.join(map(_word, keys))}", make)


def give(table: dict[Any, Any], key: Any, value: Any) -> Mutant:
    """An entry is another one."""
    shown = getattr(value[-1], "__qualname__", "") if isinstance(value, tuple) else _word(value)
    return Mutant(f"{_word(key)}: {shown or value}", lambda: table.__setitem__(key, value))


def without(step: Step, wait: Timer | None, *verdicts: Verdict) -> Mutant:
    """The rows of the joint table with that step, wait and these verdicts are missing."""

    def make() -> None:
        rows = [row for row in transfer_states.ROWS if row[2:] != (verdicts, step, wait)]
        assert len(rows) < len(transfer_states.ROWS), f"no row {step} {wait} {verdicts}"
        for client, server, verdict in STEPS:
            fits = (
                (row[3], row[4])
                for row in rows
                if client in row[0] and server in row[1] and verdict in row[2]
            )
            STEPS[client, server, verdict] = next(fits, (Step.WAIT, None))

    return Mutant(f"no row {_word(step)} {_word(wait)} {_word(verdicts)}", make)


def unwaited(wait: Timer) -> Mutant:
    """A wait of the joint table is not started."""

    def make() -> None:
        for state, (what, which) in STEPS.items():
            if which is wait:
                STEPS[state] = (what, None)

    return Mutant(f"{wait.name} is not started", make)


def late(event: type) -> Mutant:
    """An event has no meaning where a server is connected."""
    taken = session.EVENTS[event]
    return Mutant(f"{event.__name__} is late", lambda: taken.update({Phase.SERVED: session.LATE}))


def unheard(signal: Signal, stage: type) -> Mutant:
    """A signal is not handed on to a stage."""

    def make() -> None:
        heard = session.SIGNALS[signal]
        left = tuple(taker for taker in heard if taker[0] is not stage)
        assert len(left) < len(heard), f"{stage} does not hear {signal}"
        session.SIGNALS[signal] = left

    return Mutant(f"{stage.__name__} does not hear {signal.name}", make)


def idle(step: Step) -> Mutant:
    """A step of the table is not carried out."""
    name = f"{step.name} is not carried out"
    table: dict[Step, Any] = ORDERS if step in ORDERS else ENDINGS
    return Mutant(name, lambda: table.__setitem__(step, nothing))


def _word(thing: object) -> str:
    if isinstance(thing, tuple):
        return "/".join(map(_word, thing))
    return str(getattr(thing, "name", None) or getattr(thing, "__name__", None) or thing)


MUTANTS: tuple[Mutant, ...] = (
    # rows of the joint table
    without(S.ABORT_SERVER, None, V.NONE),
    without(S.ABORT_CLIENT, None, V.ABORTING),
    without(S.ABORT_CLIENT, None, V.CUT),
    without(S.ABORT_SERVER, None, V.CUT),
    without(S.FORWARD, None, V.REFUSED),
    without(S.ABORT_SERVER, None, *transfer_states.IN_FORCE),
    without(S.ABORT_CLIENT, None, *transfer_states.IN_FORCE),
    without(S.DIAL_CLIENT, None, *transfer_states.AGREED),
    without(S.OPEN_CLIENT, None, *transfer_states.IN_FORCE),
    without(S.OPEN_SERVER, None, *transfer_states.IN_FORCE),
    without(S.RELAY, None, *transfer_states.IN_FORCE),
    without(S.WAIT, T.DATA_OPEN, *transfer_states.IN_FORCE),
    without(S.WAIT, T.DATA_OPEN, *transfer_states.AGREED),
    without(S.END_CLIENT, None, V.LATE, V.SUCCEEDED),
    without(S.END_SERVER, None, *transfer_states.IN_FORCE),
    without(S.WAIT, T.DELIVERY, *transfer_states.IN_FORCE),
    without(S.BROKEN, None, V.SUCCEEDED),
    without(S.WAIT, T.FINAL_REPLY, *transfer_states.UNDECIDED),
    # waits that are not started
    unwaited(T.ABORT_PAUSE),
    unwaited(T.ABORT_REPLY),
    unwaited(T.DATA_OPEN),
    unwaited(T.SETTLE),
    unwaited(T.DELIVERY),
    unwaited(T.EARLY_REPLY),
    unwaited(T.LAST_WORD),
    unwaited(T.FINAL_REPLY),
    # waits that mean nothing, or something else
    drop(transfer_states.OVERDUE, (T.SETTLE, V.STARTED)),
    drop(transfer_states.OVERDUE, (T.EARLY_REPLY, V.EARLY)),
    drop(transfer_states.OVERDUE, (T.LAST_WORD, V.REPEATED)),
    drop(transfer_states.OVERDUE, (T.ABORT_PAUSE, V.ABORTING)),
    drop(transfer_states.OVERDUE, (T.FINAL_REPLY, V.STARTED)),
    drop(transfer_states.OVERDUE, (T.ABORT_REPLY, V.CUT)),
    drop(transfer_states.LATECOMERS, T.DATA_OPEN),
    drop(transfer_states.LATECOMERS, T.DELIVERY),
    # legs
    drop(transfer_states.LEGS, H.LISTENED, L.CLOSED),
    drop(transfer_states.LEGS, H.REACHED, L.LISTENING),
    drop(transfer_states.LEGS, H.REACHED, L.DIALLING),
    drop(transfer_states.LEGS, H.SHAKES, L.STANDING),
    drop(transfer_states.LEGS, H.SECURED, L.SHAKING),
    drop(transfer_states.LEGS, H.ENDED, L.MOVING),
    drop(transfer_states.LEGS, H.ENDED, L.ENDING),
    drop(transfer_states.LEGS, H.FAILED, L.STANDING),
    drop(transfer_states.LEGS, H.FAILED, L.MOVING),
    give(transfer_states.CHANGES, S.END_CLIENT, ((Side.CLIENT,), L.ENDED)),
    # the server's word
    drop(transfer_states.WORDS, H.PRELIMINARY, V.AWAITED),
    drop(transfer_states.WORDS, H.POSITIVE, V.STARTED),
    drop(transfer_states.WORDS, H.NEGATIVE, V.STARTED),
    drop(transfer_states.WORDS, H.ABORT, V.STARTED),
    drop(transfer_states.WORDS, H.SENT, V.NONE),
    give(transfer_states.WORDS[H.NEGATIVE], V.STARTED, V.SUCCEEDED),
    # steps that are not carried out
    idle(S.DIAL_SERVER),
    idle(S.RELAY),
    idle(S.END_CLIENT),
    idle(S.ABORT_CLIENT),
    idle(S.FORWARD),
    idle(S.BROKEN),
    idle(S.UNCONFIRMED),
    idle(S.GIVE_UP),
    idle(S.CONCLUDE),
    # who is told of what
    give(session.REPLIES, Await.TRANSFER, (Forwarding, Forwarding.answered)),
    give(session.REPLIES, Await.ABORTED, (Forwarding, Forwarding.answered)),
    give(session.REPLIES, Await.RESYNC, (Forwarding, Forwarding.answered)),
    give(session.REPLIES, Await.PASSIVE, (Addressing, Addressing.active_answered)),
    give(session.REPLIES, Await.STATUS, (Forwarding, Forwarding.answered)),
    give(session.REPLIES, Await.QUIT, (Forwarding, Forwarding.answered)),
    give(session.TIMERS, T.SETTLE, (ReplyMatching, ReplyMatching.held_over)),
    give(session.TIMERS, T.ABORT, (ReplyMatching, ReplyMatching.held_over)),
    give(session.TIMERS, T.RESYNC, (TransferStage, TransferStage.expired)),
    unheard(Signal.LEAVING, TransferStage),
    unheard(Signal.LEVEL_FOR_ADDRESS, Addressing),
    unheard(Signal.LEVEL_FOR_TRANSFER, TransferCommand),
    unheard(Signal.SERVER_SECURED, Login),
    late(ev.LegEnded),
    late(ev.LegFailed),
    late(ev.Listening),
    late(ev.ServerLost),
    late(ev.ClientLost),
    give(session.WHO[Phase.SERVED], Kind.DOWNLOAD, (Forwarding, Forwarding.forward)),
)


def judge(number: int) -> tuple[int, str, str]:
    """Make one mutant in this process and walk: the scene and the fault, empty if it survives."""
    try:
        MUTANTS[number].make()
        transfer_steps.settled.cache_clear()  # what the tables said before
    except Exception as error:  # a StopIteration would end the loop over the pool without a word
        raise RuntimeError(f"{MUTANTS[number].name} cannot be made: {error!r}") from None
    for scene in sorted(NEAR, key=lambda scene: (scene.bound, scene.window)):
        walked = near(scene)
        if walked.fault:
            return number, scene.name, walked.fault.splitlines()[0]
    return number, "", ""


def main() -> int:
    """Judge them all; the process of a mutant serves for no other."""
    judged = survivors = 0
    with Pool(maxtasksperchild=1) as pool:
        for number, scene, fault in pool.imap_unordered(judge, range(len(MUTANTS))):
            judged += 1
            survivors += not fault
            name = MUTANTS[number].name
            print(f"{name:58} {scene}: {fault}" if fault else f"{name} SURVIVES", flush=True)
    print(f"{len(MUTANTS)} mutants, {judged} judged, {survivors} survive")
    return 1 if survivors or judged != len(MUTANTS) else 0


if __name__ == "__main__":
    sys.exit(main())
