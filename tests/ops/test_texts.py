"""Texts that are bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.texts import bounded


class Bounded(SynchronousTestCase):
    """``bounded``."""

    def test_each(self) -> None:
        """What is too long loses its end, with a sign for it; what moves a cursor is written out."""
        for text, longest, wanted in (
            ("", 3, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("a\x1b", 5, "a\\x1b"),
            ("a\x1b", 4, "a\\x…"),
            ("a\nb", 9, "a\\nb"),
        ):
            self.assertEqual(bounded(text, longest), wanted)

    def test_lines(self) -> None:
        """Its lines may be left."""
        self.assertEqual(bounded("a\n\x1bb", 9, lines=True), "a\n\\x1bb")

    @given(st.text(), st.integers(1, 50))
    def test_any(self, text: str, longest: int) -> None:
        """It is printable and no longer, whatever it is."""
        found = bounded(text, longest)
        self.assertTrue(found.isprintable())
        self.assertLessEqual(len(found), longest)
