"""ABOR in all its variants: quirk 32."""

from __future__ import annotations

from ftpalg.core.events import Timer
from tests.core.ladder import ACTIVE, LadderTest
from tests.core.openings import (
    ABORTED,
    BOTH_ANSWERS,
    CUT,
    IN_STEP,
    PASV_EPRT,
    PASV_EPSV,
    RELAYED,
    RETR,
    STORED,
    USABLE,
)


class Running(LadderTest):
    """A transfer that runs is given up."""

    def test_426_and_226(self) -> None:
        """Both replies of the server are the client's, in their order."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P <- S  426 Broken.
            P ..    starts abort
            P <- S  226 Abort done.
            P ..    done aborted RETR
            C <- P  426 Broken.
            C <- P  226 Abort done.
            """
        ).play(USABLE)

    def test_only_225(self) -> None:
        """225 alone: the client gets a 426 for its transfer and the 225 for its ABOR."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P <- S  225 ABOR done.
            P ..    timer abort
            C <- P  426 Transfer aborted.
            C <- P  225 ABOR done.
            {IN_STEP}
            """
        ).play(USABLE)

    def test_second_reply_late(self) -> None:
        """Rule 3: one that comes after the wait for it is nobody's; our NOOP tells where it ends."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P <- S  226 ABOR done.
            P ..    timer abort
            C <- P  426 Transfer aborted.
            C <- P  226 ABOR done.
            P -> S  NOOP
            C -> P  PWD
            P <- S  426 Broken.
            P <- S  200 In step.
            P -> S  PWD
            P <- S  257 "/"
            C <- P  257 "/"
            """
        ).play(USABLE)

    def test_only_226(self) -> None:
        """The same with 226."""
        self.after_login(
            f"""
            {STORED}
            {ABORTED}
            P <- S  226 ABOR done.
            P ..    timer abort
            P ..    done aborted STOR
            C <- P  426 Transfer aborted.
            C <- P  226 ABOR done.
            {IN_STEP}
            """
        ).play(USABLE)

    def test_only_426(self) -> None:
        """426 alone: the client's ABOR still gets an answer."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P <- S  426 Broken.
            P ..    timer abort
            C <- P  426 Broken.
            C <- P  226 Abort successful.
            {IN_STEP}
            """
        ).play(USABLE)

    def test_both_positive(self) -> None:
        """226 for a transfer that had just ended and 226 for ABOR: the client's data was cut."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P <- S  226 Transfer complete.
            P <- S  226 ABOR done.
            C <- P  426 Transfer aborted.
            C <- P  226 ABOR done.
            """
        ).play(USABLE)

    def test_refused_abor(self) -> None:
        """A server that does not know ABOR has its refusal told, behind the transfer's end."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P <- S  426 Broken.
            P <- S  502 No ABOR here.
            C <- P  426 Broken.
            C <- P  502 No ABOR here.
            """
        ).play(USABLE)

    def test_none(self) -> None:
        """No reply at all: both of the client's commands are answered, and the server is lost."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P ..    timer abort-reply
            C <- P  426 Transfer aborted.
            C <- P  226 Abort successful.
            C <- P  421 The server did not answer ABOR; closing.
            P ..    hangs up
            """
        )

    def test_1xx_meanwhile(self) -> None:
        """A 150 that crosses the ABOR is nobody's."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            {ABORTED}
            P <- S  150 Opening.
            {BOTH_ANSWERS}
            """
        ).play(USABLE)

    def test_before_150(self) -> None:
        """ABOR right behind RETR, answered by a refusal of the transfer and a 225."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            {ABORTED}
            P <- S  550 No such file.
            P <- S  225 Nothing to abort.
            C <- P  550 No such file.
            C <- P  225 Nothing to abort.
            """
        ).play(USABLE)

    def test_after_226(self) -> None:
        """The server's 226 is there, the client's data is not: one reply is owed."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            {ABORTED}
            P <- S  225 Nothing to abort.
            C <- P  426 Transfer aborted.
            C <- P  225 Nothing to abort.
            """
        ).play(USABLE)

    def test_after_the_servers_data(self) -> None:
        """The server's leg has ended: only the client's is left to abort."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            C -> P  ABOR
            P -> S  ABOR
            P ..    timer abort-pause
            P ..    aborts client leg
            P <- S  226 Complete.
            P <- S  226 ABOR done.
            C <- P  426 Transfer aborted.
            C <- P  226 ABOR done.
            """
        ).play(USABLE)

    def test_server_lost(self) -> None:
        """A server that hangs up on ABOR ends the session with one 421."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P ..    server lost
            P ..    done broken RETR
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_client_lost(self) -> None:
        """A client that leaves after ABOR leaves nothing behind."""
        self.after_login(f"{RELAYED}\n{ABORTED}\nP ..  client lost\nP ..  hangs up")

    def test_other_timers(self) -> None:
        """The transfer's own waits end with ABOR."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            C -> P  ABOR
            P ..    stops data-open
            P -> S  ABOR
            {CUT}
            {BOTH_ANSWERS}
            """
        ).play(USABLE)

    def test_reply_before_the_pause_is_over(self) -> None:
        """A reply that comes while the legs still stand: the second is waited for once they do not."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  ABOR
            P -> S  ABOR
            P <- S  426 Broken.
            {CUT}
            P ..    starts abort
            P <- S  226 Done.
            C <- P  426 Broken.
            C <- P  226 Done.
            """
        ).play(USABLE)

    def test_legs_still_talking(self) -> None:
        """What the legs do while the replies are awaited changes nothing."""
        made = self.after_login(f"{RELAYED}\n{ABORTED}")
        made.play("C -> P  NOOP\nP <- S  426 Broken.\nP <- S  226 Done.\n"
                  "C <- P  426 Broken.\nC <- P  226 Done.\nP -> S  NOOP\nP <- S  200 OK.\n"
                  "C <- P  200 OK.").play(USABLE)  # fmt: skip


class Idle(LadderTest):
    """No transfer runs."""

    def test_nothing_to_abort(self) -> None:
        """ABOR alone is the server's to answer."""
        self.after_login(
            "C -> P  ABOR\nP -> S  ABOR\nP <- S  225 Nothing.\nC <- P  225 Nothing."
        ).play(USABLE)

    def test_prepared_only(self) -> None:
        """ABOR before the transfer command leaves what is prepared."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  ABOR
            P -> S  ABOR
            P <- S  225 Nothing.
            C <- P  225 Nothing.
            {RETR}
            """
        )

    def test_listening_legs(self) -> None:
        """ABOR before the 150 of an active server closes both listeners."""
        self.logged_in(ACTIVE).play(
            f"""
            {PASV_EPRT}
            C -> P  LIST
            P -> S  LIST
            {ABORTED}
            {BOTH_ANSWERS}
            """
        ).play(USABLE)

    def test_unanswered(self) -> None:
        """Some servers say nothing to ABOR where nothing runs: the client hears it of us."""
        for late in ("", "P <- S  226 Late."):
            self.after_login(
                f"""
                {PASV_EPSV}
                C -> P  ABOR
                P -> S  ABOR
                P ..    timer abort-reply
                C <- P  225 There is no transfer to abort.
                P -> S  NOOP
                {late}
                P <- S  200 Here.
                """
            ).play(USABLE)

    def test_preliminary(self) -> None:
        """A 1xx to it passes, and the wait goes on."""
        made = self.logged_in()
        made.play("C -> P  ABOR\nP -> S  ABOR\nP <- S  120 Wait.\nC <- P  120 Wait.")
        self.assertIn(Timer.ABORT_REPLY, made.running)
        made.play("P <- S  225 Nothing.\nC <- P  225 Nothing.").play(USABLE)

    def test_answered_in_time(self) -> None:
        """An answer stops the wait."""
        self.after_login(
            """
            C -> P  ABOR
            P -> S  ABOR
            P ..    starts abort-reply
            P <- S  225 Nothing.
            P ..    stops abort-reply
            C <- P  225 Nothing.
            """
        ).play(USABLE)
