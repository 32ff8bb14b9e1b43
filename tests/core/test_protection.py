"""TLS on both legs: AUTH, PBSZ, PROT and CCC."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.events import Side, Timer
from ftpalg.core.protection import Level
from ftpalg.core.routes import Server, ServerTls
from ftpalg.core.rules import ClientTls, Rules
from tests.core.ladder import FIXED, GREETED, LOGIN, ROUTED, USABLE, Ladder, LadderTest

OFFER = Rules(server=FIXED, client_tls=ClientTls.OFFER)
REQUIRE = Rules(server=FIXED, client_tls=ClientTls.REQUIRE)
EXPLICIT = Rules(server=FIXED, server_tls=ServerTls.EXPLICIT)
MATCH = Rules(server=FIXED, client_tls=ClientTls.OFFER, server_tls=ServerTls.MATCH)
AUTH = """
    C -> P  AUTH TLS
    C <- P  234 TLS begins.
    P ..    begins TLS with the client
"""
SECURED = """
    P ..    dials ftp.example:21
    P ..    connected
    P <- S  220 Welcome.
    P -> S  AUTH TLS
    P <- S  234 Go.
    P ..    starts handshake
    P ..    begins TLS with the server
    P ..    server secured
    P ..    stops handshake
    C <- P  220 Welcome.
"""
ASKED = """
    C -> P  PORT 192,0,2,7,200,1
    P -> S  PBSZ 0
    P <- S  200 PBSZ=0
    P -> S  PROT P
"""
PREPARED = """
    P -> S  EPSV
    P <- S  229 Extended (|||50123|)
    C <- P  200 PORT command successful.
"""
SENT = """
    C -> P  RETR file
    P -> S  RETR file
    P ..    connects to the server's port 50123
"""
PROT_P = """
    C -> P  PBSZ 0
    C <- P  200 PBSZ=0
    C -> P  PROT P
    C <- P  200 Protection level is P.
