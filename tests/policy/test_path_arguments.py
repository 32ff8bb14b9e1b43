"""Which files a command may be about."""

from __future__ import annotations

import posixpath

from hypothesis import example, given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.policy.path_arguments import Path, paths_of, relative

PART = some.sampled_from((b"secret", b"pub", b"..", b".", b"", b"a b", b"-x", b"s"))
NAME = some.lists(PART, min_size=1, max_size=7).map(b"/".join).filter(bool)
PLACE = some.sampled_from((b"/", b"/pub", b"/pub/a b", b"/secret"))
WITH_PATHS = (
    *("RETR %", "STOR %", "APPE %", "STOU %", "DELE %", "RNFR %", "RNTO %", "CWD %", "XCWD %"),
    *("MKD %", "XMKD %", "RMD %", "XRMD %", "SIZE %", "MDTM %", "MLST %", "MLSD %", "STAT %"),
    *("LIST %", "NLST %", "LIST -la %", "NLST -a -l %", "LIST -R %"),
    *("MDTM 20200101000000 %", "MFMT 20200101000000 %", "MFCT 20200101000000 %"),
    *("MFF modify=20200101000000;UNIX.mode=0600; %", "SITE CHMOD 600 %", "SITE UTIME %"),
    *("SITE UTIME 20200101000000 %", "SITE CHGRP 5 %", "SITE MKDIR %", "SITE RMDIR %"),
    *("SITE CPFR %", "SITE CPTO %", "SITE DELE %", "XCRC %", "XMD5 %", "XSHA256 %", "HASH %"),
    *('XCRC "%"', 'XCRC "%" 0 100', "XCRC % 0 100", "MD5 %", "MMD5 %", "MMD5 /pub/x, %"),
    *("THMB JPEG 80 60 %", "AVBL %", "DSIZ %", "PRET RETR %", "PRET STOR %", 'RETR "%"'),
    *("SITE UTIME % 20200101000000 20200101000000 20200101000000 UTC",),
)
"""Every command that carries a path, and where in it."""


def found(line: bytes, place: bytes = b"/pub") -> set[tuple[str | None, bool]]:
    """Paths as texts."""
    return {
        (None if one.parts is None else (b"/" + b"/".join(one.parts)).decode(), one.tree)
        for one in paths_of(parse_command(line), place)
    }


def inside(path: bytes, tree: bytes) -> bool:
    """Whether a path that is normal already is within a tree."""
    return path == tree or path.startswith(tree + b"/")


