"""What is told of certificates: of one that a peer has shown, and of the gateway's own files.

Times are text as RFC 3339 has it, in UTC.  Texts of a peer's certificate are its own words.
"""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.value import value


@value
class Shown(NamedTuple):
    """A certificate: whose it is, who issued it, the names it is for, its time, its digest.

    ``names`` are cut, and then say how many there are.  What cannot be read of it is empty.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_after: str
    sha256: str
    not_before: str = ""


@value
class CertificateDue(NamedTuple):
    """Something is to be done about a certificate, an authority or a revocation list of a setting.

    ``problem`` is one word: expires, expired, early or unreadable.  ``days`` are left, below 0 where
    it is over.  ``grave``: peers are refused, or will be before anybody has to be told again.
    """

    setting: str
    file: str
    problem: str
    sentence: str
    not_after: str = ""
    days: int | None = None
    grave: bool = False
