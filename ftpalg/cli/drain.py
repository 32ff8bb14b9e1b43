"""``ftpalg drain`` and ``ftpalg undrain``: parts of a running gateway without new sessions, and with them."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from ftpalg.cli import DONE, WRONG
from ftpalg.cli.asking import NoAnswer, ask, said_no

WHOLE = "gateway"
KINDS = ("server", "route", "listener")
"""The words of ``core.drained.Kind``."""


class WrongPart(Exception):
    """One sentence."""


def drain(words: Namespace) -> int:
    """Drain it, and tell how many sessions are there still; 1 for a name that nothing has."""
    if words.list:
        return _list(words)
    if words.within is not None and words.within <= 0:
        print("ftpalg drain: --within takes seconds, above 0", file=sys.stderr)
        return WRONG
    return _order("drain", words, {"within": words.within})


def undrain(words: Namespace) -> int:
    """Take it back; 1 where it is not drained."""
    return _order("undrain", words, {})


def _order(verb: str, words: Namespace, more: Mapping[str, Any]) -> int:
    try:
        found = ask(words, verb, {**_part(words), **more})
    except WrongPart as error:
        print(f"ftpalg {verb}: {error}", file=sys.stderr)
        return WRONG
    except NoAnswer as error:
        return said_no(verb, error)
    print(json.dumps(found) if words.json else f"{verb}ed: {_line(found)}")
    return DONE


def _part(words: Namespace) -> dict[str, str]:
    """What is meant.  Raise WrongPart."""
    kind, name = words.kind, words.name
    if kind is None or words.all:
        if kind is not None:
            raise WrongPart(f"--all is the whole gateway; leave it out for the {kind}")
        return {"kind": WHOLE}
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, 1)
        meant = f"did you mean {near[0]}?" if near else "say which of them it is"
        raise WrongPart(f"{kind!r} is none of {', '.join(KINDS)}; {meant}")
    if not name:
        raise WrongPart(f"name the {kind}, or --all for the whole gateway")
    return {"kind": kind, "name": name}


def _list(words: Namespace) -> int:
    try:
        found = ask(words, "drained", {})
    except NoAnswer as error:
        return said_no("drain", error)
    if words.json:
        print(json.dumps(found))
    else:
        print("\n".join(map(_line, found["drained"])) or "nothing is drained")
    return DONE


def _line(one: Mapping[str, Any]) -> str:
    what = f"{one['kind']} {one['name']}" if one["name"] else f"the {one['kind']}"
    count = one["sessions"]
    there = f"{count} session{'' if count == 1 else 's'} there"
    return f"{what}, {there}" + (f", for {one['within']:g} s" if one["within"] else "")
