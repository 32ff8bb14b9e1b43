"""Values that events, actions and facts are: tuples by name, alike only to their own kind.

A frozen dataclass takes three times as long to make, and the class itself ten times; a start makes a
hundred of these classes, and a session hundreds of values.
"""

from __future__ import annotations

from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=type[tuple[Any, ...]])


def value(kind: Kind) -> Kind:
    """Make a ``NamedTuple`` equal to its own kind only, and true though it may be empty.

    Its hash is a tuple's, for which nothing of Python is called; two kinds may share one.
    """
    for method in (__eq__, __ne__, _replace, tuple.__hash__):
        setattr(kind, method.__name__, method)
    kind._places = {name: at for at, name in enumerate(kind._fields)}  # type: ignore[attr-defined]
    if not kind.__annotations__:
        setattr(kind, __bool__.__name__, __bool__)
    return kind


def __eq__(self: tuple[Any, ...], other: object) -> bool:
    return type(self) is type(other) and tuple.__eq__(self, other)


def __ne__(self: tuple[Any, ...], other: object) -> bool:
    return not __eq__(self, other)


def __bool__(self: tuple[Any, ...]) -> bool:
    return True


def _replace(self: Any, /, **changes: object) -> Any:
    """The same with other fields.  NamedTuple's own asks for each field whether it is to change."""
    places, values = self._places, list(self)
    for name, new in changes.items():
        try:
            values[places[name]] = new
        except KeyError:
            raise TypeError(f"{type(self).__name__} has no field {name}") from None
    return tuple.__new__(type(self), values)
