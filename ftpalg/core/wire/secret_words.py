"""Which commands hold a password, that no log may show, and which words of them it may be."""

from __future__ import annotations

import re
from functools import lru_cache

SECRET = frozenset({b"PASS", b"ACCT", b"RESP", b"ADAT", b"MIC", b"CONF", b"ENC"})
"""Verbs whose argument is never written to a log.  The last three hold a whole command (RFC 2228), PASS
too, and MIC only signs it."""

SECRET_WORD = re.compile(
    rb"PASS|PSW|PW|RESPONSE|(?:ADD|NEW|CREATE)[-_]?USER|USER[-_]?(?:ADD|NEW)|LOGIN|SECRET|TOKEN|PHRASE"
)
"""What marks further verbs, and words behind SITE, with a secret behind them: PSWD (Serv-U), CPWD and
CHPWD (WS_FTP Server), PASSWD, CHPASS, ADDUSER and GADDUSER (glFTPd), GPASS (wu-ftpd), RESPONSE (gFTP's
password at the gateway), USERADD, LOGIN and their like.  Rather too much is hidden than too little."""
SITE_WORDS = 2
"""Words behind SITE that are looked at: `SITE SET PASSWORD`, but not `SITE CHMOD 644 pass`."""
WRAPPERS = frozenset({b"SITE", b"QUOTE", b"LITERAL"})
"""Verbs that a word with a secret may stand behind: SITE, and what users type to their own client and
send by mistake, `QUOTE PASS secret`."""
JOINED = re.compile(rb"[:=]")
"""What some clients put between word and password: `SITE RESPONSE:secret`."""
OPEN_WORDS = frozenset({b"PWD", b"XPWD"})
"""Verbs that are spelled so and only print the working directory."""


def holds_secret(verb: bytes, argument: bytes | None) -> bool:
    """True where the argument holds, or may hold, a password."""
    if verb in SECRET or verb in OPEN_WORDS:
        return verb in SECRET
    if verb not in WRAPPERS:
        return _is_secret(verb)
    words = (argument or b"").upper().split(None, SITE_WORDS)[:SITE_WORDS]
    return any(map(SECRET_WORD.search, words))


@lru_cache(256)
def _is_secret(verb: bytes) -> bool:
    """Few verbs are said again and again."""
    return SECRET_WORD.search(verb) is not None


def secrets_in(verb: bytes, argument: bytes | None) -> tuple[bytes, ...]:
    """The words that are, or may be, a password, as somebody would quote them.

    Without the hyphen that asks for short replies (RFC 1635), and without quotation marks; a password
    behind PASS may hold spaces.
    """
    argument = (argument or b"").strip()
    if verb in SECRET:
        return (argument.lstrip(b"-") or argument,)
    words = argument.split()
    if verb in WRAPPERS:
        marks = [
            at for at, word in enumerate(words[:SITE_WORDS]) if SECRET_WORD.search(word.upper())
        ]
        for at in marks[-1:]:
            words = [*JOINED.split(words[at], 1)[1:], *words[at + 1 :]]
    return tuple(word.strip(b"\"'") for word in words)
