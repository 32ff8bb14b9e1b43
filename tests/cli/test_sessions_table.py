"""The table of sessions: it fits, it is sorted, and nothing in it is a terminal's order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.session_fields import Seen, as_json
from ftpalg.cli.sessions_table import COLUMNS, IMPORTANCE, amount, span, summary, table
from tests.admin.cases import known, session

ONE = as_json(Seen(session("1ngj5dmbz"), known(), 100.0))
BUSY = ONE | {
    "session": "1ngj5dmc1",
    "state": "data",
    "account": "scan",
    "client_tls": "TLSv1.3",
    "command": "RETR",
    "path": "/a/very/long/path/to/a/file.bin",
    "rate": 2 << 20,
    "bytes": 3 << 30,
    "percent": 7,
    "client_mode": "active",
    "server_mode": "passive",
    "client_data_tls": False,
    "server_data_tls": True,
    "route": "routes[0]",
}


def cells(text: str) -> list[list[str]]:
    """Row by row, without the last line."""
    return [line.split("  ") for line in text.splitlines()[:-1]]


class Tables(SynchronousTestCase):
    """Sessions as JSON has them."""

    def test_columns(self) -> None:
        """The table of them is whole, and each has its place in the order of what goes."""
        self.assertEqual({one.name for one in COLUMNS}, set(IMPORTANCE))
        self.assertEqual(len(COLUMNS), len(IMPORTANCE))

    def test_all(self) -> None:
        """Without a width everything is there."""
        head, row, last = table([BUSY]).splitlines()
        self.assertEqual(
            head.split(),
            [one.name for one in COLUMNS],
        )
        for word in (
            "1ngj5dmc1  192.0.2.7:50000  scan as joe  ftp.example:21",
            "RETR /a/very/long/path/to/a/file.bin  7%  2.0M   3.0G   10s  40s  1.3/-  A/Ps  routes[0]",
        ):
            self.assertIn(word, row)
        self.assertEqual(last, "1 session, 1 with a transfer, 2.0M/s")

    def test_empty_columns(self) -> None:
        """A column in which nobody has anything is not there."""
        head = table([ONE]).splitlines()[0].split()
        gone = {"%", "RATE", "BYTES", "DATA", "ROUTE"}
        self.assertEqual(head, [one.name for one in COLUMNS if one.name not in gone])

    def test_draining(self) -> None:
        """What a session does is there beside, for it goes on with it."""
        rows = table([BUSY | {"draining": True}, ONE | {"draining": True}]).splitlines()
        self.assertIn("RETR /a/very", rows[1])
        self.assertIn("  idle, draining", rows[2])
        self.assertNotIn("draining", table([ONE]))

    def test_nobody(self) -> None:
        """One line."""
        self.assertEqual(table([]), "no sessions")
        self.assertEqual(table([], 11), "no sessions")
        self.assertEqual(table([], 10), "none")

    def test_order(self) -> None:
        """Transfers, the quickest first; then who was heard last."""
        others = [ONE | {"session": f"i{idle}", "idle": idle} for idle in (9.0, 1.0, 5.0)]
        moving = [BUSY | {"session": f"b{rate}", "rate": rate} for rate in (1, 0, 7)]
        rows = [row[0] for row in cells(table([*others, *moving]))[1:]]
        self.assertEqual(rows, ["b7", "b1", "b0", "i1.0", "i5.0", "i9.0"])

    def test_widths(self) -> None:
        """No line is wider, whatever the width is; what matters most stays longest."""
        before = len(COLUMNS)
        for width in range(200, 12, -1):
            lines = table([ONE, BUSY], width).splitlines()
            self.assertLessEqual(max(map(len, lines)), width)
            columns = len(lines[0].split())
            self.assertTrue(lines[0].startswith("SESSION"))
            self.assertLessEqual(columns, before + 1, width)
            before = columns
        self.assertEqual(table([ONE], 5), "1")

    def test_cut(self) -> None:
        """Of a path the end stays, and its command; of others the beginning."""
        text = table([BUSY], 80)
        self.assertRegex(text, r"RETR …[a-z/]*file\.bin")
        self.assertIn("scan as…", text)

    def test_wide_signs(self) -> None:
        """Signs that need two columns, and those that need none, are counted so."""
        wide = BUSY | {"user": "日本語日本語", "account": "e\u0301" * 8}
        for width in (200, 100, 80):
            rows = table([wide, ONE], width).splitlines()
            at = rows[0].index("SERVER")
            row = rows[1].replace("\u0301", "")
            shown, columns = "", 0
            for sign in row:
                if columns >= at:
                    break
                shown += sign
                columns += 2 if sign in "日本語" else 1
            self.assertEqual(columns, at, row)
            self.assertTrue(row[len(shown) :].startswith("ftp."), row)

    @given(st.text(max_size=30), st.text(max_size=60), st.integers(1, 160))
    def test_any(self, user: str, path: str, width: int) -> None:
        """Whatever peers are called: one line each, all of it printable."""
        rows = table([BUSY | {"user": user, "path": path}, ONE], width).split("\n")
        self.assertIn(len(rows), (3 + 1, 1))
        for row in rows:
            self.assertTrue(row.isprintable(), row)

    def test_no_server(self) -> None:
        """A session that has none yet, and one over IPv6."""
        found = table(
            [ONE | {"server_name": "", "server_ip": None, "server_port": None, "client_ip": "::1"}]
        )
        self.assertIn("[::1]:50000", found)
        self.assertNotIn("SERVER", found)

    def test_summary(self) -> None:
        """How many, and what they move; the less the narrower it is."""
        two = [None, 2 << 20, 2 << 20]
        for rates, width, said in (
            ([], None, "no sessions"),
            ([None], None, "1 session"),
            ([None, None], 10, "2 sessions"),
            ([None, None], 9, "2"),
            (two, None, "3 sessions, 2 with a transfer, 4.0M/s"),
            (two, 37, "3 sessions, 2 with a transfer, 4.0M/s"),
            (two, 36, "3 sessions, 2 with a transfer"),
            (two, 28, "3 sessions, 4.0M/s"),
            (two, 17, "3 sessions"),
            (two, 9, "3"),
        ):
            self.assertEqual(summary(rates, width), said)

    def test_as_they_come(self) -> None:
        """Each is looked at before the next is asked for."""
        looked: list[str] = []

        class Looked(dict[str, Any]):
            def __getitem__(self, key: str) -> Any:
                looked.append(self.get("session", ""))
                return self.get(key)

        def coming() -> Iterator[Looked]:
            for name in ("a", "b"):
                self.assertNotIn(name, looked)
                yield Looked(ONE | {"session": name})
                self.assertIn(name, looked)

        self.assertEqual(table(coming()).splitlines()[-1], "2 sessions")


class Figures(SynchronousTestCase):
    """Numbers in few signs."""

    def test_amount(self) -> None:
        """At most five signs."""
        for number, said in (
            (None, ""),
            (0, "0B"),
            (999, "999B"),
            (1000, "1.0K"),
            (1024, "1.0K"),
            (10 << 10, "10K"),
            (1023 << 10, "1.0M"),
            (5 << 40, "5.0T"),
            (1 << 70, "1048576P"),
        ):
            self.assertEqual(amount(number), said)

    def test_span(self) -> None:
        """One unit, the largest that tells something."""
        found: list[Any] = [(span(at)) for at in (-1, 0, 0.9, 119.9, 120, 7199, 7200, 172800, 1e7)]
        self.assertEqual(found, ["0s", "0s", "0s", "119s", "2m", "119m", "2h", "2d", "115d"])
