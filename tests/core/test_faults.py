"""Faults that the core once had, each a kind with its smallest script."""

from __future__ import annotations

from ftpalg.core.events import Timer
from ftpalg.core.routes import Mode
from ftpalg.core.session_settings import Rules
from tests.core.ladder import ACTIVE, FIXED, LadderTest
from tests.core.openings import ABORTED, CUT, GREETED, PASV_EPSV, RELAYED, RETR, STORED, USABLE


class Ending(LadderTest):
    """A leg that has been given its end has a timer."""

    def test_download(self) -> None:
        """A client that does not take the end of its data: the leg fails, and 226 is not told."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    starts delivery
            P ..    timer delivery
            P ..    aborts client leg
            P ..    done broken RETR
            C <- P  426 Transfer broken: the client did not take its end in time.
            """
        )

    def test_upload(self) -> None:
        """The same of a server."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg ended
            P ..    ends server leg
            P ..    starts delivery
            P ..    timer delivery
            P ..    aborts server leg
            P <- S  426 Broken.
            C <- P  426 Broken.
            """
        )

    def test_progress(self) -> None:
        """While it takes bytes it has its time anew; a leg that is not ending has none."""
        made = self.after_login(f"{RELAYED}\nP ..  server leg ended\nP ..  client leg moves")
        made.play(
            """
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg moves
            P ..    starts delivery
            P ..    client leg ended
            P ..    stops delivery
            C <- P  226 Complete.
            """
        )


class Masked(LadderTest):
    """Rule 4 in the replies of an aborted transfer."""

    def test_aborted(self) -> None:
        """Neither of the two shows the server's side."""
        self.after_login(
            f"""
            {RELAYED}
            {ABORTED}
            P <- S  426 Transfer to 198.51.100.1 from 198.51.100.9 aborted.
            P <- S  226 Closed (198,51,100,9,195,203).
            C <- P  426 Transfer to 192.0.2.7 from 192.0.2.1 aborted.
            C <- P  226 Closed.
            """
        )


class BeforeUser(LadderTest):
    """What is answered before any USER lets nobody in."""

    def test_acct(self) -> None:
        """RFC 959 permits 202 to ACCT: the login timer goes on, and there is no data port."""
        for verb in ("ACCT", "PASS"):
            made = self.ladder().play(GREETED)
            made.play(
                f"""
                C -> P  {verb} x
                P -> S  {verb} x
                P <- S  202 Superfluous.
                C <- P  202 Superfluous.
                C -> P  PASV
                C <- P  530 Log in first.
                """
            )
            self.assertFalse(made.session.desk.logged_in)


class Guessing(LadderTest):
    """Every refusal of a login counts, whichever code the server has for it."""

    def test_codes(self) -> None:
        """430, 431, 501, 503 and 530: the second one ends the session."""
        for code in (430, 431, 501, 503, 530):
            made = self.ladder(Rules(server=FIXED, bad_logins=2)).play(GREETED)
            made.play("C -> P  USER u\nP -> S  USER u\nP <- S  331 Go on.\nC <- P  331 Go on.")
            wrong = f"C -> P  PASS x\nP -> S  PASS x\nP <- S  {code} No.\nC <- P  {code} No."
            made.play(wrong, wrong, "C <- P  421 Too many failed logins; closing.\nP ..  hangs up")

    def test_421(self) -> None:
        """A 421 that does not end the connection counts too."""
        made = self.ladder(Rules(server=FIXED, bad_logins=1)).play(GREETED)
        made.play(
            """
            C -> P  USER u
            P -> S  USER u
            P <- S  331 Go on.
            C <- P  331 Go on.
            C -> P  PASS x
            P -> S  PASS x
            P <- S  421 Not now.
            P ..    timer goodbye
            C <- P  421 Not now.
            C <- P  421 Too many failed logins; closing.
            P ..    hangs up
            """
        )


class HalfClosed(LadderTest):
    """A client that half-closes in mid-transfer."""

    def test_no_timer_behind_the_end(self) -> None:
        """Nothing is ordered behind the goodbye."""
        made = self.after_login(RELAYED)
        before = len(made.told)
        made.play(
            "P ..  client done\nP ..  aborts client leg\nP ..  aborts server leg\nP ..  hangs up"
        )
        self.assertEqual(type(made.told[-1]).__name__, "HangUp")
        self.assertGreater(len(made.told), before)


class Goodbye(LadderTest):
    """A 421 between two transfers has a wait of its own."""

    def test_surplus_421_and_an_abort(self) -> None:
        """B11: the 421 held while idle does not stop the wait that ABOR needs."""
        self.after_login(
            f"""
            P <- S  421 Passive data channel timed out.
            {RELAYED}
            C -> P  ABOR
            P -> S  ABOR
            P <- S  426 Broken.
            {CUT}
            P <- S  226 Done.
            C <- P  426 Broken.
            C <- P  226 Done.
            """
        )


