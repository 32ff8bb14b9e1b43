"""PORT, EPRT, PASV and EPSV: what is asked of the server, and what the client is told."""

from __future__ import annotations

from ftpalg.core.events import Link, Listening, Side, Traits
from ftpalg.core.routes import Mode
from ftpalg.core.session_settings import Rules
from tests.core.ladder import ACTIVE, CLIENT, CLIENT6, FIXED, SERVER6, LadderTest
from tests.core.openings import GREETED, LOGIN, PORT_EPSV, USABLE


class ServersWords(LadderTest):
    """Addresses in a server's answers."""

    def test_generous(self) -> None:
        """Quirks 15 and 16: the odd forms of 227 and 229 are read, the address in them is not."""
        for traits, verb, answer in (
            (Traits(), "EPSV", "229 Entering (!!!50123!)"),
            (Traits(), "EPSV", "229 Entering (||50123|)"),
            (Traits(), "EPSV", "229 Entering (|1|10.9.8.7|50123|)"),
            (Traits(epsv=False), "PASV", "227 =10,9,8,7,195,203"),
            (Traits(epsv=False), "PASV", "227 10,9,8,7,195,203 is yours (really)"),
            (Traits(epsv=False), "PASV", "227 Entering Passive Mode (0,0,0,0,195,203)."),
            (Traits(epsv=False), "PASV", "227-Here\n P <- S  227 (127,0,0,1,195,203)"),
        ):
            self.logged_in(traits=traits).play(
                f"""
                C -> P  PORT 192,0,2,7,200,1
                P -> S  {verb}
                P <- S  {answer}
                C <- P  200 PORT command successful.
                P ..    connects to the server's port 50123
                C -> P  RETR file
                P -> S  RETR file
                """
            )

    def test_unreadable(self) -> None:
        """An address that cannot be read or used is a 425; the session stays usable."""
        for traits, verb, answer in (
            (Traits(), "EPSV", "229 Extended (|||65536|)"),
            (Traits(), "EPSV", "229 Extended (|||22|)"),
            (Traits(), "EPSV", "229 Extended"),
            (Traits(epsv=False), "PASV", "227 (10,0,0,1,256,1)"),
            (Traits(epsv=False), "PASV", "227 Entering Passive Mode"),
            (Traits(epsv=False), "PASV", "227 (10,0,0,1,0,25)"),
        ):
            then = "P -> S  PASV\nP <- S  227 Nowhere" if verb == "EPSV" else ""
            self.logged_in(traits=traits).play(
                f"""
                C -> P  PASV
                P -> S  {verb}
                P <- S  {answer}
                {then}
                C <- P  425 The server…
                """
            ).play(USABLE)

    def test_no_port_of_ours(self) -> None:
        """Without a free data port the client gets a 425, on either side."""
        self.logged_in().play(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            P ..    cannot listen for the client: no port left
            C <- P  425 No data port: no port left.
            """
        ).play(USABLE)
        self.logged_in(ACTIVE).play(
            """
            C -> P  PORT 192,0,2,7,200,1
            P ..    cannot listen for the server: no port left
            C <- P  425 No data port: no port left.
            """
        ).play(USABLE)

    def test_second_port_of_ours_missing(self) -> None:
        """Where only the client's data port is missing, the server's listener goes as well."""
        self.logged_in(ACTIVE).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  200 Noted.
            P ..    cannot listen for the client: no port left
            P ..    aborts server leg
            C <- P  425 No data port: no port left.
            """
        ).play(USABLE)

    def test_stray_listening(self) -> None:
        """A data port nobody asked for is not told to anybody."""
        made = self.logged_in()
        made.feed(Listening(Side.CLIENT, 50000))
        made.play(USABLE)


class EpsvAll(LadderTest):
    """EPSV ALL: kept here, never the server's."""

    def test_afterwards(self) -> None:
        """Quirk 17: PORT, PASV, EPRT and P@SW are refused afterwards, EPSV is not."""
        self.after_login(
            """
            C -> P  EPSV all
            C <- P  200 EPSV ALL accepted.
            C -> P  PASV
            C <- P  501 Only EPSV after EPSV ALL.
            C -> P  P@SW
            C <- P  501 Only EPSV after EPSV ALL.
            C -> P  PORT 192,0,2,7,200,1
            C <- P  501 Only EPSV after EPSV ALL.
            C -> P  EPRT |1|192.0.2.7|51201|
            C <- P  501 Only EPSV after EPSV ALL.
            C -> P  EPSV ALL
            C <- P  200 EPSV ALL accepted.
            C -> P  EPSV
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  229 Entering Extended Passive Mode (|||50000|)
            """
        )

    def test_across_families(self) -> None:
        """RFC 6384 section 11: 504 for an IPv6 client at an IPv4 server; nothing is remembered."""
        self.logged_in(client=CLIENT6).play(
            """
            C -> P  EPSV ALL
            C <- P  504 EPSV ALL is not possible here.
            C -> P  EPRT |2|2001:db8::7|51201|
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 EPRT command successful.
            P ..    connects to the server's port 50123
            """
        )
        self.logged_in(client=CLIENT6, server=SERVER6).play(
            "C -> P  EPSV ALL\nC <- P  200 EPSV ALL accepted."
        )


