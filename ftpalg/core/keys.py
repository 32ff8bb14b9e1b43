"""Enums whose members are the keys of tables."""

from __future__ import annotations

from enum import Enum


class Key(Enum):
    """One of a kind, so its identity is its hash; Enum would call Python for each look-up."""

    __hash__ = object.__hash__