class Paths(SynchronousTestCase):
    """Every reading."""

    @given(some.sampled_from(WITH_PATHS), NAME, PLACE)
    @example("LIST %", b"-x/../../secret", b"/pub")
    @example("STAT %", b"-x/../../secret", b"/pub")
    def test_none_is_missed(self, form: str, name: bytes, place: bytes) -> None:
        """The path that a server would open is among those of every command that carries one."""
        if " -" in form and name.startswith(b"-"):
            return  # another option
        line = form.encode().replace(b"%", name)
        normal = posixpath.normpath(posixpath.join(place, name))
        normal = b"/" + normal.lstrip(b"/")
        argument = line.partition(b" ")[2]
        paths = paths_of(Command(line.partition(b" ")[0], argument), place)
        self.assertTrue(
            any(
                one.parts is None
                or b"/" + b"/".join(one.parts) == normal
                or (one.tree and inside(normal, (b"/" + b"/".join(one.parts)).rstrip(b"/")))
                for one in paths
            ),
            (line, place, paths, normal),
        )

    @given(NAME, PLACE)
    def test_none_too_many(self, name: bytes, place: bytes) -> None:
        """A name without spaces or quotes is one path."""
        name = name.replace(b" ", b"_")
        normal = posixpath.normpath(posixpath.join(place, name))
        parts = tuple(part for part in normal.split(b"/") if part)
        self.assertEqual(paths_of(Command(b"RETR", name), place), {Path(parts)})

    def test_readings(self) -> None:
        """How servers differ."""
        for line, expected in (
            (b"RETR x", {("/pub/x", False)}),
            (b"RETR  x", {("/pub/x", False), ("/pub/ x", False)}),
            (b"RETR /a\\b", {("/a\\b", False), ("/a/b", False), ("/ab", False)}),
            (b"RETR ..\\s", {("/pub/..\\s", False), ("/s", False), ("/pub/..s", False)}),
            (b'RETR "/s/x"', {('/pub/"/s/x"', False), ("/s/x", False)}),
            (b"RETR '/s'", {("/pub/'/s'", False), ("/s", False)}),
            (b"RETR ~root/x", {(None, False)}),
            (b"RETR /a/... /b", {(None, False)}),
            (b"RETR .. /b", {(None, False)}),
            (b"RETR C:/s", {(None, False), ("/pub/C:/s", False)}),
            (b"RETR /a/..%20./s", {("/a/..%20./s", False), (None, False)}),
            (b"RETR %2Fs%2fx", {("/pub/%2Fs%2fx", False), ("/s/x", False)}),
            (b"RETR /pub/SECRET~1/x", {("/pub/SECRET~1/x", False), ("/pub", True)}),
            (b"RETR /pub/se0f2a~12.TX/x", {("/pub/se0f2a~12.TX/x", False), ("/pub", True)}),
            (b"RETR /pub/draft~/x", {("/pub/draft~/x", False)}),
            (b"RETR /pub/s*t/x", {("/pub/s*t/x", False), ("/pub", True)}),
            (b"CWD se?ret", {("/pub/se?ret", False), ("/pub", True)}),
            (b"RETR /pub/a[1]{2}", {("/pub/a[1]{2}", False)}),
            (b"LIST --recursive /s", {("/s", True)}),
            (b"RETR C:s", {(None, False), ("/pub/C:s", False)}),
            (b"LIST", {("/pub", False)}),
            (b"LIST -la", {("/pub", False), ("/pub/-la", False)}),
            (b"LIST -laR", {("/pub", True), ("/pub/-laR", True)}),
            (b"LIST -l -- -x", {("/pub/-x", False)}),
            (b"LIST -la /x", {("/x", False)}),
            (b"LIST a /s", {("/pub/a /s", False), ("/pub/a", False), ("/s", False)}),
            (b"NLST /x/*/s", {("/x/*/s", False), ("/x", True)}),
            (b"NLST s*", {("/pub/s*", False), ("/pub", True)}),
            (b"CDUP", {("/", False)}),
            (b"RNFR a", {("/pub/a", True)}),
            (b"STOU", {("/pub", True)}),
            (b"STOU x/y", {("/pub", True), ("/pub/x/y", False), ("/pub/x", True)}),
            (b"STOU y", {("/pub", True), ("/pub/y", False)}),
            (b"MDTM 20200101000000 /s", {("/pub/20200101000000 /s", False), ("/s", False)}),
            (b"XCRC /s 0 9", {("/s", False), ("/s 0 9", False)}),
            (b'XCRC "/s" 0 9', {("/s", False)}),
            (b'XCRC "/s', {("/s", False), ('/pub/"/s', False)}),
            (b"SITE CHMOD 600 x", {("/pub/x", True)}),
            (b"SITE CHMOD -R 600 /s", {("/s", True)}),
            (b"SITE CHMOD 600\t/s", {("/s", True)}),
            (b"MFMT 20200101000000\t/s", {("/s", False)}),
            (b"MDTM 20200101000000+60 /s", {("/pub/20200101000000+60 /s", False), ("/s", False)}),
            (b"MDTM 20200101000000\t/s", {("/pub/20200101000000\t/s", False), ("/s", False)}),
            (b"SITE UTIME 20200101000000\t/s", {("/pub/20200101000000\t/s", False), ("/s", False)}),
            (b"THMB JPEG\t8 6\t/s", {("/s", False)}),
            (b"SITE UTIME 20200101000000 x", {("/pub/20200101000000 x", False), ("/pub/x", False)}),
            (b"THMB JPEG 8 6 /a b", {("/a b", False)}),
            (b"MMD5 /s, x", {("/s", False), ("/pub/x", False)}),
            (b"SITE SYMLINK /s x", {("/s", True), ("/pub/x", True)}),
            (b"SITE SYMLINK /s a b", {("/s", True), ("/pub/a", True), (None, True)}),
            (b"SITE EXEC x", {(None, True)}),
            (b"COMB x y", {(None, True)}),
            (b"SMNT x", {(None, True)}),
            (b"PRET NONE", {(None, True)}),
            (b"PRET !", {(None, True)}),
            (b"PRET PRET x", {(None, True)}),
            (b"XFOO x", {(None, True)}),
            (b"AVBL", {("/pub", False)}),
        ):
            self.assertEqual(found(line), expected, line)

    def test_telnet(self) -> None:
        """Bytes that a server may take for Telnet's."""
        paths = paths_of(Command(b"RETR", b"/se\xff\xf1cret\xff\xff"), b"/")
        self.assertIn(Path((b"secret",)), paths)
        self.assertIn(Path((b"se\xff\xf1cret\xff\xff",)), paths)
        self.assertIn(Path((b"se\xff\xf1cret\xff",)), paths)
        for name in (
            b"/se\xff\xfb\x01cret",
            b"/se\xff\xfb\ncret",
            b"/se\xff\x01cret",
            b"/secret\xff\xfb",
        ):
            self.assertIn(Path((b"secret",)), paths_of(Command(b"RETR", name), b"/"), name)
        paths = paths_of(Command(b"RETR", b"/s\xff\xfbecret"), b"/")
        self.assertIn(Path((b"secret",)), paths)  # of a server that knows no options

    def test_overlong(self) -> None:
        """Two or three bytes for a sign of ASCII."""
        for name in (
            *(b"/pub/\xc0\xae./secret", b"/pub\xc0\xaf..\xe0\x80\xafsecret", b"/\xc1\xb3ecret"),
            *(b"/s\xe0\x81\xa5cret", b"/pub\xc1\x9c..\xc1\x9csecret"),
        ):
            self.assertIn(Path((b"secret",)), paths_of(Command(b"RETR", name), b"/"), name)

    def test_drives(self) -> None:
        """Where the current directory is on a drive, names may be, too."""
        for place in (b"C:/", b"C:\\", b"/C:/x"):
            self.assertEqual(paths_of(Command(b"RETR", b"/C:/s"), place), {Path((b"C:", b"s"))})
            self.assertIn(Path((b"C:", b"s")), paths_of(Command(b"RETR", b"C:/s"), place))
        for place in (b"C:/pub/x", b"C:\\pub\\x"):
            self.assertEqual(found(b"RETR s", place), {("/C:/pub/x/s", False)})
        self.assertEqual(found(b"RETR s", b"~/x"), {(None, False)})

    def test_deep(self) -> None:
        """Paths beyond any use are not known, and looked at in no time."""
        for sign in (b"/", b"\\", b"%2f", b"\xc0\xaf"):
            for verb in (b"RETR", b"LIST"):
                name = b"a" + 129 * (sign + b"a")
                self.assertEqual(paths_of(Command(verb, name), b"/"), {Path(None, True)}, sign)
        self.assertEqual(
            len(next(iter(paths_of(Command(b"RETR", 128 * b"/a"), b"/"))).parts or ()), 128
        )
        self.assertEqual(found(b"RETR x", 128 * b"/a"), {(None, False)})

    def test_many(self) -> None:
        """Names beyond any use are not looked at, and not known."""
        for line in (b"LIST " + b"a " * 65, b"MMD5 " + b"a," * 65):
            self.assertIn(None, {path for path, _ in found(line)}, line)
        self.assertNotIn(None, {path for path, _ in found(b"LIST " + b"a " * 64)})

    def test_manifold(self) -> None:
        """So is what could be read in hundreds of ways."""
        line = b"LIST" + 40 * b" \xff\xffa\\%%5c%d"
        self.assertEqual(paths_of(parse_command(line % (*range(40),)), b"/"), {Path(None, True)})

    def test_unknown_place(self) -> None:
        """Where the current directory is not known, what begins there is not."""
        self.assertEqual(found(b"RETR x", b""), {(None, False)})
        self.assertEqual(found(b"RETR /x", b""), {("/x", False)})
        for line, expected in (
            (b"RETR x", True),
            (b"RETR /x", False),
            (b"RNFR /x", True),
            (b"LIST", True),
            (b"LIST -la /x", False),
            (b'RETR "/s"', True),
        ):
            self.assertIs(relative(parse_command(line)), expected, line)
