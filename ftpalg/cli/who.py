"""``ftpalg who``: the sessions of a running gateway."""

from __future__ import annotations

import json
from argparse import Namespace

from ftpalg.cli import DONE
from ftpalg.cli.asking import NoAnswer, ask, said_no
from ftpalg.cli.sessions_table import table


def who(words: Namespace) -> int:
    """Print them; 2 for a filter that is none, 1 where nobody answers."""
    try:
        found = ask(words, "who", {"filter": words.filter})
    except NoAnswer as error:
        return said_no("who", error)
    print(json.dumps(found, indent=1) if words.json else table(found["sessions"]))
    return DONE
