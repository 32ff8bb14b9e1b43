"""Attacks on the login and what is known of a client: words in clear, mapped passwords, strange verbs."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.desk import STATE
from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.stages.plan import At
from ftpalg.core.wire.user_at_host import DEFAULT_DIALECTS, Dialect
from ftpalg.policy.route_choice import RouteRule, choose
from tests.core.ladder import FIXED, Ladder, LadderTest
from tests.core.openings import GREETED, LOGIN, ROUTED, USABLE
from tests.core.scripts import GATEWAY, LEAVING_TLS, REACHED, READY, TLS
from tests.core.tls import AUTH_ASKED, EXPLICIT, MATCH

OFFER = Rules(client_tls=ClientTls.OFFER)
ALL = (*DEFAULT_DIALECTS, Dialect.HOST, Dialect.SNI)


class InClear(LadderTest):
    """Rule 9: what was said in clear, by whomever, does not count under TLS."""

    RULES = replace(OFFER, dialects=ALL, accounts=True)
    GOES_ON = ("_bad", "got", "sent", "told", "traits", "unswept")
    """What the desk has of the past that no word of a client's can be read from."""

    def known(self, *before: str) -> tuple[object, ...]:
        """All that a session knows of its client behind what it said, AUTH at last."""
        made = self.ladder(self.RULES).play(READY, *before)
        desk = made.session.desk
        self.assertIs(made.session.login.state.at, At.AWAY)
        of_the_desk = {name: getattr(desk, name) for name in STATE if name not in self.GOES_ON}
        return (of_the_desk, *made.session.value[1:])

    def test_same_as_new(self) -> None:
        """Every part of the state is that of a session that began with AUTH."""
        opened = f"C -> P  OPEN evil.example\n{REACHED.replace('one', 'evil')}\nC <- P  220 One.\n"
        new = self.known(TLS)
        for before in (
            "C -> P  HOST evil.example\nC <- P  220 Host accepted.",
            "C -> P  USER gus\nC <- P  331 Password required.",
            "C -> P  USER bob@gus@evil.example\nC <- P  331 Password required.",
            "C -> P  ACCT x\nC <- P  503 USER comes first…",
            GATEWAY,
        ):
            self.assertEqual(self.known(before, TLS), new, before)
        told = "C -> P  TYPE A\nP -> S  TYPE A\nP <- S  200 A.\nC <- P  200 A.\n"
        for said in ("", told):
            self.assertEqual(self.known(GATEWAY, opened, said, LEAVING_TLS), new, said)

    def test_named_server_is_left(self) -> None:
        """One injected line does not make evil the server of the USER and PASS that follow."""
        for line in ("SITE evil.example", "OPEN evil.example"):
            self.ladder(OFFER).play(
                ROUTED,
                f"C -> P  {line}\n{REACHED.replace('one', 'evil')}\nC <- P  220 One.",
                LEAVING_TLS,
                "C -> P  USER bob\nC <- P  331 Password required.",
                "C -> P  PASS secret\nC <- P  230 No account is needed here…",
            )

    def test_user_at_server(self) -> None:
        """Nor does USER user@evil."""
        evil = REACHED.replace("one", "evil")
        self.ladder(OFFER).play(
            ROUTED,
            f"C -> P  USER bob@evil.example\n{evil}\nP -> S  USER bob\nP <- S  331 P.\nC <- P  331 P.",
            LEAVING_TLS,
            "C -> P  PASS secret\nC <- P  503 USER comes first: USER user@server.",
        )

    def test_matched_server(self) -> None:
        """A server that was named is not asked for TLS on the way: it is left all the same."""
        rules = replace(OFFER, server_tls=ServerTls.MATCH)
        self.ladder(rules).play(
            ROUTED, f"C -> P  OPEN one.example\n{REACHED}\nC <- P  220 One.", LEAVING_TLS
        )

    def test_fixed_server_stays(self) -> None:
        """Nobody has named it; REST in clear does not reach it."""
        made = self.ladder(replace(OFFER, server=FIXED)).play(GREETED)
        made.play("C -> P  REST 5\nC <- P  530 Log in first.", TLS)


