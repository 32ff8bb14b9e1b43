"""Places of keys in a TOML text, against tomllib."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.places import Path, Places, places

NAMES = some.sampled_from(["a", "b", "c-d", "7", "e f", "é", ""])
TEXTS = some.text(some.sampled_from("ab'\"\\#[]{}=,\n\té"), max_size=6)
BLANKS = some.sampled_from(["", " ", "\t "])
BREAKS = some.sampled_from(["", "\n", " # [x] = '\n", "\r\n  "])


def key(name: str, quoted: bool) -> str:
    """A key as TOML writes it."""
    bare = name.isascii() and name.replace("-", "").isalnum()
    return name if bare and not quoted else json.dumps(name, ensure_ascii=False)


@some.composite
def strings(draw: some.DrawFn) -> str:
    """A string in one of the four ways of writing."""
    text = draw(TEXTS)
    basic = json.dumps(text, ensure_ascii=False)
    ways = [basic, f'""{basic}""', f'"""\n{text.replace(chr(92), "").replace(chr(34), "")}"""']
    if "'" not in text:
        ways.append(f"'''{text}'''")
        if "\n" not in text:
            ways.append(f"'{text}'")
    return draw(some.sampled_from(ways))


@some.composite
def names(draw: some.DrawFn, most: int = 2) -> str:
    """A key, maybe with dots in it and blanks around them."""
    parts = draw(some.lists(some.builds(key, NAMES, some.booleans()), min_size=1, max_size=most))
    return f"{draw(BLANKS)}.{draw(BLANKS)}".join(parts)


def values() -> some.SearchStrategy[str]:
    """A value of any kind."""
    plain = strings() | some.sampled_from(
        ["1", "-2.5e3", "true", "1_000", "1979-05-27 07:32:00", "1979-05-27", "0x1f", "inf"]
    )
    return some.recursive(plain, lambda inner: arrays(inner) | inline(inner), max_leaves=6)


@some.composite
def arrays(draw: some.DrawFn, inner: some.SearchStrategy[str]) -> str:
    """A list over one line or several, with comments."""
    parts = [draw(BREAKS) + one + draw(BREAKS) + "," for one in draw(some.lists(inner, max_size=3))]
    return "[" + "".join(parts) + draw(BREAKS) + "]"


@some.composite
def inline(draw: some.DrawFn, inner: some.SearchStrategy[str]) -> str:
    """A table in braces."""
    pairs = draw(some.lists(some.tuples(names(), BLANKS, inner), max_size=3))
    return "{ " + ", ".join(f"{name}{blank}={blank}{value}" for name, blank, value in pairs) + " }"


@some.composite
def documents(draw: some.DrawFn) -> str:
    """A text of keys and headers; not each of them is TOML."""
    lines = []
    for _ in range(draw(some.integers(1, 6))):
        kind = draw(some.sampled_from(["pair", "pair", "table", "list", "comment"]))
        blank, name = draw(BLANKS), draw(names())
        line = {
            "pair": f"{blank}{name}{blank}={blank}{draw(values())}",
            "table": f"{blank}[{blank}{name}{blank}]",
            "list": f"[[{blank}{name}]]",
            "comment": "# [no] = 'table",
        }[kind]
        lines.append(line + draw(some.sampled_from(["", " # 'x", "\r"])) + "\n")
    return "".join(lines)


def flat(value: Any, path: Path = ()) -> dict[Path, Any]:
    """Every key below a value."""
    found: dict[Path, Any] = {}
    if isinstance(value, dict):
        inner: Any = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        return found
    for name, one in inner:
        found[(*path, name)] = one
        found |= flat(one, (*path, name))
    return found


class AgainstTomllib(SynchronousTestCase):
    """Whatever tomllib reads is found."""

    read = 0

    @settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @example("[[a]]\n[a.b]\nc = 1\n[[a.d]]\n[[a]]\n[a.b]\nc = 2\n[[a.d]]\ne = 3\n[[a.d]]\n")
    @example('a = """x"""""\nb = """"" """\nc = """\\""""\n')
    @example("a = '''x'''''\nb = '\\'\n")
    @given(documents())
    def check(self, text: str) -> None:
        """The same keys; and at the place of a value there stands that value."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return
        type(self).read += 1
        found = places(text)
        expected = flat(raw)
        self.assertEqual(set(found.keys), set(expected), text)
        for path, place in found.values.items():
            shown = text[place.start : place.end]
            self.assertEqual(repr(tomllib.loads(f"it = {shown}")["it"]), repr(expected[path]))
        whole = text.split("\n")
        for place in (*found.keys.values(), *found.values.values()):
            line = whole[place.line - 1]
            self.assertTrue(text[place.start :].startswith(line[place.column - 1 :]), text)

    def test_any(self) -> None:
        """Texts of every way of writing; enough of them are TOML."""
        self.check()
        self.assertGreater(type(self).read, 10)


class Examples(SynchronousTestCase):
    """What the places are."""

    TEXT = """\
# ftpalg: allow one
server = "ftp://h" # two
[timeouts]
  idle = 3
[[routes]]
[[routes]]
clients = [
  "10.0.0.0/8", # three
  "x",
]
"""

    def setUp(self) -> None:
        self.found: Places = places(self.TEXT)

    def at(self, *path: str | int) -> tuple[int, int]:
        """Line and column of a key."""
        place = self.found.keys[path]
        return place.line, place.column

    def test_keys(self) -> None:
        """A key stands where it begins, a table at its header, an element at itself."""
        self.assertEqual(self.at("server"), (2, 1))
        self.assertEqual(self.at("timeouts"), (3, 1))
        self.assertEqual(self.at("timeouts", "idle"), (4, 3))
        self.assertEqual(self.at("routes", 0), (5, 1))
        self.assertEqual(self.at("routes", 1), (6, 1))
        self.assertEqual(self.at("routes", 1, "clients", 1), (9, 3))

    def test_values(self) -> None:
        """A value has a place of its own."""
        place = self.found.values["timeouts", "idle"]
        self.assertEqual((place.line, place.column, place.end - place.start), (4, 10, 1))

    def test_comments(self) -> None:
        """Comments are kept by their line; a sign in a string is none."""
        expected = {1: "# ftpalg: allow one", 2: "# two", 8: "# three"}
        self.assertEqual(self.found.comments, expected)
        self.assertEqual(places("a = '# no'").comments, {})
