"""How long the gateways of tests wait: longer than any test does, but where a wait is what ends it.

A busy machine may stop a peer for seconds.  No timer must expire by that which the test's peers were meant
to be well within: a wait is short for the one test, or the one class, that looks at its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

PATIENT = """\
[timeouts]
connect = 20.0
data-open = 20.0
unannounced = 20.0
final-reply = 20.0
abort-reply = 20.0
abort = 0.4
resync = 20.0
extended = 20.0
quit = 20.0
drain = 2.5
"""
"""Longer than ``TIMEOUT``: a test that leans on a wait without saying so fails.  Only two are
short: many servers here answer ABOR once, and those that do so twice say both in one write; and by the
time of ``drain`` all has been said on a connection."""

Test = TypeVar("Test", bound=Callable[..., None])


def impatient(**seconds: float) -> Callable[[Test], Test]:
    """Mark a test: its gateway, which is its own, has these ``[timeouts]``."""

    def mark(test: Test) -> Test:
        test.__dict__["waits"] = seconds
        return test

    return mark


def waits(test: object, name: str) -> Mapping[str, float]:
    """What the method of that name is marked with."""
    found: Mapping[str, float] = getattr(getattr(test, name), "waits", {})
    return found


def shortened(toml: str, seconds: Mapping[str, float] = {}, **more: float) -> str:
    """Settings with these ``[timeouts]`` in the place of those that they have."""
    head, table, rest = toml.partition("[timeouts]\n")
    lines = ""
    for word, value in {**seconds, **more}.items():
        key = word.replace("_", "-")
        body, bracket, behind = rest.partition("\n[")
        rest = (
            re.sub(rf"(?m)^{key} = .*\n?", "", body + "\n" * bool(bracket)) + bracket[1:] + behind
        )
        lines += f"{key} = {value}\n"
    return head + table + lines + rest
