"""What the program says to clients in words of its own, read from its source.

A sentence begins with a capital, or with a part that differs, and ends with a full stop, or as RFC 2428
has it for 522; other texts are found where a reply's code stands before them.  ``…`` stands for a part
that differs.  Docstrings and the meanings of enums are none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TREE = Path(__file__).parents[1]
ROOMS = ("core", "policy", "net")
SENTENCE = re.compile(r"(?:[A-Z]|… )[^\n]* [^\n]*(?:[^.]\.|, use .*\([12,]+\))")
CODES = range(100, 700)


def text_of(node: ast.AST) -> str | None:
    """The text of a literal; parts that differ as ``…``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else "…" for one in node.values)
        return "".join(map(str, parts))
    return None


def sentences() -> dict[str, set[int]]:
    """Each text with the codes that stand before it in the source, none where that is a variable."""
    found: dict[str, set[int]] = {}
    for room in ROOMS:
        for path in sorted((TREE / "ftpalg" / room).rglob("*.py")):
            for code, text in _said(ast.parse(path.read_text("utf-8"))):
                found.setdefault(text, set()).update([code] if code else [])
    return found


def _said(tree: ast.AST) -> Iterator[tuple[int, str]]:
    silent = _silent(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 1:
            code, text = node.args[0], text_of(node.args[1])
            if isinstance(code, ast.Constant) and code.value in CODES and text:
                yield int(str(code.value)), text.split("\n")[0]
                silent.add(node.args[1])
        text = text_of(node)
        if node not in silent and text and SENTENCE.fullmatch(text):
            yield 0, text


def _silent(tree: ast.AST) -> set[ast.AST]:
    """Docstrings, parts of a text with variables, and texts whose code is found with their call."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            found.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.update(ast.walk(node))
            found.discard(node)
    return found
