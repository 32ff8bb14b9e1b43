"""The transfer command: one that a server under TLS refuses for its data connection goes once more."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.routes import Mode
from tests.core.books import OF_TRANSFERS
from tests.core.ladder import LadderTest
from tests.core.openings import LOGIN, RETR, USABLE
from tests.core.tls import AUTH_ASKED, EXPLICIT


class Retried(LadderTest):
    """A server under TLS that refuses a connection before anything was said or moved."""

    def begun(self, retr: str = "C -> P  RETR file\nP -> S  RETR file") -> str:
        """A download whose server's leg is under TLS."""
        return f"""
            {AUTH_ASKED}
            P <- S  234 Go.
            P ..    begins TLS with the server
            P ..    server secured
            C <- P  220 Welcome.
            {LOGIN}
            {{rest}}
            C -> P  PASV
            P -> S  PBSZ 0
            P <- S  200 PBSZ=0
            P -> S  PROT P
            P <- S  200 Private.
            P -> S  EPSV
            P <- S  229 (|||50123|)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            P ..    client leg open
            P ..    connects to the server's port 50123
            {retr}
        """

    AGAIN = """
        P ..    aborts server leg
        P -> S  PBSZ 0
        P <- S  200 PBSZ=0
        P -> S  PROT P
        P <- S  200 Private.
        P -> S  EPSV
        P <- S  229 (|||50124|)
    """

    def test_level_forgotten(self) -> None:
        """521 to the transfer: PROT again, a new port, the transfer once more, another ticket."""
        for said in (
            *(f"{code} Say PROT first." for code in (521, 522, 533, 534, 535, 536)),
            "425 Unable to build data connection: TLS session of data connection not resumed.",
            "450 SSL session does not match.",
        ):
            self.ladder(EXPLICIT).play(
                self.begun().format(rest=""),
                f"""
                P <- S  {said}
                {self.AGAIN}
                P -> S  RETR file
                P ..    connects to the server's port 50124
                P ..    server leg open under TLS
                P <- S  150 Opening.
                C <- P  150 Opening.
                P ..    relays from server
                """,
            )

    def test_with_rest(self) -> None:
        """REST goes again too."""
        rest = """
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Noted.
            C <- P  350 Noted.
        """
        retr = """
            C -> P  RETR file
            P -> S  REST 100
            P <- S  350 Noted.
            P -> S  RETR file
        """
        self.ladder(EXPLICIT).play(
            self.begun(retr).format(rest=rest),
            f"""
            P <- S  522 Not resumed.
            {self.AGAIN}
            P -> S  REST 100
            P <- S  350 Noted.
            P -> S  RETR file
            P ..    connects to the server's port 50124
            """,
        )

    def test_with_rest_behind_pasv(self) -> None:
        """It goes again also where the server had it right before the command."""
        retr = """
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Noted.
            C <- P  350 Noted.
            C -> P  RETR file
            P -> S  RETR file
        """
        self.ladder(EXPLICIT).play(
            self.begun(retr).format(rest=""),
            f"""
            P <- S  522 Not resumed.
            {self.AGAIN}
            P -> S  REST 100
            P <- S  350 Noted.
            P -> S  RETR file
            P ..    connects to the server's port 50124
            """,
        )

    def test_active(self) -> None:
        """A server that dials us gets a second port."""
        asked = """
            P ..    listens for the server on {port}
            P -> S  EPRT |1|198.51.100.1|{port}|
            P <- S  200 Good.
        """
        passive = "            P -> S  EPSV\n            P <- S  229 (|||50123|)\n"
        dialled = "            P ..    connects to the server's port 50123\n"
        begun = self.begun().format(rest="").replace(passive, asked.format(port=50010))
        self.ladder(replace(EXPLICIT, mode=Mode.ACTIVE)).play(
            begun.replace(dialled, ""),
            f"""
            P <- S  522 Not resumed.
            P ..    aborts server leg
            P -> S  PBSZ 0
            P <- S  200 PBSZ=0
            P -> S  PROT P
            P <- S  200 Private.
            {asked.format(port=50011)}
            P -> S  RETR file
            P ..    server leg open under TLS
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    relays from server
            """,
        )

    def test_port_refused_first(self) -> None:
        """A server that closes its port, then says 522: nothing of that port is left to abort."""
        self.ladder(EXPLICIT).play(
            self.begun().format(rest=""),
            """
            P ..    server leg failed: refused
            P <- S  522 Not resumed.
            P -> S  PBSZ 0
            P <- S  200 PBSZ=0
            P -> S  PROT P
            P <- S  200 Private.
            P -> S  PASV
            P <- S  227 (10,0,0,1,195,204)
            P -> S  RETR file
            P ..    connects to the server's port 50124
            """,
        )

    def test_before_the_client_came(self) -> None:
        """The same while both legs stand still and no wait of the transfer runs."""
        begun = self.begun().format(rest="").replace("P ..    client leg open\n", "")
        moved = "P ..    connects to the server's port 50123\n"
        begun = begun.replace(moved, "") + moved
        made = self.ladder(EXPLICIT).play(begun, "P ..    server leg open under TLS")
        self.assertFalse(made.running & OF_TRANSFERS)
        made.play(
            f"""
            P <- S  522 Not resumed.
            {self.AGAIN}
            P -> S  RETR file
            P ..    connects to the server's port 50124
            """
        )

    def test_never_twice(self) -> None:
        """The second refusal is the client's."""
        self.ladder(EXPLICIT).play(
            self.begun().format(rest=""),
            f"""
            P <- S  522 Not resumed.
            {self.AGAIN}
            P -> S  RETR file
            P ..    connects to the server's port 50124
            P <- S  522 Not resumed either.
            C <- P  522 Not resumed either.
            P ..    closes client leg
            P ..    aborts server leg
            """,
        ).play(USABLE)

    def test_after_the_150(self) -> None:
        """What was promised is not tried again: the refusal stands."""
        self.ladder(EXPLICIT).play(
            self.begun().format(rest=""),
            """
            P ..    server leg open under TLS
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    relays from server
            P <- S  522 Not resumed.
            C <- P  522 Not resumed.
            P ..    aborts client leg
            P ..    aborts server leg
            """,
        ).play(USABLE)

    def test_no_new_port(self) -> None:
        """Where the server has no other port its first refusal is told."""
        self.ladder(EXPLICIT).play(
            self.begun().format(rest=""),
            """
            P <- S  522 Not resumed.
            P ..    aborts server leg
            P -> S  PBSZ 0
            P <- S  200 PBSZ=0
            P -> S  PROT P
            P <- S  200 Private.
            P -> S  EPSV
            P <- S  425 No ports.
            P -> S  PASV
            P <- S  425 No ports.
            C <- P  522 Not resumed.
            P ..    closes client leg
            """,
        ).play(USABLE)

    def test_client_left_meanwhile(self) -> None:
        """A client whose data connection broke meanwhile is told that, and nothing is sent again."""
        self.ladder(EXPLICIT).play(
            self.begun().format(rest=""),
            """
            P <- S  522 Not resumed.
            P ..    aborts server leg
            P -> S  PBSZ 0
            P <- S  200 PBSZ=0
            P -> S  PROT P
            P ..    client leg failed: reset
            P <- S  200 Private.
            P -> S  EPSV
            P <- S  229 (|||50124|)
            C <- P  425 No data connection: reset.
            """,
        ).play(USABLE)

    def test_in_clear(self) -> None:
        """Without TLS on the server's side a 522 is an answer like any other."""
        self.after_login(
            f"""
            C -> P  PASV
            P -> S  EPSV
            P <- S  229 (|||50123|)
            P ..    listens for the client on 50000
            C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
            {RETR}
            P <- S  522 TLS only.
            C <- P  522 TLS only.
            P ..    closes client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_other_refusals(self) -> None:
        """A refusal that is not of the connection's TLS stands: 425 has other reasons, 550 other meanings."""
        for said in (
            "425 Nobody came.",
            "450 The session has ended.",
            "550 TLS session: no such file.",
        ):
            self.ladder(EXPLICIT).play(
                self.begun().format(rest=""),
                f"P <- S  {said}\nC <- P  {said}\nP ..  closes client leg\nP ..  aborts server leg",
            )