"""


class Client(LadderTest):
    """The client's leg."""

    def protects(self, made: Ladder, side: Side, wanted: bool) -> None:
        """Data connections of that side are, or are not, under TLS."""
        self.assertEqual(made.session.protection.protects(side), wanted)

    def test_offer(self) -> None:
        """AUTH, PBSZ, PROT, login: each has its answer, the server hears nothing of it."""
        made = self.ladder(OFFER).play(GREETED, AUTH)
        self.protects(made, Side.CLIENT, False)
        made.play(PROT_P, LOGIN, USABLE)
        self.protects(made, Side.CLIENT, True)
        made.play("C -> P  PROT C\nC <- P  200 Protection level is C.")
        self.protects(made, Side.CLIENT, False)

    def test_mechanisms(self) -> None:
        """RFC 4217 section 2.1: TLS and TLS-C leave data in clear, SSL and TLS-P protect it."""
        for word, private in (("tls", False), ("TLS-C", False), ("SSL", True), ("TLS-P", True)):
            made = self.ladder(OFFER).play(GREETED)
            made.play(f"C -> P  AUTH {word}\nC <- P  234 TLS…\nP ..  begins TLS with the client")
            self.protects(made, Side.CLIENT, private)
            told = "200 Protection level is C." if private else "503 PBSZ comes before PROT."
            made.play(f"C -> P  PROT C\nC <- P  {told}")

    def test_refusals(self) -> None:
        """Each command out of order or with a wrong word has its own refusal."""
        secured = self.ladder(replace(OFFER, bad_commands=99)).play(GREETED, AUTH)
        for command, told in (
            ("AUTH TLS", "503 This connection is under TLS already."),
            ("AUTH KERBEROS", "504 AUTH knows…"),
            ("PBSZ", "501 PBSZ needs a number…"),
            ("PBSZ x", "501 PBSZ needs a number…"),
            ("PROT P", "503 PBSZ comes before PROT."),
            ("PBSZ 16384", "200 PBSZ=0"),
            ("PROT S", "536 TLS has the levels C and P only."),
            ("PROT E", "536 TLS has the levels C and P only."),
            ("PROT X", "504 PROT knows C and P."),
            ("PROT", "504 PROT knows C and P."),
            ("CCC", "534 The control connection stays under TLS here."),
        ):
            secured.play(f"C -> P  {command}\nC <- P  {told}")
        clear = self.ladder(OFFER).play(GREETED)
        for command, told in (
            ("PBSZ 0", "503 AUTH comes before PBSZ."),
            ("PROT P", "503 AUTH comes before PROT."),
            ("CCC", "533 This connection is not under TLS."),
        ):
            clear.play(f"C -> P  {command}\nC <- P  {told}")
        self.ladder(OFFER).play(
            GREETED, LOGIN, "C -> P  AUTH TLS\nC <- P  503 AUTH comes before the login."
        )
        self.logged_in().play("C -> P  AUTH TLS\nC <- P  502 TLS is not offered here.")

    def test_ccc(self) -> None:
        """CCC by setting: 200, then clear."""
        made = self.ladder(replace(OFFER, ccc=True)).play(GREETED, AUTH, LOGIN)
        made.play(
            "C -> P  CCC\nC <- P  200 The control connection goes on…\nP ..  goes on in clear"
        )

    def test_injection(self) -> None:
        """CVE-2011-1575: bytes that came in clear behind AUTH end the session; CCC the same."""
        made = self.ladder(OFFER).play(
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
        self.protects(made, Side.CLIENT, False)
        made = self.ladder(replace(OFFER, ccc=True)).play(GREETED, AUTH)
        made.play("C -> P  CCC\nC <- P  503 CCC comes after the login.", LOGIN)
        made.play(
            """
            C -> P  PWD
            P -> S  PWD
            C -> P  CCC
            C -> P  NOOP
            P <- S  257 "/"
            C <- P  257 "/"
            P ..    hangs up
            """
        )

    def test_require(self) -> None:
        """Rule 6: what is required comes first; only what finds a way to TLS may come before."""
        made = self.ladder(replace(REQUIRE, bad_commands=99)).play(GREETED)
        for command in ("USER bob", "PASS x", "PASV", "STAT", "SITE X", "ABOR", "REIN"):
            made.play(f"C -> P  {command}\nC <- P  530 TLS is required here: send AUTH TLS first.")
        for command in ("NOOP", "SYST", "HELP", "CLNT x", "OPTS UTF8 ON"):
            made.play(f"C -> P  {command}\nP -> S  {command}\nP <- S  200 OK\nC <- P  200 OK")
        made.play(AUTH, LOGIN)
        made.play(
            """
            C -> P  PORT 192,0,2,7,200,1
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 PORT command successful.
            C -> P  RETR file
            C <- P  522 Data connections must be protected here: send PROT P.
            """,
            PROT_P,
            "C -> P  PORT 192,0,2,7,200,1",
            PREPARED,
            SENT,
        )

    def test_require_passive(self) -> None:
        """A refused transfer closes what was prepared for it."""
        self.ladder(REQUIRE).play(
            GREETED,
            AUTH,
            LOGIN,
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            C -> P  RETR file
            P ..    aborts client leg
            C <- P  522 Data connections must be protected here: send PROT P.
            """,
            USABLE,
        )

    def test_implicit(self) -> None:
        """Under implicit TLS data is protected from the start."""
        made = self.ladder(Rules(server=FIXED, client_tls=ClientTls.IMPLICIT)).play(GREETED)
        self.protects(made, Side.CLIENT, True)
        made.play(LOGIN, "C -> P  PORT 192,0,2,7,200,1", PREPARED, SENT)

    def test_features(self) -> None:
        """FEAT tells of TLS where it is offered, of CCC where it is allowed."""
        for rules, names in (
            (Rules(), ()),
            (Rules(client_tls=ClientTls.OFFER), (" AUTH TLS", " PBSZ", " PROT")),
            (Rules(client_tls=ClientTls.OFFER, ccc=True), (" AUTH TLS", " PBSZ", " PROT", " CCC")),
        ):
            lines = ("211-Features:", *names, " EPRT", " EPSV", "211 End")
            self.ladder(rules).play(
                ROUTED, "C -> P  FEAT\n" + "\n".join(f"C <- P  {line}" for line in lines)
            )

    def test_before_a_server(self) -> None:
        """AUTH needs no server."""
        made = self.ladder(Rules(client_tls=ClientTls.REQUIRE)).play(ROUTED, AUTH)
        made.play("C -> P  USER bob@one.example\nP ..  dials one.example:21")


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
            P ..    aborts server leg
            C <- P  550 No.
            """
        )
        made.play("C -> P  PORT 192,0,2,7,200,1", PREPARED)

    def test_334(self) -> None:
        """334 is as good as 234."""
        self.ladder(EXPLICIT).play(SECURED.replace("234 Go", "334 Go"))

    def test_explicit_refused(self) -> None:
        """Rule 6: no TLS, no login; another 2xx is no promise either."""
        for said in ("500 What?", "534 No.", "200 OK.", "421 Bye."):
            self.ladder(EXPLICIT).play(
                f"""
                P ..    dials ftp.example:21
                P ..    connected
                P <- S  220 Welcome.
                P -> S  AUTH TLS
                P <- S  120 Soon.
                P <- S  {said}
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
            "C -> P  RETR file\nC <- P  522 The server refuses to protect data connections.",
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
        made.session.protection.secured()
        made.play(USABLE)


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
            "C -> P  PORT 192,0,2,7,200,1",
            "P -> S  PROT P\nP <- S  200 OK.",
            PREPARED,
            SENT,
        )
        self.assertIs(made.session.protection.server_level, Level.PRIVATE)

    def test_level_cannot_be_raised(self) -> None:
        """Rule 6: a server that takes C and then refuses P gets no transfer in clear for a P."""
        made = self.ladder(MATCH).play(GREETED, self.BOTH, LOGIN, self.CLEAR, PREPARED, PROT_P)
        made.play(
            "C -> P  PORT 192,0,2,7,200,1",
            "P -> S  PROT P\nP <- S  534 No.",
            PREPARED,
            "C -> P  RETR file\nC <- P  522 The server refuses to protect data connections.",
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
            GREETED, "C -> P  AUTH TLS\nP -> S  AUTH TLS\nP <- S  502 No.\nC <- P  502 No."
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


class Opaque(LadderTest):
    """RFC 6384 section 5: AUTH passes, and what follows is not read."""

    RULES = Rules(server=FIXED, opaque=True)
    GONE = """
        C -> P  AUTH TLS
        P -> S  AUTH TLS
        P <- S  234 Go.
        P ..    stops login
        C <- P  234 Go.
        P ..    goes opaque
        """

    def test_goes_opaque(self) -> None:
        """After 234 both connections are copied; either's end is the end."""
        for who in ("client", "server"):
            made = self.ladder(self.RULES).play(GREETED, self.GONE)
            self.assertEqual(made.running, set())
            made.play(f"P ..  {who} lost\nP ..  hangs up")

    def test_refused(self) -> None:
        """A refusal is the client's; the session goes on in clear."""
        self.ladder(self.RULES).play(
            GREETED, "C -> P  AUTH TLS\nP -> S  AUTH TLS\nP <- S  502 No.\nC <- P  502 No."
        ).play(LOGIN)

    def test_without_a_server(self) -> None:
        """The server must be known first."""
        self.ladder(Rules(opaque=True)).play(
            ROUTED, "C -> P  AUTH TLS\nC <- P  530 Name the server first."
        )


class Named(LadderTest):
    """Servers by name."""

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


class Forgotten(LadderTest):
    """AUTH begins the login anew."""

    def test_user_is_forgotten(self) -> None:
        """A password under TLS does not complete a USER that was sent in clear (RFC 4217)."""
        self.ladder(OFFER).play(
            GREETED,
            """
            C -> P  USER bob
            P -> S  USER bob
            P <- S  331 Password.
            C <- P  331 Password.
            """,
            AUTH,
            """
            C -> P  PASS secret
            C <- P  503 USER comes first.
            """,
            LOGIN,
        )
