"""Back into step: replies that a server owes after ABOR answer no other command (rule 3)."""

from __future__ import annotations

from tests.core.ladder import LadderTest
from tests.core.openings import ABORTED, PASV_EPSV, PROMISED, RELAYED, RETR, USABLE

ONE_REPLY = f"""
    {RELAYED}
    {ABORTED}
    P <- S  426 Broken.
    P ..    timer abort
    C <- P  426 Broken.
    C <- P  226 Abort successful.
    P -> S  NOOP
    P ..    starts resync
"""
"""An ABOR whose second reply has not come in time."""


class Resync(LadderTest):
    """The NOOP that tells where the replies that are owed end."""

    def test_late_reply_answers_nobody(self) -> None:
        """The late 226 is not SIZE's, nor anybody's after it."""
        self.after_login(
            f"""
            {ONE_REPLY}
            C -> P  SIZE f
            C -> P  DELE f
            P <- S  226 Abort done, late.
            P <- S  200 NOOP done.
            P ..    stops resync
            P -> S  SIZE f
            P <- S  213 7
            C <- P  213 7
            P -> S  DELE f
            P <- S  250 Gone.
            C <- P  250 Gone.
            """
        ).play(USABLE)

    def test_none_comes(self) -> None:
        """A server with one reply for both: NOOP's answer ends it."""
        self.after_login(f"{ONE_REPLY}\nP <- S  200 NOOP done.").play(USABLE)

    def test_unknown_noop_behind_the_late_reply(self) -> None:
        """Once all that was owed has come, whatever follows is NOOP's."""
        self.after_login(f"{ONE_REPLY}\nP <- S  225 Late.\nP <- S  500 NOOP?").play(USABLE)

    def test_refusal(self) -> None:
        """A 5xx is the late one if a 200 follows; else it could be NOOP's, and is not guessed."""
        for code in (500, 501, 502, 503, 504):
            self.after_login(f"{ONE_REPLY}\nP <- S  {code} ABOR?\nP <- S  200 OK.").play(USABLE)
            self.after_login(
                f"""
                {ONE_REPLY}
                P <- S  {code} What?
                P ..    timer resync
                C <- P  421 The server did not come back into step; closing.
                P ..    hangs up
                """
            )

    def test_silence(self) -> None:
        """A server that answers NOOP no more is lost."""
        self.after_login(
            f"""
            {ONE_REPLY}
            P ..    timer resync
            C <- P  421 The server did not come back into step; closing.
            P ..    hangs up
            """
        )

    def test_preliminary(self) -> None:
        """A 1xx is no answer to NOOP."""
        self.after_login(f"{ONE_REPLY}\nP <- S  150 Opening.\nP <- S  200 Done.").play(USABLE)

    def test_server_lost(self) -> None:
        """The server leaves meanwhile."""
        self.after_login(
            f"""
            {ONE_REPLY}
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_client_lost(self) -> None:
        """So does the client."""
        self.after_login(f"{ONE_REPLY}\nP ..  client lost\nP ..  hangs up")

    def test_before_the_150(self) -> None:
        """ABOR before the 150, then nothing but a late 426: the next command does not hear it."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            {ABORTED}
            P <- S  225 Nothing to abort.
            P ..    timer abort
            C <- P  426 Transfer aborted.
            C <- P  225 Nothing to abort.
            P -> S  NOOP
            C -> P  PWD
            P <- S  426 Late.
            P <- S  200 NOOP done.
            P -> S  PWD
            P <- S  257 "/"
            C <- P  257 "/"
            """
        ).play(USABLE)

    def test_given_up(self) -> None:
        """Both replies of a transfer that the gateway gave up come late."""
        self.after_login(
            f"""
            {PROMISED}
            P ..    timer data-open
            P ..    aborts client leg
            P -> S  ABOR
            C <- P  425 No data connection: the client did not open it in time.
            P ..    timer abort-pause
            P ..    aborts server leg
            P <- S  150 Again.
            P ..    timer abort
            P -> S  NOOP
            P <- S  426 Broken.
            P <- S  226 Aborted.
            P <- S  200 NOOP done.
            """
        ).play(USABLE)
