"""Accounts at the gateway: the check, wrong passwords, and logins at the server that it makes."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.actions import Authenticate, Dial
from ftpalg.core.events import Timer
from ftpalg.core.logins import DEFAULT_DIALECTS, Dialect
from ftpalg.core.routes import Facts, Route, Server
from ftpalg.core.rules import ClientTls, Rules
from tests.core.ladder import FIXED, USABLE, Ladder, LadderTest, actions
from tests.core.test_clients import (
    ACCOUNT_AT,
    ACCOUNT_AT_USER,
    ACCOUNTS,
    AT,
    CHECK_POINT,
    GATEWAY,
    OPENED,
    PASS,
    RAPTOR,
    REACHED,
    READY,
    SERVER,
    SITE,
    TLS,
    USER,
    NetFtp,
)

MAPPED = Route(user="svc", secret="/run/svc")
MAPPED_LOGIN = """
    P -> S  USER svc
    P <- S  331 Password for svc.
    P ..    sends secret /run/svc
    P <- S  230 In.
    P ..    logged in: svc
    C <- P  230 In.
"""
"""What answers the client's command where the gateway knows the login at the server."""
AS_USER = """
    C -> P  USER gus
    C <- P  331 Password required.
    C -> P  PASS gp
    P ..    checks gus gp
"""
WRONG = f"{AS_USER}\nP ..  refuses account: no\nC <- P  530 Login incorrect."


def mapped(facts: Facts) -> Route:
    """The account gus is svc at every server."""
    return MAPPED if facts.account == "gus" else Route()


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

    def test_joined_passwords(self) -> None:
        """A PASS that does not join two is 501 and no guess; names and passwords may be odd bytes."""
        self.ladder(ACCOUNTS).play(
            READY,
            f"""
            C -> P  USER b\\xe9b@g\\xfcs@one.example
            C <- P  331 Password required.
            C -> P  PASS secret
            C <- P  501 PASS must join two passwords…
            C -> P  PASS @gp
            C <- P  501 PASS must join two passwords…
            C -> P  PASS secret@
            C <- P  501 PASS must join two passwords…
            C -> P  PASS
            C <- P  501 PASS must join two passwords…
            C -> P  PASS s@cr\\xe9t@g\\xfc
            P ..    checks g\\xfcs g\\xfc
            P ..    accepts gus
            {REACHED}
            P -> S  USER b\\xe9b
            P <- S  331 Password.
            P -> S  PASS s@cr\\xe9t
            """,
        )

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
        self.assertEqual(made.session.arrival.account, "")

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


