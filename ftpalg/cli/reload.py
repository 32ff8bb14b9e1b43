"""``ftpalg reload``: a running gateway reads its settings again, and tells what came of it."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from ftpalg.cli import DONE, FAILED
from ftpalg.cli.asking import NoAnswer, ask, said_no


def reload(words: Namespace) -> int:
    """Print what has changed; 1 where nothing has because of a fault."""
    try:
        found = ask(words, "reload", {})
    except NoAnswer as error:
        return said_no("reload", error)
    if words.json:
        print(json.dumps(found))
    elif found["reloaded"]:
        print("\n".join(found["changes"] or ["nothing has changed"]))
    else:
        print(f"ftpalg reload: {found['why']}", file=sys.stderr)
    return DONE if found["reloaded"] else FAILED
