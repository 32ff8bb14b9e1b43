"""Whither a session goes: SITE and OPEN, HOST, the name in the handshake, intercepted packets."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.actions import Dial
from ftpalg.core.routes import Server
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.wire.user_at_host import DEFAULT_DIALECTS, Dialect
from tests.core.ladder import CLIENT, FIXED, LadderTest, actions
from tests.core.openings import GREETED, LOGIN, PASV_EPSV, ROUTED, USABLE
from tests.core.scripts import (
    ACCOUNT_AT,
    ACCOUNT_AT_USER,
    ACCOUNTS,
    AT,
    GATEWAY,
    LEAVING_TLS,
    LET_IN,
    OPEN,
    OPENED,
    REACHED,
    READY,
    SAID,
    SITE,
    TLS,
)


class Named(LadderTest):
    """The client names its server."""

    def test_any_case_and_spaces(self) -> None:
        """SITE and OPEN take a port behind a colon or a space, and spaces around."""
        for where in ("one.example:2121", "one.example 2121", " one.example  2121 "):
            for verb in ("SITE", "OPEN", "open"):
                self.ladder(OPEN).play(
                    ROUTED,
                    f"C -> P  {verb} {where}\\s",
                    REACHED.replace(":21", ":2121"),
                    "C <- P  220 One.",
                )

    def test_unreadable(self) -> None:
        """What names no server is refused, and may be said again."""
        for verb in ("SITE", "OPEN"):
            made = self.ladder(OPEN).play(ROUTED)
            for argument, told in (
                ("", "The server's name cannot be read…"),
                (" -x", "The server's name cannot be read…"),
                (" HELP me", "The server's port must be…"),
                (" CHMOD 644 file", "The server's port must be…"),
                (" caf\\xc3\\xa9.example", "The server's name holds a byte…"),
                (" one.example:0", "The server's port must be…"),
            ):
                made.play(f"C -> P  {verb}{argument}\nC <- P  501 {told}")
            made.play(OPENED, USABLE)

    def test_not_spoken(self) -> None:
        """A dialect that is off."""
        rules = Rules(dialects=(Dialect.USER_SERVER,))
        made = self.ladder(rules).play(ROUTED)
        for verb in ("SITE", "OPEN", "HOST"):
            made.play(f"C -> P  {verb} one.example\nC <- P  502 {verb} names no server here.")
        made.play(AT)
        self.ladder(replace(rules, accounts=True)).play(
            READY, "C -> P  OPEN one.example\nC <- P  502 OPEN names no server here."
        )

    def test_site_after_the_login(self) -> None:
        """With a server there, SITE and OPEN are the server's."""
        for script in (SITE, OPENED, AT):
            made = self.ladder(OPEN).play(ROUTED, script)
            for command in ("SITE CHMOD 644 x", "SITE two.example", "OPEN two.example"):
                made.play(f"C -> P  {command}\nP -> S  {command}\nP <- S  200 OK.\nC <- P  200 OK.")

    def test_separators(self) -> None:
        """Other signs between user and server, one or several; the last of them counts."""
        for signs, user, name in (
            (b"%", "bob%one.example", "bob"),
            (b"#", "bob#one.example", "bob"),
            (b"*", "bob*one.example", "bob"),
            (b"%", "bob@corp.example%one.example", "bob@corp.example"),
            (b"@%", "bob%one.example", "bob"),
            (b"@%", "bob%corp@one.example", "bob%corp"),
            (b"@%", "bob@corp.example%one.example", "bob@corp.example"),
        ):
            self.ladder(Rules(separators=signs)).play(
                ROUTED, f"C -> P  USER {user}\n{REACHED}\nP -> S  USER {name}"
            )
        self.ladder(Rules(separators=b"%")).play(
            ROUTED, "C -> P  USER bob@one.example\nC <- P  331 Password required."
        )

    def test_separators_of_passwords(self) -> None:
        """They join two passwords too."""
        self.ladder(replace(ACCOUNTS, separators=b"%#")).play(
            READY,
            """
            C -> P  USER bob%gus#one.example
            C <- P  331 Password required.
            C -> P  PASS s@e%gp
            P ..    checks gus gp
            """,
        )

    def test_named_for_the_access_rules(self) -> None:
        """What the client names is told from what the configuration names."""
        made = self.ladder(OPEN).play(ROUTED, AT)
        self.assertTrue(actions(made, Dial)[-1].named)
        self.assertFalse(actions(self.ladder().play(GREETED), Dial)[-1].named)

    def test_forbidden(self) -> None:
        """530 with the rules' sentence to whatever named the server; another may be named."""
        for command in ("USER bob@two.example", "OPEN two.example", "SITE two.example"):
            self.ladder(OPEN).play(
                ROUTED,
                f"""
                C -> P  {command}
                P ..    dials two.example:21
                P ..    unreachable, forbidden: Servers in 127.0.0.0/8 are not allowed here.
                P ..    notes: server unreachable: forbidden
                P ..    hangs up on the server
                C <- P  530 Servers in 127.0.0.0/8 are not allowed here.
                """,
                AT,
                USABLE,
            )

    def test_forbidden_where_the_server_would_greet(self) -> None:
        """421: an intercepted client has no other to name."""
        link = CLIENT._replace(destination=Server("198.51.100.9"))
        self.ladder(OPEN, client=link).play(
            """
            P ..    dials 198.51.100.9:21
            P ..    unreachable, forbidden: That server is not allowed here.
            C <- P  421 That server is not allowed here.
            P ..    hangs up
            """
        )

    def test_failed_server_is_forgotten(self) -> None:
        """A server that was opened in vain is not dialled by the next USER."""
        failures = (
            "P ..  unreachable\nP ..  hangs up on the server\nC <- P  434 The server cannot…",
            "P ..  unreachable, forbidden: No.\nP ..  hangs up on the server\nC <- P  530 No.",
            "P ..  connected\nP ..  server lost\nP ..  hangs up on the server\nC <- P  434 The…",
            "P ..  connected\nP <- S  421 Full.\nP ..  hangs up on the server\nC <- P  434 Full.",
            "P ..  connected\nP ..  timer handshake\nP ..  hangs up on the server\nC <- P  434 The…",
        )
        for failure in failures:
            for verb in ("SITE", "OPEN"):
                self.ladder(OPEN).play(
                    ROUTED,
                    f"C -> P  {verb} two.example\nP ..  dials two.example:21\n{failure}",
                    "C -> P  USER bob\nC <- P  331 Password required.",
                    "C -> P  PASS secret\nC <- P  230 No account is needed here…",
                    OPENED,
                    USABLE,
                )
            made = self.ladder(ACCOUNTS).play(
                READY,
                ACCOUNT_AT.partition(REACHED)[0].replace("one.", "two."),
                f"P ..  dials two.example:21\n{failure}",
                "C -> P  USER bob\nC <- P  331 Password required.",
            )
            made.play(ACCOUNT_AT_USER, USABLE)

    def test_user_of_an_opened_server(self) -> None:
        """With the server open an @ in the user's name is the user's."""
        for script in (SITE, OPENED):
            opened = script.partition("C -> P  USER")[0]
            self.ladder(OPEN).play(
                ROUTED,
                opened,
                """
                C -> P  USER bob@two.example
                P -> S  USER bob@two.example
                P <- S  530 No.
                C <- P  530 No.
                C -> P  USER eve
                P -> S  USER eve
                """,
            )

    def test_welcome(self) -> None:
        """SITE and OPEN are answered with 220, the gateway's PASS with 230, in the server's words."""
        greeting = "P <- S  220-One\nP <- S  220 is here."
        opened = OPENED.partition("P <- S")[0]
        self.ladder(OPEN).play(ROUTED, opened, greeting, "C <- P  220-One\nC <- P  220 is here.")
        at = ACCOUNT_AT.partition("P <- S")[0]
        self.ladder(ACCOUNTS).play(READY, at, greeting, "C <- P  230-One\nC <- P  230 is here.")

    def test_tls_after_open(self) -> None:
        """AUTH TLS between OPEN and USER: a server named in clear is named again under it."""
        opened = OPENED.partition("C -> P  USER")[0]
        self.ladder(Rules(client_tls=ClientTls.OFFER)).play(ROUTED, opened, LEAVING_TLS, OPENED)
        self.ladder(Rules(client_tls=ClientTls.REQUIRE)).play(ROUTED, TLS, AT)


