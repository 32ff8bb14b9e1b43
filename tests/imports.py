"""Who imports whom in ftpalg, as a graph of modules, and what is wrong with it.

An import counts wherever it stands, for type checking too: a circle of knowledge is a circle.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import ftpalg

ROOT = Path(ftpalg.__file__).parent

Graph = Mapping[str, set[str]]
"""Each module and the modules of ftpalg that it imports."""

Floors = Sequence[set[str]]
"""Parts of a package from the lowest to the highest; each knows itself and those below it."""


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module of the package with its syntax tree."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = ast.parse(path.read_text("utf-8"))
    return found


def imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Every import anywhere in a tree: its line, the module, and the name taken from it or ""."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not followed here"
            assert node.module is not None
            for alias in node.names:
                yield node.lineno, node.module, alias.name


def graph_of(trees: Mapping[str, ast.AST]) -> dict[str, set[str]]:
    """The graph of these modules.  ``from package import module`` is an import of the module."""
    found: dict[str, set[str]] = {}
    for name, tree in trees.items():
        taken = found.setdefault(name, set())
        for _, module, part in imports(tree):
            whole = f"{module}.{part}"
            target = whole if whole in trees else module
            if target in trees and target != name:
                taken.add(target)
    return found


def within(graph: Graph, package: str) -> dict[str, set[str]]:
    """The part of a graph that lies in a package, by names without the package's."""
    prefix = package + "."
    return {
        name.removeprefix(prefix): {
            to.removeprefix(prefix) for to in taken if to.startswith(prefix)
        }
        for name, taken in graph.items()
        if name.startswith(prefix)
    }


def rooms(graph: Graph) -> dict[str, set[str]]:
    """The same graph with each folder as one node."""
    found: dict[str, set[str]] = {}
    for name, taken in graph.items():
        room = name.partition(".")[0]
        found.setdefault(room, set()).update({to.partition(".")[0] for to in taken} - {room})
    return found


def circles(graph: Graph) -> list[list[str]]:
    """The sets of modules of which each reaches each, by Tarjan; alone is no circle."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for to in sorted(graph.get(name, ())):
            if to not in index:
                visit(to)
                low[name] = min(low[name], low[to])
            elif to in stack:
                low[name] = min(low[name], index[to])
        if low[name] == index[name]:
            at = stack.index(name)
            circle = sorted(stack[at:])
            del stack[at:]
            if len(circle) > 1:
                found.append(circle)

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return sorted(found)


def floor_of(name: str, floors: Floors) -> int | None:
    """The floor that a module stands on, by its own name or by its folder's."""
    while name:
        for at, floor in enumerate(floors):
            if name in floor:
                return at
        name = name.rpartition(".")[0]
    return None


def upward(graph: Graph, floors: Floors) -> list[str]:
    """Every import that leads up, and every module that no floor has."""
    found = []
    for name, taken in sorted(graph.items()):
        here = floor_of(name, floors)
        if here is None:
            found.append(f"{name} stands on no floor")
            continue
        for to in sorted(taken):
            there = floor_of(to, floors)
            if there is not None and there > here:
                found.append(f"{name} imports {to}")
    return found
