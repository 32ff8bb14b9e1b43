"""``ftpalg bans``: who is kept out of a running gateway, and orders for it."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from ftpalg.cli import DONE, WRONG
from ftpalg.cli.asking import NoAnswer, ask, said_no


def listed(words: Namespace) -> int:
    """Tell who is banned."""
    try:
        found = ask(words, "bans", {})
    except NoAnswer as error:
        return said_no("bans", error)
    rows = found["bans"]
    if words.json:
        print(json.dumps(found))
    elif words.names:
        print("\n".join(one["name"] for one in rows if one["kind"] == "peer"))
    else:
        print("\n".join(map(_line, rows)) or "nobody is banned")
    return DONE


def add(words: Namespace) -> int:
    """Keep somebody out; 1 where that cannot be."""
    if words.seconds is not None and words.seconds <= 0:
        print("ftpalg bans: --for takes seconds, above 0", file=sys.stderr)
        return WRONG
    return _order("ban", words, {"seconds": words.seconds})


def remove(words: Namespace) -> int:
    """Let somebody in again; 1 where nothing stood against it."""
    return _order("unban", words, {})


def _order(verb: str, words: Namespace, more: Mapping[str, Any]) -> int:
    if (words.peer is None) is (words.account is None):
        print("ftpalg bans: name an address, or --account NAME", file=sys.stderr)
        return WRONG
    try:
        found = ask(words, verb, {"peer": words.peer, "account": words.account, **more})
    except NoAnswer as error:
        return said_no("bans", error)
    if words.json:
        print(json.dumps(found))
    else:
        print(_line(found) if verb == "ban" else f"{_whom(found)}: let in again")
    return DONE


def _whom(one: Mapping[str, Any]) -> str:
    return f"account {one['name']}" if one["kind"] == "account" else str(one["name"])


def _line(one: Mapping[str, Any]) -> str:
    again = f", time {one['times']}" if one["times"] > 1 else ""
    told = "" if one["holds"] else "; only told (bans.mode is shadow)"
    return f"{_whom(one)}: {one['reason']}, until {one['until'][:19]}Z{again}{told}"
