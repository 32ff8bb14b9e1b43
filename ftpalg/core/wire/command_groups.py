"""What a command does, in words that rules have: groups of verbs.

Every verb that is in none of them may do anything: it is one of ``other``, which no rule allows that does
not name it.  What only keeps a session going (its login, its data connections, its TLS) is of no group.
"""

from __future__ import annotations

import re

from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.errors import BadCommand

SESSION = frozenset(
    b"USER PASS ACCT AUTH PBSZ PROT CCC ADAT CONF ENC MIC REIN QUIT HOST ABOR NOOP SYST HELP FEAT OPTS"
    b" LANG CLNT CSID TYPE MODE STRU REST RANG ALLO PORT PASV EPRT EPSV LPRT LPSV CPSV SSCN P@SW PWD"
    b" XPWD ALGS".split()
)
"""Verbs that carry neither names nor data; with STAT without a path, and a few words of SITE."""

_TABLE = {
    "download": "RETR XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512 HASH MD5 MMD5 THMB",
    "list": "LIST NLST MLSD MLST STAT SIZE MDTM AVBL DSIZ",
    "enter": "CWD XCWD CDUP XCUP SMNT",
    "upload": "STOR STOU APPE",
    "change": "DELE RMD XRMD MKD XMKD RNFR RNTO MFMT MFCT MFF COMB",
}
"""A checksum tells what is in a file, so it is a download."""
GROUP = {verb.encode(): group for group, verbs in _TABLE.items() for verb in verbs.split()}
OTHER = "other"
WIDER = {"read": ("download", "list", "enter"), "write": ("upload", "change")}
"""Groups of groups."""
JUDGED = frozenset(GROUP) | {b"SITE", b"PRET"}
"""Every verb that is known and that a rule may have."""
GROUPS = (*_TABLE, *WIDER, OTHER)
"""Every word that a rule may have for verbs."""

SITE_SESSION = frozenset((b"AUTH", b"HELP", b"IDLE"))
SITE_CHANGES = frozenset(
    b"CHMOD CHGRP CHOWN UTIME SYMLINK LINK MKDIR RMDIR CPFR CPTO COPY DELE".split()
)
SITE_COPIES = frozenset(b"SYMLINK LINK CPFR COPY".split())
"""Those behind which what is in a file can be read elsewhere."""
DATED = re.compile(rb"\s*[0-9]{8,}\S*\s+\S")
"""MDTM with a time sets it (many clients; for Serv-U with a zone behind it: ``+60``); or a file is called
so."""


def site_word(command: Command) -> bytes:
    """The first word behind SITE."""
    return (command.argument or b"").strip().partition(b" ")[0].upper()


def inner(command: Command) -> Command | None:
    """The command that PRET announces; None where that is none."""
    try:
        return parse_command((command.argument or b"").strip())
    except BadCommand:
        return None


def groups_of(command: Command) -> tuple[str, ...]:
    """Its groups: none of what keeps a session going, several where it may be one or the other."""
    verb = command.verb
    if verb in SESSION or (verb == b"STAT" and not (command.argument or b"").strip()):
        return ()
    if verb == b"SITE":
        word = site_word(command)
        if word in SITE_SESSION:
            return ()
        if word in SITE_COPIES:
            return "download", "change"
        return ("change",) if word in SITE_CHANGES else (OTHER,)
    if verb == b"PRET":
        announced = inner(command)
        if announced is None or announced.verb == verb:
            return (OTHER,)
        return groups_of(announced)
    if verb == b"MDTM" and DATED.match(command.argument or b""):
        return "list", "change"
    return (GROUP.get(verb, OTHER),)


def spread(words: tuple[str, ...]) -> frozenset[str]:
    """The groups and verbs that a rule's words stand for, those of ``read`` and ``write`` one by one."""
    return frozenset(one for word in words for one in WIDER.get(word, (word,)))
