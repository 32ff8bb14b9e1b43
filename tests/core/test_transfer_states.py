"""The core's tables, each walked whole: nothing is missing by accident."""

from __future__ import annotations

import inspect
from itertools import product
from pathlib import Path
from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

import ftpalg
from ftpalg.config.model import Timeouts
from ftpalg.core import events as ev
from ftpalg.core.desk import Await
from ftpalg.core.events import Timer
from ftpalg.core.phases import Phase
from ftpalg.core.session import EVENTS, LATE, REPLIES, SIGNALS, TIMERS, WHO, Session
from ftpalg.core.signals import Signal
from ftpalg.core.stage import Stage
from ftpalg.core.stages.transfer import ENDINGS
from ftpalg.core.stages.transfer_legs import ORDERS
from ftpalg.core.stages.transfer_states import (
    CHANGES,
    DOWN,
    IN_FORCE,
    LEGS,
    LIVE,
    LOST,
    OVERDUE,
    ROWS,
    STEPS,
    WORDS,
    Happening,
    Leg,
    Step,
    Transfer,
    Verdict,
)
from ftpalg.core.stages.transfer_steps import step
from ftpalg.core.wire.commands import Kind

ABORTS = {Step.ABORT_CLIENT: 0, Step.ABORT_SERVER: 1}
SETTINGS = Path(ftpalg.__file__).parent.parent / "etc" / "ftpalg.toml"

DECIDED = (Verdict.REFUSED, Verdict.ABORTING, Verdict.CUT)

MEANINGLESS = {
    ev.CommandReceived: {Phase.OPAQUE, Phase.OVER},
    ev.CommandRefused: {Phase.OPAQUE, Phase.OVER},
    ev.ClientDone: {Phase.OPAQUE, Phase.OVER},
    ev.ClientLost: {Phase.OVER},
    ev.ClientSecured: {Phase.CHECKING, Phase.DIALING, Phase.OPAQUE, Phase.OVER},
    ev.AccountAccepted: set(Phase) - {Phase.CHECKING},
    ev.AccountRefused: set(Phase) - {Phase.CHECKING},
    ev.AccountsBusy: set(Phase) - {Phase.CHECKING},
    ev.RoomAnswered: set(Phase) - {Phase.SERVED},
    ev.SecretMissing: set(Phase) - {Phase.SERVED},
    ev.ServerConnected: set(Phase) - {Phase.DIALING},
    ev.ServerUnreachable: set(Phase) - {Phase.DIALING},
    ev.ServerSecured: set(Phase) - {Phase.DIALING, Phase.SERVED},
    ev.ServerInsecure: set(Phase) - {Phase.DIALING, Phase.SERVED},
    ev.ReplyReceived: set(Phase) - {Phase.DIALING, Phase.SERVED},
    ev.CaughtUp: set(Phase) - {Phase.DIALING, Phase.SERVED},
    ev.ReplyUnderWay: set(Phase) - {Phase.DIALING, Phase.SERVED},
    ev.ReplyGoesOn: set(Phase) - {Phase.DIALING, Phase.SERVED},
    ev.TextPassedOver: set(Phase) - {Phase.DIALING, Phase.SERVED},
    ev.ServerBroken: set(Phase) - {Phase.DIALING, Phase.SERVED},
    ev.ServerLost: {Phase.UNROUTED, Phase.CHECKING, Phase.OVER},
    ev.Listening: set(Phase) - {Phase.SERVED},
    ev.ListenFailed: set(Phase) - {Phase.SERVED},
    ev.LegReached: set(Phase) - {Phase.SERVED},
    ev.LegSecured: set(Phase) - {Phase.SERVED},
    ev.LegMoved: set(Phase) - {Phase.SERVED},
    ev.LegEnded: set(Phase) - {Phase.SERVED},
    ev.LegFailed: set(Phase) - {Phase.SERVED},
    ev.TimerExpired: {Phase.OPAQUE, Phase.OVER},
}
"""Phases in which an event is late, or can be none of that session's."""


