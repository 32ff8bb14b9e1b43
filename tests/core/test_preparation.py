"""PORT, EPRT, PASV and EPSV of clients, turned into what a server is asked."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from ftpalg.core.events import Link, Side, Traits
from ftpalg.core.preparation import ACTIVE, PASSIVE, verbs_to_try
from ftpalg.core.routes import Mode
from ftpalg.core.rules import Rules
from tests.core.ladder import (
    CLIENT,
    CLIENT6,
    FIXED,
    GREETED,
    LOGIN,
    PASV_EPSV,
    PORT_EPSV,
    SERVER,
    SERVER6,
    USABLE,
    LadderTest,
)

ACTIVE_RULES = Rules(server=FIXED, mode=Mode.ACTIVE)
CLIENT_RULES = Rules(server=FIXED, mode=Mode.CLIENT)


class Verbs(LadderTest):
    """Which commands a server is asked with."""

    def test_all_combinations(self) -> None:
        """Every mode, client command and pair of families asks in the order the design gives."""
        for mode, wanted, server_v6, client_v6, epsv, eprt in product(
            Mode, PASSIVE + ACTIVE, *[(False, True)] * 4
        ):
            passive = mode is Mode.PASSIVE or (mode is Mode.CLIENT and wanted in PASSIVE)
            extended, classic = (b"EPSV", b"PASV") if passive else (b"EPRT", b"PORT")
            expected: tuple[bytes, ...]
            if mode is Mode.CLIENT and not server_v6 and not client_v6:
                expected = (wanted,)
            elif server_v6:
                expected = (extended,)
            elif epsv if passive else eprt:
                expected = (extended, classic)
            else:
                expected = (classic,)
            found = verbs_to_try(
                mode, wanted, server_v6=server_v6, client_v6=client_v6, epsv=epsv, eprt=eprt
            )
            self.assertEqual(found, expected, (mode, wanted, server_v6, client_v6, epsv, eprt))

    def test_every_conversion(self) -> None:
        """Three modes, four client commands, IPv4 and IPv6 on each side: each becomes a dialogue."""
        for mode, wanted, v6, s6 in product(Mode, PASSIVE + ACTIVE, (False, True), (False, True)):
            if v6 and wanted in (b"PASV", b"PORT"):
                continue
            verb = wanted.decode()
            client = {
                "EPSV": "EPSV",
                "PASV": "PASV",
                "PORT": "PORT 192,0,2,7,200,1",
                "EPRT": "EPRT |2|2001:db8::7|51201|" if v6 else "EPRT |1|192.0.2.7|51201|",
            }
            passive = mode is Mode.PASSIVE or (mode is Mode.CLIENT and wanted in PASSIVE)
            ours = verb if mode is Mode.CLIENT and not (v6 or s6) else "EPSV" if passive else "EPRT"
            ours_at = "|2|2001:db8:9::1|50010|" if s6 else "|1|198.51.100.1|50010|"
            asked = {
                "EPSV": "P -> S  EPSV\nP <- S  229 Extended (|||50123|)",
                "PASV": "P -> S  PASV\nP <- S  227 Entering (10,1,1,1,195,203)",
                "PORT": "P -> S  PORT 198,51,100,1,195,90\nP <- S  200 Noted.",
                "EPRT": f"P -> S  EPRT {ours_at}\nP <- S  200 Noted.",
            }[ours]
            listens = "" if passive else "P ..  listens for the server on 50010\n"
            own = "P ..  listens for the client on 50000"
            told = {
                "EPSV": f"{own}\nC <- P  229 Entering Extended Passive Mode (|||50000|)",
                "PASV": f"{own}\nC <- P  227 Entering Passive Mode (192,0,2,1,195,80)",
            }.get(verb, f"C <- P  200 {verb} command successful.")
            made = (
                self.ladder(
                    Rules(server=FIXED, mode=mode),
                    client=CLIENT6 if v6 else CLIENT,
                    server=SERVER6 if s6 else SERVER,
                )
                .play(GREETED)
                .play(LOGIN)
            )
            script = f"C -> P  {client[verb]}\n{listens}{asked}\n{told}"
            made.play(script)
            transfer = made.session.conduct.transfer
            assert transfer is not None
            ports: dict[Side, int] = {}
            if passive:
                ports[Side.SERVER] = 50123
            if wanted in ACTIVE:
                ports[Side.CLIENT] = 51201
            self.assertEqual(transfer.ports, ports, script)


class Fallback(LadderTest):
    """What happens when the server refuses the extended verb."""

    def test_epsv_refused(self) -> None:
        """Quirk 17: each code that says EPSV is not to be had leads to PASV, and is remembered."""
        for code in (500, 501, 502, 522, 425):
            traits = Traits()
            made = self.logged_in(traits=traits).play(
                f"""
                C -> P  PASV
                P -> S  EPSV
                P <- S  {code} No EPSV.
                P -> S  PASV
                P <- S  227 Entering Passive Mode (10,0,0,1,195,203)
                P ..    listens for the client on 50000
                C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
                """
            )
            self.assertEqual(traits, Traits(epsv=False), code)
            made.play(
                """
                C -> P  PORT 192,0,2,7,200,1
                P ..    aborts client leg
                P -> S  PASV
                P <- S  227 Entering Passive Mode (10,0,0,1,195,203)
                C <- P  200 PORT command successful.
                """
            )

    def test_remembered_by_others(self) -> None:
        """What one session learned of a server spares the next the question."""
        self.logged_in(traits=Traits(epsv=False)).play(
            """
            C -> P  EPSV
            P -> S  PASV
            P <- S  227 =10,0,0,1,195,203
            P ..    listens for the client on 50000
            C <- P  229 Entering Extended Passive Mode (|||50000|)
            """
        )

    def test_other_refusal_not_remembered(self) -> None:
        """A refusal that tells nothing of EPSV itself leads to PASV once, not for ever."""
        traits = Traits()
        self.logged_in(traits=traits).play(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  451 Local trouble.
            P -> S  PASV
            P <- S  227 Entering Passive Mode (10,0,0,1,195,203)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            """
        )
        self.assertEqual(traits, Traits())

    def test_both_refused(self) -> None:
        """Where PASV is refused too, the client gets that refusal and nothing is remembered."""
        traits = Traits()
        self.logged_in(traits=traits).play(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  502 No EPSV.
            P -> S  PASV
            P <- S  425 No ports left.
            C <- P  425 No ports left.
            """
        ).play(USABLE)
        self.assertEqual(traits, Traits())

    def test_not_logged_in(self) -> None:
        """530 is about the login, not the verb: the client gets it, PASV is not tried."""
        traits = Traits()
        self.logged_in(traits=traits).play(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  530 Log in first.
            C <- P  530 Log in first.
            """
        )
        self.assertEqual(traits, Traits())

    def test_before_the_login(self) -> None:
        """No data port is opened for a client that has not logged in (CVE-2002-0221)."""
        for command in ("PASV", "EPSV", "EPSV ALL", "P@SW", "PORT 192,0,2,7,200,1", "EPRT x"):
            self.ladder().play(GREETED).play(f"C -> P  {command}\nC <- P  530 Log in first.")

    def test_client_mode_refusal(self) -> None:
        """In client mode the server's refusal is the client's, which knows what to try next."""
        self.logged_in(CLIENT_RULES).play(
            """
            C -> P  EPSV
            P -> S  EPSV
            P <- S  500 What?
            C <- P  500 What?
            C -> P  PASV
            P -> S  PASV
            P <- S  227 Entering Passive Mode (10,0,0,1,195,203)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            """
        )

    def test_eprt_refused(self) -> None:
        """Quirk 19: EPRT refused by a server leads to PORT with a new data port, remembered."""
        traits = Traits()
        made = self.logged_in(ACTIVE_RULES, traits=traits).play(
            """
            C -> P  PORT 192,0,2,7,200,1
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  500 What?
            P ..    aborts server leg
            P ..    listens for the server on 50011
            P -> S  PORT 198,51,100,1,195,91
            P <- S  200 Noted.
            C <- P  200 PORT command successful.
            """
        )
        self.assertEqual(traits, Traits(eprt=False))
        made.play(
            """
            C -> P  RETR file
            P -> S  RETR file
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    connects to the client's port 51201
            P ..    client leg open
            P ..    relays from server
            """
        )

    def test_port_refused_too(self) -> None:
        """Where PORT is refused too, its listener goes and the client gets the refusal."""
        self.logged_in(ACTIVE_RULES, traits=Traits(eprt=False)).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  PORT 198,51,100,1,195,90
            P <- S  502 No.
            P ..    aborts server leg
            C <- P  502 No.
            """
        ).play(USABLE)

    def test_eprt_refused_with_530(self) -> None:
        """530 to EPRT closes the listener as well."""
        self.logged_in(ACTIVE_RULES).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  530 Log in first.
            P ..    aborts server leg
            C <- P  530 Log in first.
            """
        )

    def test_ipv6_server_has_no_fallback(self) -> None:
        """PASV cannot tell an IPv6 address: a refusal of EPSV is the client's."""
        self.logged_in(server=SERVER6).play(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  500 What?
            C <- P  500 What?
            """
        )

    def test_preliminary_replies_wait(self) -> None:
        """A 1xx in answer to EPSV or EPRT changes nothing."""
        self.logged_in().play(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  120 Soon.
            P <- S  229 Extended (|||50123|)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            """
        )
        self.logged_in(ACTIVE_RULES).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  120 Soon.
            P <- S  200 Noted.
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            """
        )


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
                C -> P  RETR file
                P -> S  RETR file
                P ..    connects to the server's port 50123
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
            self.logged_in(traits=traits).play(
                f"""
                C -> P  PASV
                P -> S  {verb}
                P <- S  {answer}
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
        self.logged_in(ACTIVE_RULES).play(
            """
            C -> P  PORT 192,0,2,7,200,1
            P ..    cannot listen for the server: no port left
            C <- P  425 No data port: no port left.
            """
        ).play(USABLE)

    def test_second_port_of_ours_missing(self) -> None:
        """Where only the client's data port is missing, the server's listener goes as well."""
        self.logged_in(ACTIVE_RULES).play(
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
        made.session.preparation.listening(Side.CLIENT, 50000)
        made.play(USABLE)


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

    def test_refused_keeps_the_one_before(self) -> None:
        """A refused PORT leaves what PASV prepared."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  PORT 192,0,2,8,200,1
            C <- P  500 That is not your address…
            C -> P  RETR file
            P -> S  RETR file
            P ..    connects to the server's port 50123
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
            P ..    aborts client leg
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 EPRT command successful.
            """
        )

    def test_mapped_address(self) -> None:
        """Quirk 20: an address in IPv6 clothing is the IPv4 address it stands for."""
        self.logged_in().play(
            "C -> P  EPRT |2|::ffff:192.0.2.7|51201|\nP -> S  EPSV\n"
            "P <- S  229 Extended (|||50123|)\nC <- P  200 EPRT command successful."
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
        rules = replace(ACTIVE_RULES, mode=Mode.PASSIVE, replace_private=True)
        self.logged_in(rules).play(
            """
            C -> P  PORT 10,0,0,7,200,1
            P -> S  EPSV
            P <- S  229 Extended (|||50123|)
            C <- P  200 PORT command successful.
            C -> P  PORT 100,64,0,7,200,1
            P -> S  EPSV
            P <- S  229 Extended (|||50124|)
            C <- P  200 PORT command successful.
            C -> P  PORT 8,8,8,8,200,1
            C <- P  500 That is not your address…
            C -> P  PORT 10,0,0,7,0,21
            C <- P  504 Data ports below 1024…
            """
        )

    def test_configured_addresses(self) -> None:
        """The addresses of the settings are told instead of the control connections' own."""
        rules = Rules(server=FIXED, mode=Mode.ACTIVE)
        client, server = replace(CLIENT, shown="203.0.113.5"), replace(SERVER, shown="203.0.113.6")
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
        self.logged_in(rules, client=replace(CLIENT, shown="2001:db8::5")).play(
            "C -> P  PASV\nC <- P  522 Network protocol not supported, use (1,2)"
        )


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
            """
        )
        self.logged_in(client=CLIENT6, server=SERVER6).play(
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
            P ..    aborts client leg
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
        self.logged_in(ACTIVE_RULES).play(prepared).play(
            """
            P ..    server leg open
            P ..    client leg open
            C -> P  PORT 192,0,2,7,200,1
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    listens for the server on 50011
            P -> S  EPRT |1|198.51.100.1|50011|
            P <- S  200 Noted.
            C <- P  200 PORT command successful.
            """
        )

    def test_server_connects_at_port(self) -> None:
        """Quirk 27: a server may connect right at PORT, before it is answered."""
        self.logged_in(ACTIVE_RULES).play(
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
            P ..    connects to the server's port 50123
            P <- S  550 No.
            P ..    aborts server leg
            C <- P  550 No.
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
            """
        )
