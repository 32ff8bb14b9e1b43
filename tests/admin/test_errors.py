"""``GET /errors``."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.errors import BATCH, errors
from ftpalg.admin.verbs import verb
from ftpalg.core.ends import Moment
from ftpalg.core.events import Side
from ftpalg.core.facts import About, CommandLine, Peer, ProtocolError
from ftpalg.core.last_lines import LastLines
from ftpalg.core.wire.commands import parse_command
from ftpalg.ops.last_errors import LastErrors
from tests.admin.cases import Standing, asked, batches

NOW = 1_790_000_000.5
ABOUT = About("1", Peer("192.0.2.1", 40000), Peer("2001:db8::1", 21), "x:21", listener="tcp:21")


class Errors(SynchronousTestCase):
    """Those that an observer has seen."""

    def setUp(self) -> None:
        self.seen = LastErrors(lambda: NOW, frozenset)

    def told(self) -> list[dict[str, Any]]:
        """As they are answered, valid by the table's schema."""
        gateway = Standing()
        gateway.broken = self.seen.rows
        listed = errors(gateway, asked())
        turns = batches(listed)
        self.assertTrue(all(len(batch) <= BATCH for batch in turns))
        found = {listed.name: [one for batch in turns for one in batch]}
        Draft202012Validator(verb("errors").answer).validate(json.loads(json.dumps(found)))
        return found["errors"]

    def test_nothing(self) -> None:
        self.assertEqual(self.told(), [])

    def test_a_server(self) -> None:
        """Every field; what peers have said is printable, and whole in hexadecimal."""
        last = LastLines(lambda: NOW - 3)
        lines = last.keep(None, CommandLine(parse_command(b"USER \x1b[2J\xff")))
        line = b"SSH\x1b[2J\xff"
        self.seen.see(
            ABOUT, ProtocolError(Side.SERVER, "no\x1breply", Moment.LOGIN, line, 41, bytes(lines))
        )
        self.assertEqual(
            self.told(),
            [
                {
                    "time": "2026-09-21T14:13:20.500000Z",
                    "side": "server",
                    "server": "x:21",
                    "server_ip": "2001:db8::1",
                    "server_port": 21,
                    "listener": "tcp:21",
                    "session": "1",
                    "client_ip": "192.0.2.1",
                    "client_port": 40000,
                    "state": "login",
                    "reason": r"no\x1breply",
                    "offset": 41,
                    "length": 8,
                    "octets": "5353481b5b324aff",
                    "text": r"SSH\x1b[2J\xff",
                    "ladder": [
                        {
                            "time": "2026-09-21T14:13:17.000000Z",
                            "arrow": "C -> P",
                            "text": r"USER \x1b[2J\xff",
                        }
                    ],
                }
            ],
        )

    def test_a_client_that_had_no_server(self) -> None:
        """Nor a place in what it said."""
        error = ProtocolError(Side.CLIENT, "GET is no FTP", Moment.NAMING, b"GET / HTTP/1.1")
        self.seen.see(ABOUT._replace(server=None, name=""), error)
        (found,) = self.told()
        self.assertEqual(
            (found["side"], found["server_ip"], found["offset"], found["ladder"]),
            ("client", None, None, []),
        )

    def test_many(self) -> None:
        """In batches, the newest first."""
        for number in range(2 * BATCH + 1):
            about = ABOUT._replace(name=str(number))
            self.seen.see(about, ProtocolError(Side.SERVER, "x", Moment.LOGIN))
        found = [one["server"] for one in self.told()]
        self.assertEqual(found, [str(number) for number in range(2 * BATCH, -1, -1)])
