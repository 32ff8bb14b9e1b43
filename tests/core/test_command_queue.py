"""Commands wait for their turn: the queue, what may not wait, and what is too much."""

from __future__ import annotations

from ftpalg.core.events import CommandRefused
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.errors import BadCommand
from tests.core.ladder import FIXED, LadderTest
from tests.core.openings import DELIVERED, GREETED, PASV_EPSV, RELAYED, RETR, ROUTED, USABLE
from tests.core.scripts import OPEN


class Queue(LadderTest):
    """Commands wait in a FIFO."""

    def test_pipelining(self) -> None:
        """Quirk 35: at most one command is outstanding at the server; answers keep their order."""
        self.after_login(
            """
            C -> P  CWD /a
            P -> S  CWD /a
            C -> P  PWD
            C -> P  REIN
            C -> P  SIZE x
            P <- S  250 OK.
            C <- P  250 OK.
            P -> S  PWD
            P <- S  257 "/a"
            C <- P  257 "/a"
            C <- P  502 REIN cannot pass this gateway.
            P -> S  SIZE x
            P <- S  213 5
            C <- P  213 5
            """
        )

    def test_pipelined_pasv(self) -> None:
        """A NOOP behind PASV does not get the server's 229, and does not see it."""
        self.after_login(
            """
            C -> P  PASV
            P -> S  EPSV
            C -> P  NOOP
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            P -> S  NOOP
            P <- S  200 OK.
            C <- P  200 OK.
            """
        )

    def test_1xx_leaves_the_head(self) -> None:
        """A 1xx is told and leaves its command open, whatever command it is."""
        self.after_login(
            """
            C -> P  SITE LONG
            P -> S  SITE LONG
            C -> P  NOOP
            P <- S  100 Working.
            C <- P  100 Working.
            P <- S  200 Done.
            C <- P  200 Done.
            P -> S  NOOP
            """
        )

    def test_bound(self) -> None:
        """Rule 7: beyond the bound no more commands are wanted; room makes them wanted again."""
        made = self.logged_in(Rules(server=FIXED, queued_commands=2))
        made.play("C -> P  NOOP\nP -> S  NOOP\nC -> P  NOOP")
        self.assertTrue(made.session.wants_commands)
        made.play("C -> P  NOOP")
        self.assertFalse(made.session.wants_commands)
        made.play("P <- S  200 OK.\nC <- P  200 OK.\nP -> S  NOOP")
        self.assertTrue(made.session.wants_commands)

    def test_bound_of_bytes(self) -> None:
        """Long commands fill the queue sooner; a few of them always have room."""
        made = self.logged_in(Rules(server=FIXED, queued_size=100))
        made.play("C -> P  NOOP\nP -> S  NOOP")
        long = "C -> P  SITE " + 40 * "x"
        for _ in range(4):
            self.assertTrue(made.session.wants_commands)
            made.play(long)
        self.assertFalse(made.session.wants_commands)
        self.assertLess(len(made.session.desk.queue), made.session.desk.rules.queued_commands)

    def test_refused_lines_weigh_nothing(self) -> None:
        """Lines that are no commands wait for their turn as well, and only their number counts."""
        made = self.logged_in(Rules(server=FIXED, queued_size=100, bad_commands=99))
        made.play("C -> P  NOOP\nP -> S  NOOP")
        for _ in range(20):
            made.feed(CommandRefused(BadCommand("no command")))
        self.assertTrue(made.session.wants_commands)

    def test_all_codes(self) -> None:
        """Quirks 4 and 6: any final code answers the command; a 221 to another is no goodbye."""
        for code in (200, 221, 257, 350, 450, 530, 600, 699):
            waits = "P ..  timer second-reply" if code in (221, 350) else ""
            self.after_login(
                f"C -> P  SITE X\nP -> S  SITE X\nP <- S  {code} Text.\n{waits}\n"
                f"C <- P  {code} Text."
            ).play(USABLE)


