"""What the field showed of servers that take their time, and of replies with an odd end."""

from __future__ import annotations

from ftpalg.core.actions import StartTimer
from ftpalg.core.events import ReplyGoesOn, Timer
from tests.core.ladder import ACTIVE, LadderTest
from tests.core.openings import ABORTED, JOB, PASV_EPRT, PASV_EPSV, RELAYS, RETR, UNANSWERED, USABLE


class Lines(LadderTest):
    """z/OS waits for a data set with a 125 whose lines come every fifteen seconds."""

    def test_as_they_come(self) -> None:
        """Each line reaches the client at once, masked, and restarts the idle wait."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  125-Waiting for the data set, says 198.51.100.9.
            P ..    starts idle
            C <- P  125-Waiting for the data set, says 192.0.2.1.
            P <- S  125-Still waiting.
            P ..    starts idle
            C <- P  125-Still waiting.
            P <- S  125 Here it is.
            C <- P  125 Here it is.
            P ..    server leg open
            {RELAYS}
            """
        )

    def test_of_another_command(self) -> None:
        """SITE's lines pass though a prepared transfer's data port is lost, and promise nothing of it."""
        site = """
            C -> P  SITE X
            P -> S  SITE X
            P <- S  120-Wait.
            C <- P  120-Wait.
            P <- S  120 Go on.
            C <- P  120 Go on.
            P <- S  200 Done.
            C <- P  200 Done.
        """
        refused = (
            "P <- S  550 No.\nC <- P  550 No.\nP ..  closes client leg\nP ..  aborts server leg"
        )
        self.after_login(f"{PASV_EPSV}{site}{RETR}{refused}")
        lost = """
            P ..    client leg open
            P ..    connects to the server's port 50123
            P ..    server leg failed: refused
        """
        self.after_login(f"{PASV_EPSV}{lost}{site}")

    def test_of_a_lost_transfer(self) -> None:
        """A transfer's own do not where its data port is lost: nothing is promised that cannot be had."""
        lost = "P ..  server leg failed: refused\nP <- S  125-Held.\nP <- S  125 Here."
        self.after_login(f"{PASV_EPSV}{RETR}{lost}")

    def test_of_any_command(self) -> None:
        """The same for a command that is the server's alone; other replies wait for their end."""
        self.after_login(
            """
            C -> P  SITE RECALL x
            P -> S  SITE RECALL x
            P <- S  120-Soon.
            C <- P  120-Soon.
            P <- S  120 Very soon.
            C <- P  120 Very soon.
            P <- S  200-Here.
            P <- S  200 Done.
            C <- P  200-Here.
            C <- P  200 Done.
            """
        ).play(USABLE)

    def test_nobodys(self) -> None:
        """Lines of a reply that is ours alone are for nobody."""
        self.after_login(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  120-Soon.
            P <- S  120 Very soon.
            P <- S  229 (|||50123|)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            """
        )

    def test_promised(self) -> None:
        """A refusal behind a line that the client has heard is a broken transfer."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  125-Waiting.
            C <- P  125-Waiting.
            P <- S  125 Here.
            C <- P  125 Here.
            P <- S  451 It is gone.
            C <- P  451 It is gone.
            P ..    aborts client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_of_a_second_1xx(self) -> None:
        """Once the server has agreed only the transfer's waits run: no line starts another."""
        made = self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            P ..    stops idle
            C <- P  150 Opening.
            """
        )
        before = len(made.told)
        made.play(
            """
            P <- S  150-One moment.
            C <- P  150-One moment.
            P <- S  150 Opening.
            C <- P  150 Opening.
            """
        )
        self.assertNotIn(StartTimer(Timer.IDLE), made.told[before:])


class AtWork(LadderTest):
    """A server that is heard is at work: what waits for it has its time anew."""

    def test_any_reply(self) -> None:
        """Whichever reply comes line by line."""
        self.after_login(
            """
            C -> P  SITE HELP
            P -> S  SITE HELP
            P <- S  214-The
            P ..    starts idle
            P <- S  words are
            P ..    starts idle
            P <- S  214 these.
            C <- P  214-The
            C <- P   words are
            C <- P  214 these.
            """
        ).play(USABLE)

    def test_begun(self) -> None:
        """A 1xx that has begun is not the silence in which data may move."""
        self.after_login(
            f"""
            {UNANSWERED}
            P ..    client leg open
            P ..    starts unannounced
            P <- S  125-Waiting for the data set.
            C <- P  125-Waiting for the data set.
            P ..    timer unannounced
            P ..    starts unannounced
            P ..    timer unannounced
            P <- S  125 Here it is.
            C <- P  125 Here it is.
            P ..    relays from server
            """
        )

    def test_begins_late(self) -> None:
        """Nor does it stall what moves already: each line counts, and each 1xx."""
        self.after_login(
            f"""
            {UNANSWERED}
            P ..    client leg open
            P ..    timer unannounced
            P ..    relays from server
            P <- S  125-Waiting for the data set.
            P ..    gives time
            C <- P  125-Waiting for the data set.
            P <- S  125 Here it is.
            P ..    gives time
            C <- P  125 Here it is.
            P <- S  125 Tape 1 of 2.
            P ..    gives time
            C <- P  125 Tape 1 of 2.
            """
        )

    def test_stores(self) -> None:
        """A final reply of several lines, and a 1xx, while it stores."""
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
            P ..    client leg ended
            P ..    ends server leg
            P ..    server leg ended
            P ..    starts final-reply
            P <- S  150-Storing
            P ..    starts final-reply
            C <- P  150-Storing
            P <- S  150 still.
            P ..    starts final-reply
            C <- P  150 still.
            P <- S  226-Stored,
            P ..    starts final-reply
            P <- S  226 at last.
            C <- P  226-Stored,
            C <- P  226 at last.
            """
        ).play(USABLE)

    def test_job(self) -> None:
        """A server that is to dial says why it does not yet."""
        self.logged_in(ACTIVE).play(
            f"""
            {JOB}
            P <- S  125-Soon
            P ..    starts stalled
            C <- P  125-Soon
            P <- S  125 now.
            P ..    starts stalled
            C <- P  125 now.
            """
        )


