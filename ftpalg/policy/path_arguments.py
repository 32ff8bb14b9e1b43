"""Which files a command may be about: every path that a server could take its words for.

Servers differ in how they read a name: with or without the spaces around it, in quotes, as options and
several names (LIST), with ``\\\\`` for ``/``, with wildcards.  A rule that allows has to allow each reading,
one that denies needs one.  So a reading too many costs nothing but a refusal.

What there is: Serv-U took ``..%20.`` for ``..`` (CVE-2001-0054), others overlong UTF-8 for a slash; BSD's
ftpd leaves Telnet's commands out of a name; NTFS has ``PROGRA~1`` for a longer name, and FindFirstFile takes
wildcards in any; ProFTPD takes a tab for a space.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ftpalg.core.value import value
from ftpalg.core.wire.command_groups import DATED, GROUP, SITE_CHANGES, inner
from ftpalg.core.wire.commands import Command

WILD = re.compile(rb"[*?\[{]")
WILD_ON_WINDOWS = re.compile(rb"[*?<>]")
DRIVE = re.compile(rb"[A-Za-z]:")
NUMBERS = re.compile(rb"(?:\s+[0-9]+){1,2}\s*$")
"""Where a checksum begins and ends."""
QUOTED = re.compile(rb'"((?:[^"]|"")*)"')
TIMES = re.compile(rb"(?:\s+[0-9]{8,14}){1,3}(?:\s+UTC)?\s*$", re.IGNORECASE)
ODD = re.compile(rb"(?:^|[/\\])(?=[. ]*(?:[. ]{3}| ))[. ]+(?:$|[/\\])")
"""A part of dots and spaces alone, which Windows takes for ``..`` or for nothing."""
TELNET = (
    re.compile(rb"\xff[\xf0-\xff]"),
    re.compile(rb"\xff[^\xff]"),
    re.compile(rb"\xff(?:[\xfb-\xfe].?|[^\xff])", re.DOTALL),
)
"""What a server that takes commands for Telnet may leave out, one with an option or without it."""
PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
OVERLONG = re.compile(rb"(?:\xe0[\x80\x81]|[\xc0\xc1])[\x80-\xbf]")
"""A sign of ASCII in two or three bytes, which is no UTF-8."""
SHORT_NAME = re.compile(rb"[^~]{1,6}~[0-9]{1,6}(?:\.[^.]{0,3})?")
"""The second name that NTFS gives to a file, for DOS: of which one only the server knows."""
SEPARATORS = re.compile(rb"[/\\%]|" + OVERLONG.pattern)
"""What may be one, or may stand for one."""
LONGEST, DEEPEST, MOST = 64, 128, 256
"""Words of one command that are looked at, parts of a path, readings; more make the names unknown."""


@value
class Path(NamedTuple):
    """An absolute path without ``.``, ``..`` and doubled slashes, its parts; None where it is not known.
    With ``tree`` all that is below it is meant, too."""

    parts: tuple[bytes, ...] | None
    tree: bool = False


Names = Iterator[tuple[bytes | None, bool]]
"""Names as they were said, or None, each with whether all that is below is meant; empty is where the
client is."""


def _one(argument: bytes) -> Names:
    yield argument, False


def _tree(argument: bytes) -> Names:
    yield argument, True


def _up(argument: bytes) -> Names:
    yield b"..", False


def _unknown(argument: bytes) -> Names:
    yield None, True


def _behind(argument: bytes) -> bytes:
    """What stands behind the first word; a server may want a blank more or less."""
    return b"".join(argument.split(None, 1)[1:])


def _behind_word(argument: bytes) -> Names:
    """MFMT and its kin."""
    yield _behind(argument), False


def _listed(argument: bytes) -> Names:
    """LIST -la a b: ``ls`` takes the options and several names; others take all of it for one."""
    words = argument.split()
    tree = any((word[:1] == b"-" and b"R" in word) or word[:3] == b"--r" for word in words)
    if len(words) == 1 or b"/" in b"".join(words[:1]):
        yield argument, tree  # else options with what follows are no name of anything
    rest, option = argument.strip(), b""
    while rest.startswith(b"-") and option != b"--":
        option, _, rest = rest.partition(b" ")
        rest = rest.strip()
    yield from _globbed(rest, tree)
    words = rest.split()
    for word in words[:LONGEST]:
        yield from _globbed(word, tree)
    if len(words) > LONGEST:
        yield None, True


def _globbed(name: bytes, tree: bool) -> Names:
    """The name itself; with wildcards all below the last directory that is certain."""
    yield name, tree
    found = WILD.search(name)
    if found:
        yield _certain(name, found), True


def _certain(name: bytes, found: re.Match[bytes]) -> bytes:
    """The directory before a wildcard."""
    certain = name[: found.start()]
    return certain[: certain.rfind(b"/") + 1]


def _several(argument: bytes) -> Names:
    """MMD5 a, b."""
    names = argument.split(b",")
    for name in names[:LONGEST]:
        yield from _summed(name.strip())
    if len(names) > LONGEST:
        yield None, False


def _summed(argument: bytes) -> Names:
    """XCRC "a b" 0 100."""
    name = NUMBERS.sub(b"", argument)
    quoted = QUOTED.fullmatch(name.strip())
    if quoted:
        yield quoted[1].replace(b'""', b'"'), False
    if not quoted or b".." in argument:
        yield argument, False
        yield name, False


def _thumb(argument: bytes) -> Names:
    """THMB format width height path."""
    yield b"".join(argument.split(None, 3)[3:]), False


def _stored_unique(argument: bytes) -> Names:
    """STOU, whose name is the server's choice: somewhere there, whatever is said."""
    yield b"", True
    if argument.strip():
        yield argument, False
        yield argument.rpartition(b"/")[0] + b"/" if b"/" in argument else b"", True


