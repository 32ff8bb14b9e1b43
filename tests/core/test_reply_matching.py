"""Which command a reply answers: surplus replies, second ones, and those that another follows."""

from __future__ import annotations

from ftpalg.core.events import CaughtUp, ReplyReceived, TimerExpired, Traits
from ftpalg.core.events import Timer as Wait
from ftpalg.core.routes import ServerTls
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.replies import reply
from tests.core.ladder import FIXED, LadderTest
from tests.core.openings import EARLY, GREETED, PASV_EPSV, RETR, USABLE
from tests.core.tls import AUTH_ASKED


class Unsolicited(LadderTest):
    """Quirk 5: replies that answer no command."""

    def test_dropped(self) -> None:
        """A benign surplus is dropped and never paired with the next command."""
        for said in ("226 Again.", "200 OK.", "425 Rejected data connection.", "421 Timed out."):
            self.after_login(f"P <- S  {said}").play(USABLE)

    def test_fatal(self) -> None:
        """Too many behind one command end the session; they are never guessed at."""
        for said in ("150 Opening.", "331 Password.", "426 Broken.", "500 OOPS", "550 No."):
            one = f"P <- S  {said}\nP ..  notes: reply {said[:3]} answers no command\n"
            self.after_login(
                f"""
                {one * 21}
                C <- P  421 The server sends replies that answer no command; closing.
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
            P ..    starts goodbye
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
            P ..    stops goodbye
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
            P ..    timer goodbye
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
            P ..    timer goodbye
            C <- P  421 Not now.
            P ..    server lost
            P ..    hangs up
            """
        )

    def test_stray_goodbye(self) -> None:
        """A surplus 421 and a goodbye wait that ends before its FIN comes."""
        made = self.after_login("P <- S  421 Timed out.")
        made.session.handle(TimerExpired(Wait.GOODBYE))
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


class Surplus(LadderTest):
    """Quirk 5: replies between commands while a transfer is prepared."""

    def test_421_and_425_of_pyftpdlib(self) -> None:
        """Both are dropped; the next command gets its own answer."""
        for said in ("421 Passive data channel timed out.", "425 Rejected data connection."):
            self.after_login(f"{PASV_EPSV}\nP <- S  {said}\n").play(USABLE)

    def test_421_of_pyftpdlib_and_a_transfer(self) -> None:
        """The dropped 421 is not taken for the answer of the transfer that follows."""
        self.after_login(
            f"""
            {EARLY}
            P <- S  421 Passive data channel timed out.
            C -> P  RETR file
            P -> S  RETR file
            P ..    server leg open
            P ..    timer unannounced
            P ..    relays from server
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            """
        )

    def test_150_while_prepared(self) -> None:
        """A 150 that answers nothing changes nothing, nor what was prepared."""
        self.after_login(
            f"""
            {PASV_EPSV}
            P <- S  150 Opening.
            P ..    notes: reply 150 answers no command
            """
        ).play(RETR)

    def test_late_226_is_not_the_answer_to_pasv(self) -> None:
        """A late 226 is not taken for the answer to the next PASV or EPSV."""
        for traits, verb, answer in (
            (Traits(), "EPSV", "229 Extended (|||50123|)"),
            (Traits(epsv=False), "PASV", "227 (10,0,0,1,195,203)"),
        ):
            self.logged_in(traits=traits).play(
                f"""
                C -> P  PASV
                P -> S  {verb}
                P <- S  226 Complete.
                P <- S  {answer}
                P ..    listens for the client on 50000
                C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
                """
            )


