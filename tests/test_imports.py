"""The walk of the imports finds what it is there to find."""

from __future__ import annotations

import ast

from twisted.trial.unittest import SynchronousTestCase

from tests.imports import circles, graph_of, imports, rooms, upward, within


class Walk(SynchronousTestCase):
    """What counts as an import, and of what."""

    def graph(self, **texts: str) -> dict[str, set[str]]:
        """The graph of modules with these texts; an underscore in a name stands for a dot."""
        return graph_of({name.replace("_", "."): ast.parse(t) for name, t in texts.items()})

    def test_everywhere(self) -> None:
        """At the top, in a function, for type checking, plain and by name."""
        text = """
import p.a
if TYPE_CHECKING:
    from p.b import B
def f():
    from p import c
"""
        found = self.graph(p="", p_a="", p_b="", p_c="", p_d=text)
        self.assertEqual(found["p.d"], {"p.a", "p.b", "p.c"})

    def test_package_and_module(self) -> None:
        """A name of a package is the package's; a module of a package is the module."""
        found = self.graph(p="", p_a="", q="from p import a, Name", r="from p import Name")
        self.assertEqual((found["q"], found["r"]), ({"p.a", "p"}, {"p"}))

    def test_others(self) -> None:
        """What is no module of ours, and a module itself, are left out."""
        found = self.graph(p="import os, p\nfrom twisted.internet import defer")
        self.assertEqual(found, {"p": set()})

    def test_relative(self) -> None:
        """A relative import would be followed wrongly: it is an error."""
        with self.assertRaises(AssertionError):
            list(imports(ast.parse("from . import a")))

    def test_within(self) -> None:
        """Modules of the package alone, and what they import of it."""
        found = within({"p.a": {"p.b.c", "q.a"}, "p.b.c": {"xp.d"}, "q.a": {"p.a"}}, "p")
        self.assertEqual(found, {"a": {"b.c"}, "b.c": set()})

    def test_rooms(self) -> None:
        """A folder is one node and does not import itself."""
        found = rooms({"a.x": {"a.y", "b"}, "a.y": {"c.z"}, "b": set(), "c.z": {"b"}})
        self.assertEqual(found, {"a": {"b", "c"}, "b": set(), "c": {"b"}})


class Circles(SynchronousTestCase):
    """Circles of every size."""

    def test_none(self) -> None:
        """Many ways that lead to the same module are no circle."""
        self.assertEqual(circles({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}), [])

    def test_two(self) -> None:
        """Two that know each other."""
        self.assertEqual(circles({"a": {"b"}, "b": {"a"}, "c": {"a"}}), [["a", "b"]])

    def test_long(self) -> None:
        """Two circles, one of three; who only leads there is not of it."""
        graph = {"a": {"b"}, "b": {"c", "x"}, "c": {"a"}, "x": {"y"}, "y": {"x"}, "z": {"a", "x"}}
        self.assertEqual(circles(graph), [["a", "b", "c"], ["x", "y"]])

    def test_unknown(self) -> None:
        """What is imported and not walked ends there."""
        self.assertEqual(circles({"a": {"elsewhere"}}), [])


class Floors(SynchronousTestCase):
    """Imports against a table of floors."""

    floors = ({"low"}, {"one", "two"}, {"high", "one.special"})

    def test_down(self) -> None:
        """Down, and along the same floor, is right; a folder's modules stand on its floor."""
        graph = {
            "high": {"one.a", "low"},
            "one.a": {"one.b", "two"},
            "one.b": set(),
            "two": {"low"},
        }
        self.assertEqual(upward(graph, self.floors), [])

    def test_up(self) -> None:
        """Up is wrong, from a folder too; a module's own floor goes before its folder's."""
        graph = {
            "low": {"one.a"},
            "one.a": {"high"},
            "two": {"one.special"},
            "one.special": {"two"},
        }
        self.assertEqual(
            upward(graph, self.floors),
            ["low imports one.a", "one.a imports high", "two imports one.special"],
        )

    def test_homeless(self) -> None:
        """A module that no floor has is told: the table is the list of what there is."""
        self.assertEqual(upward({"new": {"low"}}, self.floors), ["new stands on no floor"])
