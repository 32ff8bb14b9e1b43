"""How often something may happen: a bucket of tokens, of which one comes back every so often.

What is kept is one number, the second at which the bucket is full again (the generic cell rate algorithm,
ITU-T I.371): a bucket that is full needs none.  The clock is the caller's, and may jump: forward it fills the
bucket, backward it empties it at the most.
"""

from __future__ import annotations


def burst(rate: float) -> float:
    """Tokens of a full bucket: a second's, and one at the least."""
    return max(1.0, rate)


def wait(full: float, now: float, rate: float) -> float:
    """Seconds until there is a token, 0 where there is one.  ``full``: when the bucket is full again."""
    return max(0.0, _full(full, now, rate) - now - (burst(rate) - 1) / rate)


def taken(full: float, now: float, rate: float) -> float:
    """When it is full again once a token is taken, which must be there."""
    return _full(full, now, rate) + 1 / rate


def _full(full: float, now: float, rate: float) -> float:
    """It is empty at the most, whatever the clock said before, and never more than full."""
    return max(now, min(full, now + burst(rate) / rate))
