"""Rule 1 of the design: data connections that break, that never open, or that are not wanted."""

from __future__ import annotations

from ftpalg.core import actions as do
from ftpalg.core.events import LegEnded, LegFailed, LegMoved, LegReached, LegSecured, Side
from ftpalg.core.facts import Outcome, TransferOver
from tests.core.ladder import ACTIVE, LadderTest, actions
from tests.core.openings import (
    EARLY,
    IN_STEP,
    PASV_EPRT,
    PASV_EPSV,
    PORT_EPRT,
    PORT_RETR,
    PROMISED,
    RELAYED,
    RELAYS,
    RETR,
    STORED,
    UNANSWERED,
    USABLE,
)


class Broken(LadderTest):
    """Rule 1: a leg breaks."""

    def test_server_leg(self) -> None:
        """A download whose source breaks fails at the client, whatever the server says."""
        for said, told in (
            ("426 Broken.", "426 Broken."),
            ("226 Complete.", "426 Transfer broken…"),
        ):
            self.after_login(
                f"""
                {RELAYED}
                P ..    server leg failed: reset
                P ..    aborts client leg
                P <- S  {said}
                C <- P  {told}
                """
            ).play(USABLE)

    def test_client_leg(self) -> None:
        """A download whose sink breaks fails at the server."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    client leg failed: reset
            P ..    aborts server leg
            P ..    starts final-reply
            P <- S  226 Complete.
            P ..    done broken RETR: reset
            C <- P  426 Transfer broken: reset.
            """
        ).play(USABLE)

    def test_upload_source(self) -> None:
        """An upload whose source breaks is never ended cleanly towards the server."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg failed: reset
            P ..    aborts server leg
            P <- S  426 Broken.
            C <- P  426 Broken.
            """
        ).play(USABLE)

    def test_sink_breaks_at_its_end(self) -> None:
        """Bytes on the way that do not arrive make a 426 out of the 226."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg failed: reset
            C <- P  426 Transfer broken: reset.
            """
        ).play(USABLE)

    def test_both_legs(self) -> None:
        """The first reason is the one told; nothing is aborted twice."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    client leg failed: first
            P ..    aborts server leg
            P <- S  226 Complete.
            C <- P  426 Transfer broken: first.
            """
        ).play(USABLE)

    def test_client_leg_before_the_command(self) -> None:
        """A data connection that breaks before RETR spoils that transfer only."""
        self.after_login(
            f"""
            {EARLY}
            P ..    client leg failed: reset
            P ..    aborts server leg
            C -> P  RETR file
            P ..    done broken RETR
            C <- P  425 No data connection: reset.
            """
        ).play(USABLE)

    def test_client_refuses(self) -> None:
        """An active client that does not listen: 425, and the server's leg fails."""
        self.after_login(
            f"""
            {PORT_RETR}
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    connects to the client's port 51201
            P ..    client leg failed: refused
            P ..    aborts server leg
            P <- S  226 Complete.
            C <- P  425 No data connection: refused.
            """
        ).play(USABLE)

    def test_late_events_of_a_leg(self) -> None:
        """What a driver still tells of a leg that is given up changes nothing."""
        made = self.after_login(
            f"""
            {RELAYED}
            P ..    server leg failed: reset
            P ..    aborts client leg
            """
        )
        for side in Side:
            for event in (LegReached(side), LegSecured(side), LegEnded(side), LegMoved(side)):
                made.feed(event)
            made.feed(LegFailed(side, "again"))
        made.play("P <- S  426 Broken.\nC <- P  426 Broken.")
        for side in Side:
            for event in (LegReached(side), LegSecured(side), LegEnded(side), LegMoved(side)):
                made.feed(event)
            made.feed(LegFailed(side, "again"))
        made.play(USABLE)


