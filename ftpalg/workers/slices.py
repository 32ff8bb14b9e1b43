"""Data ports that no two workers share.

A worker whose port another one has would find it taken, try the next, and pay for each try; and what an
administrator sees on a port would be anybody's.
"""

from __future__ import annotations

PortRange = tuple[int, int]


def slice_of(ports: PortRange, excluded: frozenset[int], worker: int, workers: int) -> PortRange:
    """The range of ``worker``, of 1 to ``workers``: as many ports that are not excluded as the others', or
    one more.  Raise ValueError, a sentence, where there are fewer than workers."""
    first, last = ports
    usable = [port for port in range(first, last + 1) if port not in excluded]
    if len(usable) < workers:
        raise ValueError(
            f"{workers} workers want data ports of their own, and {first}-{last} has {len(usable)}"
        )
    begin, end = ((worker - more) * len(usable) // workers for more in (1, 0))
    return usable[begin], usable[end - 1]
