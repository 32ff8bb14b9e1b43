"""What is shown of a session."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.session_fields import FIELDS, FILES, SESSION, STATES, Seen, as_json
from ftpalg.admin.verbs import VERBS
from ftpalg.core.ends import Moment
from ftpalg.core.events import Side
from ftpalg.core.snapshots import Moving, Snapshot
from ftpalg.core.wire.commands import Command
from ftpalg.ops.trail import Known, Size
from tests.admin.cases import known, session, transferring

DOCS = Path(__file__).parents[2] / "docs/steering.rst"
ROW = re.compile(r"^   \* - (.*(?:\n     - .*)*)", re.MULTILINE)


def shown(snapshot: Snapshot, facts: Known | None = None) -> dict[str, Any]:
    """Its object, which its schema describes."""
    found = as_json(Seen(snapshot, facts or known(), 100.0))
    jsonschema.validate(found, SESSION)
    return found


class Documented(SynchronousTestCase):
    """docs/steering.rst says of every field and verb what the tables say."""

    def test_tables(self) -> None:
        """Row by row."""
        rows = [row.split("\n     - ") for row in ROW.findall(DOCS.read_text("utf-8"))]
        verbs = [
            [
                f"``{one.method} {one.path}``",
                one.meaning,
                ", ".join(f"``{each.name}``" for each in one.parameters) or "none",
            ]
            for one in VERBS
        ]
        fields = [
            [f"``{name}``", " or ".join(one.types), one.meaning] for name, one in FIELDS.items()
        ]
        self.assertEqual([row for row in rows if row[0].startswith("``")], verbs + fields)


class Fields(SynchronousTestCase):
    """Sessions in every state."""

    def test_idle(self) -> None:
        """What is not known is null, and everything is there."""
        found = shown(session("s1"))
        self.assertEqual(set(found), set(FIELDS))
        self.assertEqual(
            {name: each for name, each in found.items() if each not in (None, "")},
            {
                "session": "s1",
                "state": "idle",
                "draining": False,
                "user": "joe",
                "client_ip": "192.0.2.7",
                "client_port": 50000,
                "server_name": "ftp.example:21",
                "server_ip": "198.51.100.2",
                "server_port": 21,
                "age": 40.0,
                "idle": 10.0,
                "epoch": 1,
                "transfers": 3,
                "bytes_in": 1000,
                "bytes_out": 2000,
            },
        )

    def test_no_server(self) -> None:
        """A session that has none yet."""
        one = session("s1", moment=Moment.NAMING)
        found = shown(one._replace(about=one.about._replace(server=None)))
        self.assertEqual((found["server_ip"], found["server_port"]), (None, None))
        self.assertEqual(found["state"], "naming")

    def test_states(self) -> None:
        """Each moment has its word."""
        self.assertEqual(set(STATES), {moment.letter for moment in Moment})
        self.assertEqual(len(set(STATES.values())), len(STATES))

    def test_download(self) -> None:
        """What moves, whither, how fast, and how the legs are."""
        one = transferring("s1", 50)
        assert one.moving is not None
        moving = one.moving._replace(passive=frozenset({Side.SERVER}), tls=frozenset({Side.CLIENT}))
        found = shown(one._replace(moving=moving, client_tls="TLSv1.3", server_tls="TLSv1.2"))
        for name, wanted in {
            "command": "RETR",
            "path": "/pub/file",
            "direction": "download",
            "bytes": 50,
            "rate": 25,
            "size": None,
            "percent": None,
            "client_mode": "active",
            "server_mode": "passive",
            "client_data_tls": True,
            "server_data_tls": False,
            "client_tls": "TLSv1.3",
            "server_tls": "TLSv1.2",
            "bytes_in": 1000,
            "bytes_out": 2050,
        }.items():
            self.assertEqual(found[name], wanted, name)

    def test_upload(self) -> None:
        """Its bytes are the client's."""
        one = transferring("s1")._replace(
            command=Command(b"STOR", b"/up"), moving=Moving(Side.CLIENT, 50)
        )
        found = shown(one)
        self.assertEqual((found["direction"], found["path"]), ("upload", "/up"))
        self.assertEqual((found["bytes_in"], found["bytes_out"]), (1050, 2000))
        self.assertEqual(found["rate"], 0, "no second has passed")

    def size_of(self, told: Size, moving: Moving, kind: str = "I", verb: bytes = b"RETR") -> Any:
        """The size and the percents."""
        one = transferring("s1")._replace(command=Command(verb, b"file"), moving=moving)
        found = shown(one, known(size=told, kind=kind))
        return found["size"], found["percent"]

    def test_percent(self) -> None:
        """Of the size that somebody has told, and of no other."""
        server, client = Side.SERVER, Side.CLIENT
        asked = Size(200, b"/pub/file", "I")
        for told, moving, kind, verb, wanted in (
            (asked, Moving(server, 50), "I", b"RETR", (200, 25)),
            (asked, Moving(server, 0), "I", b"RETR", (200, 0)),
            (asked, Moving(server, 500), "I", b"RETR", (200, 100)),
            (asked, Moving(server, 50, rest=b"100"), "I", b"RETR", (200, 75)),
            (asked, Moving(server, 50, rest=b"9" * 30), "I", b"RETR", (200, 25)),
            (asked._replace(path=b"/pub/other"), Moving(server, 50), "I", b"RETR", (None, None)),
            (asked._replace(type="A"), Moving(server, 50), "I", b"RETR", (None, None)),
            (asked._replace(type="A"), Moving(server, 50), "A", b"RETR", (200, 25)),
            (Size(0), Moving(server, 50, size=100), "I", b"RETR", (100, 50)),
            (asked, Moving(server, 50, size=100), "I", b"RETR", (200, 25)),
            (Size(0), Moving(server, 50, size=100), "A", b"RETR", (None, None)),
            (Size(0), Moving(server, 50, size=100, rest=b"10"), "I", b"RETR", (None, None)),
            (Size(80, type="ALLO"), Moving(client, 20), "I", b"STOR", (80, 25)),
            (Size(80, type="ALLO"), Moving(server, 20), "I", b"RETR", (None, None)),
            (asked, Moving(client, 20), "I", b"STOR", (None, None)),
        ):
            self.assertEqual(self.size_of(told, moving, kind, verb), wanted, (told, moving, kind))

    def test_passwords(self) -> None:
        """Of a command that may hold one there is no argument."""
        for command in (
            Command(b"PASS", b"hunter2"),
            Command(b"ACCT", b"hunter2"),
            Command(b"SITE", b"AUTH hunter2"),
            Command(b"USER", b"joe:hunter2@h"),
            Command(b"XYZZY", b"hunter2"),
        ):
            found = shown(session("s1")._replace(command=command))
            self.assertNotIn("hunter2", repr(found), command)
            self.assertEqual(found["command"], command.verb.decode())

    def test_paths(self) -> None:
        """No command whose argument is shown may hold a password."""
        self.assertEqual([verb for verb in FILES if Command(verb, b"x").secret], [])

    def test_other_commands(self) -> None:
        """A path is shown where the argument is one; options of LIST are none of it."""
        for command, path in (
            (Command(b"CWD", b"a"), "/pub/a"),
            (Command(b"LIST", b"-la x"), "/pub/x"),
            (Command(b"LIST"), "/pub"),
            (Command(b"NOOP"), None),
            (Command(b"RETR", b"\xff\x1b"), "/pub/\\xff\x1b"),
        ):
            self.assertEqual(shown(session("s1")._replace(command=command))["path"], path)

    @given(st.binary(max_size=40), st.integers(0, 1 << 62), st.binary(max_size=30))
    def test_any(self, name: bytes, moved: int, rest: bytes) -> None:
        """Whatever a client says, the object is one of the schema."""
        one = transferring("s1")._replace(
            command=Command(b"RETR", name), moving=Moving(Side.SERVER, moved, 1.0, rest=rest)
        )
        shown(one, known(size=Size(max(1, moved // 2), b"/pub/file", "I")))
