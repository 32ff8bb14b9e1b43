"""What the field showed of data connections: the rows of the behaviour's table, one class each."""

from __future__ import annotations

from tests.core.ladder import LadderTest
from tests.core.openings import (
    ABORTED,
    EARLY,
    PASV_EPSV,
    PORT_EPSV,
    PORT_RETR,
    RELAYED,
    RETR,
    UNANSWERED,
    USABLE,
)


class Early(LadderTest):
    """The server's port is dialled as early as a direct client would (twisted#10540)."""

    def test_passive_client(self) -> None:
        """As soon as the client is connected: Twisted's server reads no command before."""
        self.after_login(
            f"""
            {EARLY}
            P ..    server leg open
            C -> P  TYPE I
            P -> S  TYPE I
            P <- S  200 Binary.
            C <- P  200 Binary.
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    relays from server
            """
        )

    def test_active_client(self) -> None:
        """Right behind the answer to PORT; the client itself is dialled when all else stands."""
        self.after_login(
            f"""
            {PORT_EPSV}
            P ..    server leg open
            C -> P  STOR file
            P -> S  STOR file
            P <- S  150 Go on.
            C <- P  150 Go on.
            P ..    connects to the client's port 51201
            P ..    client leg open
            P ..    relays from client
            """
        )

    def test_tried_again(self) -> None:
        """A dial that failed early is tried again with the command; its fault is forgotten."""
        self.after_login(
            f"""
            {EARLY}
            P ..    server leg failed: refused
            {RETR}
            P ..    server leg failed: refused again
            P <- S  425 Nobody came.
            C <- P  425 Nobody came.
            P ..    closes client leg
            """
        ).play(USABLE)

    def test_replaced(self) -> None:
        """A new PASV leaves the server's early connection too."""
        self.after_login(
            f"""
            {EARLY}
            P ..    server leg open
            C -> P  PASV
            P ..    closes client leg
            P ..    aborts server leg
            P -> S  EPSV
            P <- S  229 Extended (|||50124|)
            P ..    listens for the client on 50001
            C <- P  227 Entering Passive Mode (192,0,2,1,195,81)
            """
        )

    def test_timer_begins_with_the_command(self) -> None:
        """What is dialled early has its time from the command on."""
        self.after_login(
            f"""
            {EARLY}
            C -> P  RETR file
            P -> S  RETR file
            P ..    starts data-open
            P ..    timer data-open
            P ..    aborts server leg
            P <- S  425 No.
            C <- P  425 No.
            P ..    closes client leg
            """
        ).play(USABLE)


