"""``ftpalg ladder``: what the two sides of running sessions say to each other."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ftpalg.cli import DONE
from ftpalg.cli.asking import NoAnswer, lines, said_no
from ftpalg.ops.forms import end
from ftpalg.ops.texts import bounded

TIME = slice(11, 19)
"""Hours, minutes and seconds of a time as RFC 3339 has it."""
LONGEST = 1 << 20
"""Signs of a line, which no line of a gateway has."""


def ladder(words: Namespace) -> int:
    """Print lines until Ctrl-C or until the one session is over; 1 where nobody answers."""
    try:
        told = lines(words, "ladder", {"client": words.client, "back": words.back})
        if sys.stderr is not None and sys.stderr.isatty():
            print(f"-- follows {words.client}; Ctrl-C ends it", file=sys.stderr)
        show(told, json.dumps if words.json else Text().line)
    except NoAnswer as error:
        return said_no("ladder", error)
    except KeyboardInterrupt:
        pass  # that is how somebody ends it
    return DONE


def show(told: Iterable[Mapping[str, Any]], form: Callable[[Mapping[str, Any]], str]) -> None:
    """Each as soon as it comes."""
    for one in told:
        print(form(one), flush=True)


class Text:
    """For people: the first line of a session has whose it is in front of it."""

    def __init__(self) -> None:
        self._last = ""

    def line(self, one: Mapping[str, Any]) -> str:
        """The line, with a line before it where another session speaks than in the last one."""
        session = one["session"]
        before = ""
        if session and session != self._last:
            before = f"-- {session} {end(one, 'client')}\n"
            self._last = session
        return f"{before}{rung(one)}"


def rung(one: Mapping[str, Any]) -> str:
    """A line in the notation of the log's ladder; its time is UTC."""
    return f"{one['time'][TIME]} {one['arrow']}  {bounded(one['text'], LONGEST)}"
