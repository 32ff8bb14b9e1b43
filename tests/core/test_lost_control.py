"""A control connection ends during a transfer."""

from __future__ import annotations

from ftpalg.core.wire.replies import reply
from tests.core.ladder import LadderTest
from tests.core.openings import PASV_EPSV, RELAYED, RETR, STORED, USABLE


class LostControl(LadderTest):
    """A control connection ends during a transfer."""

    def test_server_lost_mid_download(self) -> None:
        """Rule 1: a server that dies mid-transfer fails the client's leg; 421 ends the session."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    done broken RETR
            P ..    hangs up
            """
        )

    def test_server_lost_right_behind_its_data(self) -> None:
        """A server that dies ends its data with a clean FIN too: the client's leg still fails."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    aborts client leg
            P ..    hangs up
            """
        )

    def test_server_lost_before_150(self) -> None:
        """The same while the 150 is awaited."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    closes client leg
            P ..    aborts server leg
            P ..    hangs up
            """
        )

    def test_server_lost_while_prepared(self) -> None:
        """A prepared listener does not outlive the session."""
        self.after_login(
            f"""
            {PASV_EPSV}
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    closes client leg
            P ..    hangs up
            """
        )

    def test_server_lost_mid_upload(self) -> None:
        """An upload whose server dies is not reported complete."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg ended
            P ..    ends server leg
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    aborts server leg
            P ..    done broken STOR
            P ..    hangs up
            """
        )

    def test_server_lost_after_its_226(self) -> None:
        """What the server called complete still reaches the client, whole, then the session ends."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P ..    server lost
            P ..    server leg ended
            P ..    ends client leg
            P ..    client leg ended
            P ..    done complete RETR
            C <- P  226 Complete.
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_server_lost_after_its_226_and_broken(self) -> None:
        """After that a broken leg is still a 426."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P ..    server lost
            P ..    client leg failed: reset
            P ..    aborts server leg
            C <- P  426 Transfer broken: reset.
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_abor_after_the_server_is_lost(self) -> None:
        """ABOR for data whose server is gone needs no server: it is answered at once."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P ..    server lost
            C -> P  ABOR
            C <- P  426 Transfer aborted.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  226 Abort successful.
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_421_during_a_transfer(self) -> None:
        """Quirk 27: a 421 that follows the 150 is relayed at once, its FIN adds no second 421."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  421 Going down.
            C <- P  421 Going down.
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    server lost
            P ..    hangs up
            """
        )

    def test_421_during_a_transfer_and_staying(self) -> None:
        """pyftpdlib's 421 for a data connection that did not come: the session goes on."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  421 Passive data channel timed out.
            C <- P  421 Passive data channel timed out.
            P ..    aborts client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_client_lost(self) -> None:
        """Rule 1: a client that dies fails the server's leg at every phase of a transfer."""
        for before, aborted in (
            (PASV_EPSV, "P ..    closes client leg"),
            (PASV_EPSV + RETR, "P ..    closes client leg\nP ..    aborts server leg"),
            (RELAYED, "P ..    aborts client leg\nP ..    aborts server leg"),
            (RELAYED + "P ..    server leg ended\n", "P ..    aborts client leg"),
            (STORED, "P ..    aborts client leg\nP ..    aborts server leg"),
            (
                STORED + "P ..    client leg ended\nP ..    ends server leg\n",
                "P ..    aborts server leg",
            ),
        ):
            self.logged_in().play(f"{before}\nP ..  client lost\n{aborted}\nP ..  hangs up")

    def test_shutdown(self) -> None:
        """The gateway's own end fails the legs and tells the client."""
        made = self.after_login(RELAYED)
        made.end(reply(421, "Bye."))
        made.play(
            "C <- P  421 Bye.\nP ..  aborts client leg\nP ..  aborts server leg\nP ..  hangs up"
        )
