"""Settings from the environment: ``FTPALG_SECTION_KEY``, dashes as underscores.

A text is written as it is; everything else as in TOML (``FTPALG_LISTEN='[":21"]'``).  A name that
begins with a section's and is no setting is a fault; any other ``FTPALG_...`` is somebody else's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import fields

from ftpalg.config.checks import SCHEMAS
from ftpalg.config.faults import Fault, path_of
from ftpalg.config.model import settings_sections
from ftpalg.config.suggestions import like, lists_of_tables, meant, settings_of
from ftpalg.config.tables import key_of

PREFIX = "FTPALG_"


def variable_of(section: str, key: str) -> str:
    """The variable of a setting."""
    return PREFIX + "_".join(filter(None, (section, key))).upper().replace("-", "_")


def variables() -> dict[str, tuple[str, str]]:
    """Every variable and the section and key that it sets."""
    return {
        variable_of(section, key): (section, key)
        for section in settings_sections()
        for key in settings_of(section)
    }


def _is_text(section: str, key: str) -> bool:
    (attribute,) = (a for a in fields(settings_sections()[section]) if key_of(a.name) == key)
    schema = SCHEMAS.get(attribute.metadata.get("check"), {})
    words = schema.get("enum", [])
    return schema.get("type") == "string" or (
        bool(words) and all(isinstance(w, str) for w in words)
    )


def value_of(section: str, key: str, text: str) -> Any:
    """What a variable's text stands for: what is no TOML stays text, for the check to refuse."""
    if _is_text(section, key):
        return text
    try:
        return tomllib.loads(f"it = {text}")["it"] if "\n" not in text else text
    except (ValueError, RecursionError):
        return text


def from_environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    """The settings of an environment by dotted key, and the faults of its names."""
    known = variables()
    found: dict[str, Any] = {}
    faults = []
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX):
            continue
        if name in known:
            section, key = known[name]
            found[f"{section}.{key}".lstrip(".")] = value_of(section, key, text)
        elif section := _section_of(name):
            faults.append(Fault(path_of(name), _no_such(name, section, known), whole=True))
    return found, faults


def _section_of(name: str) -> str:
    """The section, or list of tables, that a variable's name begins with."""
    starts = (section for section in (*settings_sections(), *lists_of_tables()) if section)
    return next((s for s in starts if f"{name}_".startswith(variable_of(s, "") + "_")), "")


def _no_such(name: str, section: str, known: Mapping[str, tuple[str, str]]) -> str:
    start = variable_of(section, "") + "_"
    if start[:-1] in known:  # a list of tables, all of which stand in one variable
        return f"{name}: no such setting" + meant((start[:-1],))
    keys: Iterator[str] = (one for one in known if one.startswith(start))
    found = like(name.removeprefix(start), (one.removeprefix(start) for one in keys))
    return f"{name}: no such setting" + meant((start + found,) if found else ())
