"""Every client's own way through a gateway, command by command as its source sends it.

What each needs of the replies stands beside it.  Letters are the dialects of ``logins``.
"""

from __future__ import annotations

from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.wire.user_at_host import DEFAULT_DIALECTS, Dialect
from tests.core.ladder import FIXED, Ladder, LadderTest
from tests.core.openings import ROUTED, USABLE
from tests.core.scripts import (
    ACCOUNT_AT,
    ACCOUNT_AT_USER,
    ACCOUNTS,
    AT,
    AUTH_RULES,
    AUTHORIZE,
    CHECK_POINT,
    GATEWAY,
    LEAVING_TLS,
    LET_IN,
    OPEN,
    OPENED,
    PASS,
    RAPTOR,
    REACHED,
    READY,
    REFUSED_TLS,
    SITE,
    TLS,
    USER,
)


class ClientTest(LadderTest):
    """A client logs in, with an account at the gateway or without."""

    def alone(self, *scripts: str, rules: Rules = OPEN) -> Ladder:
        """No account is needed."""
        return self.ladder(rules).play(ROUTED, *scripts).play(USABLE)

    def account(self, *scripts: str, rules: Rules = ACCOUNTS) -> Ladder:
        """An account at the gateway is."""
        return self.ladder(rules).play(READY, *scripts).play(USABLE)


class FileZilla(ClientTest):
    """It tries AUTH TLS and AUTH SSL first, and goes by the first digit; 2yz skips PASS."""

    NO_TLS = REFUSED_TLS + "C -> P  AUTH SSL\nC <- P  502 TLS is not offered here."

    def test_user_at_host(self) -> None:
        """Type 1: A, or B where a proxy user is set."""
        self.alone(self.NO_TLS, AT)
        self.account(self.NO_TLS, GATEWAY, AT)

    def test_site(self) -> None:
        """Type 2: C; SITE must be answered with 2yz, and USER after it comes in any case."""
        self.alone(self.NO_TLS, SITE)
        self.account(self.NO_TLS, GATEWAY, SITE)

    def test_open(self) -> None:
        """Type 3: D."""
        self.alone(self.NO_TLS, OPENED)
        self.account(self.NO_TLS, GATEWAY, OPENED)

    def test_port_and_ipv6(self) -> None:
        """A port that is not 21 comes behind a colon, an IPv6 address in brackets."""
        for text in ("one.example:2121", "[2001:db8::1]:2121", "[2001:db8::1]"):
            where = text if text.endswith("2121") else f"{text}:21"
            reached = REACHED.replace("one.example:21", where)
            self.alone(f"C -> P  USER bob@{text}\n{reached}\n{LET_IN}")
            for verb in ("SITE", "OPEN"):
                self.alone(f"C -> P  {verb} {text}\n{reached}\nC <- P  220 One.")

    def test_no_password_wanted(self) -> None:
        """USER is answered with 230: PASS is not sent."""
        at = f"C -> P  USER bob@one.example\n{REACHED}"
        self.account(
            GATEWAY, at, "P -> S  USER bob\nP <- S  230 In.\nP ..  logged in: bob\nC <- P  230 In."
        )

    def test_tls(self) -> None:
        """With TLS at the gateway: AUTH before everything, PBSZ and PROT after the login."""
        for needed in (ClientTls.OFFER, ClientTls.REQUIRE):
            self.account(
                TLS,
                GATEWAY,
                SITE,
                "C -> P  PBSZ 0\nC <- P  200 PBSZ=0",
                "C -> P  PROT P\nC <- P  200 Protection level is P.",
                rules=Rules(accounts=True, client_tls=needed),
            )


class WinScp(ClientTest):
    """It goes by the first digit alone; some need 3yz where others would take 2yz."""

    def test_site(self) -> None:
        """1, WS_FTP's SITE hostname: C, always with an account; PASS at the gateway needs 2yz."""
        self.account(GATEWAY, SITE)

    def test_user_after_logon(self) -> None:
        """2: B."""
        self.account(GATEWAY, AT)

    def test_open(self) -> None:
        """3: D, always without an account."""
        self.alone(OPENED)
        self.ladder(ACCOUNTS).play(
            READY, "C -> P  OPEN one.example\nC <- P  530 Log in at the gateway first."
        )

    def test_transparent(self) -> None:
        """4: H; the server is the configuration's."""
        self.account(
            GATEWAY,
            f"C -> P  USER bob\n{REACHED}\n{LET_IN}".replace("one.example", "ftp.example"),
            rules=Rules(accounts=True, server=FIXED),
        )

    def test_user_at_host(self) -> None:
        """5: A."""
        self.alone(AT)

    def test_account_at_host(self) -> None:
        """6, USER fireID@remotehost: F; PASS at the gateway needs 2yz."""
        self.account(ACCOUNT_AT_USER)

    def test_user_at_host_account(self) -> None:
        """7, USER remoteID@remotehost fireID: G; USER needs 3yz, PASS 3yz for ACCT to come."""
        self.account(RAPTOR)
        self.ladder(OPEN).play(
            ROUTED,
            "C -> P  USER bob@one.example gus\nC <- P  501 The server's name cannot be read…",
        )

    def test_user_at_account_at_host(self) -> None:
        """8, USER remoteID@fireID@remotehost: E."""
        self.account(CHECK_POINT)

    def test_port(self) -> None:
        """A port that is not 21 comes behind a colon, before the account of G too."""
        self.account(
            RAPTOR.replace("USER bob@one.example", "USER bob@one.example:2121").replace(
                "dials one.example:21", "dials one.example:2121"
            )
        )


