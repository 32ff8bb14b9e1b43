"""Takes the other side's addresses out of a server's text.

Rule 4: neither side learns the other's addresses.  Rule 5: text that is not ours passes unchanged.
So only replies that servers are known to write addresses into are treated (replies to a transfer
command, STAT without argument, a refusing greeting), and in them only the addresses of this
session's server leg, which become those of its client leg, and the parenthesised address with a
port that wu-ftpd and its kin append to their 150.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ftpalg.core.replies import Reply

if TYPE_CHECKING:
    from ftpalg.core.session import Session

APPENDED = re.compile(rb" ?\((?:(?:\d{1,3}\.){3}\d{1,3}[:,] ?\d{1,5}|\d{1,3}(?:,\d{1,3}){5})\)")


def scrub(message: Reply, session: Session) -> Reply:
    """The reply as the client may see it."""
    lines = tuple(APPENDED.sub(b"", line) for line in message.lines)
    if session.server is not None:
        named = {
            session.server.peer: session.client.advertised,
            session.server.local: session.client.peer,
        }
        shown = {before.encode(): after.encode() for before, after in named.items()}
        shown |= {b.replace(b".", b","): a.replace(b".", b",") for b, a in shown.items()}
        word = re.compile(rb"(?<![\w.])(?:%b)(?!\w|[.:]\w)" % b"|".join(map(re.escape, shown)))
        lines = tuple(word.sub(lambda found: shown[found[0]], line) for line in lines)
    return message.texts_replaced(lines)
