"""Rule 3: every reply answers its own command."""

from __future__ import annotations

from ftpalg.core.commands import Command
from ftpalg.core.events import CommandReceived, TimerExpired
from ftpalg.core.events import Timer as Wait
from ftpalg.core.phase import Phase
from ftpalg.core.replies import reply
from ftpalg.core.rules import Rules
from tests.core.ladder import FIXED, GREETED, LOGIN, RELAYED, USABLE, LadderTest


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

    def test_all_codes(self) -> None:
        """Quirks 4 and 6: any final code answers the command; a 221 to another is no goodbye."""
        for code in (200, 221, 257, 350, 450, 530, 600, 699):
            self.after_login(
                f"C -> P  SITE X\nP -> S  SITE X\nP <- S  {code} Text.\nC <- P  {code} Text."
            ).play(USABLE)


class Unsolicited(LadderTest):
    """Quirk 5: replies that answer no command."""

    def test_dropped(self) -> None:
        """A benign surplus is dropped and never paired with the next command."""
        for said in ("226 Again.", "200 OK.", "425 Rejected data connection.", "421 Timed out."):
            self.after_login(f"P <- S  {said}").play(USABLE)

    def test_fatal(self) -> None:
        """Anything else ends the session; it is never guessed."""
        for said in ("150 Opening.", "331 Password.", "426 Broken.", "500 OOPS", "550 No."):
            self.after_login(
                f"""
                P <- S  {said}
                P ..    notes: reply {said[:3]} answers no command
                C <- P  421 The server sent a reply that answers no command; closing.
                P ..    hangs up
                """
            )

    def test_421_and_fin(self) -> None:
        """Quirk 6: a 421 with FIN is final: relay, close."""
        self.after_login(
            "P <- S  421 Idle too long.\nP ..  server lost\nC <- P  421 Idle too long.\nP ..  hangs up"
        )

    def test_421_and_fin_while_a_command_waits(self) -> None:
        """The same as the answer to a command."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            P <- S  421 Going down.
            P ..    starts settle
            P ..    server lost
            C <- P  421 Going down.
            P ..    hangs up
            """
        )

    def test_421_before_the_answer(self) -> None:
        """pyftpdlib's 421 that crosses a command is dropped when the real answer follows."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            P <- S  421 Passive data channel timed out.
            P <- S  200 OK.
            P ..    stops settle
            C <- P  200 OK.
            """
        ).play(USABLE)

    def test_421_as_the_answer(self) -> None:
        """A 421 after which nothing comes is the answer; the session goes on."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            P <- S  421 Not now.
            P ..    timer settle
            C <- P  421 Not now.
            """
        ).play(USABLE)

    def test_421_twice(self) -> None:
        """The word of goodbye is told once."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            P <- S  421 Not now.
            P ..    timer settle
            C <- P  421 Not now.
            P ..    server lost
            P ..    hangs up
            """
        )

    def test_stray_settle(self) -> None:
        """A surplus 421 and a settle wait that ends before its FIN comes."""
        made = self.after_login("P <- S  421 Timed out.")
        made.session.handle(TimerExpired(Wait.SETTLE))
        made.play(USABLE)

    def test_unreadable(self) -> None:
        """A line that is no reply ends the session."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            P <- S  ?
            C <- P  421 The server sent a line that is not an FTP reply. Closing.
            P ..    hangs up
            """
        )


