"""What the gateway answers itself as long as no server is known."""

from __future__ import annotations

from tests.core.ladder import LadderTest
from tests.core.openings import ROUTED
from tests.core.scripts import OPEN


class Local(LadderTest):
    """Each command on its own, behind our greeting."""

    def test_before_a_server(self) -> None:
        """Quirk 9: what can be answered without a server is."""
        for command, *lines in (
            ("SYST", "215 UNIX Type: L8"),
            ("NOOP", "200 OK."),
            ("CLNT x", "200 Noted."),
            ("OPTS UTF8 ON", "200 File names pass unchanged."),
            ("OPTS utf8", "200 File names pass unchanged."),
            ("HELP", "214 Log in as user@server or user@server:port."),
            ("PASS x", "503 USER comes first: USER user@server."),
            ("ACCT x", "503 USER comes first: USER user@server."),
            (
                "FEAT",
                "211-Features:",
                " EPRT",
                " EPSV",
                " MDTM",
                " REST STREAM",
                " SIZE",
                "211 End",
            ),
            ("OPTS MLST size", "530 Log in first: USER user@server."),
            ("OPTS", "530 Log in first: USER user@server."),
            ("PASV", "530 Log in first: USER user@server."),
            ("ABOR", "530 Log in first: USER user@server."),
            ("STAT", "530 Log in first: USER user@server."),
        ):
            told = "\n".join(f"C <- P  {line}" for line in lines)
            self.ladder(OPEN).play(ROUTED).play(f"C -> P  {command}\n{told}")

    def test_quit(self) -> None:
        """QUIT needs no server."""
        self.ladder(OPEN).play(ROUTED).play("C -> P  QUIT\nC <- P  221 Goodbye.\nP ..  hangs up")

    def test_algs(self) -> None:
        """ALGS is answered without a server too (RFC 6384 section 11)."""
        self.ladder(OPEN).play(ROUTED, "C -> P  ALGS STATUS64\nC <- P  216 EPSVEPRT…")