class Meanwhile(LadderTest):
    """Commands of the client during a transfer: quirks 33 and 34."""

    def test_commands_wait(self) -> None:
        """NOOP and QUIT mid-transfer wait for its end; nothing goes to the server."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  NOOP
            C -> P  QUIT
            P ..    server leg ended
            P <- S  226 Complete.
            {DELIVERED}
            P -> S  NOOP
            P <- S  200 OK.
            C <- P  200 OK.
            P -> S  QUIT
            P <- S  221 Bye.
            C <- P  221 Bye.
            P ..    hangs up
            """
        )

    def test_stat(self) -> None:
        """STAT mid-transfer is answered with the bytes so far."""
        self.after_login(f"{RELAYED}\nC -> P  STAT\nP ..    reports progress\n")

    def test_stat_in_the_queue(self) -> None:
        """A STAT behind another command waits for its turn."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  NOOP
            C -> P  STAT
            P <- S  451 No.
            C <- P  451 No.
            P ..    aborts client leg
            P ..    aborts server leg
            P -> S  NOOP
            P <- S  200 OK.
            C <- P  200 OK.
            P -> S  STAT
            """
        )

    def test_idle_does_not_run(self) -> None:
        """A long transfer is not idle; the wait begins again behind it."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            P ..    stops idle
            C <- P  150 Opening.
            P <- S  426 No.
            P ..    starts idle
            C <- P  426 No.
            P ..    aborts client leg
            P ..    aborts server leg
            """
        )

    def test_pasv_does_not_disturb(self) -> None:
        """A pipelined PASV does not take the running transfer's legs."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  PASV
            P ..    server leg ended
            P <- S  226 Complete.
            {DELIVERED}
            P -> S  EPSV
            P <- S  229 Extended (|||50124|)
            P ..    listens for the client on 50001
            C <- P  227 Entering Passive Mode (192,0,2,1,195,81)
            """
        )


class Abuse(LadderTest):
    """Quirk 14: who speaks something else, or too much of it."""

    def test_http_and_smtp(self) -> None:
        """Verbs of HTTP and SMTP close the connection without an echo of the input."""
        for line in ("GET /secret HTTP/1.1", "POST / HTTP/1.1", "EHLO me", "connect x:1"):
            self.ladder(OPEN).play(ROUTED).play(
                f"""
                C -> P  {line}
                C <- P  421 This is an FTP service; closing the connection.
                P ..    hangs up
                """
            )
        self.ladder().play(GREETED).play(
            "C -> P  HEAD / HTTP/1.1\nC <- P  421 This is an FTP…\nP ..  hangs up"
        )

    def test_http_while_dialling(self) -> None:
        """The same while the server is dialled."""
        self.ladder().play(
            "P ..  dials ftp.example:21\nC -> P  GET /\nC <- P  421 This is…\nP ..  hangs up"
        )

    def test_after_the_login(self) -> None:
        """A client that is logged in is no browser: its DATA is the server's to refuse."""
        self.after_login("C -> P  DATA\nP -> S  DATA\nP <- S  500 What?\nC <- P  500 What?")

    def test_nothing_after_the_end(self) -> None:
        """What is pipelined behind such a verb is not carried out."""
        made = (
            self.ladder(OPEN)
            .play(ROUTED)
            .play("C -> P  GET /\nC <- P  421 This is an FTP…\nP ..  hangs up")
        )
        made.play("C -> P  USER bob@one.example\n")

    def test_too_many_bad_commands(self) -> None:
        """The bound counts lines that are no commands and refusals before the login."""
        rules = Rules(bad_commands=3)
        self.ladder(rules).play(ROUTED).play(
            """
            C -> P  Host: a
            C <- P  500 Not an FTP command.
            C -> P  PASV
            C <- P  530 Log in first: USER user@server.
            C -> P  Host: a
            C <- P  500 Not an FTP command.
            C <- P  421 Too many bad commands; closing.
            P ..    hangs up
            """
        )
        self.ladder(rules).play(ROUTED).play(
            """
            C -> P  LIST
            C <- P  530 Log in first: USER user@server.
            C -> P  LIST
            C <- P  530 Log in first: USER user@server.
            C -> P  LIST
            C <- P  530 Log in first: USER user@server.
            C <- P  421 Too many bad commands; closing.
            P ..    hangs up
            """
        )

    def test_bad_lines_after_login(self) -> None:
        """Lines that are no commands in a row are counted after the login too; refusals are not."""
        refused = "C -> P  REIN\nC <- P  502 REIN cannot pass this gateway.\n"
        bad = "C -> P  \\xe9\nC <- P  500 Not an FTP command.\n"
        self.logged_in(Rules(server=FIXED, bad_commands=2)).play((bad + refused) * 5 + bad).play(
            bad + "C <- P  421 Too many bad commands; closing.\nP ..  hangs up"
        )

    def test_a_bad_line_keeps_its_turn(self) -> None:
        """Rule 3: the 500 for a bad line does not overtake the answer before it."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            C -> P  No:command
            C -> P  SYST
            P <- S  200 OK.
            C <- P  200 OK.
            C <- P  500 Not an FTP command.
            P -> S  SYST
            """
        )
