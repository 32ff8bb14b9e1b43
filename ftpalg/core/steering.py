"""What somebody has made the gateway do, while it ran."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.value import value


@value
class Steered(NamedTuple):
    """``verb`` with these words was asked for by the process ``pid`` of the user ``uid``.

    ``result`` says in a few words what came of it.
    """

    verb: str
    words: tuple[str, ...] = ()
    uid: int = -1
    pid: int = 0
    result: str = ""
