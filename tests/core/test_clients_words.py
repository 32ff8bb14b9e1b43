"""PORT, EPRT, PASV and EPSV as clients say them: whom we dial, and what is refused."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.routes import Mode
from ftpalg.core.session_settings import Rules
from tests.core.ladder import ACTIVE, CLIENT, CLIENT6, FIXED, SERVER, LadderTest
from tests.core.openings import PASV_EPSV, RETR, USABLE


class ClientsWords(LadderTest):
    """Addresses in a client's commands: RFC 2577, RFC 2428."""

    def test_refused(self) -> None:
        """Quirk 19: a foreign address, a privileged port or an unreadable one dials nothing."""
        for command, answer in (
            ("PORT 192,0,2,8,200,1", "500 That is not your address…"),
            ("PORT 10,0,0,7,200,1", "500 That is not your address…"),
            ("EPRT |1|192.0.2.8|51201|", "500 That is not your address…"),
            ("PORT 192,0,2,7,0,21", "504 Data ports below 1024…"),
            ("PORT 192,0,2,7,3,255", "504 Data ports below 1024…"),
            ("EPRT |1|192.0.2.7|25|", "504 Data ports below 1024…"),
            ("PORT 192,0,2,7,200", "501 PORT needs…"),
            ("PORT", "501 PORT needs…"),
            ("PORT 192,0,2,7,256,1", "501 PORT needs…"),
            ("EPRT", "501 EPRT needs…"),
            ("EPRT |1|192.0.2.7|", "501 EPRT needs…"),
            ("EPRT |1|192.0.2.777|51201|", "501 EPRT with an address…"),
            ("EPRT |1|192.0.2.7|65536|", "501 EPRT with a port…"),
            ("EPRT |3|192.0.2.7|51201|", "522 Network protocol not supported, use (1,2)"),
            ("EPRT |2|2001:db8::7|51201|", "522 Network protocol not supported, use (1,2)"),
            ("EPSV 2", "522 Network protocol not supported, use (1,2)"),
            ("EPSV 3", "522 Network protocol not supported, use (1,2)"),
            ("EPSV x", "501 EPSV knows 1, 2 and ALL."),
        ):
            self.logged_in().play(f"C -> P  {command}\nC <- P  {answer}").play(USABLE)

    def test_no_active_mode(self) -> None:
        """Where clients are not dialled PORT and EPRT are 502 and not in FEAT; passive mode works."""
        made = self.logged_in(Rules(server=FIXED, active=False))
        for command in ("PORT 192,0,2,7,200,1", "EPRT |1|192.0.2.7|51201|", "PORT x", "EPRT"):
            made.play(f"C -> P  {command}\nC <- P  502 Data connections are not opened to clients…")
        made.play(PASV_EPSV)
        made.play(
            """
            C -> P  FEAT
            P -> S  FEAT
            P <- S  211-Features:
            P <- S   EPRT
            P <- S   SIZE
            P <- S  211 End
            C <- P  211-Features:
            C <- P   EPSV
            C <- P   SIZE
            C <- P  211 End
            """
        )

    def test_refused_keeps_the_one_before(self) -> None:
        """A refused PORT leaves what PASV prepared."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  PORT 192,0,2,8,200,1
            C <- P  500 That is not your address…
            {RETR}
            """
        )

    def test_lowest_port(self) -> None:
        """1024 is the first port that is not privileged."""
        self.after_login(
            """
            C -> P  PORT 192,0,2,7,4,0
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 PORT command successful.
            P ..    connects to the server's port 50123
            """
        )

    def test_epsv_1(self) -> None:
        """EPSV with the family the client has is EPSV."""
        self.after_login(
            """
            C -> P  EPSV 1
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  229 Entering Extended Passive Mode (|||50000|)
            """
        )

    def test_ipv6_client(self) -> None:
        """An IPv6 client has EPSV 2 and EPRT |2|; PASV, EPSV 1 and EPRT |1| cannot be had."""
        for command in ("PASV", "EPSV 1", "EPRT |1|192.0.2.7|51201|"):
            self.logged_in(client=CLIENT6).play(
                f"C -> P  {command}\nC <- P  522 Network protocol not supported, use (1,2)"
            ).play(USABLE)
        self.logged_in(client=CLIENT6).play(
            """
            C -> P  EPSV 2
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  229 Entering Extended Passive Mode (|||50000|)
            C -> P  EPRT !2!2001:DB8:0::7!51201!
            P ..    closes client leg
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 EPRT command successful.
            P ..    connects to the server's port 50123
            """
        )

    def test_mapped_address(self) -> None:
        """Quirk 20: an address in IPv6 clothing is the IPv4 address it stands for."""
        self.logged_in().play(
            "C -> P  EPRT |2|::ffff:192.0.2.7|51201|\nP -> S  EPSV\n"
            "P <- S  229 Extended (|||50123|)\nC <- P  200 EPRT command successful.\n"
            "P ..  connects to the server's port 50123"
        )

    def test_p_at_sw(self) -> None:
        """Quirk 17: P@SW is PASV."""
        self.after_login(
            """
            C -> P  p@sw
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            """
        )

    def test_private_address_replaced(self) -> None:
        """Quirk 19: a setting takes a private address for the client's control address."""
        rules = replace(ACTIVE, mode=Mode.PASSIVE, replace_private=True)
        self.logged_in(rules).play(
            """
            C -> P  PORT 10,0,0,7,200,1
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 PORT command successful.
            P ..    connects to the server's port 50123
            C -> P  PORT 100,64,0,7,200,1
            P ..    aborts server leg
            P -> S  EPSV
            P <- S  229 Extended (|||50124|)
            C <- P  200 PORT command successful.
            P ..    connects to the server's port 50124
            C -> P  PORT 8,8,8,8,200,1
            C <- P  500 That is not your address…
            C -> P  PORT 10,0,0,7,0,21
            C <- P  504 Data ports below 1024…
            """
        )

    def test_configured_addresses(self) -> None:
        """The addresses of the settings are told instead of the control connections' own."""
        rules = ACTIVE
        client, server = CLIENT._replace(shown="203.0.113.5"), SERVER._replace(shown="203.0.113.6")
        self.logged_in(rules, client=client, server=server).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|203.0.113.6|50010|
            P <- S  200 Noted.
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (203,0,113,5,195,80)
            """
        )
        self.logged_in(rules, client=CLIENT._replace(shown="2001:db8::5")).play(
            "C -> P  PASV\nC <- P  522 Network protocol not supported, use (1,2)"
        )