class Hosts(LadderTest):
    """O: HOST or the name in the handshake is the server."""

    RULES = Rules(dialects=(Dialect.HOST, *DEFAULT_DIALECTS))

    def test_host(self) -> None:
        """The last HOST counts; USER names no server then."""
        self.ladder(self.RULES).play(
            ROUTED,
            """
            C -> P  HOST two.example
            C <- P  220 Host accepted.
            C -> P  HOST one.example
            C <- P  220 Host accepted.
            """,
            SAID,
            USABLE,
            "C -> P  HOST two.example\nC <- P  503 HOST comes before the login.",
        )
        self.ladder(self.RULES).play(
            ROUTED,
            f"""
            C -> P  HOST [2001:DB8::1]
            C <- P  220 Host accepted.
            C -> P  USER bob@two.example
            {REACHED.replace("one.example", "[2001:DB8::1]")}
            P -> S  USER bob@two.example
            """,
        )

    def test_unreadable(self) -> None:
        """501; a port is no part of it (RFC 7151 section 3.1)."""
        made = self.ladder(self.RULES).play(ROUTED)
        for argument, told in (
            ("one.example:21", "HOST takes no port."),
            ("[2001:db8::1]:21", "HOST takes no port."),
            ("-x", "The server's name cannot be read…"),
            ("2001:db8::1", "The server's port must be…"),
        ):
            made.play(f"C -> P  HOST {argument}\nC <- P  501 {told}")
        made.play("C -> P  HOST\nC <- P  501 The server's name cannot be read…")

    def test_failed_server_stays(self) -> None:
        """HOST is said once for the session: USER tries its server again."""
        self.ladder(self.RULES).play(
            ROUTED,
            """
            C -> P  HOST one.example
            C <- P  220 Host accepted.
            C -> P  USER bob
            P ..    dials one.example:21
            P ..    unreachable
            P ..    hangs up on the server
            C <- P  434 The server cannot be reached.
            """,
            SAID,
        )

    def test_where_the_server_is_fixed(self) -> None:
        """No HOST of the client's takes it elsewhere."""
        rules = replace(self.RULES, server=FIXED, accounts=True)
        self.ladder(rules).play(READY, "C -> P  HOST x.example\nC <- P  504 No such host here.")
        link = CLIENT._replace(destination=Server("198.51.100.9"))
        rules = replace(self.RULES, accounts=True)
        self.ladder(rules, client=link).play(
            READY, "C -> P  HOST x.example\nC <- P  504 No such host here."
        )

    def test_no_name(self) -> None:
        """What is no host name in the handshake is no server, and reaches no line of ours."""
        rules = Rules(dialects=(Dialect.SNI,), client_tls=ClientTls.IMPLICIT)
        for sni in ("a.example\r\nDELE x", "a.example 21@x", "\xe9.example", "-x", "a" * 254):
            self.ladder(rules, sni=sni).play(ROUTED)

    def test_sni(self) -> None:
        """mod_proxy's user@sni: the name in the handshake."""
        rules = Rules(dialects=(Dialect.SNI, Dialect.HOST), client_tls=ClientTls.IMPLICIT)
        made = self.ladder(rules, sni="one.example").play(REACHED, "C <- P  220 One.", LOGIN)
        self.assertTrue(actions(made, Dial)[-1].named)
        rules = replace(rules, client_tls=ClientTls.OFFER)
        tls = TLS.replace("gateway.example", "one.example")
        self.ladder(rules).play(ROUTED, tls, SAID)
        self.ladder(rules).play(
            ROUTED,
            tls,
            """
            C -> P  HOST two.example
            C <- P  504 HOST and the name in the TLS handshake differ.
            C -> P  HOST One.example
            C <- P  220 Host accepted.
            """,
            SAID.replace("dials one", "dials One"),
        )

    def test_sni_of_nobody(self) -> None:
        """Off by default: every client sends the gateway's own name there."""
        self.ladder(Rules(client_tls=ClientTls.OFFER)).play(ROUTED, TLS, AT)

    def test_sni_after_host(self) -> None:
        """HOST in clear counts no more under TLS: the name in the handshake does."""
        rules = Rules(dialects=(Dialect.SNI, Dialect.HOST), client_tls=ClientTls.OFFER)
        self.ladder(rules).play(
            ROUTED,
            "C -> P  HOST two.example\nC <- P  220 Host accepted.",
            TLS.replace("gateway.example", "one.example"),
            SAID,
        )


