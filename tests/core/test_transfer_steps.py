"""What a happening makes of a transfer; which steps follow, the tables say and the ladders show."""

from __future__ import annotations

from itertools import product

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Side, Timer
from ftpalg.core.stages.transfer_states import (
    CHANGES,
    STEPS,
    Happening,
    Leg,
    Step,
    Transfer,
    Verdict,
)
from ftpalg.core.stages.transfer_steps import settled, step
from ftpalg.core.wire.commands import Command

RETR = Command(b"RETR", b"file")


class Settled(SynchronousTestCase):
    """``settled``."""

    def test_everywhere(self) -> None:
        """From every state the table leads to one where it waits, or to a step that ends its part."""
        for client, server, verdict in product(Leg, Leg, Verdict):
            with self.subTest(client=client, server=server, verdict=verdict):
                client, server, steps, wait = settled(client, server, verdict)
                last, found = STEPS[client, server, verdict]
                if last is Step.WAIT:
                    self.assertEqual(wait, found)
                    self.assertNotIn(Step.WAIT, steps)
                else:
                    self.assertEqual((steps[-1:], wait), ((last,), None))
                self.assertLessEqual(set(steps[:-1]), set(CHANGES))

    def test_chain(self) -> None:
        """Both open and the server agreed: the bytes move."""
        found = settled(Leg.STANDING, Leg.STANDING, Verdict.STARTED)
        opened = (Step.OPEN_CLIENT, Step.OPEN_SERVER, Step.RELAY)
        self.assertEqual(found, (Leg.MOVING, Leg.MOVING, opened, None))


class Steps(SynchronousTestCase):
    """``step``."""

    def test_kept(self) -> None:
        """What the tables do not speak of stays as it was; what may have moved is known."""
        before = Transfer(
            Leg.OPEN,
            Leg.OPEN,
            Verdict.AWAITED,
            Timer.UNANNOUNCED,
            command=RETR,
            client_port=7,
            size=9,
        )
        after, steps = step(before, Happening.PRELIMINARY)
        moving = before._replace(
            client=Leg.MOVING, server=Leg.MOVING, verdict=Verdict.STARTED, wait=None, relayed=True
        )
        self.assertEqual((after, steps), (moving, (Step.RELAY,)))

    def test_no_meaning(self) -> None:
        """What has none for a leg changes nothing."""
        before = Transfer(Leg.ENDED, Leg.ENDED, Verdict.STARTED)
        self.assertEqual(step(before, Happening.REACHED, Side.CLIENT), (before, ()))

    def test_first_reason(self) -> None:
        """The first leg that was lost is told of."""
        before = Transfer(Leg.OPEN, Leg.DIALLING, Verdict.AWAITED)
        once, _ = step(before, Happening.FAILED, Side.SERVER, "refused")
        twice, _ = step(once, Happening.FAILED, Side.CLIENT, "gone")
        for one in once, twice:
            self.assertEqual((one.reason, one.blame), ("refused", Side.SERVER))

    def test_latecomers_first(self) -> None:
        """Legs that are late are made to fail before what follows from it."""
        before = Transfer(Leg.LISTENING, Leg.DIALLING, Verdict.STARTED, Timer.DATA_OPEN)
        after, steps = step(before, Happening.EXPIRED)
        self.assertEqual(steps, (Step.ABORT_CLIENT, Step.ABORT_SERVER, Step.GIVE_UP))
        self.assertEqual((after.client, after.server), (Leg.MISSED, Leg.MISSED))
        self.assertEqual(after.reason, "the client did not open it in time")

    def test_end_not_taken(self) -> None:
        """So is a sink that does not take its end, whatever the server has said."""
        before = Transfer(Leg.ENDING, Leg.ENDED, Verdict.SUCCEEDED, Timer.DELIVERY)
        after, steps = step(before, Happening.EXPIRED)
        self.assertEqual(steps, (Step.ABORT_CLIENT, Step.BROKEN))
        self.assertEqual((after.client, after.wait), (Leg.FAILED, None))

    def test_dialled_again(self) -> None:
        """A server's port that could not be had before the command is tried again with it."""
        before = Transfer(
            Leg.LISTENING, Leg.MISSED, server_port=7, reason="refused", blame=Side.SERVER
        )
        after, steps = step(before, Happening.SENT)
        self.assertEqual((after.server, steps), (Leg.DIALLING, (Step.DIAL_SERVER,)))
        self.assertEqual((after.reason, after.blame), ("", None))

    def test_one_reply_of_two(self) -> None:
        """Behind ABOR the wait for the second reply is another than that for the first."""
        cut = Transfer(Leg.ENDED, Leg.FAILED, Verdict.ABORTING, Timer.ABORT_PAUSE)
        for heard, wait in (False, Timer.ABORT_REPLY), (True, Timer.ABORT):
            after, _ = step(cut._replace(heard=heard), Happening.PREPARED)
            self.assertEqual(after.wait, wait)
