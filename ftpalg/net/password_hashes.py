"""Passwords as a file may keep them: scrypt (RFC 7914), written as PHC strings.

    $scrypt$ln=14,r=8,p=5$SALT$HASH       both in base64 without its = signs

What a guess costs is bounded before it is computed: nobody's file can take the machine's memory.
scrypt lets the interpreter's lock go, so that in a thread it holds nobody up.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from hashlib import scrypt, sha256
from secrets import token_bytes
from typing import NamedTuple

from ftpalg.core.value import value

MARK = b"$scrypt$"
"""What a hash begins with; no password in clear that begins so can be in a file."""
FORM = re.compile(
    rb"\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,6}),p=([0-9]{1,6})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
FOREIGN = re.compile(rb"\$(?:[1567]|2[abxy]|g?y|apr1|argon2\w*|pbkdf2[\w-]*)\$[!-~]*")
"""What a hash of crypt(5) or of other programs looks like."""
MOST_WORK = 1 << 20
"""Of N * r * p: 128 MiB are gone over, and no more can be in use at once."""
SALT, DIGEST = range(8, 65), range(16, 65)
"""Bytes that they may have."""
LONGEST = 1024
"""Bytes of a password that is hashed here; a line of ``PASS`` holds more."""


class BadHash(ValueError):
    """What is wrong with a hash; the text does not quote it."""


@value
class Cost(NamedTuple):
    """N is two to the power of ``ln``; a guess takes 128 * N * r bytes."""

    ln: int = 14
    r: int = 8
    p: int = 5

    def __str__(self) -> str:
        return f"ln={self.ln},r={self.r},p={self.p}"

    @property
    def work(self) -> int:
        """What is bounded."""
        return (self.r * self.p) << self.ln

    def hashed(self, password: bytes, salt: bytes, size: int) -> bytes:
        """Takes its time."""
        n, r, p = 1 << self.ln, self.r, self.p
        room = 128 * r * (n + p + 2) + (1 << 16)
        return scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=room, dklen=size)


@value
class Hash(NamedTuple):
    """A password that nobody can read."""

    cost: Cost
    salt: bytes
    digest: bytes

    @property
    def slow(self) -> bool:
        """A guess is hashed."""
        return True

    def __repr__(self) -> str:
        return f"Hash(cost={self.cost!r})"

    def fits(self, password: bytes) -> bool:
        """Whether it is this one; to be asked in a thread.

        HMAC (RFC 2104) fills a password up with NULs: one that ends with some is no other spelling.
        """
        guess = self.cost.hashed(password, self.salt, len(self.digest))
        return hmac.compare_digest(guess, self.digest) and b"\0" not in password

    def __bytes__(self) -> bytes:
        salt, digest = (b64encode(one).rstrip(b"=") for one in (self.salt, self.digest))
        return b"%b%b$%b$%b" % (MARK, str(self.cost).encode(), salt, digest)


@value
class Clear(NamedTuple):
    """A password that stands in the file as it is; its digest is compared, which takes no time.

    ``foreign``: it looks like a hash that some other program has made, which nobody types.
    """

    digest: bytes
    foreign: bool = False

    @property
    def slow(self) -> bool:
        """It is only compared."""
        return False

    def __repr__(self) -> str:
        return f"Clear(foreign={self.foreign!r})"

    @classmethod
    def of(cls, password: bytes) -> Clear:
        """Its own."""
        return cls(sha256(password).digest(), FOREIGN.fullmatch(password) is not None)

    def fits(self, password: bytes) -> bool:
        """Whether it is this one; the same time for each."""
        return hmac.compare_digest(self.digest, sha256(password).digest())


Secret = Hash | Clear


def made(password: bytes, cost: Cost | None = None) -> Hash:
    """A new hash with a salt of its own; takes its time."""
    cost, salt = cost or Cost(), token_bytes(16)
    return Hash(cost, salt, cost.hashed(password, salt, 32))


def secret_of(text: bytes) -> Secret:
    """What stands behind an account's name: a hash, or a password in clear.  Raise BadHash."""
    if not text.startswith(MARK):
        return Clear.of(text)
    match = FORM.fullmatch(text)
    if match is None:
        raise BadHash(f"holds no whole hash; it reads {MARK.decode()}ln=..,r=..,p=..$SALT$HASH")
    cost = Cost(*map(int, match.groups()[:3]))
    if not (cost.ln and cost.r and cost.p) or cost.ln >= 16 * cost.r:  # RFC 7914 section 2
        raise BadHash(f"asks for {cost}, which scrypt does not know")
    if cost.work > MOST_WORK:
        raise BadHash(
            f"asks for {cost}, which costs too much; r*p*2^ln may be {MOST_WORK} (ln=14,r=8,p=5"
            " is what ftpalg account add takes)"
        )
    try:
        salt, digest = (b64decode(one + b"=" * (-len(one) % 4)) for one in match.groups()[3:])
    except binascii.Error:
        raise BadHash("holds no whole hash; its base64 is cut") from None
    if len(salt) not in SALT or len(digest) not in DIGEST:
        raise BadHash(
            f"holds a salt of {len(salt)} and a hash of {len(digest)} bytes;"
            f" {SALT[0]} to {SALT[-1]} and {DIGEST[0]} to {DIGEST[-1]} are used"
        )
    return Hash(cost, salt, digest)
