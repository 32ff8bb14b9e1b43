"""Each change is recorded, with who asked for it."""

from __future__ import annotations

import json

from ftpalg.admin.asking import Asked
from ftpalg.admin.steered import Told
from ftpalg.core.steering import Steered as Recorded


def record(gateway: Told, asked: Asked, verb: str, result: str = "") -> None:
    """The event ``steered``: the verb, its words as KEY=VALUE, who asked, and what came of it."""
    words = tuple(f"{name}={_word(said)}" for name, said in asked.words.items())
    gateway.tell(Recorded(verb, words, asked.caller.uid, asked.caller.pid, result))


def _word(said: object) -> str:
    if isinstance(said, list):
        return " ".join(map(str, said))
    return said if isinstance(said, str) else json.dumps(said)
