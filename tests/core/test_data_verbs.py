"""Which verbs a server is asked with for its data connection, and what their refusals teach."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from ftpalg.core.events import Traits
from ftpalg.core.routes import DataVerbs, Mode, Route
from ftpalg.core.session_settings import Rules
from ftpalg.core.stages.data_verbs import ACTIVE, PASSIVE, verbs_to_try
from tests.core.ladder import CLIENT, CLIENT6, FIXED, SERVER, SERVER6, LadderTest
from tests.core.openings import GREETED, LISTENS, LOGIN, USABLE

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
                mode,
                wanted,
                server_v6=server_v6,
                client_v6=client_v6,
                traits=Traits(epsv=epsv, eprt=eprt),
            )
            self.assertEqual(found, expected, (mode, wanted, server_v6, client_v6, epsv, eprt))

    def test_other_mode(self) -> None:
        """It goes first where only it may serve; over IPv6, or by a rule, one verb is a whole mode."""
        single = ((True, DataVerbs.AUTO), (False, DataVerbs.EXTENDED))
        for mode, (server_v6, verbs) in product(
            (Mode.PASSIVE, Mode.ACTIVE), (*single, (False, DataVerbs.AUTO))
        ):
            for passive, active, epsv, eprt in product((False, True), repeat=4):
                alone = (server_v6, verbs) in single
                serves = [passive and (epsv or not alone), active and (eprt or not alone)]
                chosen = serves[0] or not serves[1]
                if mode is Mode.ACTIVE:
                    chosen = serves[0] and not serves[1]
                found = verbs_to_try(
                    mode,
                    b"PASV",
                    server_v6=server_v6,
                    client_v6=False,
                    traits=Traits(epsv=epsv, eprt=eprt, passive=passive, active=active),
                    verbs=verbs,
                    other_mode=True,
                )
                self.assertEqual(found[0] in PASSIVE, chosen, (mode, verbs, serves))

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
            early = passive and wanted in ACTIVE
            dials = "\nP ..  connects to the server's port 50123" if early else ""
            script = f"C -> P  {client[verb]}\n{listens}{asked}\n{told}{dials}"
            made.play(script)
            transfer = made.session.transfer.state
            assert transfer is not None
            ports = (51201 if wanted in ACTIVE else 0, 50123 if passive else 0)
            self.assertEqual((transfer.client_port, transfer.server_port), ports, script)


class Fallback(LadderTest):
    """What happens when the server refuses the extended verb."""

    def test_epsv_refused(self) -> None:
        """Quirk 17: each code that says EPSV is not to be had leads to PASV, and is remembered."""
        for code in (500, 501, 502, 522, 425, 530):
            made = self.logged_in().play(
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
            self.assertEqual(made.traits, Traits(epsv=False), code)
            made.play(
                """
                C -> P  PORT 192,0,2,7,200,1
                P ..    closes client leg
                P -> S  PASV
                P <- S  227 Entering Passive Mode (10,0,0,1,195,203)
                C <- P  200 PORT command successful.
                P ..    connects to the server's port 50123
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
        made = self.logged_in().play(
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
        self.assertEqual(made.traits, Traits())

    def test_both_refused(self) -> None:
        """Where PASV is refused too, the client gets that refusal and nothing is remembered."""
        made = (
            self.logged_in()
            .play(
                """
            C -> P  PASV
            P -> S  EPSV
            P <- S  502 No EPSV.
            P -> S  PASV
            P <- S  425 No ports left.
            C <- P  425 No ports left.
            """
            )
            .play(USABLE)
        )
        self.assertEqual(made.traits, Traits())

    def test_not_logged_in(self) -> None:
        """530 behind the login is about the verb: PASV is tried, and its own 530 is the client's."""
        made = self.logged_in().play(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  530 Log in first.
            P -> S  PASV
            P <- S  530 Log in first.
            C <- P  530 Log in first.
            """
        )
        self.assertEqual(made.traits, Traits())

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
        made = self.logged_in(ACTIVE_RULES).play(
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
        self.assertEqual(made.traits, Traits(eprt=False))
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
        rules = replace(ACTIVE_RULES, other_mode=False)
        self.logged_in(rules, traits=Traits(eprt=False)).play(
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
            P ..    listens for the server on 50011
            P -> S  PORT 198,51,100,1,195,91
            P <- S  530 Log in first.
            P ..    aborts server leg
            C <- P  530 Log in first.
            """
        )

    def test_ipv6_server_has_no_fallback(self) -> None:
        """PASV cannot tell an IPv6 address: a refusal of EPSV is the client's."""
        self.logged_in(Rules(server=FIXED, other_mode=False), server=SERVER6).play(
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


class Chosen(LadderTest):
    """The setting that names the verbs, in general and of a route."""

    def test_classic(self) -> None:
        """No EPSV at all."""
        self.logged_in(Rules(server=FIXED, verbs=DataVerbs.CLASSIC)).play(
            f"C -> P  PASV\nP -> S  PASV\nP <- S  227 (10,0,0,1,195,203)\n{LISTENS}"
        )

    def test_extended(self) -> None:
        """EPSV and nothing behind it."""
        rules = Rules(server=FIXED, verbs=DataVerbs.EXTENDED, other_mode=False)
        self.logged_in(rules).play("C -> P  PASV\nP -> S  EPSV\nP <- S  500 No.\nC <- P  500 No.")

    def test_route(self) -> None:
        """A route's wins over the general one."""
        route = Route(servers=(FIXED,), verbs=DataVerbs.CLASSIC)
        rules = Rules(verbs=DataVerbs.EXTENDED, choose=lambda facts: route)
        self.logged_in(rules).play(
            f"C -> P  PASV\nP -> S  PASV\nP <- S  227 (10,0,0,1,195,203)\n{LISTENS}"
        )
