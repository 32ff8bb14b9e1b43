"""The server says no to a transfer, or nothing."""

from __future__ import annotations

from tests.core.ladder import LadderTest
from tests.core.openings import IN_STEP, PASV_EPSV, PORT_RETR, RELAYED, RETR, STORED, USABLE


class Refused(LadderTest):
    """The server says no."""

    def test_550_instead_of_150(self) -> None:
        """The refusal is the client's; both legs are given up, the session stays usable."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  550 No such file.
            P ..    done refused RETR: No such file.
            C <- P  550 No such file.
            P ..    closes client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_refused_connection_first(self) -> None:
        """Quirk 24: ECONNREFUSED of the server's leg comes before its 550; the 550 wins."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg failed: Connection refused
            P <- S  550 No such file.
            C <- P  550 No such file.
            P ..    closes client leg
            """
        ).play(USABLE)

    def test_refused_connection_first_active_client(self) -> None:
        """The same with a client that would have been dialled: it never is."""
        self.after_login(
            f"""
            {PORT_RETR}
            P ..    server leg failed: Connection refused
            P <- S  550 No such file.
            C <- P  550 No such file.
            """
        ).play(USABLE)

    def test_broken_leg_then_425(self) -> None:
        """The server's leg breaks, then 150 and 425: the client gets one final reply, the 425."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg failed: Connection refused
            P <- S  150 Opening.
            P <- S  425 No data connection.
            C <- P  425 No data connection.
            P ..    closes client leg
            """
        ).play(USABLE)

    def test_broken_leg_then_150_and_no_more(self) -> None:
        """The server's port is refused, and it says 150 all the same: 425 in a moment, and ABOR."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg failed: Connection refused
            P <- S  150 Opening.
            P ..    timer settle
            P -> S  ABOR
            C <- P  425 No data connection: Connection refused.
            P ..    closes client leg
            P <- S  425 No data connection.
            P <- S  226 Aborted.
            """
        ).play(USABLE)

    def test_425_after_150(self) -> None:
        """Quirk 27: a 425 that follows the 150 is relayed at once."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  425 No data connection.
            C <- P  425 No data connection.
            P ..    aborts client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_refused_mid_transfer(self) -> None:
        """Rule 1: a 4xx mid-transfer makes the client's leg fail, though the data has ended."""
        for ended in ("", "P ..    server leg ended"):
            aborted = "" if ended else "P ..    aborts server leg"
            self.after_login(
                f"""
                {RELAYED}
                {ended}
                P <- S  451 Disk on fire.
                P ..    done broken RETR
                C <- P  451 Disk on fire.
                P ..    aborts client leg
                {aborted}
                """
            ).play(USABLE)

    def test_refused_while_ending(self) -> None:
        """A 4xx that comes while the end is on its way stops it."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            P <- S  426 Broken.
            C <- P  426 Broken.
            P ..    aborts client leg
            """
        ).play(USABLE)

    def test_upload_refused_at_the_end(self) -> None:
        """The server takes all data and then says 552."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg ended
            P ..    ends server leg
            P ..    server leg ended
            P <- S  552 Quota.
            C <- P  552 Quota.
            """
        ).play(USABLE)

    def test_empty_directory(self) -> None:
        """Quirk 29: an empty directory as 450 passes."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  NLST
            P -> S  NLST
            P ..    connects to the server's port 50123
            P ..    server leg open
            P <- S  450 No files.
            C <- P  450 No files.
            P ..    closes client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_nothing_prepared(self) -> None:
        """A transfer without PASV or PORT is 425 and does not reach the server."""
        self.after_login("C -> P  RETR file\nC <- P  425 Use PORT or PASV first.").play(USABLE)

    def test_3xx(self) -> None:
        """A final reply that is neither success nor an error is not taken for success."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  350 What now?
            P ..    timer second-reply
            C <- P  350 What now?
            P ..    closes client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_final_reply_names_no_server(self) -> None:
        """Rule 4: an address in a final reply becomes the one the client knows."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  425 Cannot connect to 198.51.100.1.
            C <- P  425 Cannot connect to 192.0.2.7.
            P ..    closes client leg
            P ..    aborts server leg
            """
        )


class NoFinalReply(LadderTest):
    """Quirk 28: data ended, and no final reply."""

    def test_download(self) -> None:
        """426 to the client, and the server is dropped."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            P ..    client leg ended
            P ..    timer final-reply
            P ..    done broken RETR
            C <- P  426 Transfer broken: the server did not confirm it.
            C <- P  421 The server did not answer; closing.
            P ..    hangs up
            """
        )

    def test_upload(self) -> None:
        """The same for an upload."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg ended
            P ..    ends server leg
            P ..    server leg ended
            P ..    timer final-reply
            C <- P  426 Transfer broken: the server did not confirm it.
            C <- P  421 The server did not answer; closing.
            P ..    hangs up
            """
        )

    def test_broken_transfer(self) -> None:
        """A server that says nothing of a broken transfer is asked by ABOR; the session goes on."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    client leg failed: reset
            P ..    aborts server leg
            P ..    timer final-reply
            P -> S  ABOR
            C <- P  426 Transfer broken: reset.
            P <- S  226 Aborted.
            P ..    timer abort
            {IN_STEP}
            """
        ).play(USABLE)

    def test_settle_twice(self) -> None:
        """The settle wait decides once; a timer of a transfer that is over does nothing."""
        made = self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            """
        )
        made.play("P ..  stops settle\nP ..  client leg ended\nC <- P  226 Complete.").play(USABLE)
