"""What a command does, in the words that rules have."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.command_groups import GROUPS, SESSION, groups_of, spread
from ftpalg.core.wire.commands import BEFORE_LOGIN, KINDS, parse_command


class Groups(SynchronousTestCase):
    """Verbs and their groups."""

    def test_each(self) -> None:
        """Every group; what may be two things is both."""
        for line, expected in (
            ("RETR x", ("download",)),
            ("XCRC x", ("download",)),
            ("HASH x", ("download",)),
            ("LIST", ("list",)),
            ("STAT x", ("list",)),
            ("STAT", ()),
            ("STAT  ", ()),
            ("CWD x", ("enter",)),
            ("STOU", ("upload",)),
            ("APPE x", ("upload",)),
            ("RNTO x", ("change",)),
            ("MDTM x", ("list",)),
            ("MDTM 20200101000000 x", ("list", "change")),
            ("MDTM 20200101000000.5 x", ("list", "change")),
            ("MDTM 20200101000000+60 x", ("list", "change")),
            ("MDTM 20200101000000", ("list",)),
            ("SITE chmod 600 x", ("change",)),
            ("SITE CPFR x", ("download", "change")),
            ("SITE copy x y", ("download", "change")),
            ("SITE SYMLINK x y", ("download", "change")),
            ("SITE LINK x y", ("download", "change")),
            ("SITE CPTO x", ("change",)),
            ("SITE HELP", ()),
            ("SITE AUTH x", ()),
            ("SITE EXEC rm", ("other",)),
            ("SITE", ("other",)),
            ("PRET RETR x", ("download",)),
            ("PRET stor x", ("upload",)),
            ("PRET", ("other",)),
            ("PRET !", ("other",)),
            ("PRET PRET x", ("other",)),
            ("PRET NOOP", ()),
            ("XDUPE 4", ("other",)),
            ("OPEN x", ("other",)),
            ("TYPE I", ()),
            ("PWD", ()),
            ("PASV", ()),
        ):
            self.assertEqual(groups_of(parse_command(line.encode())), expected, line)

    def test_known(self) -> None:
        """Each verb of FTP that the gateway knows is in a group or keeps a session going."""
        others = {
            verb
            for verb in (*KINDS, *BEFORE_LOGIN)
            if groups_of(parse_command(verb + b" x")) == ("other",)
        }
        self.assertEqual(others, {b"SITE", b"OPEN", b"RESP", b"PRET"})
        self.assertFalse(SESSION & {b"RETR", b"STOR", b"CWD", b"SITE", b"STAT", b"PRET"})

    def test_spread(self) -> None:
        """Groups of groups."""
        self.assertEqual(spread(("read", "DELE")), {"download", "list", "enter", "DELE"})
        self.assertEqual(spread(("write",)), {"upload", "change"})
        self.assertIn("other", GROUPS)
