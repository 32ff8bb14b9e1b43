"""Which commands get a record."""

from __future__ import annotations

from ftpalg.core import facts
from ftpalg.core.wire.commands import parse_command
from ftpalg.core.wire.replies import reply
from ftpalg.core.wire.secret_words import SECRET
from ftpalg.ops.settings import LogSettings, Which
from tests.ops.cases import (
    RecordsCase,
    answered,
)

LADDER = {facts.CommandLine, facts.ReplyLines}


class Commands(RecordsCase):
    """log.commands."""

    TALK = (
        answered("NOOP", 200),
        answered("CWD /pub"),
        answered("DELE x"),
        answered("RNFR old", 350),
        answered("RNTO new"),
        answered("SITE CHMOD 644 x", 200),
        answered("MFMT 20200101000000 x", 213),
        answered("RETR x", 226),
    )

    def rows(self, which: Which) -> list[tuple[object, ...]]:
        """What is written of the talk."""
        self.settings = LogSettings(commands=which)
        self.setUp()
        self.see(*self.TALK)
        names = ("command", "path", "target", "code")
        return [
            tuple(record.fields.get(name, "") for name in names)
            for record in self.made
            if record.event == "command"
        ]

    def test_off(self) -> None:
        """Nothing."""
        self.assertEqual(self.rows(Which.OFF), [])

    def test_changes(self) -> None:
        """What changes something, with its path, and a renaming with both names."""
        self.assertEqual(
            self.rows(Which.CHANGES),
            [
                ("DELE", "/pub/x", "", 250),
                ("RNFR", "/pub/old", "", 350),
                ("RNTO", "/pub/old", "new", 250),
                ("SITE", "", "CHMOD 644 x", 200),
                ("MFMT", "/pub/x", "20200101000000", 213),
            ],
        )

    def test_all(self) -> None:
        """Everything but transfers, which have records of their own."""
        rows = self.rows(Which.ALL)
        self.assertEqual([row[0] for row in rows][:3], ["NOOP", "CWD", "DELE"])
        self.assertNotIn("RETR", [row[0] for row in rows])
        self.assertEqual(rows[1], ("CWD", "", "/pub", 250))

    def test_rename_of_another(self) -> None:
        """A command between RNFR and RNTO takes the old name with it."""
        self.settings = LogSettings(commands=Which.CHANGES)
        self.setUp()
        self.see(answered("RNFR old", 350), answered("NOOP", 200), answered("RNTO new", 503))
        self.assertNotIn("path", self.last("command").fields)

    def test_secrets(self) -> None:
        """No secret is in any field, in whatever case its verb came."""
        self.settings = LogSettings(commands=Which.ALL)
        self.setUp()
        lines = [*(verb.decode() for verb in SECRET), "SITE PSWD", "CPWD", "site chpass"]
        for line in lines:
            for spelled in (line, line.lower()):
                command = parse_command(f"{spelled} hunter2".encode())
                self.see(facts.CommandAnswered(command, reply(200, "OK.")))
                self.assertEqual(self.last("command").fields["target"], "****")
        self.assertNotIn("hunter2", str([record.fields for record in self.made]))
