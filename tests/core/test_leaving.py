"""How a session ends: a peer that has gone, a stop."""

from __future__ import annotations

from ftpalg.core.ends import Reason
from ftpalg.core.events import CommandReceived, TimerExpired
from ftpalg.core.events import Timer as Wait
from ftpalg.core.phases import Phase
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import reply
from tests.core.ladder import FIXED, LadderTest
from tests.core.openings import GREETED, RELAYED, STORED, USABLE

STOPS = Reason.STOPPED.sentence


class HalfClose(LadderTest):
    """ClientDone in each situation."""

    def test_nothing_waits(self) -> None:
        """With nothing left to answer the session ends."""
        made = self.after_login("P ..    client done\nP ..    hangs up")
        self.assertIs(made.session.desk.phase, Phase.OVER)

    def test_commands_wait(self) -> None:
        """What was asked is answered, in order; then the session ends."""
        made = self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            C -> P  PWD
            P ..    client done
            P ..    starts quit
            P <- S  200 Here.
            C <- P  200 Here.
            P ..    starts quit
            P -> S  PWD
            P <- S  257 "/"
            C <- P  257 "/"
            P ..    hangs up
            """
        )
        self.assertIs(made.session.desk.phase, Phase.OVER)

    def test_server_says_nothing(self) -> None:
        """A silent server does not keep a half-closed session open."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            P ..    client done
            P ..    timer quit
            C <- P  221 Goodbye.
            P ..    hangs up
            """
        )

    def test_in_a_transfer(self) -> None:
        """Rule 1: a client that is gone in mid-transfer cannot see how it ends."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    client done
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    done broken RETR
            P ..    hangs up
            """
        )

    def test_quit_in_a_transfer(self) -> None:
        """A client that has said QUIT meant to go: its transfer is brought to its end, and then QUIT."""
        for gone in ("client done", "client lost"):
            self.after_login(
                f"""
                {RELAYED}
                C -> P  QUIT
                P ..    {gone}
                P ..    server leg ended
                P <- S  226 Sent.
                P ..    ends client leg
                P ..    client leg ended
                P ..    done complete RETR
                C <- P  226 Sent.
                P -> S  QUIT
                P <- S  221 Bye.
                C <- P  221 Bye.
                P ..    hangs up
                """
            )


class LeavesWell(LadderTest):
    """Row 11: a client that has said QUIT behind its upload meant to go, and its file arrives whole."""

    GOES_ON = """
        P ..    client leg ended
        P ..    ends server leg
        P ..    server leg ended
        P <- S  226 Complete.
        P ..    done complete STOR
        C <- P  226 Complete.
        P -> S  QUIT
        P <- S  221 Bye.
        C <- P  221 Bye.
        P ..    hangs up
    """

    def test_done(self) -> None:
        """It closes its sending side, and still hears."""
        made = self.logged_in().play(f"{STORED}\nC -> P  QUIT\nP ..  client done", self.GOES_ON)
        self.assertIs(made.session.desk.leaving, Reason.QUIT)

    def test_lost_behind_quit(self) -> None:
        """It closes both; what it is told then nobody hears."""
        made = self.logged_in().play(f"{STORED}\nC -> P  QUIT\nP ..  client lost", self.GOES_ON)
        self.assertIs(made.session.desk.leaving, Reason.QUIT)

    def test_never_without_quit(self) -> None:
        """One that has not said it may have been cut off in the middle of its file."""
        for gone in ("client done", "client lost"):
            self.logged_in().play(
                f"""
                {STORED}
                C -> P  NOOP
                P ..    {gone}
                P ..    aborts client leg
                P ..    aborts server leg
                P ..    done broken STOR
                P ..    hangs up
                """
            )


class Ends(LadderTest):
    """How a session ends."""

    def test_quit(self) -> None:
        """QUIT is answered by the server, and then both are closed."""
        self.after_login(
            """
            C -> P  QUIT
            P -> S  QUIT
            P ..    starts quit
            P <- S  120 Wait.
            C <- P  120 Wait.
            P <- S  221-Bye
            P <- S  221 Bye.
            C <- P  221-Bye
            C <- P  221 Bye.
            P ..    hangs up
            """
        )

    def test_quit_unanswered(self) -> None:
        """A server that answers QUIT with no goodbye, or not at all: the client gets its 221."""
        for happens in (
            "P <- S  500 What?",
            "P ..    server lost",
            "P ..    timer quit",
            "P <- S  421 Bye.\nP ..    timer goodbye",
            "P <- S  421 Bye.\nP ..    server lost",
        ):
            self.after_login(
                f"C -> P  QUIT\nP -> S  QUIT\n{happens}\nC <- P  221 Goodbye.\nP ..    hangs up"
            )

    def test_client_lost(self) -> None:
        """A client that goes takes the server's connection along, whatever is outstanding."""
        self.ladder().play(GREETED).play("P ..  client lost\nP ..  hangs up")
        self.after_login("P ..  client lost\nP ..  hangs up")
        self.after_login("C -> P  NOOP\nP -> S  NOOP\nP ..  client lost\nP ..  hangs up")
        self.after_login("C -> P  PASV\nP -> S  EPSV\nP ..  client lost\nP ..  hangs up")

    def test_server_lost(self) -> None:
        """A server that goes between commands, within one or while PASV waits: one 421."""
        for before in ("", "C -> P  NOOP\nP -> S  NOOP", "C -> P  PASV\nP -> S  EPSV"):
            self.after_login(
                f"{before}\nP ..  server lost\nC <- P  421 The server closed…\nP ..  hangs up"
            )
        self.ladder().play(GREETED).play(
            "P ..  server lost\nC <- P  421 The server closed…\nP ..  hangs up"
        )

    def test_server_lost_with_a_full_queue(self) -> None:
        """What waits in the queue is not carried out any more."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            C -> P  SYST
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_from_outside(self) -> None:
        """The gateway can end a session with a last word, once."""
        made = self.after_login("")
        made.end(reply(421, "Shutting down."))
        made.play("C <- P  421 Shutting down.\nP ..  hangs up")
        made.end(reply(421, "Again."))
        made.play("")

    def test_nothing_after_the_end(self) -> None:
        """Events after the end order nothing."""
        made = self.after_login("P ..  client lost\nP ..  hangs up")
        self.assertIs(made.session.desk.phase, Phase.OVER)
        self.assertEqual(made.session.handle(CommandReceived(Command(b"NOOP"))), [])
        self.assertEqual(made.session.handle(TimerExpired(Wait.IDLE)), [])

    def test_stray_timer(self) -> None:
        """A wait of a transfer that expires without one changes nothing."""
        made = self.after_login("")
        for timer in (Wait.SETTLE, Wait.DATA_OPEN, Wait.FINAL_REPLY, Wait.ABORT):
            self.assertEqual(made.session.handle(TimerExpired(timer)), [])
        made.play(USABLE)

    def test_stray_timer_mid_transfer(self) -> None:
        """The same for those that are not the running transfer's turn."""
        made = self.after_login(RELAYED)
        for timer in (Wait.DATA_OPEN, Wait.ABORT):
            self.assertEqual(made.session.handle(TimerExpired(timer)), [], timer)


class Stopped(LadderTest):
    """The gateway ends a session for a reason of its own."""

    def test_transfers_fail_for_that_reason(self) -> None:
        """What is cut is told with its true reason, whichever way the file goes."""
        for script, verb in ((RELAYED, "RETR"), (STORED, "STOR")):
            made = self.after_login(script)
            made._take(made.session.end(reply(421, "Stopping."), Reason.STOPPED))
            made.play(
                f"""
                C <- P  421 Stopping.
                P ..    aborts client leg
                P ..    aborts server leg
                P ..    done broken {verb}: {STOPS}
                P ..    hangs up
                """
            )

    def test_others_keep_theirs(self) -> None:
        """A client that goes in mid-transfer is still the reason itself."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    client lost
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    done broken RETR: the client's connection was reset, or failed
            P ..    hangs up
            """
        )

    def test_nothing_runs(self) -> None:
        """One at rest hears 421 and no more."""
        made = self.logged_in(Rules(server=FIXED))
        made.end(reply(421, "Stopping."))
        made.play("C <- P  421 Stopping.\nP ..  hangs up")
