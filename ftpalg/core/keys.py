"""Enums whose members are the keys of tables."""

from __future__ import annotations

from enum import Enum
from types import ModuleType
from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=Enum)


class Key(Enum):
    """One of a kind, so its identity is its hash; Enum would call Python for each look-up."""

    __hash__ = object.__hash__


def at_hand(kind: type[Kind]) -> type[Kind]:
    """The members of an enum as plain attributes, and nothing else of it, for code that runs for each
    command: in Python 3.11 the class takes as long for one of them as a call does.

    They are a module's, which the interpreter finds by their place (PEP 659), and not by their name."""
    members: Any = ModuleType(kind.__name__)
    vars(members).clear()
    vars(members).update(kind.__members__)
    return members  # type: ignore[no-any-return]