class NcFtp(ClientTest):
    """It goes by whole codes: 220, 230, 331, 332; after the gateway's 230 it takes the next step."""

    def test_types(self) -> None:
        """1 to 9 of firewall-type; 2 to 7 need an account, and 1 to 7 send no port."""
        self.alone(AT)
        self.account(GATEWAY, AT)
        self.account(GATEWAY, SITE)
        self.account(GATEWAY, OPENED)
        self.account(CHECK_POINT)
        self.account(ACCOUNT_AT_USER)
        self.account(RAPTOR)
        for user in ("bob@one.example:21", "bob@one.example 21"):
            self.alone(f"C -> P  USER {user}\n{REACHED}\n{LET_IN}")

    def test_another_port(self) -> None:
        """8 and 9."""
        reached = REACHED.replace(":21", ":2121")
        for user in ("bob@one.example:2121", "bob@one.example 2121"):
            self.alone(f"C -> P  USER {user}\n{reached}\n{LET_IN}")


class Lftp(ClientTest):
    """It says FEAT after the login; the gateway's PASS needs 2yz, and 332 only where ACCT is due."""

    FEAT = """
        C -> P  FEAT
        P -> S  FEAT
        P <- S  500 What?
        C <- P  500 What?
    """

    def test_user(self) -> None:
        """ftp:proxy-auth-type user: A, or B with an account."""
        self.alone(AT, self.FEAT)
        self.account(GATEWAY, AT, self.FEAT)

    def test_joined(self) -> None:
        """E."""
        self.account(CHECK_POINT, self.FEAT)

    def test_joined_acct(self) -> None:
        """G."""
        self.account(RAPTOR, self.FEAT)

    def test_open(self) -> None:
        """D; AUTH TLS comes between OPEN and USER: what OPEN named in clear is forgotten by it."""
        opened = OPENED.replace("C -> P  USER", f"{REFUSED_TLS}\nC -> P  USER")
        self.alone(opened)
        self.account(GATEWAY, opened)
        self.account(
            GATEWAY,
            OPENED.partition("C -> P  USER")[0],
            LEAVING_TLS,
            GATEWAY,
            OPENED,
            rules=Rules(accounts=True, client_tls=ClientTls.OFFER),
        )

    def test_proxy_user_at_host(self) -> None:
        """F; AUTH TLS comes before the server's USER."""
        self.account(ACCOUNT_AT, REFUSED_TLS, f"C -> P  USER bob\n{LET_IN}")
        self.account(
            ACCOUNT_AT,
            LEAVING_TLS,
            ACCOUNT_AT_USER,
            rules=Rules(accounts=True, client_tls=ClientTls.OFFER),
        )

    def test_sync_mode_off(self) -> None:
        """Everything at once: what waits goes on when the account, then the server is there."""
        self.account(
            f"""
            C -> P  USER gus
            C <- P  331 Password required.
            C -> P  PASS gp
            P ..    checks gus gp
            C -> P  USER bob@one.example
            C -> P  PASS secret
            C -> P  FEAT
            C -> P  PWD
            P ..    accepts gus
            C <- P  230 Logged in at the gateway; go on with the server's login.
            {REACHED}
            {USER}
            C <- P  331 Password for bob.
            {PASS}
            P -> S  FEAT
            P <- S  500 What?
            C <- P  500 What?
            P -> S  PWD
            P <- S  257 "/"
            C <- P  257 "/"
            """
        )

    def test_sync_mode_off_with_tls(self) -> None:
        """AUTH, the last of what comes at once, waits for the server that OPEN names."""
        self.account(
            f"""
            C -> P  USER gus
            C <- P  331 Password required.
            C -> P  PASS gp
            P ..    checks gus gp
            C -> P  OPEN one.example
            C -> P  AUTH TLS
            P ..    accepts gus
            C <- P  230 Logged in at the gateway; go on with the server's login.
            {REACHED}
            C <- P  220 One.
            P ..    hangs up on the server
            C <- P  234 TLS begins.
            P ..    begins TLS with the client
            P ..    client secured
            C -> P  OPEN one.example
            C <- P  530 Log in at the gateway first.
            """,
            GATEWAY,
            OPENED,
            rules=Rules(accounts=True, client_tls=ClientTls.OFFER),
        )

    def test_no_word_of_a_lookup(self) -> None:
        """«host» or «resolve» in a 5yz to USER would be a failed lookup of the name to lftp."""
        for script, told in (
            ("C -> P  USER", "530 Name the server too: USER user@server or user@server:port."),
            (
                "C -> P  USER @one.example",
                "501 USER names a server but no user; write user@server.",
            ),
        ):
            self.assertNotRegex(told, "host|resolve")
            self.ladder(OPEN).play(ROUTED, script, f"C <- P  {told}")


