"""TLS with the server as the client asks for it, and with each server as its name says."""

from __future__ import annotations

from ftpalg.core.events import Side
from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.stages.protection import Level
from tests.core.ladder import LadderTest
from tests.core.openings import GREETED, LOGIN, ROUTED, USABLE
from tests.core.tls import AUTH, MATCH, PREPARED, PROT_P, SENT


class Match(LadderTest):
    """The server's leg as the client's."""

    BOTH = """
        C -> P  AUTH TLS
        P -> S  AUTH TLS
        P <- S  120 Soon.
        P <- S  234 Go.
        P ..    begins TLS with the server
        P ..    server secured
        C <- P  234 TLS begins.
        P ..    begins TLS with the client
        """
    CLEAR = """
        C -> P  PORT 192,0,2,7,200,1
        P -> S  PBSZ 0
        P <- S  200 OK.
        P -> S  PROT C
        P <- S  200 OK.
        """

    def test_client_leads(self) -> None:
        """The client's AUTH brings about the server's, and its PROT the server's."""
        made = self.ladder(MATCH).play(GREETED, self.BOTH, LOGIN, self.CLEAR, PREPARED, PROT_P)
        made.play(
            "C -> P  PORT 192,0,2,7,200,1\nP ..  aborts server leg",
            "P -> S  PROT P\nP <- S  200 OK.",
            PREPARED,
            SENT,
        )
        self.assertIs(made.session.protection.state.server_level, Level.PRIVATE)

    def test_level_cannot_be_raised(self) -> None:
        """Rule 6: a server that takes C and then refuses P gets no transfer in clear for a P."""
        made = self.ladder(MATCH).play(GREETED, self.BOTH, LOGIN, self.CLEAR, PREPARED, PROT_P)
        made.play(
            "C -> P  PORT 192,0,2,7,200,1\nP ..  aborts server leg",
            "P -> S  PROT P\nP <- S  534 No.",
            PREPARED,
            "C -> P  RETR file\nC <- P  522 The server refuses to protect data connections.\n"
            "P ..  aborts server leg",
        )

    def test_server_insists(self) -> None:
        """A server that refuses PROT C gets P, though the client has C."""
        made = self.ladder(MATCH).play(
            GREETED,
            """
            C -> P  AUTH TLS
            P -> S  AUTH TLS
            P <- S  234 Go.
            P ..    begins TLS with the server
            P ..    server secured
            C <- P  234 TLS begins.
            P ..    begins TLS with the client
            """,
        )
        made.play(
            LOGIN,
            """
            C -> P  PORT 192,0,2,7,200,1
            P -> S  PBSZ 0
            P <- S  200 OK.
            P -> S  PROT C
            P <- S  534 P only.
            P -> S  PROT P
            P <- S  200 OK.
            """,
            PREPARED,
            SENT,
        )
        self.assertTrue(made.session.protection.protects(Side.SERVER))

    def test_server_refuses(self) -> None:
        """A server without TLS: the client's AUTH gets its refusal and both stay in clear."""
        made = self.ladder(MATCH).play(
            GREETED,
            "C -> P  AUTH TLS\nP -> S  AUTH TLS\nP <- S  502 No.\nP -> S  AUTH SSL\nP <- S  504 Nor so.",
            "C <- P  504 Nor so.",
        )
        made.play(LOGIN, USABLE)
        self.assertFalse(made.session.protection.client_secured)

    def test_plain_bytes_meanwhile(self) -> None:
        """Bytes in clear that come while the server's handshake runs end the session."""
        self.ladder(MATCH).play(
            GREETED,
            """
            C -> P  AUTH TLS
            P -> S  AUTH TLS
            C -> P  USER eve
            P <- S  234 Go.
            P ..    begins TLS with the server
            P ..    server secured
            P ..    hangs up
            """,
        )

    def test_plain_bytes_before(self) -> None:
        """Bytes in clear that stand behind AUTH end the session before the server hears of it."""
        self.ladder(MATCH).play(
            """
            P ..    dials ftp.example:21
            C -> P  AUTH TLS
            C -> P  USER eve
            P ..    connected
            P <- S  220 Welcome.
            C <- P  220 Welcome.
            P ..    hangs up
            """
        )

    def test_server_named_under_tls(self) -> None:
        """A server that is named by a client under TLS gets TLS; by one in clear, none."""
        rules = Rules(client_tls=ClientTls.OFFER, server_tls=ServerTls.MATCH)
        named = """
            C -> P  USER bob@one.example
            P ..    dials one.example:21
            P ..    connected
            P <- S  220 One.
            """
        self.ladder(rules).play(ROUTED, AUTH, named, "P -> S  AUTH TLS")
        self.ladder(rules).play(ROUTED, named, "P -> S  USER bob")

    def test_lost_during_the_handshake(self) -> None:
        """The server is lost while the client's AUTH waits for it."""
        self.ladder(MATCH).play(
            GREETED,
            """
            C -> P  AUTH TLS
            P -> S  AUTH TLS
            P <- S  234 Go.
            P ..    begins TLS with the server
            P ..    server insecure: The server's certificate is not trusted.
            C <- P  421 The server's certificate is not trusted.
            P ..    hangs up
            """,
        )


class Named(LadderTest):
    """Servers by name."""

    def test_nothing_of_the_last_one(self) -> None:
        """What holds under TLS with one server holds for none that is reached behind it in clear: it
        gets no password that is for TLS only, and is not asked for a level."""
        clear = Server("one.example")
        secret = Route(user="svc", secret="/run/svc", secret_for=(clear,))
        rules = Rules(
            server_tls_rules=(("*.secure", ServerTls.IMPLICIT),),
            choose=lambda facts: secret if facts.destination == clear else Route(),
        )
        self.ladder(rules).play(
            ROUTED,
            """
            C -> P  USER bob@a.secure
            P ..    dials a.secure:21
            P ..    connected
            P ..    begins TLS with the server
            P ..    server secured
            P <- S  220 Secure.
            P -> S  USER bob
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER bob@one.example
            P ..    hangs up on the server
            P ..    dials one.example:21
            P ..    connected
            P <- S  220 One.
            P -> S  USER svc
            P <- S  331 Password.
            P ..    notes: one.example:21 has no TLS: routes.password-in-clear would allow its password
            P ..    hangs up on the server
            C <- P  434 The gateway's login here needs TLS.
            """,
        )

    def test_rules(self) -> None:
        """The rule for a server's name decides its TLS."""
        rules = Rules(server_tls_rules=(("*.secure", ServerTls.IMPLICIT),))
        self.assertIs(rules.tls_to(Server("a.secure")), ServerTls.IMPLICIT)
        self.ladder(rules).play(
            ROUTED,
            """
            C -> P  USER bob@a.secure
            P ..    dials a.secure:21
            P ..    connected
            P ..    begins TLS with the server
            """,
        )
