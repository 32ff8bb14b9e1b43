"""Texts of others, as a line of a log or a terminal may have them.

Commands that ask a running gateway need it, and nothing else of the gateway: little is imported here.
"""

from __future__ import annotations

from ftpalg.core.wire.printing import printable


def bounded(text: str, longest: int, *, lines: bool = False) -> str:
    """The text, printable and not longer than that; ``lines`` leaves its lines."""
    if len(text) <= longest and text.isprintable():
        return text
    text = "\n".join(map(printable, text.split("\n"))) if lines else printable(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"