class Again(LadderTest):
    """A client that failed says its whole login again, on the same connection.

    Perl's Net::FTP does where login() is called twice.  Nothing of it may be taken for the
    server's: the password that comes next is the gateway's.
    """

    FAILED = "P <- S  530 No.\nC <- P  530 No."
    UNREACHED = """
        P ..    dials one.example:21
        P ..    unreachable
        P ..    hangs up on the server
        C <- P  434 The server cannot be reached.
    """

    def refused(self, script: str) -> str:
        """The script up to the server's answer to the password, which is now 530."""
        return f"{script.rpartition('P <- S  230')[0]}\n{self.FAILED}"

    def unreached(self, script: str) -> str:
        """The script up to its dial, which now fails."""
        return f"{script.partition(REACHED)[0]}\n{self.UNREACHED}"

    def hung(self, script: str) -> str:
        """The script, where the server's connection is closed before its first answer."""
        return script.replace("C <- P", "P ..  hangs up on the server\nC <- P", 1)

    ALL = (
        (ACCOUNTS, CHECK_POINT),
        (ACCOUNTS, RAPTOR),
        (ACCOUNTS, ACCOUNT_AT_USER),
        (ACCOUNTS, GATEWAY + AT),
        (
            replace(ACCOUNTS, dialects=(Dialect.ACCOUNT_USER_SERVER,)),
            CHECK_POINT.replace("bob@gus", "gus@bob").replace("secret@gp", "gp@secret"),
        ),
        (
            replace(ACCOUNTS, dialects=(Dialect.ACCOUNT_COLON_USER,)),
            CHECK_POINT.replace("bob@gus", "gus:bob").replace("secret@gp", "gp:secret"),
        ),
    )

    def test_after_a_wrong_password(self) -> None:
        """The server is left, and the login begins anew."""
        for rules, script in self.ALL:
            made = self.ladder(rules).play(READY, self.refused(script))
            made.play(self.hung(script), USABLE)

    def test_after_a_failed_dial(self) -> None:
        """The same where no server is there."""
        for rules, script in (*self.ALL, (ACCOUNTS, GATEWAY + SITE), (ACCOUNTS, GATEWAY + OPENED)):
            self.ladder(rules).play(READY, self.unreached(script), script, USABLE)

    def test_another_server(self) -> None:
        """Also where another server is named now."""
        for script in (CHECK_POINT, RAPTOR, ACCOUNT_AT_USER):
            first = self.unreached(script).replace("one.example", "two.example")
            self.ladder(ACCOUNTS).play(READY, first, script, USABLE)

    def test_authorize(self) -> None:
        """J needs its account once: AUTH comes after the login, and says nothing new then."""
        failed = self.unreached(NetFtp.AUTHORIZE)
        self.ladder(NetFtp.AUTH_RULES).play(
            READY, failed, AT, "C -> P  AUTH gus\nC <- P  502 TLS is not offered here.", USABLE
        )

    def test_account_alone(self) -> None:
        """Before a server is named the account may be changed by saying it anew."""
        made = self.ladder(ACCOUNTS).play(READY, GATEWAY, AS_USER)
        made.play("P ..  refuses account: no\nC <- P  530 Login incorrect.")
        made.play("C -> P  OPEN one.example\nC <- P  530 Log in at the gateway first.")

    def test_same_name_at_the_server(self) -> None:
        """With the server known a USER of the account's name is the server's user."""
        named = "USER gus\nP <- S  331 Password for gus."
        for script in (
            f"C -> P  OPEN one.example\n{REACHED}\nC <- P  220 One.\nC -> P  USER gus\nP -> S  {named}",
            f"C -> P  USER gus@one.example\n{REACHED}\nP -> S  {named}",
        ):
            made = self.ladder(replace(ACCOUNTS, dialects=(Dialect.OPEN, Dialect.USER_SERVER)))
            made.play(READY, GATEWAY, script, "C <- P  331 Password for gus.")
        made = self.ladder(ACCOUNTS).play(READY, ACCOUNT_AT)
        made.play(f"C -> P  USER gus\nP -> S  {named}\nC <- P  331 Password for gus.")
        fixed = self.ladder(Rules(accounts=True, server=FIXED)).play(READY, GATEWAY)
        fixed.play(
            f"""
            C -> P  USER gus
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            P -> S  {named}
            C <- P  331 Password for gus.
            """
        )

    def test_mail_address_at_the_server(self) -> None:
        """F: the server's user may look like the account at another server."""
        self.ladder(ACCOUNTS).play(
            READY,
            ACCOUNT_AT,
            "C -> P  USER gus@corp.example\nP -> S  USER gus@corp.example",
            "P <- S  331 Password.\nC <- P  331 Password.",
        )

    def test_unreadable(self) -> None:
        """What cannot be read as an account either is refused as ever."""
        self.ladder(ACCOUNTS).play(
            READY, GATEWAY, "C -> P  USER gus@-x\nC <- P  501 The server's name cannot be read…"
        )


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
        rules = replace(NetFtp.AUTH_RULES, client_tls=ClientTls.OFFER)
        self.ladder(rules).play(
            READY,
            NetFtp.AUTHORIZE.partition("C -> P  AUTH")[0],
            TLS,
            "C -> P  AUTH gus\nC <- P  504 AUTH knows TLS, TLS-C, SSL and TLS-P.",
            NetFtp.AUTHORIZE,
        )

    def test_account_stays(self) -> None:
        """The account that was accepted stays: lftp sends AUTH after the gateway's login."""
        rules = Rules(accounts=True, client_tls=ClientTls.OFFER)
        self.ladder(rules).play(READY, GATEWAY, TLS, AT, USABLE)

    def test_after_the_server_was_asked(self) -> None:
        """The server's USER that was said in clear takes no PASS under TLS."""
        rules = Rules(accounts=True, client_tls=ClientTls.OFFER)
        self.ladder(rules).play(
            READY,
            GATEWAY,
            f"C -> P  USER bob@one.example\n{REACHED}\n{USER}\nC <- P  331 Password for bob.",
            TLS,
            "C -> P  PASS secret\nC <- P  503 USER comes first.",
            f"C -> P  USER bob\n{SERVER}",
            USABLE,
        )

    def test_required(self) -> None:
        """Where TLS is required no name and no password is taken in clear."""
        rules = Rules(accounts=True, client_tls=ClientTls.REQUIRE)
        made = self.ladder(rules).play(READY)
        for command in ("USER gus", "PASS gp", "ACCT gp", "RESP gp", "OPEN one.example", "SITE x"):
            made.play(f"C -> P  {command}\nC <- P  530 TLS is required here: send AUTH TLS first.")
        made.play(TLS, CHECK_POINT, USABLE)


