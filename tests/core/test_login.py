"""From the first byte to the login: quirks 11 to 14."""

from __future__ import annotations

from ftpalg.core.events import Timer
from ftpalg.core.session_settings import Rules
from tests.core.ladder import FIXED, LadderTest
from tests.core.openings import GREETED, LOGIN, USABLE


class Fixed(LadderTest):
    """The configuration names the server."""

    def test_greeting(self) -> None:
        """The server's greeting is the client's, verbatim."""
        made = self.ladder().play(
            """
            P ..    starts login
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220-Welcome
            P <- S  to us
            P <- S  220 (vsFTPd 3.0.5)
            C <- P  220-Welcome
            C <- P   to us
            C <- P  220 (vsFTPd 3.0.5)
            """
        )
        made.play(LOGIN).play(USABLE)
        self.assertNotIn(Timer.LOGIN, made.running)

    def test_120_then_220(self) -> None:
        """Quirk 11: a 120 is told, the 220 follows."""
        self.ladder().play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  120 Ready in 5 minutes.
            C <- P  120 Ready in 5 minutes.
            P <- S  120 Ready in 1 minute.
            C <- P  120 Ready in 1 minute.
            P <- S  220 Welcome.
            C <- P  220 Welcome.
            """
        ).play(LOGIN)

    def test_230_greeting(self) -> None:
        """Quirk 11: a greeting of 230 is a login; curl sends no USER then."""
        made = (
            self.ladder()
            .play(
                """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  230 You are in.
            P ..    stops login
            C <- P  230 You are in.
            """
            )
            .play(USABLE)
        )
        self.assertNotIn(Timer.LOGIN, made.running)

    def test_refusing_greeting(self) -> None:
        """A 4xx or 5xx greeting is told and ends the session; it names no address of ours."""
        for code in (421, 500, 530):
            self.ladder().play(
                f"""
                P ..    dials ftp.example:21
                P ..    connected
                P <- S  {code} Too many connections from 198.51.100.1.
                C <- P  {code} Too many connections from 192.0.2.7.
                P ..    hangs up
                """
            )

    def test_unreachable(self) -> None:
        """421, and the reason for the log only."""
        self.ladder().play(
            """
            P ..    dials ftp.example:21
            P ..    unreachable: 198.51.100.9: refused
            P ..    notes: server unreachable: 198.51.100.9: refused
            C <- P  421 The server cannot be reached.
            P ..    hangs up
            """
        )

    def test_lost_before_the_greeting(self) -> None:
        """A server that closes without a word."""
        self.ladder().play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_no_reply(self) -> None:
        """What is no greeting ends the session."""
        self.ladder().play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  SSH-2.0-OpenSSH
            P ..    notes: The server sent a line that is not an FTP reply.
            C <- P  421 The server sent a line that is not an FTP reply.
            P ..    hangs up
            """
        )

    def test_eager_client(self) -> None:
        """Commands that come before the greeting wait for it."""
        self.ladder().play(
            """
            P ..    dials ftp.example:21
            C -> P  USER bob
            C -> P  QUIT
            P ..    connected
            P <- S  220 Welcome.
            C <- P  220 Welcome.
            P -> S  USER bob
            P <- S  331 Password.
            C <- P  331 Password.
            P -> S  QUIT
            P <- S  221 Bye.
            C <- P  221 Bye.
            P ..    hangs up
            """
        )

    def test_client_lost_while_dialling(self) -> None:
        """The dial is given up with the client."""
        self.ladder().play("P ..  dials ftp.example:21\nP ..  client lost\nP ..  hangs up")

    def test_user_is_not_read(self) -> None:
        """With a fixed server an @ in the user's name is the user's."""
        self.ladder().play(GREETED).play(
            """
            C -> P  USER bob@corp.example
            P -> S  USER bob@corp.example
            P <- S  230 In.
            P ..    logged in: bob@corp.example
            C <- P  230 In.
            """
        )

    def test_230_to_user(self) -> None:
        """Quirk 11: 230 to USER; the PASS that follows is answered here, once."""
        self.ladder().play(GREETED).play(
            """
            C -> P  USER anonymous
            P -> S  USER anonymous
            P <- S  230 In.
            C <- P  230 In.
            C -> P  PASS guest@
            C <- P  230 Already logged in.
            C -> P  PASS guest@
            P -> S  PASS guest@
            P <- S  503 No USER.
            C <- P  503 No USER.
            """
        )

    def test_another_user(self) -> None:
        """Quirk 12: a second USER whose password is wanted gets it to the server."""
        self.ladder().play(GREETED).play(
            """
            C -> P  USER anonymous
            P -> S  USER anonymous
            P <- S  230 In.
            C <- P  230 In.
            C -> P  USER bob
            P -> S  USER bob
            P <- S  331 Password.
            C <- P  331 Password.
            C -> P  PASS secret
            P -> S  PASS secret
            P <- S  230 In.
            C <- P  230 In.
            """
        )

    def test_account(self) -> None:
        """Quirk 11: 332 leads to ACCT."""
        made = (
            self.ladder()
            .play(GREETED)
            .play(
                """
            C -> P  USER
            P -> S  USER
            P <- S  331 Password.
            C <- P  331 Password.
            C -> P  PASS
            P -> S  PASS\\s
            P <- S  332 Account.
            C <- P  332 Account.
            C -> P  ACCT 7
            P -> S  ACCT 7
            P <- S  230 In.
            P ..    stops login
            C <- P  230 In.
            """
            )
        )
        self.assertTrue(made.session.desk.logged_in)

    def test_331_after_a_wrong_user(self) -> None:
        """Quirk 11: refusals of the login are the client's, and it may try again."""
        self.ladder().play(GREETED).play(
            """
            C -> P  USER eve
            P -> S  USER eve
            P <- S  331 Password.
            C <- P  331 Password.
            C -> P  PASS x
            P -> S  PASS x
            P <- S  530 No.
            C <- P  530 No.
            """
        ).play(LOGIN)

    def test_too_many_wrong_passwords(self) -> None:
        """Rule 7: passwords cannot be tried for ever; the last refusal is told."""
        made = self.ladder(Rules(server=FIXED, bad_logins=2)).play(GREETED)
        wrong = "C -> P  PASS x\nP -> S  PASS x\nP <- S  530 No.\nC <- P  530 No."
        made.play(wrong).play(
            f"{wrong}\nC <- P  421 Too many failed logins; closing.\nP ..    hangs up"
        )

    def test_login_wait(self) -> None:
        """No login in time: 421."""
        self.ladder().play(GREETED).play(
            "P ..  timer login\nC <- P  421 No login within…\nP ..  hangs up"
        )
        self.ladder().play(
            """
            P ..    dials ftp.example:21
            P ..    timer login
            C <- P  421 No login within…
            P ..    hangs up
            """
        )
