"""Clients that name their server in USER, and go on to another."""

from __future__ import annotations

from ftpalg.core.events import Link, Traits
from tests.core.ladder import LadderTest
from tests.core.openings import ROUTED, USABLE
from tests.core.scripts import OPEN

AT_SERVER = """
    C -> P  USER bob@one.example
    P ..    dials one.example:21
    P ..    connected
    P <- S  220 One.
    P -> S  USER bob
"""


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

    def test_unreadable_user(self) -> None:
        """A server that is not named, or cannot be read, is refused; nothing is dialled."""
        for argument, told in (
            ("", "530 Name the server too…"),
            (" bob", "331 Password required."),
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
            C <- P  331 Password required.
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
            C <- P  434 The server cannot be reached.
            {AT_SERVER}
            """
        )

    def test_no_ftp(self) -> None:
        """The same words for what speaks no FTP, and for one that says nothing: no scan for ports."""
        for heard in (
            "P <- S  SSH-2.0-OpenSSH\nP ..    notes: The server sent a line that is not an FTP reply.",
            "P ..    timer handshake",
        ):
            self.ladder(OPEN).play(ROUTED).play(
                f"""
                C -> P  USER bob@two.example
                P ..    dials two.example:21
                P ..    connected
                {heard}
                P ..    hangs up on the server
                C <- P  434 The server cannot be reached.
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
        """A REST before the login reaches no server, neither this one nor the next."""
        self.ladder(OPEN).play(ROUTED).play(AT_SERVER).play(
            """
            P <- S  530 No.
            C <- P  530 No.
            C -> P  REST 100
            C <- P  530 Log in first.
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
            P ..    connects to the server's port 50123
            C -> P  RETR file
            P -> S  RETR file
            """
        )

    def test_traits_are_the_servers(self) -> None:
        """What is known of a server comes with its connection."""
        traits = Traits(epsv=False)
        made = self.ladder(OPEN, traits=traits).play(ROUTED).play(AT_SERVER)
        self.assertIs(made.session.desk.traits, traits)
        self.assertEqual(made.session.desk.server, Link("198.51.100.9", "198.51.100.1", 21))


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