class Mapping(LadderTest):
    """The route's user and secret take the place of what the client says."""

    RULES = replace(ACCOUNTS, choose=mapped)

    def test_fixed(self) -> None:
        """H: the legacy machine knows its gateway password only, and is in."""
        rules = Rules(accounts=True, choose=lambda facts: replace(MAPPED, servers=(FIXED,)))
        self.ladder(rules).play(
            READY,
            AS_USER,
            f"""
            P ..    accepts gus
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            {MAPPED_LOGIN}
            """,
            USABLE,
        )

    def test_greeting_that_logs_in(self) -> None:
        """A server that greets with 230 asks for no login: the log still has the mapped user."""
        rules = Rules(accounts=True, choose=lambda facts: replace(MAPPED, servers=(FIXED,)))
        self.ladder(rules).play(
            READY,
            AS_USER,
            """
            P ..    accepts gus
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  230 In.
            P ..    logged in: svc
            C <- P  230 In.
            """,
            USABLE,
        )

    def test_named(self) -> None:
        """B: USER is answered with 230, and the PASS of a client that sends it is answered here."""
        made = self.ladder(self.RULES).play(READY, GATEWAY)
        made.play(f"C -> P  USER bob@one.example\n{REACHED}\n{MAPPED_LOGIN}")
        made.play("C -> P  PASS secret\nC <- P  230 Already logged in.", USABLE)

    def test_joined(self) -> None:
        """E, G: the client's password for the server is not sent to it."""
        for script in (CHECK_POINT, RAPTOR):
            before = script.partition(REACHED)[0]
            self.ladder(self.RULES).play(READY, before, REACHED, MAPPED_LOGIN, USABLE)

    def test_opened(self) -> None:
        """C, D, F: the client's USER is still to come, and gets the 230."""
        for script in (SITE, OPENED):
            before = script.partition("C -> P  USER")[0]
            made = self.ladder(self.RULES).play(READY, GATEWAY, before)
            made.play(f"C -> P  USER bob\n{MAPPED_LOGIN}")
            made.play("C -> P  PASS secret\nC <- P  230 Already logged in.", USABLE)
        made = self.ladder(self.RULES).play(READY, ACCOUNT_AT)
        made.play(f"C -> P  USER bob\n{MAPPED_LOGIN}", USABLE)

    def test_without_accounts(self) -> None:
        """A decided server greets, and the client's USER, whoever it is, is the mapped one."""
        rules = Rules(choose=lambda facts: replace(MAPPED, servers=(FIXED,)))
        made = self.ladder(rules).play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            C <- P  220 Welcome.
            """
        )
        made.play(f"C -> P  USER bob\n{MAPPED_LOGIN}")
        made.play("C -> P  PASS secret\nC <- P  230 Already logged in.", USABLE)

    def test_user_alone(self) -> None:
        """A route with a user and no secret: the client's password goes with that user."""
        rules = Rules(choose=lambda facts: Route(user="svc"))
        self.ladder(rules).play(
            "C <- P  220…",
            f"""
            C -> P  USER bob@one.example
            {REACHED}
            P -> S  USER svc
            P <- S  331 Password.
            C <- P  331 Password.
            C -> P  PASS secret
            P -> S  PASS secret
            P <- S  230 In.
            P ..    logged in: svc
            C <- P  230 In.
            """,
        )

    def test_secret_alone(self) -> None:
        """A route with a secret and no user: the client's user goes with that password."""
        rules = Rules(choose=lambda facts: Route(secret="/run/svc"))
        self.ladder(rules).play(
            "C <- P  220…",
            f"C -> P  USER bob@one.example\n{REACHED}",
            MAPPED_LOGIN.replace("USER svc", "USER bob").replace("in: svc", "in: bob"),
        )

    def test_no_password_wanted(self) -> None:
        """A server that needs no password gets none."""
        self.ladder(self.RULES).play(
            READY,
            GATEWAY,
            f"""
            C -> P  USER bob@one.example
            {REACHED}
            P -> S  USER svc
            P <- S  230 In.
            P ..    logged in: svc
            C <- P  230 In.
            """,
            USABLE,
        )

    def test_account_wanted_by_the_server(self) -> None:
        """332 to the secret: ACCT is the client's."""
        self.ladder(self.RULES).play(
            READY,
            GATEWAY,
            f"""
            C -> P  USER bob@one.example
            {REACHED}
            P -> S  USER svc
            P <- S  331 Password for svc.
            P ..    sends secret /run/svc
            P <- S  332 Account.
            C <- P  332 Account.
            C -> P  ACCT a
            P -> S  ACCT a
            P <- S  230 In.
            C <- P  230 In.
            """,
        )

    def test_missing(self) -> None:
        """A secret that cannot be read: no word of where it is to the client, who may go on."""
        made = self.ladder(self.RULES).play(
            READY,
            GATEWAY,
            f"""
            C -> P  USER bob@one.example
            {REACHED}
            P -> S  USER svc
            P <- S  331 Password for svc.
            P ..    sends secret /run/svc
            P ..    secret missing: /run/svc: No such file
            P ..    notes: password for the server: /run/svc: No such file
            P ..    hangs up on the server
            C <- P  434 The gateway's login at the server is not set up.
            """,
        )
        made.play(f"C -> P  USER bob@one.example\n{REACHED}\n{MAPPED_LOGIN}", USABLE)

    def test_missing_where_the_server_greets(self) -> None:
        """There is no other server to go to then."""
        rules = Rules(choose=lambda facts: replace(MAPPED, servers=(FIXED,)))
        self.ladder(rules).play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            C <- P  220 Welcome.
            C -> P  USER bob
            P -> S  USER svc
            P <- S  331 Password for svc.
            P ..    sends secret /run/svc
            P ..    secret missing: gone
            C <- P  421 The gateway's login at the server is not set up.
            P ..    hangs up
            """
        )

    def test_refused(self) -> None:
        """The server refuses the secret: the client's own password is not tried in its place."""
        made = self.ladder(self.RULES).play(
            READY,
            GATEWAY,
            f"""
            C -> P  USER bob@one.example
            {REACHED}
            P -> S  USER svc
            P <- S  331 Password for svc.
            P ..    sends secret /run/svc
            P <- S  530 No.
            C <- P  530 No.
            C -> P  PASS secret
            C <- P  503 USER comes first.
            """,
        )
        made.play(f"C -> P  USER bob\n{MAPPED_LOGIN}", USABLE)

    def test_by_user(self) -> None:
        """A mapping for one user is not another's, on the same server either."""

        def choose(facts: Facts) -> Route:
            return MAPPED if facts.user == "bob" else Route()

        made = self.ladder(Rules(choose=choose)).play(
            "C <- P  220…",
            f"""
            C -> P  USER bob@one.example
            {REACHED}
            P -> S  USER svc
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER eve
            P ..    hangs up on the server
            {REACHED}
            P -> S  USER eve
            P <- S  530 No.
            C <- P  530 No.
            """,
        )
        self.assertEqual(actions(made, Dial)[-1].route, Route())

    def test_by_destination(self) -> None:
        """The mapping is for one server, and that is known only when USER names it."""

        def choose(facts: Facts) -> Route:
            return MAPPED if facts.destination == Server("one.example") else Route()

        made = self.ladder(replace(ACCOUNTS, choose=choose)).play(READY, GATEWAY)
        made.play(f"C -> P  USER bob@one.example\n{REACHED}\n{MAPPED_LOGIN}", USABLE)


class Passing(LadderTest):
    """Stale words never leak."""

    def test_password_of_an_attempt(self) -> None:
        """E: the password for a server that was not reached is not sent to the next."""
        made = self.ladder(replace(ACCOUNTS, dialects=(*DEFAULT_DIALECTS,))).play(
            READY, Again().unreached(CHECK_POINT)
        )
        made.play(
            """
            C -> P  USER eve@two.example
            P ..    dials two.example:21
            P ..    connected
            P <- S  220 Two.
            P -> S  USER eve
            P <- S  331 Password.
            C <- P  331 Password.
            """
        )

    def test_password_that_was_not_wanted(self) -> None:
        """Nor to the same server with another user, where the first was refused at USER."""
        self.ladder(ACCOUNTS).play(
            READY,
            CHECK_POINT.partition("P <- S  331")[0],
            """
            P <- S  530 No such user.
            C <- P  530 No such user.
            C -> P  USER eve
            P -> S  USER eve
            P <- S  331 Password.
            C <- P  331 Password.
            """,
        )
