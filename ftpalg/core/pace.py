"""How often something may happen: a bucket of tokens, of which one comes back every so often.

What is kept is one number, the second at which the bucket is full again (the generic cell rate algorithm,
ITU-T I.371): a bucket that is full needs none.  The clock is the caller's, and may jump: forward it fills the
bucket, backward it empties it at the most.
"""

from __future__ import annotations


def burst(rate: float) -> float:
    """Tokens of a full bucket: a second's, and one at the least."""
    return max(1.0, rate)


def kept(full: float, now: float, rate: float) -> float:
    """``full``, when the bucket is full again, after a look at the clock: it is never fuller than full, and
    empty at the most, whatever the clock said before.  This is what to keep."""
    return max(now, min(full, now + burst(rate) / rate))


def wait(full: float, now: float, rate: float) -> float:
    """Seconds until there is a token, 0 where there is one, of what is ``kept``."""
    return max(0.0, full - now - (burst(rate) - 1) / rate)


def taken(full: float, rate: float) -> float:
    """When it is full again once a token is taken, which must be there."""
    return full + 1 / rate
