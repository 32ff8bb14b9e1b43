"""Commands that pass, and those whose reply or argument is ours to mind."""

from __future__ import annotations

from ftpalg.core.session import WHO
from ftpalg.core.wire.commands import KINDS, Kind
from tests.core.ladder import LadderTest
from tests.core.openings import RELAYED, USABLE


class Passing(LadderTest):
    """Commands at a connected server."""

    def test_each_kind(self) -> None:
        """There is somebody for every kind of command in each phase that carries commands out."""
        for phase, takers in WHO.items():
            self.assertEqual(set(takers), set(Kind), phase)

    def test_verbatim(self) -> None:
        """Quirks 10, 38, 41: these pass, their bytes and their answers unchanged."""
        for line in (
            "SYST",
            "CLNT x",
            "OPTS UTF8 ON",
            "OPTS MLST size;",
            "LANG fr",
            "MFMT 1 x",
            "MFF a=b; x",
            "MDTM 20200101000000 x",
            "SITE CHMOD 600 x",
            "PWD",
            "HELP",
            "SIZE  x ",
            "CWD \\xff\\xff\\xe9",
            "XCWD x",
            "PRET RETR x",
            "TYPE L 8",
            "TYPE I",
            "STAT x",
            "MODE S",
            "MODE Z",
            "mode z",
            "STRU F",
            "MODE",
            "STRU",
        ):
            sent = line.upper() if line == "mode z" else line
            sent = "MODE z" if line == "mode z" else sent
            self.after_login(
                f"""
                C -> P  {line}\\s
                P -> S  {sent}\\s
                P <- S  257 "/a""b" \\xff 198.51.100.9
                C <- P  257 "/a""b" \\xff 198.51.100.9
                """
            )  # fmt: skip

    def test_marks_inside_the_data(self) -> None:
        """Quirk 39: MODE B, MODE C and STRU R, P end files in-band: 504."""
        for line in ("MODE B", "MODE C", "mode b", "STRU R", "STRU P", "MODE X"):
            self.after_login(f"C -> P  {line}\nC <- P  504 This {line[:4].upper()} marks…").play(
                USABLE
            )

    def test_refused(self) -> None:
        """Quirks 12 and 23: what cannot pass two terminated legs is 502."""
        for verb in (verb.decode() for verb, kind in KINDS.items() if kind is Kind.REFUSED):
            self.after_login(
                f"C -> P  {verb} x\nC <- P  502 {verb} cannot pass this gateway."
            ).play(USABLE)

    def test_host(self) -> None:
        """HOST names servers in one dialect; without it none is late."""
        self.after_login("C -> P  HOST x.example\nC <- P  502 HOST cannot pass this gateway.").play(
            USABLE
        )

    def test_algs(self) -> None:
        """RFC 6384 section 12: the gateway's own command never reaches the server."""
        for word in ("STATUS64", "ENABLE64", "disable64 "):
            self.after_login(f"C -> P  ALGS {word}\nC <- P  216 EPSVEPRT…").play(USABLE)
        for line in ("ALGS", "ALGS X"):
            self.after_login(f"C -> P  {line}\nC <- P  504 ALGS knows…").play(USABLE)

    def test_stat(self) -> None:
        """STAT names the server's addresses: the client sees its own (rule 4)."""
        self.after_login(
            """
            C -> P  STAT
            P -> S  STAT
            P <- S  211-Status of ftp.example
            P <- S  Connected to 198.51.100.1
            P <- S  by me as 198.51.100.100
            P <- S  211 End 198.51.100.9.
            C <- P  211-Status of ftp.example
            C <- P   Connected to 192.0.2.7
            C <- P   by me as 198.51.100.100
            C <- P  211 End 192.0.2.1.
            """
        )

    def test_stat_with_a_space(self) -> None:
        """An empty argument is none."""
        self.after_login(
            """
            C -> P  STAT\\s
            P -> S  STAT\\s
            P <- S  211 Connected to 198.51.100.1.
            C <- P  211 Connected to 192.0.2.7.
            """
        )

    def test_stat_of_a_path_is_not_touched(self) -> None:
        """Rule 5: a listing by STAT is not ours."""
        self.after_login(
            """
            C -> P  STAT /
            P -> S  STAT /
            P <- S  213-Listing
            P <- S   198.51.100.1.log
            P <- S   backup-198.51.100.1
            P <- S  213 End
            C <- P  213-Listing
            C <- P   198.51.100.1.log
            C <- P   backup-198.51.100.1
            C <- P  213 End
            """
        )

    def test_stat_of_a_path_mid_transfer(self) -> None:
        """A STAT with a path is a listing, not the state of the transfer: it waits (RFC 959)."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  STAT /
            P <- S  451 No.
            C <- P  451 No.
            P ..    aborts client leg
            P ..    aborts server leg
            P -> S  STAT /
            """
        )
