"""All settings as one file: each with its value and where that comes from.

Loaded again it gives the same settings.  It holds what the settings hold, passwords in
``accounts.auth`` among them, unless it is anonymous.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ftpalg.config.anonymous import Aliases
from ftpalg.config.loading import Loaded
from ftpalg.config.plain import plain, toml

INDEX = re.compile(r"\[[0-9]+\]")
"""Which table of a list it is; in TOML a heading is of the last one."""


def effective(loaded: Loaded, *, anonymous: bool = False) -> str:
    """The text.  Anonymous: names, addresses, paths and passwords are replaced, each by its own alias."""
    raw = plain(loaded.settings)
    sources = loaded.sources
    if anonymous:
        raw = Aliases().of(raw)
        name = loaded.document.name if loaded.document else ""
        sources = {
            key: "file" + one.removeprefix(name) if name and one.startswith(name) else one
            for key, one in sources.items()
        }
    return "\n".join(_table(raw, "", sources))


def _table(raw: Mapping[str, Any], path: str, sources: Mapping[str, str]) -> Iterator[str]:
    """The keys of a table, then its lists of tables, then the tables in it."""
    later = []
    for key, value in raw.items():
        inner = f"{path}.{key}".lstrip(".")
        if isinstance(value, dict) or _tables(value):
            later.append((inner, value))
        else:
            yield f"{key} = {toml(value)}  # {sources.get(inner, 'default')}"
    for inner, value in sorted(later, key=lambda one: isinstance(one[1], dict)):
        if isinstance(value, dict):
            yield from ("", f"[{INDEX.sub('', inner)}]")
            yield from _table(value, inner, sources)
        for at, one in enumerate(value if isinstance(value, list) else ()):
            yield from ("", f"[[{INDEX.sub('', inner)}]]")
            yield from _table(one, f"{inner}[{at}]", sources)


def _tables(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(one, dict) for one in value)
