"""What the field showed of EPSV, PASV, EPRT and PORT: no answer, an odd one, a mode unknown."""

from __future__ import annotations

from ftpalg.core.events import Traits
from ftpalg.core.session_settings import Rules
from tests.core.ladder import ACTIVE, FIXED, SERVER, SERVER6, LadderTest
from tests.core.openings import LISTENS, PASV_EPSV, RETR, USABLE


class Unanswered(LadderTest):
    """A server, or a firewall before it, that swallows EPSV (git-ftp#61, goftp#21)."""

    SILENT = """
        C -> P  PASV
        P -> S  EPSV
        P ..    starts extended
        P ..    timer extended
        P -> S  PASV
        P ..    starts extended
    """

    def test_227_is_pasvs(self) -> None:
        """The wait is short, PASV follows, and the server is remembered for it."""
        made = self.after_login(
            f"{self.SILENT}\nP <- S  227 (10,0,0,1,195,203)\nP ..  stops extended\n{LISTENS}"
        )
        self.assertEqual(made.traits, Traits(epsv=False))

    def test_229_is_epsvs(self) -> None:
        """A 229 behind PASV is EPSV's, late: PASV has asked anew."""
        self.after_login(
            f"""
            {self.SILENT}
            P <- S  229 Late (|||50001|)
            P <- S  227 (10,0,0,1,195,203)
            {LISTENS}
            P ..    client leg open
            P ..    connects to the server's port 50123
            """
        )

    def test_refusal_is_ambiguous(self) -> None:
        """A refusal could be of either: one more is waited for, and is PASV's."""
        self.after_login(
            f"""
            {self.SILENT}
            P <- S  500 What?
            P ..    starts extended
            P <- S  227 (10,0,0,1,195,203)
            {LISTENS}
            """
        )
        self.after_login(
            f"{self.SILENT}\nP <- S  500 What?\nP <- S  425 No ports.\nC <- P  425 No ports."
        ).play(USABLE)

    def test_never_guessed(self) -> None:
        """Where no second one comes nobody can tell whose it was: 421, and the verb is known."""
        made = self.after_login(
            f"""
            {self.SILENT}
            P <- S  500 What?
            P ..    timer extended
            C <- P  421 The server sent a reply that may answer one of two commands; closing.
            P ..    hangs up
            """
        )
        self.assertFalse(made.traits.epsv)

    def test_neither(self) -> None:
        """PASV has the same wait; then 425, and NOOP tells whether the server is there at all."""
        self.after_login(
            f"""
            {self.SILENT}
            P ..    timer extended
            C <- P  425 The server does not answer.
            P -> S  NOOP
            P <- S  229 Late (|||50001|)
            P <- S  227 Late too (10,0,0,1,195,203)
            P <- S  200 Here.
            """
        ).play(USABLE)

    def test_eprt(self) -> None:
        """The same of EPRT: PORT's 200 could be EPRT's, so that two have to come."""
        silent = """
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P ..    timer extended
            P ..    aborts server leg
            P ..    listens for the server on 50011
            P -> S  PORT 198,51,100,1,195,91
            P <- S  200 Noted.
        """
        self.logged_in(ACTIVE).play(f"{silent}\nP <- S  200 Noted too.\n{LISTENS}")
        self.logged_in(ACTIVE).play(
            f"""
            {silent}
            P ..    timer extended
            C <- P  421 The server sent a reply that may answer one of two commands; closing.
            P ..    aborts server leg
            P ..    hangs up
            """
        )

    def test_control_closed(self) -> None:
        """A server that hangs up on EPSV: the next session asks with PASV."""
        made = self.after_login(
            """
            C -> P  PASV
            P -> S  EPSV
            P ..    server lost
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )
        self.assertFalse(made.traits.epsv)


class Odd(LadderTest):
    """Answers that are none, and ports that lead nowhere."""

    def test_other_2xx_is_not_the_answer(self) -> None:
        """CWD 200, then 250: no 2xx but 227, 228 and 229 answers PASV."""
        for code in (200, 211, 220, 225, 226, 230, 250):
            self.after_login(
                f"""
                C -> P  PASV
                P -> S  EPSV
                P <- S  {code} Of something else.
                P <- S  229 (|||50123|)
                {LISTENS}
                """
            )

    def test_superfluous(self) -> None:
        """RFC 959's 202 says that EPRT is not known, and PORT neither."""
        made = self.logged_in(ACTIVE).play(
            f"""
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  202 EPRT superfluous.
            P ..    aborts server leg
            P ..    listens for the server on 50011
            P -> S  PORT 198,51,100,1,195,91
            P <- S  202 Superfluous.
            P ..    aborts server leg
            P -> S  EPSV
            P <- S  229 (|||50123|)
            {LISTENS}
            """
        )
        self.assertFalse(made.traits.active)

    def test_unreadable_epsv(self) -> None:
        """227 to EPSV, 229 without a port or with port 0: PASV is tried, and the verb remembered."""
        for answer in ("227 (10,0,0,1,195,203)", "229 Extended", "229 (|||0|)"):
            made = self.after_login(
                f"""
                C -> P  EPSV
                P -> S  EPSV
                P <- S  {answer}
                P -> S  PASV
                P <- S  227 (10,0,0,1,195,203)
                P ..    listens for the client on 50000
                C <- P  229 Entering Extended Passive Mode (|||50000|)
                """
            )
            self.assertFalse(made.traits.epsv, answer)

    def test_port_refused(self) -> None:
        """EPSV's port cannot be reached: the next PASV asks with PASV."""
        made = self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg failed: Connection refused
            P <- S  425 Nobody came.
            C <- P  425 Nobody came.
            P ..    closes client leg
            C -> P  PASV
            P -> S  PASV
            P <- S  227 (10,0,0,1,195,203)
            {LISTENS}
            """
        )
        self.assertFalse(made.traits.epsv)

    def test_port_of_the_only_verb(self) -> None:
        """A port that PASV named, or EPSV where there is no other, teaches nothing when it fails."""
        for verb, said, server, traits in (
            ("PASV", "227 (10,0,0,1,195,203)", SERVER, Traits(epsv=False)),
            ("EPSV", "229 (|||50123|)", SERVER6, Traits()),
        ):
            made = self.logged_in(server=server, traits=traits).play(
                f"""
                C -> P  PASV
                P -> S  {verb}
                P <- S  {said}
                {LISTENS}
                {RETR}
                P ..    server leg failed: refused
                """
            )
            self.assertEqual(made.traits, traits)

    def test_port_filtered(self) -> None:
        """The same where a firewall drops what goes there: nothing comes until the wait is over."""
        made = self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    timer data-open
            P ..    aborts server leg
            P <- S  425 Nobody came.
            C <- P  425 Nobody came.
            P ..    closes client leg
            C -> P  PASV
            P -> S  PASV
            P <- S  227 (10,0,0,1,195,203)
            {LISTENS}
            """
        )
        self.assertFalse(made.traits.epsv)


