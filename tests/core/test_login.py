"""From the first byte to the login: quirks 11 to 14."""

from __future__ import annotations

from ftpalg.core.events import Link, Timer, Traits
from ftpalg.core.rules import Rules
from tests.core.ladder import FIXED, GREETED, LOGIN, ROUTED, USABLE, LadderTest

OPEN = Rules()
AT_SERVER = """
    C -> P  USER bob@one.example
    P ..    dials one.example:21
    P ..    connected
    P <- S  220 One.
    P -> S  USER bob
"""


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
            C <- P  421 The server sent a line that is not an FTP reply. Closing.
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
        self.assertTrue(made.session.login.done)

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


class Routed(LadderTest):
    """The client names the server."""

    def test_login(self) -> None:
        """USER user@host dials, greets the server, and passes the user without its host."""
        made = (
            self.ladder(OPEN)
            .play(ROUTED)
            .play(
                """
            C -> P  USER b@b@one.example:2121
            P ..    dials one.example:2121
            P ..    connected
            P <- S  220 One.
            P -> S  USER b@b
            P <- S  331 Password.
            C <- P  331 Password.
            C -> P  PASS secret
            P -> S  PASS secret
            P <- S  230 In.
            P ..    logged in: b@b
            C <- P  230 In.
            """
            )
        )
        made.play(USABLE)

    def test_before_a_server(self) -> None:
        """Quirk 9: what can be answered without a server is."""
        for command, *lines in (
            ("SYST", "215 UNIX Type: L8"),
            ("NOOP", "200 OK."),
            ("CLNT x", "200 Noted."),
            ("OPTS UTF8 ON", "200 File names pass unchanged."),
            ("OPTS utf8", "200 File names pass unchanged."),
            ("HELP", "214 Log in as user@server or user@server:port."),
            ("PASS x", "503 USER comes first: USER user@server."),
            ("ACCT x", "503 USER comes first: USER user@server."),
            ("FEAT", "211-Features:", " EPRT", " EPSV", "211 End"),
            ("OPTS MLST size", "530 Log in first: USER user@server."),
            ("OPTS", "530 Log in first: USER user@server."),
            ("PASV", "530 Log in first: USER user@server."),
            ("ABOR", "530 Log in first: USER user@server."),
            ("STAT", "530 Log in first: USER user@server."),
        ):
            told = "\n".join(f"C <- P  {line}" for line in lines)
            self.ladder(OPEN).play(ROUTED).play(f"C -> P  {command}\n{told}")

    def test_quit(self) -> None:
        """QUIT needs no server."""
        self.ladder(OPEN).play(ROUTED).play("C -> P  QUIT\nC <- P  221 Goodbye.\nP ..  hangs up")

    def test_unreadable_user(self) -> None:
        """A server that is not named, or cannot be read, is refused; nothing is dialled."""
        for argument, told in (
            ("", "530 Name the server too…"),
            (" bob", "530 Name the server too…"),
            (" @one.example", "501 USER names a server but no user…"),
            (" bob@", "501 The server's name cannot be read…"),
            (" bob@one.example:0", "501 The server's port…"),
            (" bob@-x", "501 The server's name cannot be read…"),
        ):
            self.ladder(OPEN).play(ROUTED).play(f"C -> P  USER{argument}\nC <- P  {told}")

    def test_retry_after_unreachable(self) -> None:
        """434, and the client may name another server."""
        self.ladder(OPEN).play(ROUTED).play(
            f"""
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            P ..    unreachable
            P ..    hangs up on the server
            C <- P  434 The server cannot be reached.
            C -> P  USER bob
            C <- P  530 Name the server too…
            {AT_SERVER}
            """
        )

    def test_retry_after_lost(self) -> None:
        """The same for a server that closes before its greeting."""
        self.ladder(OPEN).play(ROUTED).play(
            f"""
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            P ..    connected
            P ..    server lost
            P ..    hangs up on the server
            C <- P  434 The server closed the connection.
            {AT_SERVER}
            """
        )

    def test_retry_after_refusing_greeting(self) -> None:
        """The same for a server whose greeting refuses, of one line or several."""
        self.ladder(OPEN).play(ROUTED).play(
            f"""
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            P ..    connected
            P <- S  421-Too many
            P <- S  421 users.
            P ..    hangs up on the server
            C <- P  434-Too many
            C <- P  434 users.
            {AT_SERVER}
            """
        )

    def test_refusing_greeting_names_no_address(self) -> None:
        """Rule 4: our address at the server is not the client's to know, here too."""
        self.ladder(OPEN).play(ROUTED).play(
            """
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            P ..    connected
            P <- S  421 Too many connections from 198.51.100.1.
            P ..    hangs up on the server
            C <- P  434 Too many connections from 192.0.2.7.
            """
        )

    def test_120_is_not_told(self) -> None:
        """A 120 is no answer to USER: the client only waits."""
        self.ladder(OPEN).play(ROUTED).play(
            """
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            P ..    connected
            P <- S  120 Soon.
            P <- S  220 Two.
            P -> S  USER bob
            """
        )

    def test_230_greeting(self) -> None:
        """A greeting of 230 answers USER, and the PASS that follows is answered here."""
        self.ladder(OPEN).play(ROUTED).play(
            """
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            P ..    connected
            P <- S  230 You are in.
            P ..    logged in: bob
            C <- P  230 You are in.
            C -> P  PASS secret
            C <- P  230 Already logged in.
            """
        ).play(USABLE)

    def test_commands_wait_for_the_server(self) -> None:
        """A pipelined PASS goes behind USER."""
        self.ladder(OPEN).play(ROUTED).play(
            """
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            C -> P  PASS secret
            P ..    connected
            P <- S  220 Two.
            P -> S  USER bob
            P <- S  331 Password.
            C <- P  331 Password.
            P -> S  PASS secret
            """
        )

    def test_pipelined_behind_unreachable(self) -> None:
        """What is pipelined behind a USER that fails gets its own answers."""
        self.ladder(OPEN).play(ROUTED).play(
            """
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            C -> P  PASS secret
            C -> P  SYST
            P ..    unreachable
            P ..    hangs up on the server
            C <- P  434 The server cannot be reached.
            C <- P  503 USER comes first: USER user@server.
            C <- P  215 UNIX Type: L8
            """
        )

    def test_second_user_before_login(self) -> None:
        """Before the login another user of the same server may be tried, named with it or not."""
        self.ladder(OPEN).play(ROUTED).play(AT_SERVER).play(
            """
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER eve
            P -> S  USER eve
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER eve@one.example
            P -> S  USER eve
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER @one.example
            C <- P  501 USER names a server but no user…
            """
        )

    def test_another_server_before_login(self) -> None:
        """Before the login another server may be named; the first is left."""
        self.ladder(OPEN).play(ROUTED).play(AT_SERVER).play(
            """
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER eve@two.example
            P ..    hangs up on the server
            P ..    dials two.example:21
            P ..    connected
            P <- S  220 Two.
            P -> S  USER eve
            P <- S  230 In.
            C <- P  230 In.
            """
        ).play(USABLE)

    def test_second_user_after_login(self) -> None:
        """Quirk 12: logged in, a USER is refused; the session stays."""
        self.ladder(OPEN).play(ROUTED).play(AT_SERVER).play(
            """
            P <- S  230 In.
            C <- P  230 In.
            C -> P  USER eve@two.example
            C <- P  503 Already logged in…
            """
        ).play(USABLE)

    def test_rest_does_not_outlive_its_server(self) -> None:
        """A REST that one server accepted is not sent to another."""
        self.ladder(OPEN).play(ROUTED).play(AT_SERVER).play(
            """
            P <- S  530 No.
            C <- P  530 No.
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            C -> P  USER eve@two.example
            P ..    hangs up on the server
            P ..    dials two.example:21
            P ..    connected
            P <- S  220 Two.
            P -> S  USER eve
            P <- S  230 In.
            C <- P  230 In.
            C -> P  PORT 192,0,2,7,200,1
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 PORT command successful.
            C -> P  RETR file
            P -> S  RETR file
            P ..    connects to the server's port 50123
            """
        )

    def test_traits_are_the_servers(self) -> None:
        """What is known of a server comes with its connection."""
        traits = Traits(epsv=False)
        made = self.ladder(OPEN, traits=traits).play(ROUTED).play(AT_SERVER)
        self.assertIs(made.session.traits, traits)
        self.assertEqual(made.session.server, Link("198.51.100.9", "198.51.100.1", 21))


class Refused(LadderTest):
    """A USER that was not taken: the PASS behind it is for nobody."""

    def test_pass_goes_nowhere(self) -> None:
        """Not to the server that is connected: the client means another one."""
        made = self.ladder(OPEN).play(ROUTED).play(AT_SERVER)
        made.play(
            """
            P <- S  331 Password.
            C <- P  331 Password.
            C -> P  USER eve@two.example:99999
            C <- P  501 The server's port must be a number from 1 to 65535.
            C -> P  PASS for-two
            C <- P  503 USER comes first.
            C -> P  USER bob@one.example
            P -> S  USER bob
            P <- S  331 Password.
            C <- P  331 Password.
            C -> P  PASS for-one
            P -> S  PASS for-one
            P <- S  230 In.
            C <- P  230 In.
            C -> P  USER eve@two.example
            C <- P  503 Already logged in; QUIT and connect again to change.
            C -> P  PASS for-two
            C <- P  503 USER comes first.
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
