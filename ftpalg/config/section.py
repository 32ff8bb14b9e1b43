"""What the settings' classes share: two are alike if they hold the same.

attrs would write these methods anew for each of the classes, and have Python compile them, at each start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import field, fields


def setting(default: Any, check: Callable[[Any], Any]) -> Any:
    """A key: its default, and the check that a value from TOML goes through."""
    return field(default=default, metadata={"check": check})


class Section:
    """The base of attrs' classes with ``eq=False``; an attribute with ``eq=False`` does not count."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _held(self) == _held(other)

    def __hash__(self) -> int:
        return hash((type(self), _held(self)))


def _held(section: Any) -> tuple[Any, ...]:
    return tuple(getattr(section, a.name) for a in fields(type(section)) if a.eq)
