"""Takes the other side's addresses out of a server's text.

Rule 4: neither side learns the other's addresses.  Rule 5: text that is not ours passes unchanged.
So only replies that servers are known to write addresses into are treated (replies to a transfer
command, STAT without argument, a refusing greeting), and in them only the addresses of this
session's server leg, which become those of its client leg, and the parenthesised address with a
port that wu-ftpd and its kin append to their 150.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ftpalg.core.wire.replies import Reply

APPENDED = re.compile(rb" ?\((?:(?:\d{1,3}\.){3}\d{1,3}[:,] ?\d{1,5}|\d{1,3}(?:,\d{1,3}){5})\)")


def masked(message: Reply, names: Mapping[str, str]) -> Reply:
    """The reply as the client may see it; ``names`` maps addresses of the server's side to those
    that stand for them."""
    whole = text = b"\n".join(message.lines)  # at once: there may be thousands
    if b"(" in text:
        text = APPENDED.sub(b"", text)
    if names:
        shown = _shown(tuple(names.items()))
        if any(map(text.count, shown)):
            words = map(re.escape, shown)
            # what stands before one is looked at behind it: re looks for its first sign then, and is fast
            either = b"|".join(rb"%b(?<![\w.]%b)" % (one, one) for one in words)
            word = re.compile(rb"(%b)(?!\w|[.:]\w)" % either)
            parts = word.split(text)
            parts[1::2] = map(shown.__getitem__, parts[1::2])
            text = b"".join(parts)
    return message if text == whole else message.texts_replaced(tuple(text.split(b"\n")))


@lru_cache(256)
def _shown(names: tuple[tuple[str, str], ...]) -> Mapping[bytes, bytes]:
    """The same as they are spelled in texts, and in PORT and 227."""
    shown = {before.encode(): after.encode() for before, after in names}
    return shown | {b.replace(b".", b","): a.replace(b".", b",") for b, a in shown.items()}
