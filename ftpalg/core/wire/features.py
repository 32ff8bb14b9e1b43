"""FEAT: what is ours and what is the server's.  RFC 2389."""

from __future__ import annotations

import re

from ftpalg.core.wire.replies import Reply

TRANSPORT = frozenset(
    b"AUTH PBSZ PROT CCC EPSV EPRT LPSV LPRT SSCN CPSV HOST ADAT CONF ENC MIC ALGS".split()
)
"""Features of the server's own connections: they say nothing of the client's, which are ours."""
OPAQUE = TRANSPORT - frozenset(b"AUTH PBSZ PROT".split())
"""What stays hidden where AUTH passes to the server: its TLS is the client's then."""
LIKELY = (b"MDTM", b"REST STREAM", b"SIZE")
"""What nearly every server can that knows no FEAT.  tnftp does without what a list leaves out, and
finds out by itself, with the same commands, where there is no list."""

KEYWORD = re.compile(rb"(?:\d{3}-)?[^\w]*(\w+)")
"""The name at the head of a line, whatever stands around it: ` * AUTH TLS`, `PROT;`, `AUTH=SSL`."""


def list_features(ours: tuple[bytes, ...]) -> Reply:
    """The reply to FEAT when only those features count."""
    return Reply(211, (b"211-Features:", *(b" " + name for name in ours), b"211 End"))


def rewrite_features(
    theirs: Reply, ours: tuple[bytes, ...], hidden: frozenset[bytes] = TRANSPORT
) -> Reply:
    """The server's reply with its transport lines (``hidden``) taken out and ours put in.

    One line with 211 is RFC 2389's word for a list without lines.  What is no list passes as it is:
    a server that refuses FEAT is refused to the client, who then tries what it needs.  Only where
    AUTH is among ours is a list made, because clients look there for TLS and go without otherwise.
    A list under another 2xx is one as well.
    """
    offers_tls = theirs.code != 421 and any(_keyword(name) == b"AUTH" for name in ours)
    if theirs.code != 211 and not (theirs.positive and len(theirs.lines) > 2):
        return list_features((*ours, *LIKELY)) if offers_tls else theirs
    if len(theirs.lines) == 1:
        return list_features(ours)
    first, *inner, last = theirs.lines
    kept = (line for line in inner if _keyword(line) not in hidden)
    made = Reply(theirs.code, (first, *(b" " + name for name in ours), *kept, last))
    return made.recoded(211) if offers_tls else made


def _keyword(line: bytes) -> bytes:
    found = KEYWORD.match(line)
    return found[1].upper() if found else b""
