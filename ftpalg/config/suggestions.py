"""Did you mean: the nearest name to one that is none, over all sections and keys."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import fields

from ftpalg.config.faults import dotted
from ftpalg.config.model import Settings, settings_sections
from ftpalg.config.places import Path
from ftpalg.config.tables import is_key, key_of, keys_of

NEAR = 0.75
"""How like a name must be, by difflib's ratio."""
FAR, CLOSE = 0.8, 0.6
"""The same for one in another section, and for one in the very section, where few are in question."""
SHORTEST = 3
"""Letters of a piece of a word that stands for the word: min, key."""


def settings_of(section: str) -> list[str]:
    """The keys of a section; at the top those that are no section."""
    kind = settings_sections()[section]
    return [key for key in keys_of(kind) if section or key not in settings_sections()]


def lists_of_tables() -> list[str]:
    """The keys at the top that are written in double brackets."""
    listed = (a for a in fields(Settings) if is_key(a) and "check" not in a.metadata)
    return [key for key in (key_of(a.name) for a in listed) if key not in settings_sections()]


def near(name: str, names: Iterable[str]) -> str:
    """The name that is most like this one, or nothing.  Signs between words do not count."""
    return _closest(name, names, NEAR)


def like(name: str, names: Iterable[str]) -> str:
    """The same among few names; the first that shares a word, or its beginning, will do: ``cert``."""
    known, wanted = list(names), _words(name)
    sharing = (one for one in known if any(_share(a, b) for a in wanted for b in _words(one)))
    return near(name, known) or next(sharing, "") or _closest(name, known, CLOSE)


def _closest(name: str, names: Iterable[str], least: float) -> str:
    from difflib import get_close_matches  # for those who have mistyped

    known = {"".join(_words(one)): one for one in names}
    found = get_close_matches("".join(_words(name)), known, 1, least)
    return known[found[0]] if found else ""


def _words(name: str) -> list[str]:
    return name.lower().replace("_", "-").split("-")


def _share(one: str, other: str) -> bool:
    """True where one word is the other's beginning."""
    return min(len(one), len(other)) >= SHORTEST and (
        one.startswith(other) or other.startswith(one)
    )


def for_section(name: str, keys: Iterable[str] = ()) -> Path:
    """What was meant by a table that no section has: one named like it, or one with its keys."""
    wanted = set(keys)
    sections = [section for section in settings_sections() if section]
    holding = [one for one in sections if wanted and wanted <= set(settings_of(one))]
    found = near(name, holding) or like(name, holding) or near(name, sections)
    if found:
        return (found,)
    return (holding[0],) if holding else for_key("", name)


def for_key(section: str, name: str) -> Path:
    """What was meant by a key that a section does not have: its own first, then any section's."""
    own = (like if section else near)(name, settings_of(section))
    if own:
        return (section, own) if section else (own,)
    elsewhere: dict[str, Path] = {
        key: (one, key) if one else (key,)
        for one in reversed(settings_sections())
        for key in settings_of(one)
    }
    found = _closest(name, elsewhere, FAR)
    return elsewhere[found] if found else ()


def meant(path: Path, section: str = "") -> str:
    """The end of a sentence about a name in a section: the setting as people look for it."""
    if not path:
        return ""
    *tables, key = map(str, path)
    if not tables and key in settings_sections():
        shown = f"[{key}]"
    elif not tables and key in lists_of_tables():
        shown = f"[[{key}]]"
    elif not tables or dotted(path[:-1]) == section:
        shown = key
    else:
        shown = f"[{tables[0]}] {key}"
    return f"; did you mean {shown}?"
