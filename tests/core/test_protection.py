"""TLS on both legs: AUTH, PBSZ, PROT and CCC."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.events import LegReached, Side
from ftpalg.core.session_settings import ClientTls, Rules
from tests.core.ladder import FIXED, Ladder, LadderTest
from tests.core.openings import GREETED, LOGIN, PASV_EPSV, RETR, ROUTED, USABLE
from tests.core.tls import AUTH, OFFER, PREPARED, PROT_P, REQUIRE, SENT

LOGINS = ("USER eve", "USER", "PASS x", "ACCT x", "RESP x", "SITE PSWD a b", "CPWD b")
CCC = "C -> P  CCC\nC <- P  200 The control connection goes on…\nP ..  goes on in clear"
LIKELY = (" MDTM", " REST STREAM", " SIZE")


class Between(LadderTest):
    """PROT between PASV and the transfer: a data connection that stands already."""

    def test_private_at_last(self) -> None:
        """TLS on it begins with the transfer command, where PROT P came meanwhile."""
        self.ladder(OFFER).play(GREETED, AUTH, LOGIN, PASV_EPSV).play(
            f"""
            P ..    client leg open
            P ..    connects to the server's port 50123
            {PROT_P}
            C -> P  RETR file
            P -> S  RETR file
            P ..    secures client leg
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    client leg secured
            P ..    relays from server
            """
        )

    def test_clear_at_last(self) -> None:
        """One under TLS serves no transfer in clear; told by the transfer command."""
        self.ladder(OFFER).play(GREETED, AUTH, PROT_P, LOGIN, PASV_EPSV).play(
            """
            P ..    client leg open under TLS
            P ..    connects to the server's port 50123
            C -> P  PROT C
            C <- P  200 Protection level is C.
            C -> P  RETR file
            C <- P  522 The data connection was opened before the protection level changed.
            P ..    closes client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_tls_before_the_command(self) -> None:
        """A client that wants TLS to stand before it sends its command gets it (aioftp)."""
        self.ladder(OFFER).play(GREETED, AUTH, PROT_P, LOGIN, PASV_EPSV).play(
            """
            P ..    client leg open under TLS
            P ..    connects to the server's port 50123
            C -> P  RETR file
            P -> S  RETR file
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    relays from server
            """
        )

    def test_late_events_of_a_leg(self) -> None:
        """What a driver still tells of a leg that is given up begins no TLS on it."""
        made = self.ladder(OFFER).play(GREETED, AUTH, PROT_P, LOGIN)
        made.feed(LegReached(Side.CLIENT))
        made.play(
            PASV_EPSV,
            RETR,
            """
            P ..    client leg failed: reset
            P ..    aborts server leg
            """,
        )
        made.feed(LegReached(Side.CLIENT))
        made.play("P <- S  426 Broken.\nC <- P  426 Broken.")
        made.feed(LegReached(Side.CLIENT))
        made.play(USABLE)


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
        made.play(CCC, "C -> P  CCC\nC <- P  533 This connection is not under TLS.")
        made.play("C -> P  AUTH TLS\nC <- P  503 This connection is past its TLS.")

    def test_no_login_behind_ccc(self) -> None:
        """Rule 6: where TLS is required no login and no password goes in clear behind CCC either."""
        for rules, begin in (
            (REQUIRE, (GREETED, AUTH, LOGIN)),
            (replace(REQUIRE, client_tls=ClientTls.IMPLICIT), (GREETED, LOGIN)),
        ):
            made = self.ladder(replace(rules, ccc=True, bad_commands=99)).play(*begin, CCC)
            for command in LOGINS:
                made.play(f"C -> P  {command}\nC <- P  530 No login and no password is taken in…")
            made.play("C -> P  CWD x\nP -> S  CWD x\nP <- S  250 OK\nC <- P  250 OK")
        made = self.ladder(replace(OFFER, ccc=True)).play(GREETED, AUTH, LOGIN, CCC)
        made.play("C -> P  USER eve\nP -> S  USER eve")

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
        for command in ("NOOP", "SYST", "HELP"):
            made.play(f"C -> P  {command}\nP -> S  {command}\nP <- S  200 OK\nC <- P  200 OK")
        made.play(AUTH, LOGIN)
        for command in ("CLNT x", "OPTS UTF8 ON"):
            self.ladder(REQUIRE).play(
                GREETED, f"C -> P  {command}\nP -> S  {command}\nP <- S  200 OK\nC <- P  200 OK"
            )
        made.play(
            """
            C -> P  PORT 192,0,2,7,200,1
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 PORT command successful.
            P ..    connects to the server's port 50123
            C -> P  RETR file
            C <- P  522 Data connections must be protected here: send PROT P.
            P ..    aborts server leg
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
            C <- P  522 Data connections must be protected here: send PROT P.
            P ..    closes client leg
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
            lines = ("211-Features:", *names, " EPRT", " EPSV", *LIKELY, "211 End")
            self.ladder(rules).play(
                ROUTED, "C -> P  FEAT\n" + "\n".join(f"C <- P  {line}" for line in lines)
            )

    def test_before_a_server(self) -> None:
        """AUTH needs no server."""
        made = self.ladder(Rules(client_tls=ClientTls.REQUIRE)).play(ROUTED, AUTH)
        made.play("C -> P  USER bob@one.example\nP ..  dials one.example:21")


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
