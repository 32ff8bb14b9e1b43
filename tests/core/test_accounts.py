"""Accounts at the gateway: the check, wrong passwords, what waits, TLS in between."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.actions import Authenticate, Dial
from ftpalg.core.events import Timer
from ftpalg.core.routes import Route, Server
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.user_at_host import Dialect
from tests.core.ladder import Ladder, LadderTest, actions
from tests.core.openings import USABLE
from tests.core.scripts import (
    ACCOUNTS,
    AS_USER,
    AT,
    CHECK_POINT,
    GATEWAY,
    PASS,
    RAPTOR,
    REACHED,
    READY,
    USER,
    WRONG,
)


class Checks(LadderTest):
    """The gateway's own login."""

    def test_same_words(self) -> None:
        """Unknown account, wrong password, none named: one answer; the log knows the reason."""
        for reason in ("unknown account", "wrong password"):
            self.ladder(ACCOUNTS).play(
                READY,
                AS_USER,
                f"""
                P ..    refuses account: {reason}
                P ..    notes: login at the gateway refused: {reason}
                C <- P  530 Login incorrect.
                """,
            )
        self.ladder(replace(ACCOUNTS, dialects=(Dialect.USER_SERVER,))).play(
            READY,
            """
            C -> P  USER bob@one.example
            C <- P  331 Password required.
            C -> P  PASS secret
            P ..    notes: login at the gateway refused: no account at the gateway was named
            C <- P  530 Login incorrect.
            C -> P  PASS secret
            C <- P  503 USER comes first: USER user@server.
            """,
        )

    def test_every_user_is_asked_for_a_password(self) -> None:
        """No name is told from another by the reply to USER."""
        for user in ("", " ", " gus", " nobody", " bob@gus@one.example", " gus@one.example"):
            self.ladder(ACCOUNTS).play(
                READY, f"C -> P  USER{user}\\s\nC <- P  331 Password required."
            )

    def test_again(self) -> None:
        """A wrong password is followed by a right one, with USER said again."""
        made = self.ladder(ACCOUNTS).play(READY, WRONG)
        made.play("C -> P  PASS gp\nC <- P  503 USER comes first: USER user@server.")
        made.play(GATEWAY, AT, USABLE)

    def test_cap(self) -> None:
        """Rule 7: bad_logins wrong passwords end the session, whichever dialects they came in."""
        made = self.ladder(replace(ACCOUNTS, bad_logins=3)).play(READY, WRONG)
        made.play(CHECK_POINT.partition("P ..    accepts")[0])
        made.play("P ..  refuses account: no\nC <- P  530 Login incorrect.", AS_USER)
        made.play(
            """
            P ..    refuses account: no
            C <- P  421 Too many failed logins; closing.
            P ..    hangs up
            """
        )

    def test_the_password_is_shown_nowhere(self) -> None:
        """The order to check shows no password where it is logged."""
        made = self.ladder(ACCOUNTS).play(READY, AS_USER)
        self.assertNotIn("gp", repr([actions(made, Authenticate)[-1]]))

    def test_nothing_without_an_account(self) -> None:
        """No server is dialled or asked, and no data port opened, for who has none."""
        for command, told in (
            ("SITE one.example", "530 Log in at the gateway first."),
            ("OPEN one.example", "530 Log in at the gateway first."),
            ("PASS x", "503 USER comes first: USER user@server."),
            ("ACCT x", "503 USER comes first: USER user@server."),
            ("RESP x", "503 AUTH account comes first."),
            ("PASV", "530 Log in first: USER user@server."),
            ("LIST", "530 Log in first: USER user@server."),
        ):
            self.ladder(ACCOUNTS).play(READY, f"C -> P  {command}\nC <- P  {told}")

    def test_fixed_server(self) -> None:
        """Where the server is known nobody is told to name one."""
        route = Route(servers=(Server("own.test"),))
        rules = replace(ACCOUNTS, choose=lambda facts: route)
        self.ladder(rules).play(READY, "C -> P  PASV\nC <- P  530 Log in first: USER user.")

    def test_acct_out_of_order(self) -> None:
        """ACCT is the account's password in G alone, behind PASS."""
        made = self.ladder(ACCOUNTS).play(READY)
        for user in ("gus", "gus@one.example", "bob@one.example gus"):
            made.play(
                f"""
                C -> P  USER {user}
                C <- P  331 Password required.
                C -> P  ACCT gp
                C <- P  503 USER comes first: USER user@server.
                """
            )

    def test_auth_out_of_order(self) -> None:
        """AUTH names an account where that is spoken, and never in the middle of G."""
        self.ladder(ACCOUNTS).play(
            READY,
            RAPTOR.partition("C -> P  ACCT")[0],
            "C -> P  AUTH eve\nC <- P  502 TLS is not offered here.",
            "C -> P  SITE AUTHENTICATE eve\nC <- P  530 Log in at the gateway first.",
        )

    def test_joined_passwords(self) -> None:
        """A PASS that joins two is cut where USER was; names and passwords may be odd bytes."""
        self.ladder(ACCOUNTS).play(
            READY,
            f"""
            C -> P  USER b\\xe9b@g\\xfcs@one.example
            C <- P  331 Password required.
            C -> P  PASS s@cr\\xe9t@g\\xfc
            P ..    checks g\\xfcs g\\xfc
            P ..    accepts gus
            {REACHED}
            P -> S  USER b\\xe9b
            P <- S  331 Password.
            P -> S  PASS s@cr\\xe9t
            """,
        )

    def test_not_joined(self) -> None:
        """A PASS that does not join two is a wrong password: checked, so delayed, and counted."""
        made = self.ladder(replace(ACCOUNTS, bad_logins=5)).play(READY)
        refused = "P ..    refuses account: no\nC <- P  "
        said = ("bob@gus@one.example", "gus:bob@one.example")
        for at, argument in enumerate((" secret", " @gp", " secret@", "", " a:b")):
            made.play(
                f"""
                C -> P  USER {said[at // 4]}
                C <- P  331 Password required.
                C -> P  PASS{argument.replace("a:b", "ab")}
                P ..    checks gus
                """,
                refused + ("421 Too many…\nP ..  hangs up" if at == 4 else "530 Login incorrect."),
            )

    def test_busy(self) -> None:
        """Where nobody can look at the password the session ends, and it was no wrong login."""
        made = self.ladder(ACCOUNTS).play(READY, AS_USER)
        made.play(
            """
            P ..    too busy for accounts
            C <- P  421 Too many logins are being checked; try again later.
            P ..    hangs up
            """
        )
        self.assertEqual([t for t in made.told if "LoginRefused" in repr(t)], [])

    def test_full(self) -> None:
        """Where the account has as many sessions as it may the session ends, and the login was not wrong."""
        made = self.ladder(ACCOUNTS).play(READY, AS_USER)
        made.play(
            """
            P ..    account is full
            C <- P  421 Too many sessions of your account; try again later.
            P ..    hangs up
            """
        )
        self.assertEqual([t for t in made.told if "LoginRefused" in repr(t)], [])
        self.assertIn("ACCOUNT_FULL", repr(made.told))

    def test_told_to_the_log(self) -> None:
        """Who it was."""
        self.ladder(ACCOUNTS).play(
            READY,
            AS_USER,
            "P ..  accepts gus\nP ..  notes: account gus at the gateway\nC <- P  230…",
        )

    def test_account_of_the_checker(self) -> None:
        """The account is called what its checker calls it; rules see that name."""
        made = self.ladder(ACCOUNTS).play(
            READY, AS_USER, "P ..  accepts Gus\nC <- P  230 Logged in at the gateway…", AT
        )
        self.assertEqual(actions(made, Dial)[-1].account, "Gus")

    def test_once_for_all_servers(self) -> None:
        """An account given alone serves every server that is named afterwards."""
        self.ladder(ACCOUNTS).play(
            READY,
            GATEWAY,
            """
            C -> P  USER bob@two.example
            P ..    dials two.example:21
            P ..    unreachable
            P ..    hangs up on the server
            C <- P  434 The server cannot be reached.
            """,
            AT,
            USABLE,
        )

    def test_login_timer(self) -> None:
        """The wait for a login is one, the gateway's check included."""
        made = self.ladder(ACCOUNTS).play(READY, GATEWAY)
        self.assertIn(Timer.LOGIN, made.running)
        made.play("P ..  timer login\nC <- P  421 No login within…\nP ..  hangs up")
        made = self.ladder(ACCOUNTS).play(READY, GATEWAY, AT)
        self.assertNotIn(Timer.LOGIN, made.running)


