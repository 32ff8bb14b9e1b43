"""Who is kept out for a while, and why: peers and accounts, their offences, their bans."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.keys import Key
from ftpalg.core.value import value


class Kind(Key):
    """What is banned; the word is the users'."""

    PEER = "peer"
    ACCOUNT = "account"


@value
class Who(NamedTuple):
    """A peer by its key in the ledger (an IPv4 address, an IPv6 network), or an account at the gateway
    by its name, ``account_key`` of what a client said."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return self.name if self.kind is Kind.PEER else f"account {self.name}"


class Offence(Key):
    """What counts against somebody: its word, which is its setting in ``[bans]`` too, and a sentence."""

    UNKNOWN_ACCOUNT = "unknown-account", "a login for an account that nobody has"
    WRONG_PASSWORD = "wrong-password", "a wrong login at the gateway"
    WRONG_AT_SERVER = "wrong-at-server", "a login that a server has refused"
    NO_FTP = "no-ftp", "HTTP, SMTP, or lines that are no commands"
    BAD_TLS = "bad-tls", "a TLS handshake that failed"
    SCAN = "scan", "one more server that is forbidden, or could not be reached"
    LIMIT = "limit", "more sessions or connections than one peer may have"

    def __init__(self, word: str, sentence: str) -> None:
        self.word = word
        self.sentence = sentence


@value
class Ban(NamedTuple):
    """Both ends in seconds since 1970; ``times`` counts this one and those before it that are not
    forgotten.  Without ``offence`` an operator has ordered it."""

    who: Who
    since: float
    until: float
    times: int = 1
    offence: Offence | None = None

    @property
    def reason(self) -> str:
        """The offence that was one too many, or ``operator``."""
        return "operator" if self.offence is None else self.offence.word


@value
class Banned(NamedTuple):
    """Somebody is kept out from now on; with ``shadow`` that is only told.  ``uid`` ordered it."""

    ban: Ban
    shadow: bool = False
    uid: int | None = None


@value
class Unbanned(NamedTuple):
    """A ban is over: ``why`` is one word."""

    ban: Ban
    why: str
    uid: int | None = None


LONGEST = 128
"""Signs of an account's key: more would be memory that strangers fill."""


def account_key(name: str) -> str:
    """The name of an account for whoever counts: directories do not tell ``Joe`` from ``joe``."""
    return name[:LONGEST].casefold()[:LONGEST]
