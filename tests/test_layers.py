"""The direction of dependencies, held by walking the imports.

``core <- {policy, net, ops} <- service <- plugin``; policy, net and ops do not import each other;
``config`` imports core only; the core has no I/O, no clock and no log.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import ftpalg

ROOT = Path(ftpalg.__file__).parent

MAY_IMPORT = {
    "core": {"core"},
    "config": {"core", "config"},
    "policy": {"core", "policy"},
    "net": {"core", "config", "net"},
    "ops": {"core", "config", "ops"},
    "service": {"core", "config", "policy", "net", "ops", ""},
    "certificate": {"certificate"},
    "ldap": {"ldap", "config", "net"},
    "__main__": {"service", "config", "certificate", ""},
    "": {""},
}
"""Each room and what it may import; the empty name is the package itself (its version)."""

NO_IO = {
    "asyncio", "datetime", "io", "logging", "os", "pathlib", "random", "secrets", "select",
    "selectors", "socket", "ssl", "subprocess", "sys", "threading", "time", "OpenSSL", "twisted",
    "zope",
}  # fmt: skip
"""What the core may not know: design.md, "sans I/O: no Twisted, no socket, no clock"."""

PURE = NO_IO - {"secrets", "datetime"}
"""What a policy may not know; chance and the form of a date are facts."""


def room_of(module: str) -> str:
    """The part of ``ftpalg.net.relay`` that names its room."""
    return [*module.split("."), ""][1]


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package with its syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        yield name, ast.parse(path.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every module that is imported anywhere in a tree, for type checking too, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not followed here"
            assert node.module is not None
            yield node.lineno, node.module
            if node.module == "ftpalg":
                for alias in node.names:
                    yield node.lineno, f"ftpalg.{alias.name}"


class Layers(SynchronousTestCase):
    """All imports of the package."""

    def test_rooms(self) -> None:
        """No room imports what it may not."""
        wrong = [
            f"{name}:{line} imports {wanted}"
            for name, tree in modules()
            for line, wanted in imports(tree)
            if wanted.partition(".")[0] == "ftpalg"
            and room_of(wanted) not in MAY_IMPORT[room_of(name)]
            and not wanted.startswith("ftpalg.__")
        ]
        self.assertEqual(wrong, [])

    def test_core_is_sans_io(self) -> None:
        """The core imports nothing that could wait, write or look at a clock; nor does a policy."""
        wrong = [
            f"{name}:{line} imports {wanted}"
            for name, tree in modules()
            for line, wanted in imports(tree)
            if (room_of(name) == "core" and wanted.partition(".")[0] in NO_IO)
            or (room_of(name) == "policy" and wanted.partition(".")[0] in PURE)
        ]
        self.assertEqual(wrong, [])

    def test_no_reactor_at_import(self) -> None:
        """The reactor is nobody's at module level: installing another one stays possible."""
        wrong = [
            f"{name}:{node.lineno}"
            for name, tree in modules()
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            and node.module == "twisted.internet"
            and "reactor" in [alias.name for alias in node.names]
        ]
        self.assertEqual(wrong, [])

    def test_the_walk_sees_something(self) -> None:
        """The walk finds the rooms of the design; none is unknown to the table."""
        rooms = {room_of(name) for name, _ in modules()}
        self.assertLessEqual({"core", "policy", "net", "ops", "config", "service"}, rooms)
        self.assertLessEqual(rooms, set(MAY_IMPORT))
        seen = {wanted.partition(".")[0] for _, tree in modules() for _, wanted in imports(tree)}
        self.assertLessEqual({"twisted", "ftpalg", "socket"}, seen)
