"""Values that events, actions and facts are: tuples by name, alike only to their own kind.

A frozen dataclass takes three times as long to make, and the class itself ten times; a start makes a
hundred of these classes, and a session hundreds of values.
"""

from __future__ import annotations

from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=type[tuple[Any, ...]])


def value(kind: Kind) -> Kind:
    """Make a ``NamedTuple`` equal to its own kind only, and true though it may be empty."""
    for method in (__eq__, __ne__, __hash__, __bool__):
        setattr(kind, method.__name__, method)
    return kind


def __eq__(self: tuple[Any, ...], other: object) -> bool:
    return type(self) is type(other) and tuple.__eq__(self, other)


def __ne__(self: tuple[Any, ...], other: object) -> bool:
    return not __eq__(self, other)


def __hash__(self: tuple[Any, ...]) -> int:
    return hash((type(self), tuple.__hash__(self)))


def __bool__(self: tuple[Any, ...]) -> bool:
    return True