class Joint(SynchronousTestCase):
    """The joint table of a transfer."""

    def test_whole(self) -> None:
        """Every joint state has a step, and every leg is live or at rest."""
        self.assertEqual(set(STEPS), set(product(Leg, Leg, Verdict)))
        self.assertEqual(set(LIVE) ^ set(DOWN), set(Leg))

    def test_every_row_holds_somewhere(self) -> None:
        """No row stands behind others that leave nothing for it."""
        for number, (client, server, verdicts, *_) in enumerate(ROWS):
            left = [
                state
                for state in product(client, server, verdicts)
                if not any(state[0] in c and state[1] in s and state[2] in v
                           for c, s, v, *_ in ROWS[:number])
            ]  # fmt: skip
            self.assertTrue(left, f"row {number}")

    def test_aborts_what_lives(self) -> None:
        """A leg is made to fail only where it is live."""
        for state, (what, _) in STEPS.items():
            if what in ABORTS:
                self.assertIn(state[ABORTS[what]], LIVE, state)

    def test_opens_what_stands(self) -> None:
        """A leg serves only where it stands; one is dialled only where there is none."""
        for (client, server, _), (what, _wait) in STEPS.items():
            where = (client, server, what)
            if what is Step.OPEN_CLIENT:
                self.assertIs(client, Leg.STANDING, where)
            elif what is Step.OPEN_SERVER:
                self.assertIs(server, Leg.STANDING, where)
            elif what is Step.DIAL_CLIENT:
                self.assertEqual((client, server), (Leg.CLOSED, Leg.OPEN), where)
            elif what is Step.DIAL_SERVER:
                self.assertIs(server, Leg.CLOSED, where)

    def test_relays_what_is_open(self) -> None:
        """Two open legs are relayed once the server has agreed, or is silent, and nothing else ever is."""
        for (client, server, verdict), (what, _) in STEPS.items():
            both = (client, server) == (Leg.OPEN, Leg.OPEN) and verdict in set(IN_FORCE) - {
                Verdict.AWAITED
            }
            self.assertEqual(what is Step.RELAY, both, (client, server, verdict))

    def test_ends_only_after_an_end(self) -> None:
        """Rule 1: a clean end follows a clean end; the client's only after the reply was asked."""
        for (client, server, verdict), (what, _) in STEPS.items():
            if what is Step.END_CLIENT:
                self.assertEqual((client, server), (Leg.MOVING, Leg.ENDED))
                self.assertIn(verdict, (Verdict.LATE, Verdict.SUCCEEDED))
            elif what is Step.END_SERVER:
                self.assertEqual((client, server), (Leg.ENDED, Leg.MOVING))

    def test_success_is_told_of_ended_legs(self) -> None:
        """Rule 1: the server's 2xx is passed on only where both legs have ended cleanly."""
        for (client, server, verdict), (what, _) in STEPS.items():
            if what is Step.FORWARD and verdict is not Verdict.REFUSED:
                self.assertEqual(
                    (client, server, verdict), (Leg.ENDED, Leg.ENDED, Verdict.SUCCEEDED)
                )
            if what is Step.BROKEN:
                self.assertNotEqual((client, server), (Leg.ENDED, Leg.ENDED))

    def test_lost_legs_take_the_other(self) -> None:
        """A leg that broke leaves no live one; a server's port that is not to be had waits for its word."""
        for (client, server, verdict), (what, wait) in STEPS.items():
            if verdict not in IN_FORCE:
                continue
            if (client in LOST and server in LIVE) or (client in LIVE and server is Leg.FAILED):
                self.assertIn(what, ABORTS, (client, server, verdict))
            if client in LIVE and server is Leg.MISSED and what is Step.WAIT:
                self.assertIsNotNone(wait, (client, server, verdict))

    def test_what_is_ending_has_its_wait(self) -> None:
        """A sink that was told to end is bounded, whatever the server has said."""
        for (client, server, verdict), (what, wait) in STEPS.items():
            ending = {client, server} == {Leg.ENDING, Leg.ENDED}
            if ending and verdict in IN_FORCE:
                self.assertEqual((what, wait), (Step.WAIT, Timer.DELIVERY), (client, server))

    def test_resting_is_bounded(self) -> None:
        """Two legs at rest and no final reply: a wait runs, or a step goes on."""
        for (client, server, verdict), (what, wait) in STEPS.items():
            if {client, server} <= set(DOWN) and verdict is not Verdict.NONE:
                self.assertFalse(what is Step.WAIT and wait is None, (client, server, verdict))

    def test_abort_is_bounded(self) -> None:
        """Behind ABOR a wait runs in every state in which nothing is to be done."""
        for state, (what, wait) in STEPS.items():
            if state[2] in (Verdict.ABORTING, Verdict.CUT) and what is Step.WAIT:
                self.assertIn(wait, (Timer.ABORT_PAUSE, Timer.ABORT_REPLY), state)


