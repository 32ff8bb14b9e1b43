"""What is different between two settings, in words for the log.

Secrets stay out of it: of lists, where the descriptions of accounts are (``memory:NAME:PASSWORD``), only
that they have changed is said, or how long they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from attrs import fields, has

from ftpalg.config import Settings

AT_START = (
    "state",
    "workers",
)
"""Sections and settings that are looked at when the program starts, and then no more."""

SHOWN = (bool, int, float, str, Path, Enum)


def changes(old: Settings, new: Settings) -> tuple[str, ...]:
    """Each change in a few words."""
    return tuple(_changes("", old, new))


def _changes(place: str, old: Any, new: Any) -> Iterator[str]:
    for one in fields(type(new)):
        if not one.init or not one.eq:
            continue
        name = f"{place}{one.name.replace('_', '-')}"
        was, is_now = getattr(old, one.name), getattr(new, one.name)
        if was == is_now:
            continue
        if has(type(is_now)) and type(was) is type(is_now) and place == "":
            yield from _changes(f"{name}.", was, is_now)
        else:
            yield _change(name, was, is_now)


def _change(name: str, was: Any, is_now: Any) -> str:
    text = f"{name} changed"
    if isinstance(was, SHOWN) and isinstance(is_now, SHOWN):
        text = f"{name} {_shown(was)} -> {_shown(is_now)}"
    elif isinstance(was, tuple) and isinstance(is_now, tuple) and len(was) != len(is_now):
        text = f"{name} {len(was)} -> {len(is_now)} entries"
    waits = any(name == one or name.startswith(f"{one}.") for one in AT_START)
    return f"{text} (only after a restart or an upgrade)" if waits else text


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value if isinstance(value, Enum) else value)