class FoundByTheWalk(LadderTest):
    """Counterexamples of the walk, as it told them."""

    def test_greeting_names_no_server(self) -> None:
        """Rule 4: ProFTPD's greeting names its address, and a 120 before it may."""
        self.ladder().play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  120 198.51.100.9 is busy.
            C <- P  120 192.0.2.1 is busy.
            P <- S  220 ProFTPD Server (Debian) [198.51.100.9]
            C <- P  220 ProFTPD Server (Debian) [192.0.2.1]
            """
        )

    def test_abor_without_a_transfer_names_no_server(self) -> None:
        """Rule 4: an answer to ABOR speaks of a data connection, a running one or not."""
        self.after_login(
            """
            C -> P  ABOR
            P -> S  ABOR
            P <- S  226 No transfer from 198.51.100.9 to 198.51.100.1.
            C <- P  226 No transfer from 192.0.2.1 to 192.0.2.7.
            """
        )

    def test_goodbye_names_no_server(self) -> None:
        """Rule 4: nor does a 421 that turns out as goodbye."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            P <- S  421 198.51.100.9 closes.
            P ..    server lost
            C <- P  421 192.0.2.1 closes.
            P ..    hangs up
            """
        )

    def test_leg_that_moves_behind_abor(self) -> None:
        """A leg that is ending when ABOR comes has the abort's wait, and no second one."""
        made = self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            C -> P  ABOR
            P -> S  ABOR
            P ..    client leg moves
            """
        )
        self.assertNotIn(Timer.DELIVERY, made.running)

    def test_half_closed_and_torn(self) -> None:
        """Rule 1: a transfer of a client that half-closed before it hears no 2xx when it is cut."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  NOOP
            P -> S  NOOP
            C -> P  RETR file
            P ..    client done
            P <- S  200 Here.
            C <- P  200 Here.
            P -> S  RETR file
            P ..    connects to the server's port 50123
            P ..    timer quit
            C <- P  421 The transfer was not over within the time that timeouts.quit allows.
            P ..    closes client leg
            P ..    aborts server leg
            P ..    hangs up
            """
        )

    def test_late_200_to_port(self) -> None:
        """Rule 3: behind an unanswered PORT a 200 may be PORT's, so that NOOP's would be no proof."""
        self.logged_in(Rules(server=FIXED, mode=Mode.CLIENT)).play(
            """
            C -> P  PORT 192,0,2,7,200,1
            P ..    listens for the server on 50000
            P -> S  PORT 198,51,100,1,195,80
            P ..    timer extended
            P ..    aborts server leg
            C <- P  425 The server does not answer.
            P -> S  PWD
            C -> P  SIZE file
            P <- S  200 PORT command successful.
            P <- S  257 "/" is the directory.
            P -> S  SIZE file
            P <- S  213 7
            C <- P  213 7
            """
        )

    def test_no_port_behind_an_unanswered_eprt(self) -> None:
        """Rule 3: the answer to EPRT that may come yet is for nobody, where PORT never went out."""
        self.logged_in(ACTIVE).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50000
            P -> S  EPRT |1|198.51.100.1|50000|
            P ..    timer extended
            P ..    aborts server leg
            P ..    cannot listen for the server: none is free
            C <- P  425 No data port: none is free.
            P -> S  PWD
            P <- S  200 EPRT command successful.
            P <- S  257 "/" is the directory.
            """,
            USABLE,
        )

    def test_held_reply_is_no_goodbye(self) -> None:
        """Rule 1: a 229 to RETR that is held is not told as the last word of a server that leaves."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  229 Extended (|||50123|)
            P ..    starts second-reply
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    closes client leg
            P ..    aborts server leg
            P ..    hangs up
            """
        )

    def test_half_closed_and_not_begun(self) -> None:
        """Rule 1: a transfer that still waits in the queue hears no 2xx either."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            C -> P  RETR file
            P ..    client done
            P ..    timer quit
            C <- P  421 The transfer was not over within the time that timeouts.quit allows.
            P ..    hangs up
            """
        )

    def test_failed_port_for_the_server(self) -> None:
        """A data port of ours that failed before the command is not dialled instead."""
        self.logged_in(ACTIVE).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50001
            P -> S  EPRT |1|198.51.100.1|50001|
            P ..    server leg failed: it broke
            P <- S  200 Good.
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            C -> P  RETR file
            P -> S  RETR file
            P <- S  425 Nobody listens.
            C <- P  425 Nobody listens.
            P ..    closes client leg
            """
        )
