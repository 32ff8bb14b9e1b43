"""An ABOR that is not the next command: it overtakes, its answer does not."""

from __future__ import annotations

from tests.core.ladder import LadderTest
from tests.core.openings import (
    ABORTED,
    BOTH_ANSWERS,
    CUT,
    IN_STEP,
    NOOP_ANSWERED,
    PASV_EPSV,
    RELAYED,
    RESTARTED,
    USABLE,
)


class InTheQueue(LadderTest):
    """An ABOR that is not the next command."""

    def test_behind_noop(self) -> None:
        """Rule 3: the ABOR overtakes, its answer does not."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  NOOP
            {ABORTED}
            P <- S  426 Broken.
            P <- S  226 ABOR done.
            C <- P  426 Broken.
            {NOOP_ANSWERED}
            C <- P  226 ABOR done.
            """
        ).play(USABLE)

    def test_behind_noop_one_reply(self) -> None:
        """The same where the server gives one reply only."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  NOOP
            {ABORTED}
            P <- S  426 Broken.
            P ..    timer abort
            C <- P  426 Broken.
            {IN_STEP}
            {NOOP_ANSWERED}
            C <- P  226 Abort successful.
            """
        ).play(USABLE)

    def test_pipelined_with_the_transfer(self) -> None:
        """RETR and ABOR in one segment behind another command: ABOR goes right behind RETR."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  CWD /
            P -> S  CWD /
            C -> P  RETR file
            C -> P  ABOR
            P <- S  250 OK.
            C <- P  250 OK.
            P -> S  RETR file
            P ..    connects to the server's port 50123
            P -> S  ABOR
            {CUT}
            {BOTH_ANSWERS}
            """
        ).play(USABLE)

    def test_pipelined_with_more(self) -> None:
        """RETR, NOOP, ABOR behind another command: three answers in their order."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  CWD /
            P -> S  CWD /
            C -> P  RETR file
            C -> P  NO\\x09OP
            C -> P  NOOP
            C -> P  ABOR
            P <- S  250 OK.
            C <- P  250 OK.
            P -> S  RETR file
            P ..    connects to the server's port 50123
            P -> S  ABOR
            {CUT}
            P <- S  426 Broken.
            P <- S  226 ABOR done.
            C <- P  426 Broken.
            C <- P  500 Not an FTP command.
            {NOOP_ANSWERED}
            C <- P  226 ABOR done.
            """
        ).play(USABLE)

    def test_before_the_command_is_sent(self) -> None:
        """While REST is sent again there is nothing to abort; ABOR follows the transfer command."""
        self.after_login(
            f"""
            {RESTARTED}
            {PASV_EPSV}
            C -> P  RETR file
            P -> S  REST 100
            C -> P  ABOR
            P <- S  350 Restarting.
            P -> S  RETR file
            P ..    connects to the server's port 50123
            P -> S  ABOR
            {CUT}
            {BOTH_ANSWERS}
            """
        ).play(USABLE)

    def test_transfer_that_never_was(self) -> None:
        """ABOR behind a transfer that is refused here goes to the server in its turn."""
        self.after_login(
            """
            C -> P  CWD /
            P -> S  CWD /
            C -> P  RETR file
            C -> P  ABOR
            P <- S  250 OK.
            C <- P  250 OK.
            C <- P  425 Use PORT or PASV first.
            P -> S  ABOR
            P <- S  225 Nothing to abort.
            C <- P  225 Nothing to abort.
            """
        ).play(USABLE)

    def test_twice(self) -> None:
        """A second ABOR, out of impatience, is a command of its own."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            C -> P  ABOR
            {BOTH_ANSWERS}
            P -> S  ABOR
            P <- S  225 Nothing to abort.
            C <- P  225 Nothing to abort.
            """
        ).play(USABLE)

    def test_stat_behind_abor(self) -> None:
        """Rule 3: a STAT behind an ABOR is answered behind it."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            C -> P  STAT
            {BOTH_ANSWERS}
            P -> S  STAT
            P <- S  211 Fine.
            C <- P  211 Fine.
            """
        ).play(USABLE)
