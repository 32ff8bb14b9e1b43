"""Rule 9 of the design: what was said in clear counts no more under TLS."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.session_settings import ClientTls, Rules
from tests.core.ladder import LadderTest
from tests.core.openings import GREETED, LOGIN, ROUTED, USABLE
from tests.core.scripts import (
    AT,
    AUTH_RULES,
    AUTHORIZE,
    CHECK_POINT,
    GATEWAY,
    LEAVING_TLS,
    RAPTOR,
    REACHED,
    READY,
    TLS,
    USER,
    WRONG,
)
from tests.core.tls import AUTH, MATCH, OFFER


class Tls(LadderTest):
    """AUTH TLS in the middle of a login: the user is said again (RFC 4217 section 10.1)."""

    def test_between_user_and_pass(self) -> None:
        """In every dialect: no PASS, ACCT or RESP goes with a USER that was said in clear."""
        rules = Rules(accounts=True, client_tls=ClientTls.OFFER)
        for user in ("gus", "bob@gus@one.example", "gus@one.example", "bob@one.example gus"):
            made = self.ladder(rules).play(READY)
            made.play(f"C -> P  USER {user}\nC <- P  331 Password required.", TLS)
            made.play("C -> P  PASS x@y\nC <- P  503 USER comes first: USER user@server.")
            made.play(CHECK_POINT, USABLE)

    def test_between_pass_and_acct(self) -> None:
        """G: the password at the server that was said in clear is forgotten too."""
        rules = Rules(accounts=True, client_tls=ClientTls.OFFER)
        self.ladder(rules).play(
            READY,
            RAPTOR.partition("C -> P  ACCT")[0],
            TLS,
            "C -> P  ACCT gp\nC <- P  503 USER comes first: USER user@server.",
            RAPTOR,
            USABLE,
        )

    def test_between_pass_and_auth(self) -> None:
        """J: the same."""
        rules = replace(AUTH_RULES, client_tls=ClientTls.OFFER)
        self.ladder(rules).play(
            READY,
            AUTHORIZE.partition("C -> P  AUTH")[0],
            TLS,
            "C -> P  AUTH gus\nC <- P  504 AUTH knows TLS, TLS-C, SSL and TLS-P.",
            AUTHORIZE,
        )

    def test_account_in_clear(self) -> None:
        """An account that was accepted in clear is none under TLS (rule 9)."""
        rules = Rules(accounts=True, client_tls=ClientTls.OFFER)
        made = self.ladder(rules).play(READY, GATEWAY, TLS)
        made.play("C -> P  OPEN one.example\nC <- P  530 Log in at the gateway first.")
        made.play(GATEWAY, AT, USABLE)

    def test_after_the_server_was_asked(self) -> None:
        """The server's USER that was said in clear takes no PASS under TLS."""
        rules = Rules(accounts=True, client_tls=ClientTls.OFFER)
        self.ladder(rules).play(
            READY,
            GATEWAY,
            f"C -> P  USER bob@one.example\n{REACHED}\n{USER}\nC <- P  331 Password for bob.",
            LEAVING_TLS,
            "C -> P  PASS secret\nC <- P  503 USER comes first: USER user@server.",
            GATEWAY,
            AT,
            USABLE,
        )

    def test_required(self) -> None:
        """Where TLS is required no name and no password is taken in clear."""
        rules = Rules(accounts=True, client_tls=ClientTls.REQUIRE)
        made = self.ladder(rules).play(READY)
        for command in ("USER gus", "PASS gp", "ACCT gp", "RESP gp", "OPEN one.example", "SITE x"):
            made.play(f"C -> P  {command}\nC <- P  530 TLS is required here: send AUTH TLS first.")
        made.play(TLS, CHECK_POINT, USABLE)

    def test_required_for_accounts(self) -> None:
        """``account_tls``: no account in clear, data connections as the client likes."""
        rules = Rules(accounts=True, account_tls=True, client_tls=ClientTls.OFFER)
        made = self.ladder(rules).play(READY)
        for command in ("USER gus", "PASS gp", "ACCT gp", "RESP gp", "OPEN one.example", "SITE x"):
            made.play(f"C -> P  {command}\nC <- P  530 TLS is required here: send AUTH TLS first.")
        made.play(TLS, CHECK_POINT, USABLE)

    def test_account_behind_ccc(self) -> None:
        """``account_tls``: none in clear behind CCC either."""
        rules = Rules(accounts=True, account_tls=True, client_tls=ClientTls.OFFER, ccc=True)
        made = self.ladder(rules).play(READY, TLS, CHECK_POINT, USABLE)
        made.play(
            "C -> P  CCC\nC <- P  200 The control connection goes on…\nP ..  goes on in clear"
        )
        for command in ("USER gus", "PASS gp", "RESP gp"):
            made.play(f"C -> P  {command}\nC <- P  530 No login and no password is taken in clear…")

    def test_required_for_accounts_only(self) -> None:
        """A listener without accounts lets its clients in as before."""
        rules = Rules(account_tls=True, client_tls=ClientTls.OFFER)
        self.ladder(rules).play(
            READY.replace("ready.", "ready; log in as user@server."), AT, USABLE
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

    def test_nothing_to_forget(self) -> None:
        """REST of whoever was there before TLS would cut the first file under it, and a port would take
        it: before the login there is neither, at a server of whichever kind."""
        there = f"C -> P  OPEN one.example\n{REACHED}\nC <- P  220 One."
        for rules, begin, then in (
            (OFFER, GREETED, AUTH),
            (Rules(client_tls=ClientTls.OFFER), f"{ROUTED}\n{there}", LEAVING_TLS),
        ):
            made = self.ladder(rules).play(begin)
            for line in (
                "REST 100",
                "PASV",
                "EPSV",
                "PORT 192,0,2,7,200,1",
                "EPRT |1|192.0.2.7|9|",
            ):
                made.play(f"C -> P  {line}\nC <- P  530 Log in first.")
            made.play("C -> P  RETR file\nC <- P  425 Use PORT or PASV first.")
            made.play(then)
            self.assertIsNone(made.session.transfer.state)

    def test_told_server_is_left(self) -> None:
        """What a server may remember from before the login is forgotten with its connection."""
        for rules in (OFFER, MATCH):
            for line in (
                "TYPE A",
                "MODE Z",
                "STRU F",
                "OPTS UTF8 OFF",
                "LANG fr",
                "CLNT x",
                "SITE x",
                "SITE AUTH GSSAPI",
                "CWD evil",
            ):
                self.ladder(rules).play(
                    GREETED,
                    f"C -> P  {line}\nP -> S  {line}\nP <- S  200 OK.\nC <- P  200 OK.",
                    LEAVING_TLS,
                    "C -> P  PASS secret\nC <- P  503 USER comes first: USER user@server.",
                    "C -> P  USER bob\nP ..    dials ftp.example:21\nP ..    connected",
                )

    def test_told_server_is_asked_behind(self) -> None:
        """A question behind it makes it forget nothing."""
        said = "C -> P  {0}\nP -> S  {0}\nP <- S  200 OK.\nC <- P  200 OK."
        self.ladder(OFFER).play(GREETED, said.format("TYPE A"), said.format("NOOP"), LEAVING_TLS)

    def test_wrong_passwords_are_not_forgotten(self) -> None:
        """AUTH gives nobody more guesses, here or at a server: bad_logins counts those in clear too."""
        rules = Rules(client_tls=ClientTls.OFFER, bad_logins=2)
        end = "C <- P  421 Too many failed logins; closing.\nP ..  hangs up"
        self.ladder(replace(rules, accounts=True)).play(
            READY, WRONG, TLS, WRONG.partition("C <- P  530")[0], end
        )
        user = f"{REACHED}\nP -> S  USER bob\nP <- S  530 No.\nC <- P  530 No."
        self.ladder(rules).play(
            ROUTED,
            f"C -> P  USER bob@one.example\n{user}",
            LEAVING_TLS,
            f"C -> P  USER bob@one.example\n{user}",
            end,
        )

    def test_asked_server_stays(self) -> None:
        """Questions, and logins that are said anew, change nothing there."""
        for line, code in (
            ("NOOP", 200),
            ("SYST", 215),
            ("HELP", 214),
            ("STAT", 211),
            ("USER bob", 331),
        ):
            asked = f"C -> P  {line}\nP -> S  {line}\nP <- S  {code} Yes.\nC <- P  {code} Yes."
            self.ladder(OFFER).play(GREETED, asked, AUTH, LOGIN)
        listed = ("211-Features:", " AUTH TLS", " PBSZ", " PROT", " EPRT", " EPSV", "211 End")
        features = "\n".join(f"C <- P  {line}" for line in listed)
        features = f"C -> P  FEAT\nP -> S  FEAT\nP <- S  211 None.\n{features}"
        self.ladder(OFFER).play(GREETED, features, AUTH, LOGIN)
