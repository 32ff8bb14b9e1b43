"""Settings as TOML gives them: the way back from values to text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from typing import Any

from attrs import fields, has

from ftpalg.config.tables import is_key, key_of


def plain(value: Any) -> Any:
    """A value as TOML would give it to its check; tables as dicts."""
    if value is None:
        return ""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value == int(value) and value < 1e15 else value
    if isinstance(value, frozenset):
        return sorted(map(plain, value))
    if isinstance(value, tuple) and "__str__" not in vars(type(value)):
        if len(value) == 2 and all(type(one) is int for one in value):
            return f"{value[0]}-{value[1]}"
        return [plain(one) for one in value]
    if has(type(value)) and "__str__" not in vars(type(value)):
        return {key_of(a.name): plain(getattr(value, a.name)) for a in keys(type(value))}
    return str(value)


def keys(section: type) -> Iterable[Any]:
    """The attributes of a section that are keys."""
    return (a for a in fields(section) if is_key(a))


def toml(value: Any) -> str:
    """A plain value as TOML writes it; a table in braces."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return repr(value)