class OtherMode(LadderTest):
    """Servers that know one mode only (FluentFTP#1255)."""

    NO_PASSIVE = """
        C -> P  PORT 192,0,2,7,200,1
        P -> S  EPSV
        P <- S  502 EPSV command not available.
        P -> S  PASV
        P <- S  502 PASV command not available.
    """

    def test_active_instead(self) -> None:
        """Passive mode refused as unknown: active mode, remembered for the next transfer."""
        made = self.after_login(
            f"""
            {self.NO_PASSIVE}
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  200 Noted.
            C <- P  200 PORT command successful.
            C -> P  PORT 192,0,2,7,200,1
            P ..    aborts server leg
            P ..    listens for the server on 50011
            P -> S  EPRT |1|198.51.100.1|50011|
            P <- S  200 Noted.
            C <- P  200 PORT command successful.
            """
        )
        self.assertFalse(made.traits.passive)

    def test_passive_instead(self) -> None:
        """The mirror image."""
        made = self.logged_in(ACTIVE).play(
            f"""
            C -> P  PASV
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  500 What?
            P ..    aborts server leg
            P ..    listens for the server on 50011
            P -> S  PORT 198,51,100,1,195,91
            P <- S  500 What?
            P ..    aborts server leg
            P -> S  EPSV
            P <- S  229 (|||50123|)
            {LISTENS}
            """
        )
        self.assertFalse(made.traits.active)

    def test_by_setting(self) -> None:
        """Where the network does not allow it, the refusal is told, in words that are the client's."""
        self.logged_in(Rules(server=FIXED, other_mode=False)).play(
            f"{self.NO_PASSIVE}\nC <- P  502 The server makes PORT impossible."
        ).play(USABLE)

    def test_however_it_is_spelled(self) -> None:
        """Servers write verbs as they like; a port is a thing, and only PORT a verb."""
        for text, told in (
            ("pasv not available.", "The server makes PORT impossible."),
            ("'Epsv' or Eprt, please.", "The server makes PORT impossible."),
            ("No data port.", "No data port."),
        ):
            self.logged_in(Rules(server=FIXED, other_mode=False)).play(
                f"""
                C -> P  PORT 192,0,2,7,200,1
                P -> S  EPSV
                P <- S  500 What?
                P -> S  PASV
                P <- S  502 {text}
                C <- P  502 {told}
                """
            )
        self.after_login(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  425 No port.
            P -> S  PASV
            P <- S  425 No port for EPRT, PORT or PASV.
            C <- P  425 The server makes PASV impossible.
            """
        )

    def test_unreadable(self) -> None:
        """An answer that holds no address is none of the client's verb."""
        self.after_login(
            """
            C -> P  PORT 192,0,2,7,200,1
            P -> S  EPSV
            P <- S  229 Extended.
            P -> S  PASV
            P <- S  227 Passive.
            C <- P  425 The server's answer names no data port.
            """
        )

    def test_other_refusals(self) -> None:
        """A server without a free port does know the mode."""
        self.after_login(
            """
            C -> P  PORT 192,0,2,7,200,1
            P -> S  EPSV
            P <- S  425 No ports.
            P -> S  PASV
            P <- S  425 No ports.
            C <- P  425 No ports.
            """
        ).play(USABLE)

    def test_neither(self) -> None:
        """A server that knows neither: the last refusal is told, and nothing is remembered."""
        made = self.after_login(
            f"""
            {self.NO_PASSIVE}
            P ..    listens for the server on 50010
            P -> S  EPRT |1|198.51.100.1|50010|
            P <- S  502 No.
            P ..    aborts server leg
            P ..    listens for the server on 50011
            P -> S  PORT 198,51,100,1,195,91
            P <- S  502 No.
            P ..    aborts server leg
            C <- P  502 No.
            """
        )
        self.assertEqual(made.traits, Traits())


class Late(LadderTest):
    """A name of ours that resolves only when sessions run already."""

    def test_client(self) -> None:
        """A session that began without the address names it from then on, and the inner one never."""
        self.after_login(
            """
            C -> P  PASV
            P -> S  EPSV
            P <- S  229 E (|||50123|)
            P ..    listens for the client on 50000 as 203.0.113.5
            C <- P  227 Entering Passive Mode (203,0,113,5,195,80)
            C -> P  STAT
            P -> S  STAT
            P <- S  211 Connected to 198.51.100.9.
            C <- P  211 Connected to 203.0.113.5.
            """
        )

    def test_server(self) -> None:
        """The same towards a server in active mode."""
        self.logged_in(ACTIVE).play(
            """
            C -> P  PASV
            P ..    listens for the server on 50010 as 203.0.113.5
            P -> S  EPRT |1|203.0.113.5|50010|
            """
        )