def _dated(argument: bytes) -> Names:
    yield argument, False
    if DATED.match(argument):
        yield _behind(argument), False


def _site(argument: bytes) -> Names:
    """SITE CHMOD 644 path, SITE UTIME path and three times, SITE UTIME time path, SITE CPFR path."""
    word, _, rest = argument.strip().partition(b" ")
    word, rest = word.upper(), rest.strip()
    if word not in SITE_CHANGES:
        yield None, True
    elif word in (b"CHMOD", b"CHGRP", b"CHOWN"):
        while rest.startswith(b"-"):  # -R
            rest = _behind(rest)
        yield _behind(rest), True
    elif word == b"UTIME":
        yield TIMES.sub(b"", rest), False
        if DATED.match(rest):
            yield _behind(rest), False
    elif word in (b"SYMLINK", b"LINK", b"COPY"):
        names = rest.split()
        for name in names[:2]:
            yield name, True
        if len(names) != 2:  # which of the spaces are of a name?
            yield None, True
    else:
        yield rest, True


NAMES: dict[bytes, Callable[[bytes], Names]] = {
    **dict.fromkeys(GROUP, _one),
    **dict.fromkeys((b"LIST", b"NLST", b"STAT"), _listed),
    **dict.fromkeys((b"RNFR", b"RNTO", b"RMD", b"XRMD"), _tree),
    **dict.fromkeys((b"CDUP", b"XCUP"), _up),
    **dict.fromkeys((b"MFMT", b"MFCT", b"MFF"), _behind_word),
    **dict.fromkeys((b"XCRC", b"XMD5", b"XSHA", b"XSHA1", b"XSHA256", b"XSHA512"), _summed),
    **dict.fromkeys((b"HASH", b"MD5"), _summed),
    b"MMD5": _several,
    b"THMB": _thumb,
    b"COMB": _unknown,
    b"SMNT": _unknown,
    b"STOU": _stored_unique,
    b"MDTM": _dated,
    b"SITE": _site,
}


