"""What the values of ``[[access.commands]]`` must be, as ``checks`` has it."""

from __future__ import annotations

from typing import Any

from ftpalg.config.checks import listed, schema, texts
from ftpalg.core.week import Span, span_of
from ftpalg.core.wire.command_groups import GROUPS, JUDGED


@listed(type="string", pattern="^[A-Za-z]")
def commands(value: Any) -> tuple[str, ...]:
    """A list of verbs and of groups of them."""
    found = []
    for item in value if isinstance(value, list) else [None]:
        word = item.lower() if isinstance(item, str) else ""
        known = word in GROUPS or word.upper().encode("ascii", "replace") in JUDGED
        if not known:
            groups = ", ".join(f'"{name}"' for name in GROUPS)
            raise ValueError(f"must be a list of FTP commands that name files, or of {groups}")
        found.append(word if word in GROUPS else word.upper())
    return tuple(found)


@listed(type="string", minLength=3)
def times(value: Any) -> tuple[Span, ...]:
    """A list of times of the week."""
    try:
        return tuple(map(span_of, texts(value)))
    except ValueError:
        raise ValueError(
            'must be a list of days, hours or both, like ["Mon-Fri 08:00-18:00", "Sat,Sun"]'
        ) from None


@schema(type="string")
def zone(value: Any) -> str:
    """The IANA name of a time zone that this machine knows."""
    from zoneinfo import ZoneInfo

    try:
        if value != "UTC":  # which needs no files
            ZoneInfo(value)
    except (TypeError, ValueError, OSError, KeyError):
        raise ValueError(
            'must be a time zone of this machine, like "Europe/Berlin"; Debian has them in tzdata'
        ) from None
    return str(value)


@listed(type="string", pattern="^/")
def globs(value: Any) -> tuple[str, ...]:
    """A list of patterns of paths."""
    if not isinstance(value, list) or not all(isinstance(t, str) and t[:1] == "/" for t in value):
        raise ValueError(
            'must be a list of paths from / on, like ["/pub", "/home/*/in", "/**/*.exe"]'
        )
    for text in value:
        parts = text.split("/")
        if "." in parts or ".." in parts:
            raise ValueError(f"must hold neither . nor .. as a part, as {text} does")
        if any("**" in part and part != "**" for part in parts):
            raise ValueError(f"must have ** between slashes alone, other than {text}")
    return tuple(value)
