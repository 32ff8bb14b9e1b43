"""TLS with the server: its AUTH, its certificate, its levels."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.events import ServerSecured, Side, Timer
from ftpalg.core.routes import ServerTls
from ftpalg.core.session_settings import ClientTls, Rules
from tests.core.ladder import FIXED, LadderTest
from tests.core.openings import GREETED, LOGIN, ROUTED, USABLE
from tests.core.tls import ASKED, AUTH, EXPLICIT, PREPARED, SECURED, SENT


class ServerLeg(LadderTest):
    """The server's leg."""

    def test_explicit(self) -> None:
        """AUTH, the handshake, and only then the client's greeting and its password."""
        made = self.ladder(EXPLICIT).play(SECURED, LOGIN)
        made.play(ASKED, "P <- S  200 Private.", PREPARED, SENT)
        self.assertTrue(made.session.protection.protects(Side.SERVER))
        made.play(
            """
            P <- S  550 No.
            C <- P  550 No.
            P ..    aborts server leg
            """
        )
        made.play("C -> P  PORT 192,0,2,7,200,1", PREPARED)

    def test_334(self) -> None:
        """334 is as good as 234."""
        self.ladder(EXPLICIT).play(SECURED.replace("234 Go", "334 Go"))

    def test_explicit_refused(self) -> None:
        """Rule 6: no TLS, no login; nor with a 2xx that is said of something else."""
        for said, more in (
            ("500 What?", "P -> S  AUTH SSL\nP <- S  500 What?"),
            ("534 No.", "P -> S  AUTH SSL\nP <- S  534 No."),
            ("202 Superfluous.", "P -> S  AUTH SSL\nP <- S  202 Superfluous."),
            ("230 Welcome.", "P -> S  AUTH SSL\nP <- S  230 Welcome."),
            ("421 Bye.", ""),
        ):
            self.ladder(EXPLICIT).play(
                f"""
                P ..    dials ftp.example:21
                P ..    connected
                P <- S  220 Welcome.
                P -> S  AUTH TLS
                P <- S  120 Soon.
                P <- S  {said}
                {more}
                C <- P  421 The server does not begin TLS, which is required.
                P ..    hangs up
                """
            )

    def test_230_before_tls(self) -> None:
        """A server that logs in before TLS cannot be had where TLS is required."""
        self.ladder(EXPLICIT).play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  230 In.
            C <- P  421 The server logs in before TLS, which is required.
            P ..    hangs up
            """
        )

    def test_handshake_fails(self) -> None:
        """A certificate that is not accepted, and a handshake that does not end, are a 421."""
        before = """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            P -> S  AUTH TLS
            P <- S  234 Go.
            P ..    begins TLS with the server
            """
        self.ladder(EXPLICIT).play(before).play(
            """
            P ..    server insecure: The server's certificate has expired.
            P ..    notes: The server's certificate has expired.
            C <- P  421 The server's certificate has expired.
            P ..    hangs up
            """
        )
        self.ladder(EXPLICIT).play(before).play(
            """
            P ..    timer handshake
            C <- P  421 The server did not greet, TLS included, in time.
            P ..    hangs up
            """
        )
        self.ladder(EXPLICIT).play(before).play(
            "P ..  server lost\nC <- P  421 The server closed the connection.\nP ..  hangs up"
        )

    def test_another_server_after_failure(self) -> None:
        """Where the client names the server it may name another; nothing of the first is left."""
        made = self.ladder(Rules(server_tls=ServerTls.EXPLICIT)).play(
            ROUTED,
            """
            C -> P  USER bob@one.example
            P ..    dials one.example:21
            P ..    connected
            P <- S  220 One.
            P -> S  AUTH TLS
            P <- S  234 Go.
            P ..    begins TLS with the server
            P ..    timer handshake
            P ..    hangs up on the server
            C <- P  434 The server did not greet, TLS included, in time.
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            P ..    connected
            P <- S  220 Two.
            P -> S  AUTH TLS
            P <- S  234 Go.
            P ..    begins TLS with the server
            P ..    server secured
            P -> S  USER bob
            """,
        )
        self.assertNotIn(Timer.HANDSHAKE, made.running)

    def test_handshake_timer_ends_with_the_server(self) -> None:
        """A handshake's wait does not outlive its server and cost the next one."""
        made = self.ladder(Rules(server_tls=ServerTls.EXPLICIT)).play(
            ROUTED,
            """
            C -> P  USER bob@one.example
            P ..    dials one.example:21
            P ..    connected
            P <- S  220 One.
            P -> S  AUTH TLS
            P <- S  234 Go.
            P ..    begins TLS with the server
            P ..    server lost
            P ..    hangs up on the server
            C <- P  434 The server closed the connection.
            """,
        )
        self.assertNotIn(Timer.HANDSHAKE, made.running)

    def test_auto(self) -> None:
        """Auto takes TLS where it is, and goes on in clear where it is refused, with a note."""
        rules = replace(EXPLICIT, server_tls=ServerTls.AUTO)
        self.ladder(rules).play(SECURED, LOGIN)
        made = self.ladder(rules).play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            P -> S  AUTH TLS
            P <- S  502 No.
            P -> S  AUTH SSL
            P <- S  502 No.
            P ..    notes: the server offers no TLS: going on in clear (auto)
            C <- P  220 Welcome.
            """
        )
        made.play(LOGIN, "C -> P  PORT 192,0,2,7,200,1", PREPARED, SENT)
        self.assertFalse(made.session.protection.protects(Side.SERVER))
        self.ladder(rules).play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            P -> S  AUTH TLS
            P <- S  350 Odd.
            P ..    timer second-reply
            C <- P  421 The server does not begin TLS, which is required.
            P ..    hangs up
            """
        )

    def test_implicit(self) -> None:
        """Implicit TLS comes before the greeting."""
        self.ladder(replace(EXPLICIT, server_tls=ServerTls.IMPLICIT)).play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P ..    begins TLS with the server
            P ..    server secured
            P <- S  220 Welcome.
            C <- P  220 Welcome.
            """,
            LOGIN,
            ASKED,
            "P <- S  200 Private.",
            PREPARED,
        )

    def test_prot_refused(self) -> None:
        """Rule 6: a server that refuses PROT P gets no transfer; told by the transfer command."""
        made = self.ladder(EXPLICIT).play(SECURED, LOGIN, ASKED)
        made.play(
            "P <- S  120 Soon.\nP <- S  534 No.",
            PREPARED,
            "C -> P  RETR file\nC <- P  522 The server refuses to protect data connections.\n"
            "P ..  aborts server leg",
        )
        made.play("C -> P  PORT 192,0,2,7,200,1", PREPARED)

    def test_clear_data(self) -> None:
        """By setting its data goes in clear, with a note."""
        made = self.ladder(replace(EXPLICIT, clear_data=True)).play(SECURED, LOGIN)
        made.play(
            ASKED,
            """
            P <- S  534 No.
            P ..    notes: PROT P refused: data goes in clear (server-tls.clear-data)
            """,
            PREPARED,
            SENT,
        )
        self.assertFalse(made.session.protection.protects(Side.SERVER))

    def test_pbsz_refused(self) -> None:
        """A refusal of PBSZ does not matter; PROT is what counts."""
        self.ladder(EXPLICIT).play(
            SECURED,
            LOGIN,
            """
            C -> P  PORT 192,0,2,7,200,1
            P -> S  PBSZ 0
            P <- S  120 Soon.
            P <- S  503 What?
            P -> S  PROT P
            P <- S  200 Private.
            """,
            PREPARED,
            SENT,
        )

    def test_stray_secured(self) -> None:
        """A handshake that nobody waits for any more changes nothing."""
        made = self.logged_in()
        made.session.handle(ServerSecured())
        made.play(USABLE)


class Levels(LadderTest):
    """PROT as real servers and clients have it."""

    PASV = """
        C -> P  PORT 192,0,2,7,200,1
        P -> S  PBSZ 0
        P <- S  503 Not here.
        P -> S  PROT P
    """

    def test_implicit_without_prot(self) -> None:
        """MS-FTPS forbids PBSZ and PROT: implicit means P, and a refusal leaves it P."""
        for clear in (False, True):
            rules = Rules(server=FIXED, server_tls=ServerTls.IMPLICIT, clear_data=clear)
            self.ladder(rules).play(
                f"""
                P ..    dials ftp.example:21
                P ..    connected
                P ..    begins TLS with the server
                P ..    server secured
                P <- S  220 Welcome.
                C <- P  220 Welcome.
                {LOGIN}
                {self.PASV}
                P <- S  503 Nor here.
                P -> S  EPSV
                P <- S  229 (|||50123|)
                C <- P  200 PORT command successful.
                P ..    connects to the server's port 50123
                C -> P  RETR file
                P -> S  RETR file
                P ..    server leg open under TLS
                """
            )

    def test_client_chooses_clear(self) -> None:
        """client-tls.clear-data lets clients under implicit TLS have clear data; require never."""
        said = "C -> P  PROT C\nC <- P  200 Protection level is C.\nC -> P  PASV\nP -> S  EPSV\n"
        listens = "P <- S  229 (|||50123|)\nP ..  listens for the client on 50000\nC <- P  227…\n"
        rules = Rules(server=FIXED, client_tls=ClientTls.IMPLICIT, client_clear_data=True)
        self.ladder(rules, sni="").play(GREETED, LOGIN, said + listens).play(
            "C -> P  LIST\nP -> S  LIST\nP ..  connects to the server's port 50123"
        )
        refused = (
            "C -> P  LIST\nC <- P  522 Data connections must be protected here: send PROT P.\n"
        )
        closed = "P ..  closes client leg"
        kept = replace(rules, client_clear_data=False)
        self.ladder(kept, sni="").play(GREETED, LOGIN, said + listens + refused + closed)
        required = replace(rules, client_tls=ClientTls.REQUIRE)
        begun = f"{AUTH}\n{LOGIN}\nC -> P  PBSZ 0\nC <- P  200 PBSZ=0"
        self.ladder(required).play(GREETED, begun, said + listens + refused + closed)