class Intercepted(LadderTest):
    """The client's packets are for another machine, which is the server."""

    LINK = CLIENT._replace(destination=Server("198.51.100.9", 2121))
    REACHED = REACHED.replace("one.example:21", "198.51.100.9:2121")

    def test_greeting(self) -> None:
        """The server's greeting is the client's, and every @ its own."""
        made = self.ladder(OPEN, client=self.LINK).play(
            self.REACHED,
            "C <- P  220 One.\nC -> P  USER bob@two.example\nP -> S  USER bob@two.example",
        )
        self.assertTrue(actions(made, Dial)[-1].named)

    def test_with_account(self) -> None:
        """H: the gateway's login comes first; SITE and OPEN name nothing."""
        made = self.ladder(ACCOUNTS, client=self.LINK).play(READY)
        made.play("C -> P  OPEN two.example\nC <- P  530 Log in at the gateway first.", GATEWAY)
        made.play("C -> P  OPEN two.example\nC <- P  502 OPEN names no server here.")
        made.play(f"C -> P  USER bob\n{self.REACHED}\n{LET_IN}", USABLE)

    def test_elsewhere(self) -> None:
        """A route may lead intercepted clients to another server."""
        rules = Rules(server=FIXED)
        self.ladder(rules, client=self.LINK).play(GREETED, LOGIN)

    def test_sni_has_no_say(self) -> None:
        """Nor has the name in the handshake."""
        rules = Rules(dialects=(Dialect.SNI,), client_tls=ClientTls.IMPLICIT)
        self.ladder(rules, client=self.LINK, sni="two.example").play(
            self.REACHED, "C <- P  220 One."
        )

    def test_epsv_would_miss(self) -> None:
        """EPSV names no address: where ours is not the one dialled, 522 sends clients to PASV.

        curl goes on to PASV on any refusal; lftp only where FEAT does not list EPSV.
        """
        link = self.LINK._replace(direct=False)
        made = self.ladder(Rules(server=FIXED), client=link).play(GREETED, LOGIN)
        for argument in ("", " 1"):
            refusal = "522 EPSV would lead to another machine here, use PASV (1)"
            made.play(f"C -> P  EPSV{argument}\nC <- P  {refusal}")
        made.play(
            PASV_EPSV,
            """
            C -> P  FEAT
            P -> S  FEAT
            P <- S  211 None.
            C <- P  211-Features:
            C <- P   EPRT
            C <- P  211 End
            """,
        )

    def test_shown(self) -> None:
        """Behind NAT the client is shown the address it can reach."""
        link = CLIENT._replace(shown="203.0.113.5")
        self.ladder(Rules(server=FIXED), client=link).play(
            GREETED,
            LOGIN,
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (203,0,113,5,195,80)
            """,
        )
