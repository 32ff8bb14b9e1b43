"""The way a session goes: by the table of routes, and through a parent that speaks FTP."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.actions import Dial, Tell
from ftpalg.core.events import ServerConnected, Traits
from ftpalg.core.facts import LoggedIn
from ftpalg.core.routes import UNDECIDED, Facts, Route, Server, Undecided
from ftpalg.core.session_settings import ClientTls, Rules
from tests.core.ladder import CLIENT, CLIENT6, FIXED, SERVER, SERVER6, Ladder, LadderTest, actions
from tests.core.openings import GREETED, LOGIN, ROUTED, USABLE
from tests.core.scripts import AT, GATEWAY, REACHED, READY, SAID, TLS


class Routes(LadderTest):
    """The table of routes decides as soon as it can."""

    def route(self, **wanted: str) -> Rules:
        """One rule, for exactly these facts."""

        def choose(facts: Facts) -> Route | Undecided | None:
            for name, value in wanted.items():
                known = getattr(facts, name)
                if not known and not facts.final:
                    return UNDECIDED
                if known != value:
                    return None
            return Route(servers=(Server("one.example"),))

        return Rules(
            choose=choose, hosts={"ftp.a.example"}.__contains__ if "host" in wanted else None
        )

    def test_decided(self) -> None:
        """By the client's network: the server's greeting is the client's."""
        made = self.ladder(self.route(client=CLIENT.peer)).play(REACHED, "C <- P  220 One.", LOGIN)
        self.assertFalse(actions(made, Dial)[-1].named)

    def test_none_fits(self) -> None:
        """The general settings hold."""
        self.ladder(self.route(client="192.0.2.99")).play(ROUTED, AT)

    def test_undecided(self) -> None:
        """By what is still to come: the gateway greets, and dials when it knows."""
        made = self.ladder(self.route(user="bob")).play(ROUTED, SAID, USABLE)
        self.assertFalse(actions(made, Dial)[-1].named)
        made = self.ladder(self.route(user="bob"))
        made.play(ROUTED, "C -> P  USER eve\nC <- P  331 Password required.", AT)

    def test_by_account(self) -> None:
        """H where the account decides."""
        rules = replace(self.route(account="gus"), accounts=True)
        self.ladder(rules).play(READY, GATEWAY, SAID, USABLE)

    def test_by_user(self) -> None:
        """Another user of the same session may go elsewhere."""

        def choose(facts: Facts) -> Route | Undecided | None:
            servers = {"bob": "one.example", "eve": "two.example"}
            if facts.user in servers:
                return Route(servers=(Server(servers[facts.user]),))
            return None if facts.final else UNDECIDED

        self.ladder(Rules(choose=choose)).play(
            ROUTED,
            f"""
            C -> P  USER bob
            {REACHED}
            P -> S  USER bob
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER bob
            P -> S  USER bob
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER joe
            C <- P  530 Name the server too…
            C -> P  USER eve
            P ..    hangs up on the server
            P ..    dials two.example:21
            P ..    connected
            P <- S  220 Two.
            P -> S  USER eve
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER joe@one.example
            P ..    hangs up on the server
            {REACHED}
            P -> S  USER joe
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER eve
            P ..    hangs up on the server
            P ..    dials two.example:21
            """,
        )

    def test_by_user_of_an_opened_server(self) -> None:
        """The user of C and D comes later than the server, and may need another way there."""

        def choose(facts: Facts) -> Route | Undecided | None:
            return Route(parent="squid") if facts.user == "bob" else None

        made = self.ladder(Rules(choose=choose)).play(
            ROUTED,
            f"""
            C -> P  OPEN one.example
            {REACHED}
            C <- P  220 One.
            C -> P  USER bob
            P ..    hangs up on the server
            {REACHED}
            P -> S  USER bob
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER bob@corp.example
            P ..    hangs up on the server
            {REACHED}
            P -> S  USER bob@corp.example
            """,
        )
        self.assertEqual([a.route.parent for a in actions(made, Dial)], ["", "squid", ""])

    def test_by_destination(self) -> None:
        """A name that is no name but a rule's: the access rules have no say then."""

        def choose(facts: Facts) -> Route | Undecided | None:
            if facts.destination == Server("legacy"):
                return Route(servers=(Server("one.example"), Server("two.example", 2121)))
            return None if facts.final else UNDECIDED

        made = self.ladder(Rules(choose=choose)).play(
            ROUTED,
            """
            C -> P  USER bob@legacy
            P ..    dials one.example:21 or two.example:2121
            P ..    connected
            P <- S  220 One.
            P -> S  USER bob
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER eve@legacy
            P -> S  USER eve
            P <- S  530 No.
            C <- P  530 No.
            C -> P  USER eve
            P -> S  USER eve
            """,
        )
        self.assertFalse(actions(made, Dial)[-1].named)

    def test_by_sni(self) -> None:
        """TLS at once: the server greets.  TLS later: USER goes there."""
        rules = replace(self.route(sni="ftp.a.example"), client_tls=ClientTls.IMPLICIT)
        self.ladder(rules, sni="ftp.a.example").play(REACHED, "C <- P  220 One.", LOGIN)
        self.ladder(rules, sni="ftp.b.example").play(ROUTED, AT)
        self.ladder(rules, sni="").play(ROUTED, AT)
        rules = replace(rules, client_tls=ClientTls.OFFER)
        tls = TLS.replace("gateway.example", "ftp.a.example")
        self.ladder(rules).play(ROUTED, tls, SAID)
        self.ladder(rules).play(ROUTED, TLS, "C -> P  USER bob\nC <- P  331 Password required.")

    def test_by_host(self) -> None:
        """HOST: a name of the rules; any other is 504 (RFC 7151 section 3)."""
        made = self.ladder(self.route(host="ftp.a.example")).play(
            ROUTED,
            """
            C -> P  FEAT
            C <- P  211-Features:
            C <- P   EPRT
            C <- P   EPSV
            C <- P   HOST
            C <- P   MDTM
            C <- P   REST STREAM
            C <- P   SIZE
            C <- P  211 End
            C -> P  HOST ftp.b.example
            C <- P  504 No such host here.
            C -> P  HOST FTP.A.example
            C <- P  220 Host accepted.
            """,
            SAID,
        )
        made.play("C -> P  HOST ftp.a.example\nC <- P  503 HOST comes before the login.")

    def test_by_host_and_account(self) -> None:
        """HOST comes before the login, and counts in it."""
        rules = replace(self.route(host="ftp.a.example"), accounts=True)
        made = self.ladder(rules).play(
            READY, "C -> P  HOST ftp.a.example\nC <- P  220 Host accepted.", GATEWAY
        )
        made.play("C -> P  HOST ftp.a.example\nC <- P  503 HOST comes before the login.")
        made.play(SAID, USABLE)
        self.ladder(rules).play(
            READY,
            """
            C -> P  USER gus
            C <- P  331 Password required.
            C -> P  HOST ftp.a.example
            C <- P  503 HOST comes before the login.
            """,
        )

    def test_another_server_than_the_route_s(self) -> None:
        """Where a route decides, SITE and OPEN name nothing: not silently another server."""
        rules = Rules(accounts=True, server=FIXED)
        made = self.ladder(rules).play(READY, GATEWAY)
        for verb in ("SITE", "OPEN"):
            made.play(f"C -> P  {verb} two.example\nC <- P  502 {verb} names no server here.")
        made.play(SAID.replace("one.example", "ftp.example"), USABLE)

    def test_fixed_with_account(self) -> None:
        """H: an account may look like every other dialect; so may the user."""
        self.ladder(Rules(accounts=True, server=FIXED)).play(
            READY,
            """
            C -> P  USER bob@gus@one.example
            C <- P  331 Password required.
            C -> P  PASS gp
            P ..    checks bob@gus@one.example gp
            P ..    accepts gus
            C <- P  230 Logged in at the gateway…
            C -> P  USER bob@gus@one.example
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            P -> S  USER bob@gus@one.example
            """,
        )

    def test_table_that_never_decides(self) -> None:
        """Fail closed: a table that has no answer even now is a refusal."""
        self.ladder(Rules(choose=lambda facts: UNDECIDED)).play(
            ROUTED, "C -> P  USER bob@one.example\nC <- P  530 Name the server too…"
        )


