"""Logins at the server that the gateway makes: the route's user and secret."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.actions import Dial
from ftpalg.core.routes import Facts, Route, Server
from ftpalg.core.session_settings import Rules
from tests.core.ladder import FIXED, LadderTest, actions
from tests.core.openings import USABLE
from tests.core.scripts import (
    ACCOUNT_AT,
    ACCOUNTS,
    AS_USER,
    CHECK_POINT,
    GATEWAY,
    OPENED,
    RAPTOR,
    REACHED,
    READY,
    SITE,
)

ONE = (Server("one.example"),)
MAPPED = Route(user="svc", secret="/run/svc", secret_for=ONE, clear_secret=True)
FIXED_MAPPED = replace(MAPPED, servers=(FIXED,), secret_for=(FIXED,))
MAPPED_LOGIN = """
    P -> S  USER svc
    P <- S  331 Password for svc.
    P ..    sends secret /run/svc
    P <- S  230 In.
    P ..    logged in: svc
    C <- P  230 In.
"""
"""What answers the client's command where the gateway knows the login at the server."""


def mapped(facts: Facts) -> Route:
    """The account gus is svc at every server."""
    return MAPPED if facts.account == "gus" else Route()


class Mapping(LadderTest):
    """The route's user and secret take the place of what the client says."""

    RULES = replace(ACCOUNTS, choose=mapped)

    def test_fixed(self) -> None:
        """H: the legacy machine knows its gateway password only, and is in."""
        rules = Rules(accounts=True, choose=lambda facts: FIXED_MAPPED)
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
        rules = Rules(accounts=True, choose=lambda facts: FIXED_MAPPED)
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
        rules = Rules(choose=lambda facts: FIXED_MAPPED)
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
        rules = Rules(choose=lambda facts: replace(MAPPED, user=""))
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
        """332 to the secret: nothing of the client's is given to that server."""
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
            C <- P  530 The gateway itself logs in at this server.
            C -> P  PASS p
            C <- P  530 The gateway itself logs in at this server.
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
        rules = Rules(choose=lambda facts: FIXED_MAPPED)
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