class EpsvAllAhead(LadderTest):
    """EPSV ALL is accepted only where EPSV will work."""

    def test_client_mode_before_a_server_without_epsv(self) -> None:
        """The server's lack would be the client's."""
        rules = Rules(server=FIXED, mode=Mode.CLIENT)
        self.logged_in(rules, traits=Traits(epsv=False)).play(
            "C -> P  EPSV ALL\nC <- P  504 EPSV ALL is not possible here."
        )

    def test_client_mode_before_a_server_not_known(self) -> None:
        """Once it is accepted the client can try nothing else, so that the gateway does."""
        self.logged_in(Rules(server=FIXED, mode=Mode.CLIENT)).play(
            """
            C -> P  EPSV ALL
            C <- P  200 EPSV ALL accepted.
            C -> P  EPSV
            P -> S  EPSV
            P <- S  500 What?
            P -> S  PASV
            P <- S  227 (10,0,0,1,195,203)
            P ..    listens for the client on 50000
            C <- P  229 Entering Extended Passive Mode (|||50000|)
            """
        )

    def test_behind_a_balancer(self) -> None:
        """EPSV leads to the balancer there."""
        self.logged_in(client=CLIENT._replace(direct=False)).play(
            "C -> P  EPSV ALL\nC <- P  504 EPSV ALL is not possible here."
        )

    def test_accepted(self) -> None:
        """In passive mode the server's verbs are ours to choose."""
        self.logged_in(traits=Traits(epsv=False)).play(
            "C -> P  EPSV ALL\nC <- P  200 EPSV ALL accepted."
        )


class Replacing(LadderTest):
    """A new PASV, EPSV, PORT or EPRT replaces the one before."""

    def test_new_listener(self) -> None:
        """Quirk 18: a client fails at our EPSV port and sends PASV: the old listener goes."""
        self.after_login(
            """
            C -> P  EPSV
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  229 Entering Extended Passive Mode (|||50000|)
            C -> P  PASV
            P ..    closes client leg
            P -> S  EPSV
            P <- S  229 Extended (|||50124|)
            P ..    listens for the client on 50001
            C <- P  227 Entering Passive Mode (192,0,2,1,195,81)
            C -> P  RETR file
            P -> S  RETR file
            P ..    connects to the server's port 50124
            """
        )

    def test_both_listeners(self) -> None:
        """With an active server both listeners are replaced, an open data connection too."""
        prepared = """
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  200 Noted.
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            """
        self.logged_in(ACTIVE).play(prepared).play(
            """
            P ..    server leg open
            P ..    client leg open
            C -> P  PORT 192,0,2,7,200,1
            P ..    closes client leg
            P ..    aborts server leg
            P ..    listens for the server on 50011
            P -> S  EPRT |1|198.51.100.1|50011|
            P <- S  200 Noted.
            C <- P  200 PORT command successful.
            """
        )

    def test_server_connects_at_port(self) -> None:
        """Quirk 27: a server may connect right at PORT, before it is answered."""
        self.logged_in(ACTIVE).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P ..    server leg open
            P <- S  200 Noted.
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            P ..    client leg open
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    relays from server
            """
        )

    def test_prepared_after_a_transfer(self) -> None:
        """What was prepared is good for one transfer."""
        self.after_login(
            f"""
            {PORT_EPSV}
            C -> P  RETR file
            P -> S  RETR file
            P <- S  550 No.
            C <- P  550 No.
            P ..    aborts server leg
            C -> P  RETR file
            C <- P  425 Use PORT or PASV first.
            """
        )


class Addresses(LadderTest):
    """Rule 4: which addresses are shown."""

    def test_refusal_names_no_server(self) -> None:
        """A refusal of PASV that names the server's address does not tell it to the client."""
        self.logged_in(traits=Traits(epsv=False)).play(
            """
            C -> P  PASV
            P -> S  PASV
            P <- S  425 Cannot listen on 198.51.100.9: no port.
            C <- P  425 Cannot listen on 192.0.2.1: no port.
            """
        )

    def test_loopback_link(self) -> None:
        """The peer's own link is what a data connection is judged by, not its port."""
        self.ladder(client=Link("127.0.0.1", "127.0.0.1")).play(GREETED).play(LOGIN).play(
            """
            C -> P  PORT 127,0,0,1,200,1
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 PORT command successful.
            P ..    connects to the server's port 50123
            """
        )