class WhileChecking(LadderTest):
    """The password is being checked, which takes its time where it is wrong."""

    def checking(self) -> Ladder:
        """Such a session."""
        return self.ladder(ACCOUNTS).play(READY, AS_USER)

    def test_commands_wait(self) -> None:
        """What is pipelined is answered in its turn, after the check."""
        self.checking().play(
            """
            C -> P  NOOP
            C -> P  SYST
            P ..    refuses account: no
            C <- P  530 Login incorrect.
            C <- P  200 OK.
            C <- P  215 UNIX Type: L8
            """
        )

    def test_server_waits(self) -> None:
        """OPEN and what follows it waits for the account and then for the server."""
        self.checking().play(
            f"""
            C -> P  OPEN one.example
            C -> P  USER bob
            C -> P  PASS secret
            P ..    accepts gus
            C <- P  230 Logged in at the gateway…
            {REACHED}
            C <- P  220 One.
            {USER}
            C <- P  331 Password for bob.
            {PASS}
            """
        )

    def test_second_login_waits(self) -> None:
        """A second USER and PASS pipelined behind a wrong one is a second check, not at once."""
        self.checking().play(
            """
            C -> P  USER eve
            C -> P  PASS ep
            P ..    refuses account: no
            C <- P  530 Login incorrect.
            C <- P  331 Password required.
            P ..    checks eve ep
            """
        )

    def test_quit(self) -> None:
        """QUIT waits too."""
        self.checking().play(
            """
            C -> P  QUIT
            P ..    refuses account: no
            C <- P  530 Login incorrect.
            C <- P  221 Goodbye.
            P ..    hangs up
            """
        )

    def test_client_lost(self) -> None:
        """The check is given up with the client; its answer orders nothing."""
        made = self.checking().play("P ..  client lost\nP ..  hangs up")
        self.assertEqual(made.session.desk.account, "")

    def test_login_timer(self) -> None:
        """A check that never answers is bounded by timeouts.login."""
        self.checking().play("P ..  timer login\nC <- P  421 No login within…\nP ..  hangs up")

    def test_foreign(self) -> None:
        """HTTP and SMTP close at once."""
        self.checking().play("C -> P  GET /\nC <- P  421 This is an FTP…\nP ..  hangs up")

    def test_client_done(self) -> None:
        """A client that sends nothing more is answered, then left."""
        self.checking().play(
            """
            P ..    client done
            P ..    refuses account: no
            C <- P  530 Login incorrect.
            P ..    hangs up
            """
        )