class Refusals(LadderTest):
    """A refusal is read before its data connection ends (basic-ftp takes a reset for the answer)."""

    def test_before_any_1xx(self) -> None:
        """Reply first, then a clean end for the client, whatever code it is."""
        for code in (425, 450, 550, 553):
            self.after_login(
                f"""
                {EARLY}
                P ..    server leg open
                C -> P  LIST
                P -> S  LIST
                P ..    starts unannounced
                P <- S  {code} No.
                C <- P  {code} No.
                P ..    closes client leg
                P ..    aborts server leg
                """
            ).play(USABLE)
            self.after_login(
                f"""
                {EARLY}
                C -> P  LIST
                P -> S  LIST
                P <- S  {code} No.
                C <- P  {code} No.
                P ..    closes client leg
                P ..    aborts server leg
                """
            ).play(USABLE)

    def test_client_that_has_not_come(self) -> None:
        """A port that still waits for its client is closed the same way."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  550 No.
            C <- P  550 No.
            P ..    closes client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_after_a_1xx(self) -> None:
        """Behind a 1xx it is a broken transfer: reply first, then a reset."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  451 No.
            C <- P  451 No.
            P ..    aborts client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_active_client(self) -> None:
        """150, then 425: an active client is never dialled."""
        self.after_login(
            f"""
            {PORT_RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  425 No.
            C <- P  425 No.
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_active_client_is_not_there(self) -> None:
        """Row 7 of the client's port: a server that says nothing of its reset is asked to abort."""
        self.after_login(
            f"""
            {PORT_EPSV}
            P ..    server leg open
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    connects to the client's port 51201
            P ..    client leg failed: refused
            P ..    aborts server leg
            P ..    starts settle
            P ..    timer settle
            P -> S  ABOR
            C <- P  425 No data connection: refused.
            P <- S  426 Broken off.
            P <- S  226 Aborted.
            """
        ).play(USABLE)

    def test_moved_already(self) -> None:
        """Bytes that went before any 1xx were a promise too: a reset."""
        self.after_login(
            f"""
            {EARLY}
            P ..    server leg open
            C -> P  RETR file
            P -> S  RETR file
            P ..    timer unannounced
            P ..    relays from server
            P <- S  550 No.
            C <- P  550 No.
            P ..    aborts client leg
            P ..    aborts server leg
            """
        ).play(USABLE)


class LastWord(LadderTest):
    """Pure-FTPd's: a second 150, and nothing more, on a download that its client has left."""

    LEFT = f"""
        {RELAYED}
        P ..    client leg failed: reset
        P ..    aborts server leg
        P <- S  150 Again.
        P ..    starts last-word
    """

    def test_nothing_more(self) -> None:
        """426 after a short wait, then into step by NOOP."""
        self.after_login(
            f"""
            {self.LEFT}
            P ..    timer last-word
            C <- P  426 Transfer broken: reset.
            P -> S  NOOP
            P <- S  200 OK.
            """
        ).play(USABLE)

    def test_final_reply_all_the_same(self) -> None:
        """A final reply within the wait is the answer."""
        self.after_login(f"{self.LEFT}\nP <- S  426 Cut.\nC <- P  426 Cut.").play(USABLE)

    def test_late_final_reply(self) -> None:
        """One that comes behind it answers nobody."""
        self.after_login(
            f"""
            {self.LEFT}
            P ..    timer last-word
            C <- P  426 Transfer broken: reset.
            P -> S  NOOP
            P <- S  426 Cut.
            P <- S  200 OK.
            """
        ).play(USABLE)

    def test_first_1xx_late(self) -> None:
        """A first 1xx is no last word: the final reply is still to come."""
        self.after_login(
            f"""
            {UNANSWERED}
            P ..    client leg failed: reset
            P ..    aborts server leg
            P <- S  150 Late.
            P ..    starts settle
            P <- S  426 Cut.
            C <- P  426 Cut.
            """
        ).play(USABLE)

    def test_upload(self) -> None:
        """Servers send 1xx while they process an upload: those change nothing."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  STOR file
            P -> S  STOR file
            P ..    connects to the server's port 50123
            P ..    server leg open
            P <- S  150 Go on.
            C <- P  150 Go on.
            P ..    client leg open
            P ..    relays from client
            P ..    client leg failed: reset
            P ..    aborts server leg
            P <- S  150 Working.
            P <- S  150 Still working.
            P ..    starts final-reply
            P <- S  426 Cut.
            C <- P  426 Cut.
            """
        ).play(USABLE)


class Urgency(LadderTest):
    """ABOR goes as it came: aioftp closes at Telnet's IP, vsftpd reads no other."""

    def test_urgent(self) -> None:
        """With IP and DM, of a transfer and of none."""
        self.after_login(
            "C => P  ABOR\nP => S  ABOR\nP <- S  225 Nothing.\nC <- P  225 Nothing."
        ).play(USABLE)
        self.after_login(f"{RELAYED}\nC => P  ABOR\nP => S  ABOR").play(
            """
            P <- S  426 Cut.
            P <- S  226 Done.
            C <- P  426 Cut.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  226 Done.
            """
        )

    def test_by_their_meaning(self) -> None:
        """ProFTPD says 226 for ABOR first: the client hears 426 for its transfer, 226 for ABOR."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P <- S  226 Abort successful.
            P <- S  426 Data connection closed.
            C <- P  426 Data connection closed.
            C <- P  226 Abort successful.
            """
        ).play(USABLE)