class Mapped(LadderTest):
    """A password that the route has goes to its servers, under TLS, and nobody else's goes there."""

    ROUTE = Route(user="svc", secret="/run/svc", secret_for=(Server("files.test", 21),))

    def ladder_to(self, route: Route) -> Ladder:
        """A session that has named files.test on another port, or on its own."""
        return self.ladder(Rules(choose=lambda facts: route)).play(ROUTED)

    def test_other_port(self) -> None:
        """Any other port of the host is another server."""
        self.ladder_to(replace(self.ROUTE, clear_secret=True)).play(
            """
            C -> P  USER bob@files.test:2121
            P ..    dials files.test:2121
            P ..    connected
            P <- S  220 Evil.
            P -> S  USER svc
            P <- S  331 Give it to me.
            P ..    notes: no password is set up for files.test:2121
            P ..    hangs up on the server
            C <- P  434 The gateway's login is for another server.
            """
        )

    def test_in_clear(self) -> None:
        """Without TLS only where a setting says so."""
        said = """
            C -> P  USER bob@files.test
            P ..    dials files.test:21
            P ..    connected
            P <- S  220 Files.
            P -> S  USER svc
            P <- S  331 Password.
        """
        self.ladder_to(self.ROUTE).play(
            said,
            """
            P ..    notes: files.test:21 has no TLS: routes.password-in-clear would allow its password
            P ..    hangs up on the server
            C <- P  434 The gateway's login here needs TLS.
            """,
        )
        self.ladder_to(replace(self.ROUTE, clear_secret=True)).play(
            said, "P ..  sends secret /run/svc"
        )

    def test_second_331(self) -> None:
        """A server that asks again does not get the client's."""
        self.ladder_to(replace(self.ROUTE, clear_secret=True)).play(
            """
            C -> P  USER bob@files.test
            P ..    dials files.test:21
            P ..    connected
            P <- S  220 Files.
            P -> S  USER svc
            P <- S  331 Password.
            P ..    sends secret /run/svc
            P <- S  331 And yours?
            P ..    timer second-reply
            C <- P  331 And yours?
            C -> P  PASS mine
            C <- P  530 The gateway itself logs in at this server.
            C -> P  ACCT mine
            C <- P  530 The gateway itself logs in at this server.
            """
        )


class Strange(LadderTest):
    """Before the login only FTP's own verbs pass: what listens there may be no FTP server."""

    def test_verbs(self) -> None:
        """VRFY, XCLIENT and their kin are refused here until somebody has logged in."""
        for verb in ("VRFY root", "XCLIENT ADDR=1.2.3.4", "EXPN list", "NOSUCH"):
            self.ladder().play(GREETED).play(f"C -> P  {verb}\nC <- P  530 Log in first.")
        made = self.after_login(
            "C -> P  NOSUCH\nP -> S  NOSUCH\nP <- S  500 What?\nC <- P  500 What?"
        )
        made.play(USABLE)


class OneReading(LadderTest):
    """What USER says is read once, before any rule is asked."""

    RULES = Rules(
        choose=choose((RouteRule(Route(servers=(Server("own.test"),)), users=("upload-*",)),))
    )

    def test_named_server_wins(self) -> None:
        """A client's explicit server is not lost to a pattern of users."""
        self.ladder(self.RULES).play(
            ROUTED,
            """
            C -> P  USER upload-1@s3.test
            P ..    dials s3.test:21
            P ..    connected
            P <- S  220 S3.
            P -> S  USER upload-1
            """,
        )

    def test_pattern_of_the_user(self) -> None:
        """Without a server in it the pattern decides; the rule's own server may be named, too."""
        for said in ("upload-1", "upload-1@own.test"):
            self.ladder(self.RULES).play(
                ROUTED,
                f"""
                C -> P  USER {said}
                P ..    dials own.test:21
                P ..    connected
                P <- S  220 Own.
                P -> S  USER upload-1
                """,
            )

    def test_opened_server(self) -> None:
        """Nor is a server that OPEN has named."""
        self.ladder(self.RULES).play(
            ROUTED,
            f"C -> P  OPEN one.example\n{REACHED}\nC <- P  220 One.",
            "C -> P  USER upload-1\nP -> S  USER upload-1",
        )

    def test_destination_is_mapped(self) -> None:
        """A rule about destinations does take a client elsewhere: that is what it is for."""
        mapped = choose(
            (RouteRule(Route(servers=(Server("new.test"),)), destinations=("old.test",)),)
        )
        self.ladder(Rules(choose=mapped)).play(
            ROUTED, "C -> P  USER bob@old.test\nP ..  dials new.test:21"
        )


class OptionalAccount(LadderTest):
    """A password for the gateway that nobody asked for (WinSCP 1 and 2, NcFTP 2 and 3, Net::FTP 3)."""

    def test_then_the_server(self) -> None:
        """331, then 230; SITE, OPEN or USER user@server follows."""
        account = (
            "C -> P  USER f\nC <- P  331 Password required.\nC -> P  PASS fp\n"
            "C <- P  230 No account is needed here; go on with the server's login."
        )
        at = f"C -> P  USER bob@one.example\n{REACHED}\nP -> S  USER bob"
        for then in (at, f"C -> P  SITE one.example\n{REACHED}\nC <- P  220 One."):
            self.ladder(Rules()).play(ROUTED, account, then)

    def test_mail_address(self) -> None:
        """An account that is a mail address is none of a server's, nor is its password; a user is."""
        rules = Rules(is_account=lambda name: name == b"gus@one.example")
        account = (
            "C -> P  USER gus@one.example\nC <- P  331 Password required.\nC -> P  PASS gp\n"
            "C <- P  230 No account is needed here; go on with the server's login."
        )
        at = f"C -> P  USER bob@one.example\n{REACHED}\nP -> S  USER bob"
        self.ladder(rules).play(ROUTED, account, at)
        there = f"C -> P  OPEN one.example\n{REACHED}\nC <- P  220 One."
        user = "C -> P  USER gus@one.example\nP -> S  USER gus@one.example"
        self.ladder(rules).play(ROUTED, there, user)


