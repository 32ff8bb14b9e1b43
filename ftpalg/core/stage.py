"""What every stage of a session is."""

from __future__ import annotations

from ftpalg.core.desk import Desk


class Stage:
    """A part of a session.  ``state`` is its whole state, a frozen value; it knows the desk and
    the stages before it, never those behind it.

    Those that every session begins with set both by themselves: that is half the cost of a stage."""

    __slots__ = ("desk", "state")

    state: object

    def __init__(self, desk: Desk, state: object) -> None:
        self.desk = desk
        self.state = state
