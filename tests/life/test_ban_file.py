"""The file of bans: what was written is read, and nothing else is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.bans import Ban, Kind, Offence, Who
from ftpalg.life import ban_file
from ftpalg.life.ban_file import Kept, parsed, read, text_of, write
from ftpalg.life.state_file import Damaged

KEPT = Kept(
    (
        Ban(Who(Kind.PEER, "2001:db8::/64"), 10.5, 20.0, 3, Offence.SCAN),
        Ban(Who(Kind.ACCOUNT, 'jörg \\ "'), 10.5, 20.0),
    ),
    (("joe", "192.0.2.1", 5.0),),
)
BAN = {"kind": "peer", "name": "192.0.2.1", "since": 1, "until": 2, "times": 1, "offence": None}


class FileCase(SynchronousTestCase):
    """A folder of the test's own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.file = self.folder / ban_file.NAME


class Whole(FileCase):
    """What a gateway has written."""

    def test_round(self) -> None:
        """It comes back; nobody else may read it."""
        write(self.file, KEPT)
        self.assertEqual(read(self.file), KEPT)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

    def test_none(self) -> None:
        """Before the first time there is nothing."""
        self.assertEqual(read(self.file), Kept())


class Hostile(FileCase):
    """What somebody else has, or a disk has lost."""

    def wrong(self, text: bytes) -> None:
        """It cannot be used, and no other exception says so."""
        self.assertRaises(Damaged, parsed, text)

    def test_cut(self) -> None:
        """Cut anywhere it is no list."""
        text = text_of(KEPT).rstrip()
        for at in range(len(text)):
            self.wrong(text[:at])

    def test_no_list(self) -> None:
        """Other JSON, and what is none."""
        for text in (
            b"",
            b"\0" * 100,
            b"[]",
            b"null",
            b"1",
            b'"x"',
            b"{}",
            b"\xff\xfe",
            b"[" * 10**5,
        ):
            self.wrong(text)
        self.wrong(b'{"version": 2, "bans": [], "known": []}')
        self.wrong(b'{"version": 1, "bans": {"a": 1}, "known": []}')
        self.wrong(b'{"version": 1, "bans": [], "known": 1}')

    def test_values(self) -> None:
        """What no ban has."""
        for name, value in (
            ("kind", "route"), ("kind", []), ("kind", None),
            ("name", "ftp.example"), ("name", 7), ("name", "0/0/0"), ("name", None),
            ("since", "1"), ("since", float("nan")), ("since", -1), ("since", True), ("since", None),
            ("until", float("inf")), ("until", 0), ("until", 1e300),
            ("times", 0), ("times", 1.5), ("times", 10**400), ("times", True),
            ("offence", "pigeons"), ("offence", [1]), ("offence", 7),
        ):  # fmt: skip
            self.wrong(self.listed({**BAN, name: value}))
        self.assertEqual(len(parsed(self.listed(BAN)).bans), 1)
        for name in BAN:
            self.wrong(self.listed({key: one for key, one in BAN.items() if key != name}))

    def test_accounts(self) -> None:
        """Names that would forge a line, or are too long."""
        for name in ("", "a\nb", "\x1b[2J", "a" * 129, 7):
            self.wrong(self.listed({**BAN, "kind": "account", "name": name}))

    def test_known(self) -> None:
        """Rows of another form."""
        for row in (
            [],
            ["a"],
            ["a", "192.0.2.1"],
            ["a", "x", 1],
            ["a", "192.0.2.1", "1"],
            "abc",
            7,
        ):
            self.wrong(json.dumps({"version": 1, "bans": [], "known": [row]}).encode())

    def listed(self, ban: Any) -> bytes:
        return json.dumps({"version": 1, "bans": [ban], "known": []}).encode()

    def test_no_plain_file(self) -> None:
        """What is no file of its own is none of bans either."""
        self.file.mkdir()
        self.assertRaises(Damaged, read, self.file)
