"""The file of quotas: what was written is read, and nothing else is believed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.quotas import Counted
from ftpalg.life.quota_file import Kept, parsed, read, text_of, write
from ftpalg.life.state_file import Damaged
from ftpalg.policy.quotas import Row

DAY = date(2026, 11, 27).toordinal()
KEPT = Kept(
    DAY,
    (
        Row("joe", Counted.UPLOAD_BYTES, 1 << 50),
        Row("joe", Counted.UPLOAD_FILES, 3),
        Row('jörg \\ "', Counted.DOWNLOAD_FILES, 0),
    ),
)


class Whole(SynchronousTestCase):
    """What a gateway has written."""

    def test_round(self) -> None:
        """It comes back; before the first time there is nothing."""
        file = Path(self.mktemp())
        self.assertEqual(read(file), Kept())
        write(file, KEPT)
        self.assertEqual(read(file), KEPT)
        self.assertEqual(json.loads(file.read_text())["day"], "2026-11-27")


class Hostile(SynchronousTestCase):
    """What somebody else has, or a disk has lost."""

    def wrong(self, text: bytes) -> None:
        """It cannot be used, and no other exception says so."""
        self.assertRaises(Damaged, parsed, text)

    def said(self, **fields: Any) -> bytes:
        whole = {"version": 1, "day": "2026-11-27", "accounts": {"joe": {"upload-files": 1}}}
        return json.dumps({**whole, **fields}).encode()

    def test_cut(self) -> None:
        """Cut anywhere it tells nothing."""
        text = text_of(KEPT).rstrip()
        for at in range(len(text)):
            self.wrong(text[:at])

    def test_other(self) -> None:
        """Other JSON, and what is none."""
        for text in (
            b"", b"\0" * 100, b"[]", b"null", b"1", b'"x"', b"{}", b"\xff\xfe", b"[" * 10**5,
        ):  # fmt: skip
            self.wrong(text)

    def test_values(self) -> None:
        """What no day has; the same text with right values is read."""
        self.assertEqual(len(parsed(self.said()).rows), 1)
        wrong: tuple[dict[str, Any], ...] = (
            {"version": 2}, {"version": None},
            {"day": ""}, {"day": 5}, {"day": None}, {"day": "2026-02-30"}, {"day": "tomorrow"},
            {"accounts": []}, {"accounts": None}, {"accounts": [1]}, {"accounts": {"joe": 5}},
            {"accounts": {"joe": []}}, {"accounts": {"joe": {"pigeons": 1}}},
        )  # fmt: skip
        for fields in wrong:
            self.wrong(self.said(**fields))
        unused: tuple[Any, ...] = (-1, 1.5, True, "1", None, 1 << 63, 10**400, float("nan"), [], {})
        for used in unused:
            self.wrong(self.said(accounts={"joe": {"upload-files": used}}))
        for name in ("", "a\nb", "\x1b[2J", "a" * 129):
            self.wrong(self.said(accounts={name: {"upload-files": 1}}))

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda one: st.lists(one) | st.dictionaries(st.text(), one),
        )
    )
    def test_any_json(self, what: Any) -> None:
        """Whatever stands in a field, it is told as damage or read."""
        for name in ("day", "accounts", "version"):
            try:
                parsed(self.said(**{name: what}))
            except Damaged:
                pass
