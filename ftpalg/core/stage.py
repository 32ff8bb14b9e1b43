"""What every stage of a session is."""

from __future__ import annotations

from ftpalg.core.desk import Desk


class Stage:
    """A part of a session.  ``state`` is its whole state, a frozen value; it knows the desk and
    the stages before it, never those behind it."""

    __slots__ = ("desk", "state")

    state: object

    def __init__(self, desk: Desk, state: object) -> None:
        self.desk = desk
        self.state = state
