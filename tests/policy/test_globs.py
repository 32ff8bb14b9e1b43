"""Patterns of paths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.policy.globs import ANY, fits, fold, glob_of, text_of, without_stream

PART = some.sampled_from(("a", "b", "ab"))
PATH = some.lists(PART, max_size=6).map(tuple)
GLOB = some.lists(some.sampled_from(("a", "b", "a*", "?", ANY)), max_size=5).map(tuple)


def plainly(glob: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """The same without cleverness: every way is tried."""
    if not glob:
        return True
    if glob[0] == ANY:
        return any(plainly(glob[1:], path[at:]) for at in range(len(path) + 1))
    one = {"a": ("a",), "b": ("b",), "a*": ("a", "ab"), "?": ("a", "b")}[glob[0]]
    return bool(path) and path[0] in one and plainly(glob[1:], path[1:])


class Globs(SynchronousTestCase):
    """What fits, and what may hold something that does."""

    def test_fits(self) -> None:
        """A pattern is a tree; a star ends at a slash, two do not."""
        for pattern, path, expected in (
            ("/", "", True),
            ("/", "a/b", True),
            ("/pub", "pub", True),
            ("/pub/", "pub/a/b", True),
            ("/pub", "pubs", False),
            ("/pub", "", False),
            ("/*/in", "a/in/x", True),
            ("/*/in", "a/b/in", False),
            ("/**/in", "in", True),
            ("/**/in", "a/b/in/x", True),
            ("/**/*.exe", "a/x.exe", True),
            ("/**/*.exe", "a/x.txt", False),
            ("/a/**/b/**/c", "a/x/b/b/y/c", True),
            ("/a/**/b/**/c", "a/x/c/b/y", False),
            ("/[ab]?", "ax", True),
        ):
            parts = tuple(part for part in path.split("/") if part)
            self.assertIs(fits(glob_of(pattern).parts, parts), expected, (pattern, path))

    def test_above(self) -> None:
        """What may be below a directory."""
        for pattern, path, expected in (
            ("/pub/in", "", True),
            ("/pub/in", "pub", True),
            ("/pub/in", "pub/in/x", True),
            ("/pub/in", "etc", False),
            ("/pub/in", "pub/out", False),
            ("/**/x", "anything/at/all", True),
            ("/a/**/x", "a/b", True),
            ("/a/**/x", "b", False),
        ):
            parts = tuple(part for part in path.split("/") if part)
            found = fits(glob_of(pattern).parts, parts, above=True)
            self.assertIs(found, expected, (pattern, path))

    @given(GLOB, PATH)
    def test_each_way(self, glob: tuple[str, ...], path: tuple[str, ...]) -> None:
        """The short way finds what trying every way finds."""
        self.assertIs(fits(glob, path), plainly(glob, path))

    @given(GLOB, PATH, PATH)
    def test_above_is_true(
        self, glob: tuple[str, ...], path: tuple[str, ...], more: tuple[str, ...]
    ) -> None:
        """Where something below fits, the directory above is told to hold it."""
        if plainly(glob, path + more):
            self.assertTrue(fits(glob, path, above=True))

    def test_quick(self) -> None:
        """A long path and many stars take no time that grows with their number's power."""
        glob = (ANY, "a") * 20 + ("b",)
        self.assertFalse(fits(glob, ("a",) * 2000))

    def test_folded(self) -> None:
        """What some servers take for the same name."""
        for one, other in (
            ("Secret", "sECRET"),
            ("secret", "secret. ."),
            ("caf\u00e9", "cafe\u0301"),
            ("STRASSE", "stra\u00dfe"),
            ("secret", "se\u200ccr\u00adet\ufeff"),
            ("\u00e9", "e\ufe0f\u0301"),
            ("\u200c", "\u200c"),
            ("...", "..."),
        ):
            self.assertEqual(fold(one), fold(other))
        self.assertEqual(fold(".. "), ".. ")
        self.assertEqual(glob_of("/A/b.").folded, ("a", "b"))
        self.assertEqual(without_stream("x::$DATA"), "x")
        self.assertEqual(without_stream("C:"), "C:")
        self.assertEqual(without_stream("x"), "x")
        self.assertEqual(text_of(b"\xe9\xc3\xa9"), "\udce9\u00e9")