class Parts(SynchronousTestCase):
    """The tables beside it."""

    def test_happenings(self) -> None:
        """Each happening is one of a leg, one of the server's word, or the end of a wait."""
        self.assertEqual(set(LEGS) ^ set(WORDS), set(Happening) - {Happening.EXPIRED})

    def test_legs(self) -> None:
        """A live leg can fail, and comes to rest by it; one at rest cannot."""
        self.assertEqual(set(LEGS[Happening.FAILED]), set(LIVE))
        self.assertEqual(set(LEGS[Happening.FAILED].values()), set(LOST))
        self.assertEqual(set(LEGS[Happening.ENDED].values()), {Leg.ENDED})
        for leg in set(DOWN) - {Leg.CLOSED}:
            self.assertFalse([h for h in LEGS if leg in LEGS[h]], leg)

    def test_final_words(self) -> None:
        """Any verdict that is not final can become so, and ABOR can follow each that has begun."""
        undecided = set(WORDS[Happening.POSITIVE])
        self.assertEqual(undecided, set(WORDS[Happening.NEGATIVE]))
        self.assertEqual(undecided, set(IN_FORCE) - {Verdict.SUCCEEDED})
        self.assertEqual(set(WORDS[Happening.ABORT]), set(IN_FORCE))
        for decided in DECIDED:
            self.assertFalse([h for h in WORDS if decided in WORDS[h]], decided)

    def test_waits_mean_something(self) -> None:
        """Each wait that a row starts changes something when it is over, in each such verdict."""
        for (client, server, verdict), (what, wait) in STEPS.items():
            if what is not Step.WAIT or wait is None:
                continue
            before = Transfer(client, server, verdict, wait)
            after, steps = step(before, Happening.EXPIRED)
            self.assertTrue(steps or after != before, (client, server, verdict, wait))

    def test_overdue(self) -> None:
        """A meaning is for a wait and a verdict that some row brings together."""
        waits = {(wait, state[2]) for state, (_, wait) in STEPS.items()}
        waits |= {(Timer.ABORT, verdict) for wait, verdict in waits if wait is Timer.ABORT_REPLY}
        unused = {pair for pair in OVERDUE if pair not in waits}
        self.assertEqual(unused, set())

    def test_steps(self) -> None:
        """Each step but WAIT is carried out; those that change no leg end the table's part."""
        self.assertEqual(set(ORDERS), set(CHANGES))
        ends = set(Step) - set(CHANGES) - {Step.WAIT}
        self.assertEqual(set(ENDINGS), ends)
        told = {what for what, _ in STEPS.values()} | {
            meant for meant in OVERDUE.values() if isinstance(meant, Step)
        }
        self.assertLessEqual(ends, told)


class Routing(SynchronousTestCase):
    """The tables of the session."""

    def test_commands(self) -> None:
        """Where commands are carried out, each kind has somebody who takes it."""
        self.assertEqual(set(WHO), {Phase.UNROUTED, Phase.SERVED})
        for phase, takers in WHO.items():
            self.assertEqual(set(takers), set(Kind), phase)

    def test_events(self) -> None:
        """Each event is taken in each phase, or is listed as meaningless there."""
        self.assertEqual(set(EVENTS), set(get_args(ev.Event)))
        for kind, phase in product(EVENTS, Phase):
            self.assertIs(EVENTS[kind][phase] is LATE, phase in MEANINGLESS[kind], (kind, phase))

    def test_replies_signals_waits(self) -> None:
        """Whatever is awaited, signalled or waited for concerns somebody."""
        self.assertEqual(set(REPLIES), set(Await))
        self.assertEqual(set(SIGNALS), set(Signal))
        self.assertTrue(all(SIGNALS.values()))
        self.assertEqual(set(TIMERS), set(Timer))

    def test_methods_are_the_stages_own(self) -> None:
        """A taker is a stage, or the session, and a method of it."""
        takers = [taker for who in WHO.values() for taker in who.values()]
        takers += [taker for event in EVENTS.values() for taker in event.values() if taker]
        takers += [*REPLIES.values(), *TIMERS.values()]
        takers += [taker for heard in SIGNALS.values() for taker in heard]
        for stage, method in takers:
            self.assertTrue(issubclass(stage, (Stage, Session)), stage)
            self.assertIs(inspect.getattr_static(stage, method.__name__), method)

    def test_waits_are_settings(self) -> None:
        """Rule 7: each wait is a setting of its name, and stands in the settings' file."""
        text = SETTINGS.read_text("utf-8")
        timeouts = Timeouts()
        for timer in Timer:
            self.assertGreater(timeouts.of(timer), 0, timer)
            self.assertRegex(text, rf"(?m)^#? ?{timer.value} = ", timer)