class NetFtp(ClientTest):
    """Net::FTP of Perl: goes by the first digit; the gateway's PASS and SITE may be 2yz or 3yz."""

    def test_types(self) -> None:
        """1 to 6 of FirewallType."""
        self.alone(AT)
        self.account(GATEWAY, AT)
        self.account(GATEWAY, SITE)
        self.account(GATEWAY, OPENED)
        self.account(CHECK_POINT)
        self.account(ACCOUNT_AT_USER)

    def test_authorize(self) -> None:
        """7: J; its authorize comes only where the login ended with 2yz, and needs 3yz to AUTH."""
        self.account(AUTHORIZE, rules=AUTH_RULES)
        self.alone(AT)

    def test_gftp(self) -> None:
        """gFTP's AUTHENTICATE says the same with SITE."""
        script = AUTHORIZE.replace("AUTH gus", "SITE AUTHENTICATE gus")
        script = script.replace("C -> P  RESP gp", "C -> P  SITE RESPONSE gp")
        self.account(script, rules=AUTH_RULES)

    def test_authorize_under_tls(self) -> None:
        """AUTH TLS stays AUTH TLS where AUTH may name an account."""
        rules = Rules(accounts=True, dialects=AUTH_RULES.dialects, client_tls=ClientTls.OFFER)
        self.account(TLS, AUTHORIZE, rules=rules)

    def test_authorize_out_of_order(self) -> None:
        """RESP without AUTH, AUTH without a login."""
        made = self.ladder(AUTH_RULES).play(
            READY,
            """
            C -> P  RESP gp
            C <- P  503 AUTH account comes first.
            C -> P  AUTH gus
            C <- P  502 TLS is not offered here.
            C -> P  SITE AUTHENTICATE gus
            C <- P  502 SITE names no server here.
            C -> P  SITE RESPONSE gp
            C <- P  502 SITE names no server here.
            C -> P  USER bob@one.example
            C <- P  331 Password required.
            C -> P  AUTH gus
            C <- P  502 TLS is not offered here.
            C -> P  PASS secret
            C <- P  230 Now the account…
            C -> P  RESP gp
            C <- P  503 AUTH account comes first.
            """,
        )
        self.assertEqual(made.session.desk.account, "")


class Others(ClientTest):
    """mc, gFTP, WS_FTP, curl, SuSE's proxy-suite and ftp.proxy."""

    def test_mc_curl(self) -> None:
        """A; curl's is -u user@server:password."""
        self.alone(AT)

    def test_gftp(self) -> None:
        """Its presets: C, B, A with a port behind a colon or a space.

        All its lines are sent, PASS after a 230 too.
        """
        self.account(GATEWAY, SITE)
        self.account(GATEWAY, AT)
        for user in ("bob@one.example:21", "bob@one.example 21"):
            self.alone(f"C -> P  USER {user}\n{REACHED}\n{LET_IN}")
        self.account(
            GATEWAY,
            f"""
            C -> P  USER anonymous@one.example
            {REACHED}
            P -> S  USER anonymous
            P <- S  230 In.
            P ..    logged in: anonymous
            C <- P  230 In.
            C -> P  PASS me@
            C <- P  230 Already logged in.
            """,
        )

    def test_suse(self) -> None:
        """L: the account comes first in USER and in PASS."""
        self.account(
            CHECK_POINT.replace("bob@gus", "gus@bob").replace("secret@gp", "gp@secret"),
            rules=Rules(accounts=True, dialects=(Dialect.ACCOUNT_USER_SERVER,)),
        )

    def test_ftp_proxy(self) -> None:
        """N: the same with a colon."""
        self.account(
            CHECK_POINT.replace("bob@gus", "gus:bob").replace("secret@gp", "gp:secret"),
            rules=Rules(accounts=True, dialects=(Dialect.ACCOUNT_COLON_USER, *DEFAULT_DIALECTS)),
        )

    def test_without_accounts_the_dialects_of_accounts_are_names(self) -> None:
        """Where no account is wanted all but the server is the user's name."""
        for user in ("bob@corp.example", "gus:bob"):
            self.alone(
                f"C -> P  USER {user}@one.example\n{REACHED}",
                f"P -> S  USER {user}\nP <- S  230 In.\nP ..  logged in: {user}\nC <- P  230 In.",
            )
