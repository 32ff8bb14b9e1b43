"""What peers say, as people may see it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.printing import printable


class Printable(SynchronousTestCase):
    """Nothing that a peer sends moves the cursor or begins a line."""

    def test_bytes(self) -> None:
        """Those that are no UTF-8 are written out."""
        self.assertEqual(
            printable("é\u2028\u202e".encode() + b"\xff\r\n"), "é\\u2028\\u202e\\xff\\r\\n"
        )

    def test_text(self) -> None:
        """The same for text: C0, C1, separators, signs that turn the direction, undecodable bytes."""
        for text, shown in (
            ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
            ("\x85\x9b", r"\x85\x9b"),
            ("\u2028\u2029", r"\u2028\u2029"),
            ("\u202a\u202e\u2066\u2069\u200e\u061c", r"\u202a\u202e\u2066\u2069\u200e\u061c"),
            ("m\udcfcller", r"m\xfcller"),
            ("\ud800", r"\ud800"),
            ("\U000e0001", r"\U000e0001"),
            ("größe 日本", "größe 日本"),
        ):
            self.assertEqual(printable(text), shown)

    @given(st.binary() | st.text())
    def test_always_printable(self, text: bytes | str) -> None:
        """Any bytes, and any text, are shown in printable characters only."""
        self.assertTrue(printable(text).isprintable())