class Parents(LadderTest):
    """Another FTP proxy on the way takes USER user@server."""

    RULES = Rules(parent="corp", ftp_parents=frozenset({"corp"}))

    def through(self, rules: Rules, where: str, said: str) -> Ladder:
        """Log in as bob at a server; the parent gets ``said``."""
        dialled = where if ":" in where.rpartition("]")[2] else f"{where}:21"
        return self.ladder(rules).play(
            ROUTED,
            f"""
            C -> P  USER bob@{where}
            P ..    dials {dialled}
            P ..    connected
            P <- S  220 Corporate proxy.
            P -> S  USER {said}
            P <- S  331 Password.
            C <- P  331 Password.
            C -> P  PASS secret
            P -> S  PASS secret
            P <- S  230 In.
            P ..    logged in: bob
            C <- P  230 In.
            """,
        )

    def test_user_at_server(self) -> None:
        """A, with the port where it is not 21, and brackets around IPv6."""
        for where, said in (
            ("one.example", "bob@one.example"),
            ("one.example:21", "bob@one.example"),
            ("one.example:2121", "bob@one.example:2121"),
            ("[2001:db8::21]", "bob@[2001:db8::21]"),
            ("[2001:db8::1]:2121", "bob@[2001:db8::1]:2121"),
        ):
            self.through(self.RULES, where, said).play(USABLE)

    def test_one_of_several(self) -> None:
        """The parent is told the server that was chosen, which need not be the first."""
        others = (Server("one.example"), Server("two.example"))
        rules = replace(self.RULES, choose=lambda facts: Route(others, parent="corp"))
        made = self.ladder(rules)
        made.play("P ..  dials one.example:21 or two.example:21")
        made.feed(ServerConnected(SERVER, Traits(), others[1]))
        made.play(
            """
            P <- S  220 Corporate proxy.
            C <- P  220 Corporate proxy.
            C -> P  USER bob
            P -> S  USER bob@two.example
            """
        )

    def test_no_other_server(self) -> None:
        """The parent would take OPEN and SITE for another server than the one that was judged."""
        made = self.ladder(replace(self.RULES, server=FIXED)).play(GREETED)
        for verb in ("OPEN", "SITE", "PROXY"):
            made.play(
                f"C -> P  {verb} evil\nC <- P  530 The server is named already; log in there."
            )
        made.play(
            """
            C -> P  NOOP
            P -> S  NOOP
            P <- S  200 Fine.
            C <- P  200 Fine.
            C -> P  USER bob
            P -> S  USER bob@ftp.example
            P <- S  230 In.
            C <- P  230 In.
            C -> P  OPEN evil
            C <- P  530 The server is named already; log in there.
            C -> P  SITE CHMOD 600 f
            P -> S  SITE CHMOD 600 f
            P <- S  200 Done.
            C <- P  200 Done.
            """
        )

    def test_user_names_no_other_server(self) -> None:
        """Nor does it get a user in which it could read one: a separator, a space, a port behind it."""
        for user in ("u@evil", "u@evil 21", "u evil", "@evil"):
            self.ladder(self.RULES).play(
                ROUTED,
                f"""
                C -> P  USER {user}@good
                P ..    dials good:21
                P ..    connected
                P <- S  220 Corporate proxy.
                C <- P  501 The parent proxy could read another server…
                """,
            )
        self.ladder(replace(self.RULES, separators=b"@%")).play(
            ROUTED,
            """
            C -> P  USER u%evil@good
            P ..    dials good:21
            P ..    connected
            P <- S  220 Corporate proxy.
            C <- P  501 The parent proxy could read another server…
            """,
        )

    def test_other_parents(self) -> None:
        """SOCKS and CONNECT need no such name."""
        self.through(Rules(parent="socks"), "one.example", "bob")

    def test_by_route(self) -> None:
        """The parent is the route's."""
        rules = replace(self.RULES, parent="", choose=lambda facts: Route(parent="corp"))
        self.through(rules, "one.example", "bob@one.example")

    def test_fixed(self) -> None:
        """The parent's greeting is the client's where the server is fixed."""
        self.ladder(replace(self.RULES, server=FIXED)).play(
            GREETED, "C -> P  USER bob\nP -> S  USER bob@ftp.example"
        )
        self.ladder(replace(self.RULES, server=FIXED)).play(
            GREETED, "C -> P  USER bob@x\nC <- P  501 The parent proxy could read another server…"
        )
        allowed = frozenset(("corp",))
        self.ladder(replace(self.RULES, server=FIXED, separators_in_user=allowed)).play(
            GREETED, "C -> P  USER bob@x\nP -> S  USER bob@x@ftp.example"
        )

    def test_mapped(self) -> None:
        """With a user of the route; the log has that user without the server."""
        rules = replace(self.RULES, choose=lambda facts: Route(user="svc", parent="corp"))
        made = self.ladder(rules).play(
            ROUTED,
            f"C -> P  USER bob@one.example\n{REACHED}\nP -> S  USER svc@one.example",
            "P <- S  230 In.\nC <- P  230 In.",
        )
        self.assertEqual(
            [one.fact for one in actions(made, Tell) if isinstance(one.fact, LoggedIn)],
            [LoggedIn("svc")],
        )

    def test_passive_towards_other_parents(self) -> None:
        """Nobody could connect to us through SOCKS or CONNECT; family is hidden behind them."""
        rules = Rules(server=FIXED, parent="socks")
        self.logged_in(rules, client=CLIENT6, server=SERVER6).play(
            """
            C -> P  EPRT |2|2001:db8::7|51201|
            P -> S  EPSV
            P <- S  500 What?
            P -> S  PASV
            P <- S  227 Entering Passive Mode (198,51,100,9,195,203)
            C <- P  200 EPRT command successful.
            P ..    connects to the server's port 50123
            """
        )
