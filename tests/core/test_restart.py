"""REST, which must stand right before its transfer command."""

from __future__ import annotations

from tests.core.ladder import LadderTest
from tests.core.openings import PASV_EPSV, RETR, USABLE


class Restart(LadderTest):
    """Quirk 30: REST stands right before the transfer command."""

    def test_held(self) -> None:
        """REST, PASV, RETR: REST is sent again, with nothing between it and RETR."""
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {PASV_EPSV}
            C -> P  RETR file
            P -> S  REST 100
            P <- S  350 Restarting.
            P -> S  RETR file
            P ..    connects to the server's port 50123
            """
        )

    def test_right_before(self) -> None:
        """PASV, REST, RETR: it stands where it must, once."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {RETR}
            """
        )

    def test_every_restartable_verb(self) -> None:
        """STOR, APPE and STOU take it too; a listing does not, and it is gone then."""
        for verb in ("STOR f", "APPE f", "STOU"):
            self.after_login(
                f"""
                C -> P  REST 100
                P -> S  REST 100
                P <- S  200 Restarting.
                C <- P  200 Restarting.
                {PASV_EPSV}
                C -> P  {verb}
                P -> S  REST 100
                P <- S  120 Soon.
                P <- S  200 Restarting.
                P -> S  {verb}
                P ..    connects to the server's port 50123
                """
            )
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {PASV_EPSV}
            C -> P  LIST
            P -> S  LIST
            P ..    connects to the server's port 50123
            P <- S  550 No.
            C <- P  550 No.
            P ..    closes client leg
            P ..    aborts server leg
            {PASV_EPSV}
            {RETR}
            """
        )

    def test_once(self) -> None:
        """A REST is good for one transfer."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {RETR}
            P <- S  550 No.
            C <- P  550 No.
            P ..    closes client leg
            P ..    aborts server leg
            {PASV_EPSV}
            {RETR}
            """
        )

    def test_refused(self) -> None:
        """A refused REST is not held; one that is refused the second time ends the transfer."""
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  502 No.
            C <- P  502 No.
            {PASV_EPSV}
            {RETR}
            """
        )
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {PASV_EPSV}
            C -> P  RETR file
            P -> S  REST 100
            P <- S  501 No.
            P ..    done refused RETR: No.
            C <- P  501 No.
            P ..    closes client leg
            """
        ).play(USABLE)

    def test_superseded(self) -> None:
        """The last REST counts; one that is refused takes the one before with it."""
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            C -> P  REST 0
            P -> S  REST 0
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {PASV_EPSV}
            C -> P  RETR file
            P -> S  REST 0
            """
        )

    def test_number(self) -> None:
        """REST without a number is refused here: 501 cannot be misread as a position."""
        for argument in ("", " ", " -1", " abc", " 1 2"):
            self.after_login(f"C -> P  REST{argument}\\s\nC <- P  501 REST needs…").play(USABLE)
