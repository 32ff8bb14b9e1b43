"""``ftpalg quotas``: what accounts of a running gateway have used today, and a new day for one."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from ftpalg.cli import DONE
from ftpalg.cli.asking import NoAnswer, ask, said_no


def listed(words: Namespace) -> int:
    """Tell who has used what."""
    try:
        found = ask(words, "quotas", {})
    except NoAnswer as error:
        return said_no("quotas", error)
    rows = found["quotas"]
    if words.json:
        print(json.dumps(found))
    elif words.names:
        print("\n".join(one["account"] for one in rows))
    else:
        print("\n".join(map(_line, rows)) or "nobody has moved a file today")
    return DONE


def reset(words: Namespace) -> int:
    """Give an account a new day; 1 where it has used nothing."""
    try:
        found = ask(words, "reset-quota", {"account": words.name})
    except NoAnswer as error:
        return said_no("quotas", error)
    print(json.dumps(found) if words.json else f"{found['account']}: its day begins anew")
    return DONE


def _line(one: Mapping[str, Any]) -> str:
    ways = ", ".join(
        f"{_of(one[f'{way}_bytes'])} bytes and {_of(one[f'{way}_files'])} files {said}"
        for way, said in (("upload", "up"), ("download", "down"))
    )
    return f"{one['account']}: {ways}"


def _of(count: Mapping[str, int]) -> str:
    return f"{count['used']} of {count['limit']}" if count["limit"] else str(count["used"])