class MailAddresses(LadderTest):
    """Accounts that are mail addresses: the accounts decide where the wire cannot."""

    def test_account(self) -> None:
        """gus@corp.example is an account where there is one of that name."""
        rules = Rules(accounts=True, is_account=lambda name: name == b"gus@corp.example")
        self.ladder(rules).play(
            READY,
            """
            C -> P  USER gus@corp.example
            C <- P  331 Password required.
            C -> P  PASS gp
            P ..    checks gus@corp.example gp
            """,
        )
        self.ladder(rules).play(
            READY,
            """
            C -> P  USER eve@corp.example
            C <- P  331 Password required.
            C -> P  PASS gp
            P ..    checks eve gp
            """,
        )


class Auth(LadderTest):
    """AUTH as real servers answer it."""

    REFUSALS = (500, 502, 504, 530, 534, 431, 202)
    IN_TURN = (ServerTls.EXPLICIT, ServerTls.AUTO)

    def test_older_word(self) -> None:
        """AUTH TLS refused, AUTH SSL accepted."""
        for tls in self.IN_TURN:
            for code in self.REFUSALS:
                self.ladder(Rules(server=FIXED, server_tls=tls)).play(
                    f"""
                    {AUTH_ASKED}
                    P <- S  {code} Unknown mechanism.
                    P -> S  AUTH SSL
                    P <- S  234 Go.
                    P ..    begins TLS with the server
                    P ..    server secured
                    C <- P  220 Welcome.
                    """
                )

    def test_older_word_where_the_client_leads(self) -> None:
        """The same where the client's AUTH, by either word, brought it about; 1xx change nothing."""
        for word in ("TLS", "SSL"):
            for code in self.REFUSALS:
                made = self.ladder(MATCH).play(
                    GREETED,
                    f"""
                    C -> P  AUTH {word}
                    P -> S  AUTH TLS
                    P <- S  {code} Unknown mechanism.
                    P -> S  AUTH SSL
                    P <- S  120 Soon.
                    P <- S  200 Go.
                    P ..    begins TLS with the server
                    P ..    server secured
                    C <- P  234 TLS begins.
                    P ..    begins TLS with the client
                    """,
                )
                made.play(LOGIN)
                self.assertTrue(made.session.protection.state.server_secured)

    def test_other_2xx(self) -> None:
        """VxWorks says 200 (suppaftp#43): TLS begins, and fails closed if the server does not."""
        for code in (200, 211, 250):
            self.ladder(EXPLICIT).play(
                f"{AUTH_ASKED}\nP <- S  {code} Starting SSL.\nP ..  begins TLS with the server"
            )

    def test_superfluous(self) -> None:
        """With auto a 202 is a refusal; it is never a consent for the client."""
        twice = "P <- S  202 Superfluous.\nP -> S  AUTH SSL\nP <- S  202 Superfluous.\n"
        self.ladder(Rules(server=FIXED, server_tls=ServerTls.AUTO)).play(
            f"{AUTH_ASKED}\n{twice}C <- P  220 Welcome."
        )
        for said in ("202 Superfluous.", "230 In.", "350 Go on."):
            waits = "\nP ..  timer second-reply" * said.startswith("350")
            ladder = (
                "C -> P  AUTH TLS\nP -> S  AUTH TLS\nP <- S  500 No.\nP -> S  AUTH SSL\nP <- S  "
            )
            made = self.ladder(MATCH).play(
                GREETED, f"{ladder}{said}{waits}\nC <- P  504 The server does not begin TLS."
            )
            made.play(LOGIN, USABLE)
            self.assertFalse(made.session.protection.client_secured)


class SiteAuth(LadderTest):
    """SITE AUTH answered 232 is a login (curl's alternative to USER)."""

    def test_logs_in(self) -> None:
        """Behind a USER that was refused, and without one."""
        for first in ("", "C -> P  USER u\nP -> S  USER u\nP <- S  530 No.\nC <- P  530 No.\n"):
            for code in (230, 232):
                made = (
                    self.ladder()
                    .play(GREETED)
                    .play(
                        f"""
                    {first}
                    C -> P  SITE AUTH token
                    P -> S  SITE AUTH token
                    P <- S  {code} In.
                    C <- P  {code} In.
                    """
                    )
                )
                self.assertTrue(made.session.desk.logged_in)

    def test_spelling(self) -> None:
        """In any case, and with more spaces than one."""
        for line in ("SITE  AUTH t", "SITE auth t", "SITE   Auth  t", "SITE AUTH"):
            made = self.ladder().play(GREETED)
            made.play(f"C -> P  {line}\nP -> S  {line}\nP <- S  232 In.\nC <- P  232 In.")
            self.assertTrue(made.session.desk.logged_in, line)

    def test_others(self) -> None:
        """Another code, and another SITE, let nobody in."""
        for line, code in (("SITE AUTH x", 200), ("SITE AUTH x", 530), ("SITE HELP", 214)):
            made = (
                self.ladder()
                .play(GREETED)
                .play(f"C -> P  {line}\nP -> S  {line}\nP <- S  {code} T.\nC <- P  {code} T.")
            )
            self.assertFalse(made.session.desk.logged_in, line)