class Second(LadderTest):
    """A second answer to one command (basic-ftp#120, bftpd)."""

    def test_dropped_and_learned(self) -> None:
        """It changes nothing; from now on a NOOP of ours stands behind that verb."""
        made = self.after_login(
            """
            C -> P  OPTS UTF8 ON
            P -> S  OPTS UTF8 ON
            P <- S  500 What?
            C <- P  500 What?
            P <- S  500 What?
            P ..    notes: reply 500 answers no command
            C -> P  OPTS UTF8 ON
            P -> S  OPTS UTF8 ON
            P <- S  500 What?
            C <- P  500 What?
            P -> S  NOOP
            C -> P  PWD
            P <- S  500 What?
            P <- S  200 In step.
            P -> S  PWD
            P <- S  257 "/"
            C <- P  257 "/"
            """
        )
        self.assertEqual(made.traits, Traits(surplus=frozenset((b"OPTS",))))
        made.play(USABLE)

    def test_before_the_next_is_asked(self) -> None:
        """What had come already answers nothing that is asked only now."""
        made = self.after_login("C -> P  DELE f\nP -> S  DELE f\nC -> P  PWD")
        made.feed(ReplyReceived(reply(550, "No."), more=True))
        made.play("C <- P  550 No.")
        made.feed(ReplyReceived(reply(426, "No, no.")))
        made.play("P -> S  NOOP\nP <- S  200 In step.\nP -> S  PWD")
        made = self.after_login("C -> P  DELE f\nP -> S  DELE f\nC -> P  PWD")
        made.feed(ReplyReceived(reply(550, "No."), more=True))
        made.play("C <- P  550 No.")
        made.feed(CaughtUp())
        made.play("P -> S  PWD")

    def test_before_our_own_is_asked(self) -> None:
        """Nor does it answer what the gateway asks next by itself: AUTH SSL behind AUTH TLS."""
        for tls in (ServerTls.EXPLICIT, ServerTls.AUTO):
            made = self.ladder(Rules(server=FIXED, server_tls=tls)).play(AUTH_ASKED)
            made.feed(ReplyReceived(reply(500, "What?"), more=True))
            made.play("P -> S  AUTH SSL")
            made.feed(ReplyReceived(reply(500, "What?"), more=True))
            made.feed(ReplyReceived(reply(500, "What?")))
            made.play("P <- S  234 Go.\nP ..  begins TLS with the server")
            made = self.ladder(Rules(server=FIXED, server_tls=tls)).play(AUTH_ASKED)
            made.feed(ReplyReceived(reply(500, "What?"), more=True))
            made.play("P -> S  AUTH SSL")
            made.feed(CaughtUp())
            made.play("P <- S  234 Go.\nP ..  begins TLS with the server")

    def test_known_from_others(self) -> None:
        """What one session learned holds for the next; a NOOP that is answered at once is enough."""
        made = self.logged_in(traits=Traits(surplus=frozenset((b"DELE",)))).play(
            """
            C -> P  DELE f
            P -> S  DELE f
            P <- S  250 Gone.
            C <- P  250 Gone.
            P -> S  NOOP
            P <- S  200 In step.
            """
        )
        made.play(USABLE)

    def test_second_200(self) -> None:
        """A late second 200 to TYPE could pass for NOOP's own: behind a 200 it is PWD."""
        made = self.logged_in(traits=Traits(surplus=frozenset((b"TYPE",)))).play(
            """
            C -> P  TYPE I
            P -> S  TYPE I
            P <- S  200 Binary.
            C <- P  200 Binary.
            P -> S  PWD
            P <- S  200 Binary.
            P <- S  257 "/"
            """
        )
        made.play(USABLE)

    def test_known_before_the_login(self) -> None:
        """Where a greeting or USER was answered twice, no NOOP goes out: many answer it by 530."""
        twice = Traits(surplus=frozenset((b"", b"USER")))
        self.ladder(traits=twice).play(
            GREETED,
            """
            P <- S  220 Hello again.
            C -> P  USER u
            P -> S  USER u
            P <- S  331 Go on.
            C <- P  331 Go on.
            P <- S  331 Go on, do.
            C -> P  PASS x
            P -> S  PASS x
            P <- S  230 In.
            C <- P  230 In.
            """,
            USABLE,
        )

    REFUSED = """
        C -> P  USER u
        P -> S  USER u
        P <- S  331 Go on.
        C <- P  331 Go on.
        C -> P  PASS x
        P -> S  PASS x
        P <- S  530 No.
        C <- P  530 No.
        P -> S  FEAT
        P ..    starts resync
        C -> P  USER v
    """
    AGAIN = """
        P -> S  USER v
        P <- S  331 Go on.
        C <- P  331 Go on.
    """

    def test_refused_logins(self) -> None:
        """Behind a PASS that was refused twice FEAT keeps the second from the next USER: servers
        refuse NOOP there by 530, as they refused the PASS."""
        listed = "P <- S  211-Features:\nP <- S   SIZE\nP <- S  211 End"
        for answers in (
            listed,
            f"P <- S  530 No, no.\n{listed}",
            "P <- S  530 No, no.\nP <- S  530 Log in first.",
            "P <- S  530 No, no.\nP <- S  500 FEAT?",
        ):
            self.ladder(traits=Traits(surplus=frozenset((b"PASS",)))).play(
                GREETED, self.REFUSED, answers, self.AGAIN
            )

    def test_features_refused(self) -> None:
        """Where FEAT is refused once and nothing follows, that was its answer; silence is none."""
        for code in (500, 502, 530):
            made = self.ladder(traits=Traits(surplus=frozenset((b"PASS",))))
            refused = f"P <- S  {code} Log in first.\nP ..  timer resync"
            made.play(GREETED, self.REFUSED, refused, self.AGAIN)
        made = self.ladder(traits=Traits(surplus=frozenset((b"PASS",))))
        lost = "C <- P  421 The server did not come back into step; closing.\nP ..  hangs up"
        made.play(GREETED, self.REFUSED, f"P ..  timer resync\n{lost}")

    def test_login_of_no_effect(self) -> None:
        """A 230 or 234 that nobody asked for lets nobody in."""
        made = self.ladder().play(GREETED).play("P <- S  230 In.\nP <- S  234 Go.")
        self.assertFalse(made.session.desk.logged_in)

    def test_refused_behind_331(self) -> None:
        """PASS 331, then 530: the 331 is held for a moment, and the 530 is the answer."""
        asked = """
            C -> P  USER u
            P -> S  USER u
            P <- S  331 Go on.
            C <- P  331 Go on.
            C -> P  PASS x
            P -> S  PASS x
            P <- S  331 Go on.
            P ..    starts second-reply
        """
        self.ladder().play(GREETED, asked, "P <- S  530 No.\nC <- P  530 No.")
        self.ladder().play(GREETED, asked, "P ..  timer second-reply\nC <- P  331 Go on.")