class Undecidable(LadderTest):
    """What the wire cannot tell apart is decided by the order of the dialects."""

    def claimed(self, user: str, secret: str, *dialects: Dialect) -> str:
        """The account and the password that are checked for a USER and its PASS."""
        made = self.ladder(Rules(accounts=True, dialects=dialects)).play(READY)
        made.play(f"C -> P  USER {user}\nC <- P  331 Password required.")
        made._turn("C -> P", f"PASS {secret}")
        checked = [a for a in made._waiting if isinstance(a, Authenticate)]
        return " ".join(f"{a.account.decode()} {a.password.decode()}" for a in checked)

    def test_user_or_account(self) -> None:
        """A against F: the account at the server's name, or the user who has none."""
        one, other = Dialect.ACCOUNT_SERVER, Dialect.USER_SERVER
        self.assertEqual(self.claimed("x@one.example", "p", one, other), "x p")
        self.assertEqual(self.claimed("x@one.example", "p", other, one), "")

    def test_whose_name_is_first(self) -> None:
        """E against L."""
        one, other = Dialect.USER_ACCOUNT_SERVER, Dialect.ACCOUNT_USER_SERVER
        self.assertEqual(self.claimed("x@y@one.example", "p@q", one, other), "y q")
        self.assertEqual(self.claimed("x@y@one.example", "p@q", other, one), "x p")

    def test_mail_address(self) -> None:
        """E against F and an account that is an address."""
        one, other = Dialect.USER_ACCOUNT_SERVER, Dialect.ACCOUNT_SERVER
        self.assertEqual(self.claimed("x@y.example@one.example", "p@q", one, other), "y.example q")
        self.assertEqual(
            self.claimed("x@y.example@one.example", "p@q", other, one), "x@y.example p@q"
        )

    def test_colon(self) -> None:
        """N against F: a colon joins, or belongs to the account."""
        one, other = Dialect.ACCOUNT_COLON_USER, Dialect.ACCOUNT_SERVER
        self.assertEqual(self.claimed("x:y@one.example", "p:q", one, other), "x p")
        self.assertEqual(self.claimed("x:y@one.example", "p:q", other, one), "x:y p:q")

    def test_once_logged_in_there_is_no_doubt(self) -> None:
        """With the account known the same words are the server's user."""
        self.ladder(ACCOUNTS).play(
            READY,
            GATEWAY,
            f"C -> P  USER bob@corp.example@one.example\n{REACHED}\nP -> S  USER bob@corp.example",
        )
