"""A client that closes its sending side, as ``nc -N`` does, is answered to the end."""

from __future__ import annotations

from ftpalg.core.phase import Phase
from tests.core.ladder import PASV_EPSV, RELAYED, LadderTest


class HalfClose(LadderTest):
    """ClientDone in each situation."""

    def test_nothing_waits(self) -> None:
        """With nothing left to answer the session ends."""
        made = self.after_login("P ..    client done\nP ..    hangs up")
        self.assertIs(made.session.phase, Phase.OVER)

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
        self.assertIs(made.session.phase, Phase.OVER)

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


class Refused(LadderTest):
    """Data connections that the gateway itself refuses."""

    def test_code_of_our_own(self) -> None:
        """Our reason and code reach the client, whatever the server makes of the abort."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  RETR file
            P -> S  RETR file
            P ..    connects to the server's port 50123
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    client leg refused 522: not resumed
            P ..    aborts server leg
            P <- S  426 Broken.
            P ..    done refused RETR
            C <- P  522 Data connection refused: not resumed.
            """
        )

    def test_other_level(self) -> None:
        """A data connection opened under another protection level carries nothing."""
        self.after_login(
            f"""
            {PASV_EPSV}
            P ..    client leg open under TLS
            C -> P  RETR file
            P ..    aborts client leg
            C <- P  522 The data connection was opened before the protection level changed.
            """
        )
