"""Where a client is: CWD, CDUP and PWD as servers answer them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.place import STAYS, Place, Told, clean, said
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply


class Following(SynchronousTestCase):
    """A place and what is said."""

    def follow(self, *talk: tuple[bytes, bytes | None, bytes]) -> bytes:
        """Where the client is after these commands with the replies to them."""
        place = Place()
        for verb, argument, line in talk:
            place = place.after(Command(verb, argument), Reply(int(line[:3]), (line,)))
        return place.path

    def test_absolute_and_relative(self) -> None:
        """CWD counts from where the client is."""
        talk = [
            (b"CWD", b"/a/b", b"250 OK."),
            (b"CWD", b"c d", b"250 OK."),
            (b"CDUP", None, b"250 OK."),
        ]
        self.assertEqual(self.follow(*talk[:2]), b"/a/b/c d")
        self.assertEqual(self.follow(*talk), b"/a/b")

    def test_older_verbs(self) -> None:
        """XCWD, XCUP and XPWD are the same, and CDUP may be answered 200."""
        self.assertEqual(
            self.follow((b"XCWD", b"/x/y", b"250 OK."), (b"XCUP", None, b"200 OK.")), b"/x"
        )
        self.assertEqual(self.follow((b"XPWD", None, b'257 "/z" is it.')), b"/z")

    def test_refused(self) -> None:
        """What was refused has moved nobody."""
        talk = (
            (b"CWD", b"/a", b"250 OK."),
            (b"CWD", b"/b", b"550 No."),
            (b"PWD", None, b'550 "/c"'),
        )
        self.assertEqual(self.follow(*talk), b"/a")

    def test_told(self) -> None:
        """PWD is right, a quote in it doubled; so is pyftpdlib's answer to CWD."""
        self.assertEqual(self.follow((b"PWD", None, b'257 "/a ""b""" is the place')), b'/a "b"')
        told = b'250 "/srv/deep" is the current directory.'
        self.assertEqual(self.follow((b"CWD", b"link", told)), b"/srv/deep")

    def test_not_told(self) -> None:
        """A 257 without a path, and a name in quotes that is no path, say nothing."""
        self.assertEqual(
            self.follow((b"CWD", b"/a", b"250 OK."), (b"PWD", None, b"257 here")), b"/a"
        )
        self.assertEqual(self.follow((b"CWD", b"b", b'250 "b" it is')), b"~/b")

    def test_home(self) -> None:
        """The login's directory is ~ until it is named; above it is not known."""
        self.assertEqual(self.follow(), b"~")
        self.assertEqual(self.follow((b"CWD", b"../x", b"250 OK.")), b"~/../x")
        self.assertEqual(
            self.follow((b"CWD", b"/a", b"250 OK."), (b"REIN", None, b"220 OK.")), b"~"
        )

    def test_longest(self) -> None:
        """What no system has for a path is none."""
        for size, expected in ((4095, b"/" + 4095 * b"a"), (4096, b"")):
            self.assertEqual(said(b'"/%b" is here' % (size * b"a")), expected)

    def test_windows(self) -> None:
        """A drive is where a path begins."""
        self.assertEqual(
            self.follow((b"CWD", b"C:/a", b"250 OK."), (b"CWD", b"b", b"250 OK.")), b"C:/a/b"
        )

    def test_bytes(self) -> None:
        """Names are bytes, 0xFF among them."""
        self.assertEqual(self.follow((b"CWD", b"/\xff\xfe", b"250 OK.")), b"/\xff\xfe")

    def test_names(self) -> None:
        """Names of files count from the place."""
        place = Place(b"/a")
        pairs = {
            None: b"/a",
            b"": b"/a",
            b"b": b"/a/b",
            b"../b": b"/b",
            b"/c//d/.": b"/c/d",
            b"~joe/x": b"~joe/x",
        }
        self.assertEqual({name: place.absolute(name) for name in pairs}, pairs)

    @given(st.binary())
    def test_clean(self, path: bytes) -> None:
        """A clean path stays as it is, and an absolute one has no way up in it."""
        found = clean(b"/" + path)
        self.assertEqual(clean(found), found)
        self.assertTrue(found.startswith(b"/"))
        self.assertNotIn(b"..", found.split(b"/"))

    @given(st.binary())
    def test_any_reply(self, text: bytes) -> None:
        """No text of a reply breaks it."""
        found = said(text)
        self.assertTrue(not found or found[:1] in b"/~" or found[1:2] == b":")


class Telling(SynchronousTestCase):
    """What the server itself has told, and how long that holds."""

    def after(self, verb: bytes, line: bytes) -> Told:
        """Behind that, in /a."""
        return Told(b"/a").after(verb, Reply(int(line[:3]), (line,)))

    def test_told(self) -> None:
        """257 alone tells it."""
        self.assertEqual(self.after(b"PWD", b'257 "/b" is it.'), Told(b"/b"))
        self.assertEqual(self.after(b"XPWD", b'257 "/b/../c"'), Told(b"/c"))
        for line in (b'250 "/b" is it.', b"257 somewhere", b"550 No."):
            self.assertEqual(self.after(b"PWD", line), Told(silent=True))

    def test_moved(self) -> None:
        """Whatever may have moved the client or the directory, and whatever is not known."""
        for verb in (
            b"CWD",
            b"CDUP",
            b"USER",
            b"PASS",
            b"SITE",
            b"RNTO",
            b"SMNT",
            b"XFOO",
            b"REIN",
        ):
            self.assertNotIn(verb, STAYS)
            self.assertEqual(self.after(verb, b'250 "/b" is it.'), Told(), verb)
        for verb in (b"RETR", b"DELE", b"TYPE", b"NOOP", b"EPSV", b"MKD"):
            self.assertEqual(self.after(verb, b"250 Done."), Told(b"/a"), verb)