def names_of(command: Command) -> Names:
    """What a command calls the files that it is about."""
    argument = command.argument or b""
    if command.verb == b"PRET":
        announced = inner(command)
        if announced is None or announced.verb == b"PRET":
            return _unknown(b"")
        return names_of(announced)
    return _on_windows(NAMES.get(command.verb, _unknown)(argument))


def _on_windows(names: Names) -> Names:
    for name, tree in names:
        yield name, tree
        found = name is not None and WILD_ON_WINDOWS.search(name)
        if name is not None and found:
            yield _certain(name.replace(b"\\", b"/"), found), True


def paths_of(command: Command, place: bytes) -> frozenset[Path]:
    """Every path that a command may be about, from the current directory ``place``, empty for unknown."""
    if len(SEPARATORS.findall(command.argument or b"")) > DEEPEST:
        return frozenset((Path(None, True),))
    if DRIVE.match(place):
        place = place.replace(b"\\", b"/")
    found: set[Path] = set()
    looked = 0
    for name, tree in dict.fromkeys(names_of(command)):
        readings = _readings(name)
        looked += len(readings)
        if looked > MOST:
            return frozenset((Path(None, True),))
        for reading in readings:
            found.update(_resolved(reading, place, tree))
    return frozenset(found)


def relative(command: Command) -> bool:
    """Whether some reading of a command's names begins at the current directory."""
    return command.verb == b"RNFR" or any(one.parts is None for one in paths_of(command, b""))


def _readings(name: bytes | None) -> frozenset[bytes | None]:
    """The ways in which servers read one name."""
    if name is None:
        return frozenset((None,))
    bare = name.strip(b" \t")
    found = {name, bare}
    if len(bare) > 1 and bare[:1] == bare[-1:] and bare[:1] in (b'"', b"'"):
        found.add(bare[1:-1].replace(b'""', b'"'))
    elif bare[:1] == b'"':  # XCRC "a b" 0 100
        found.add(bare[1:].partition(b'"')[0])
    for one in [*found]:
        if b"\xff" in one:
            found |= {form.sub(b"", one) for form in TELNET}
            found.add(one.replace(b"\xff\xff", b"\xff"))
    for one in [*found]:
        if b"%" in one:
            found.add(PERCENT.sub(lambda match: bytes((int(match[1], 16),)), one))
    for one in [*found]:
        found.add(OVERLONG.sub(_short, one))
    for one in [*found]:
        if b"\\" in one:
            found |= {one.replace(b"\\", b"/"), one.replace(b"\\", b"")}
    return frozenset(found)


def _short(match: re.Match[bytes]) -> bytes:
    """The sign that an overlong sequence stands for."""
    return bytes(((match[0][-2] & 1) << 6 | match[0][-1] & 63,))


def _resolved(name: bytes | None, place: bytes, tree: bool) -> Iterator[Path]:
    if name is None or name[:1] == b"~" or ODD.search(name):
        yield Path(None, tree)  # of ~, somebody's home, as the server knows it
        return
    if DRIVE.match(name):
        if name[2:3] in (b"/", b"\\") and (not place or DRIVE.match(place.lstrip(b"/"))):
            yield from _known(name, tree)
        else:  # where its root is on that drive the server alone knows
            yield Path(None, tree)
    if name[:1] == b"/":
        yield from _known(name, tree)
    elif place and place[:1] != b"~":
        yield from _known(place + b"/" + name, tree)
    else:
        yield Path(None, tree)


def _known(path: bytes, tree: bool) -> Iterator[Path]:
    """A path from ``/`` on, and what NTFS may take it for."""
    parts = _parts(path)
    if len(parts) > DEEPEST:
        yield Path(None, tree)
        return
    yield Path(parts, tree)
    for at, part in enumerate(parts):
        if b"~" in part and SHORT_NAME.fullmatch(part):
            yield Path(parts[:at], True)
            return


def _parts(path: bytes) -> tuple[bytes, ...]:
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            parts[-1:] = []
        elif part not in (b"", b"."):
            parts.append(part)
    return tuple(parts)