class NeverOpened(LadderTest):
    """Quirk 27a: a data connection that does not come.  Timer, 425, in step."""

    GIVEN_UP = """
        P ..    timer data-open
        P ..    aborts client leg
        P -> S  ABOR
        C <- P  425 No data connection…
        P ..    timer abort-pause
        P ..    aborts server leg
    """

    def test_client(self) -> None:
        """A passive client that does not connect: its 425 at once, the server is told by ABOR."""
        self.after_login(
            f"""
            {UNANSWERED}
            P <- S  150 Opening.
            P ..    starts data-open
            C <- P  150 Opening.
            P ..    timer data-open
            P ..    aborts client leg
            P -> S  ABOR
            P ..    done broken RETR
            C <- P  425 No data connection: the client did not open it in time.
            P ..    timer abort-pause
            P ..    aborts server leg
            C -> P  NOOP
            P <- S  426 Broken.
            P <- S  226 Aborted.
            P -> S  NOOP
            P <- S  200 Still here.
            C <- P  200 Still here.
            """
        ).play(USABLE)

    def test_client_one_reply_to_abor(self) -> None:
        """A server with one reply for both: the next command waits for the abort wait only."""
        self.after_login(
            f"""
            {PROMISED}
            {self.GIVEN_UP}
            C -> P  NOOP
            P <- S  226 Aborted.
            P ..    timer abort
            {IN_STEP}
            P -> S  NOOP
            P <- S  200 Still here.
            C <- P  200 Still here.
            """
        ).play(USABLE)

    def test_client_no_reply_to_abor(self) -> None:
        """A server that does not answer at all is lost."""
        self.after_login(
            f"""
            {PROMISED}
            {self.GIVEN_UP}
            P ..    timer abort-reply
            C <- P  421 The server did not answer ABOR; closing.
            P ..    hangs up
            """
        )

    def test_server_passive(self) -> None:
        """A server whose data port swallows everything: both legs go, its reply is awaited."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    starts data-open
            P ..    timer data-open
            P ..    aborts server leg
            P <- S  425 No data connection.
            C <- P  425 No data connection.
            P ..    closes client leg
            """
        ).play(USABLE)

    def test_server_active(self) -> None:
        """An active server that says 150 and does not connect."""
        self.logged_in(ACTIVE).play(
            f"""
            {PORT_EPRT}
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    timer stalled
            P ..    aborts server leg
            P -> S  ABOR
            C <- P  425 No data connection: the server did not open it in time.
            P <- S  425 No data connection.
            P <- S  226 Aborted.
            """
        ).play(USABLE)

    def test_neither(self) -> None:
        """Neither side opens anything."""
        self.logged_in(ACTIVE).play(
            f"""
            {PASV_EPRT}
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            {self.GIVEN_UP}
            P <- S  226 Aborted.
            P ..    timer abort
            {IN_STEP}
            """
        ).play(USABLE)

    def test_slow_server_is_not_late(self) -> None:
        """Before the 150 a client that has not connected is not late, nor is a server that dials."""
        self.after_login(
            f"""
            {UNANSWERED}
            P ..    stops data-open
            P <- S  150 Opening.
            C <- P  150 Opening.
            {RELAYS}
            """
        )

    def test_after_success(self) -> None:
        """A 226 without data on a leg that never opens is no success for the client."""
        self.after_login(
            f"""
            {UNANSWERED}
            P <- S  226 Complete.
            P ..    timer data-open
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  425 No data connection: the client did not open it in time.
            """
        ).play(USABLE)

    def test_server_fails_after_its_150(self) -> None:
        """A server that has said 150 waits for a connection that cannot come: ABOR ends that."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    server leg failed: refused
            P ..    timer settle
            P -> S  ABOR
            C <- P  425 No data connection: refused.
            P ..    aborts client leg
            P <- S  425 No data connection.
            P <- S  226 Aborted.
            """
        ).play(USABLE)


class OverQuota(LadderTest):
    """A transfer that moves more than it may: the gateway breaks it, and its sentence is what counts."""

    SENTENCE = "Transfer broken: one download may have 9 bytes here."

    def broken(self, script: str, outcome: Outcome = Outcome.BROKEN) -> None:
        """While it moves."""
        ladder = self.after_login(
            f"""
            {RELAYED}
            P ..    server leg refused 552: {self.SENTENCE}
            P ..    aborts client leg
            {script}
            """
        )
        (over,) = [
            one.fact for one in actions(ladder, do.Tell) if isinstance(one.fact, TransferOver)
        ]
        self.assertEqual((over.outcome, over.reason, over.letters), (outcome, self.SENTENCE, "GD"))

    def test_server_sees_it(self) -> None:
        """The server says that it broke, in words of its own."""
        self.broken(f"P <- S  426 Broken.\nC <- P  552 {self.SENTENCE}")

    def test_server_does_not(self) -> None:
        """It calls it complete: the last bytes were on their way."""
        self.broken(f"P <- S  226 Complete.\nC <- P  552 {self.SENTENCE}")

    def test_server_is_silent(self) -> None:
        """It says nothing: the client has its answer all the same."""
        self.broken(
            f"""
            P ..    timer final-reply
            P -> S  ABOR
            C <- P  552 {self.SENTENCE}
            P <- S  426 Broken.
            P <- S  226 Aborted.
            """
        )


class Unwanted(LadderTest):
    """Data connections that the gateway itself refuses."""

    def test_code_of_our_own(self) -> None:
        """Our reason and code reach the client, whatever the server makes of the abort."""
        self.after_login(
            f"""
            {PROMISED}
            P ..    client leg refused 522: not resumed
            P ..    aborts server leg
            P <- S  426 Broken.
            P ..    done refused RETR
            C <- P  522 Data connection refused: not resumed.
            """
        )