class Ends(LadderTest):
    """How a session ends."""

    def test_quit(self) -> None:
        """QUIT is answered by the server, and then both are closed."""
        self.after_login(
            """
            C -> P  QUIT
            P -> S  QUIT
            P ..    starts quit
            P <- S  120 Wait.
            C <- P  120 Wait.
            P <- S  221-Bye
            P <- S  221 Bye.
            C <- P  221-Bye
            C <- P  221 Bye.
            P ..    hangs up
            """
        )

    def test_quit_unanswered(self) -> None:
        """A server that answers QUIT with no goodbye, or not at all: the client gets its 221."""
        for happens in (
            "P <- S  500 What?",
            "P ..    server lost",
            "P ..    timer quit",
            "P <- S  421 Bye.\nP ..    timer settle",
            "P <- S  421 Bye.\nP ..    server lost",
        ):
            self.after_login(
                f"C -> P  QUIT\nP -> S  QUIT\n{happens}\nC <- P  221 Goodbye.\nP ..    hangs up"
            )

    def test_client_lost(self) -> None:
        """A client that goes takes the server's connection along, whatever is outstanding."""
        self.ladder().play(GREETED).play("P ..  client lost\nP ..  hangs up")
        self.after_login("P ..  client lost\nP ..  hangs up")
        self.after_login("C -> P  NOOP\nP -> S  NOOP\nP ..  client lost\nP ..  hangs up")
        self.after_login("C -> P  PASV\nP -> S  EPSV\nP ..  client lost\nP ..  hangs up")

    def test_server_lost(self) -> None:
        """A server that goes between commands, within one or while PASV waits: one 421."""
        for before in ("", "C -> P  NOOP\nP -> S  NOOP", "C -> P  PASV\nP -> S  EPSV"):
            self.after_login(
                f"{before}\nP ..  server lost\nC <- P  421 The server closed…\nP ..  hangs up"
            )
        self.ladder().play(GREETED).play(
            "P ..  server lost\nC <- P  421 The server closed…\nP ..  hangs up"
        )

    def test_server_lost_with_a_full_queue(self) -> None:
        """What waits in the queue is not carried out any more."""
        self.after_login(
            """
            C -> P  NOOP
            P -> S  NOOP
            C -> P  SYST
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_idle(self) -> None:
        """No command in time is the client's fault, no answer the server's."""
        self.after_login("P ..  timer idle\nC <- P  421 No command came within…\nP ..  hangs up")
        self.after_login(
            """
            C -> P  NOOP
            P ..    starts idle
            P -> S  NOOP
            P ..    timer idle
            C <- P  421 The server did not answer within the time that timeouts.idle allows.
            P ..    hangs up
            """
        )

    def test_idle_begins_with_the_login(self) -> None:
        """Before the login only the login's wait runs; with it the idle wait begins."""
        made = self.ladder().play(GREETED)
        self.assertEqual(made.running, {Wait.LOGIN})
        made.play(LOGIN)
        self.assertEqual(made.running, {Wait.IDLE})

    def test_from_outside(self) -> None:
        """The gateway can end a session with a last word, once."""
        made = self.after_login("")
        made.end(reply(421, "Shutting down."))
        made.play("C <- P  421 Shutting down.\nP ..  hangs up")
        made.end(reply(421, "Again."))
        made.play("")

    def test_nothing_after_the_end(self) -> None:
        """Events after the end order nothing."""
        made = self.after_login("P ..  client lost\nP ..  hangs up")
        self.assertIs(made.session.phase, Phase.OVER)
        self.assertEqual(made.session.handle(CommandReceived(Command(b"NOOP"))), [])
        self.assertEqual(made.session.handle(TimerExpired(Wait.IDLE)), [])

    def test_stray_timer(self) -> None:
        """A wait of a transfer that expires without one changes nothing."""
        made = self.after_login("")
        for timer in (Wait.SETTLE, Wait.DATA_OPEN, Wait.FINAL_REPLY, Wait.ABORT):
            self.assertEqual(made.session.handle(TimerExpired(timer)), [])
        made.play(USABLE)

    def test_stray_timer_mid_transfer(self) -> None:
        """The same for those that are not the running transfer's turn."""
        made = self.after_login(RELAYED)
        for timer in (Wait.DATA_OPEN, Wait.ABORT):
            self.assertEqual(made.session.handle(TimerExpired(timer)), [], timer)