class Unfinished(LadderTest):
    """A reply of which the client has heard the first lines, and something else comes in between."""

    BEGUN = f"""
        {PASV_EPSV}
        {RETR}
        P <- S  125-Data set is held.
        C <- P  125-Data set is held.
    """

    def test_port_refused(self) -> None:
        """A data connection that fails meanwhile does not keep its end back."""
        self.after_login(
            f"""
            {self.BEGUN}
            P ..    server leg failed: refused
            P <- S  125-Waiting.
            C <- P  125-Waiting.
            P <- S  125 Go on.
            C <- P  125 Go on.
            P <- S  450 Not to be had.
            C <- P  450 Not to be had.
            P ..    aborts client leg
            """
        ).play(USABLE)

    def test_progress(self) -> None:
        """STAT is no part of it: the reply is ended first, and what follows of it is one of its own."""
        self.after_login(
            f"""
            {self.BEGUN}
            C -> P  STAT
            C <- P  125 Interrupted.
            P ..    reports progress
            P <- S  Waiting.
            C <- P  125-Waiting.
            P <- S  125 Here.
            C <- P  125 Here.
            """
        )

    def test_aborted(self) -> None:
        """ABOR ends it, too."""
        self.after_login(
            f"""
            {self.BEGUN}
            {ABORTED}
            P <- S  125-Waiting.
            P <- S  125 Go on.
            P <- S  426 Broken off.
            P <- S  226 Aborted.
            C <- P  125 Interrupted.
            C <- P  426 Broken off.
            C <- P  226 Aborted.
            """
        ).play(USABLE)

    def test_server_leaves(self) -> None:
        """So is it before a goodbye."""
        made = self.after_login(self.BEGUN.rpartition("P <- S")[0])
        made.feed(ReplyGoesOn(125, b"125-Data set is held."))
        made.play(
            """
            C <- P  125-Data set is held.
            P ..    server lost
            C <- P  125 Interrupted.
            C <- P  421 The server closed the connection.
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    hangs up
            """
        )


class Patience(LadderTest):
    """A server's right to take its time, once it has agreed."""

    def test_dials_late(self) -> None:
        """In active mode it may dial minutes after its 125: timeouts.stalled, not data-open."""
        self.logged_in(ACTIVE).play(
            f"""
            {JOB}
            P ..    server leg open
            P ..    stops stalled
            P ..    relays from server
            """
        )

    def test_never_dials(self) -> None:
        """That time has an end: 425, and ABOR."""
        self.logged_in(ACTIVE).play(
            f"""
            {PASV_EPRT}
            P ..    client leg open
            C -> P  RETR file
            P -> S  RETR file
            P <- S  125 Job output follows.
            C <- P  125 Job output follows.
            P ..    timer stalled
            P ..    aborts server leg
            P -> S  ABOR
            C <- P  425 No data connection: the server did not open it in time.
            P ..    aborts client leg
            """
        )

    def test_client_is_late(self) -> None:
        """A client has its own, shorter time."""
        self.logged_in(ACTIVE).play(
            f"""
            {PASV_EPRT}
            C -> P  RETR file
            P -> S  RETR file
            P <- S  125 Job output follows.
            P ..    starts data-open
            C <- P  125 Job output follows.
            P ..    timer data-open
            P ..    aborts client leg
            P -> S  ABOR
            C <- P  425 No data connection: the client did not open it in time.
            """
        )
