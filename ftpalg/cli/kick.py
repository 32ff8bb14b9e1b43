"""``ftpalg kick``: end sessions of a running gateway."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from ftpalg.cli import DONE, FAILED, WRONG
from ftpalg.cli.asking import NoAnswer, ask, said_no


def kick(words: Namespace) -> int:
    """Say how many; 1 where none fits, or nobody answers."""
    if not words.filter:
        print(
            "ftpalg kick: name a session or a filter; client=0.0.0.0/0 client=::/0 is everybody",
            file=sys.stderr,
        )
        return WRONG
    said = {"filter": words.filter, "after_transfer": words.after_transfer, "say": words.say}
    try:
        found = ask(words, "kick", said)
    except NoAnswer as error:
        return said_no("kick", error)
    if words.json:
        print(json.dumps(found))
    elif not found["kicked"] + found["marked"]:
        print("ftpalg kick: no session fits", file=sys.stderr)
    else:
        behind = f", {found['marked']} will behind their transfer" if found["marked"] else ""
        print(f"{found['kicked']} ended{behind}")
    return DONE if found["kicked"] + found["marked"] else FAILED
