"""``ftpalg`` without any records: ``python -m bench.unrecorded ARGUMENT…``, to tell what they cost."""

from __future__ import annotations

from ftpalg import __main__ as program
from ftpalg import foreground
from ftpalg.core.facts import About, Fact
from ftpalg.ops.log import SessionLog


class Unrecorded(SessionLog):
    """It tells of the program, and nothing of sessions."""

    def see(self, about: About, fact: Fact) -> None:
        """Nothing."""


if __name__ == "__main__":
    vars(foreground)["SessionLog"] = Unrecorded
    raise SystemExit(program.main())
