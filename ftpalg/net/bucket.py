"""A token bucket: so many bytes a second, in turn to all who ask.

In any time it grants at most its rate times that time, and ``BURST`` seconds' worth on top; that much
only to those who have waited, since a busy reactor was late.  What it is asked for comes in pieces, and
whoever has had one waits behind all who wait: so transfers that share a limit have equal shares, however
many of them there are and whoever came first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, tzinfo

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.rates import Rates, rate_at
from ftpalg.net.reactors import Timing

BURST = 0.25
"""Seconds' worth that it holds at the most: more than the reactor's longest turn takes."""

PIECE = 0.02
"""Seconds' worth that is asked for at a time, fifty wake-ups a second whatever the rate; so much it holds
where nobody has waited."""

ROUND = 0.25
"""Seconds in which each of those who share it has a turn, where that takes no pieces below SMALL."""

SMALLEST, SMALL, LARGEST = 1 << 10, 1 << 12, 1 << 20
"""Bytes of a piece: smaller ones cost more than they move, larger ones no pipe holds."""

SERVED = 8
"""Turns granted in one turn of the reactor."""

SOONEST = 0.001
"""Seconds between two wake-ups."""

MINUTE = 60.0


class Waiting:
    """One place in the queue."""

    __slots__ = ("_bucket", "granted", "size")

    def __init__(self, bucket: Bucket, size: int, granted: Callable[[], None]) -> None:
        self._bucket = bucket
        self.size = size
        self.granted = granted

    def cancel(self) -> None:
        """Leave it; harmless when it has been granted."""
        self._bucket.leave(self)


class Bucket:
    """``rates`` hold by the clocks of ``zone``; a minute in which none does has no limit.

    The rate is looked up when a minute begins; bytes of a change's minute are of the earlier rate for
    the time that has passed.

    ``spent`` is how many bytes have gone.  Where other processes have a part of the rate, ``share`` says
    which is this one's; ``whole`` is that of all.
    """

    __slots__ = (
        "_at", "_clock", "_elsewhere", "_minute", "_part", "_queue", "_rate", "_rates", "_timer",
        "_tokens", "_zone", "spent", "users", "whole",
    )  # fmt: skip

    def __init__(self, clock: Timing, rates: Rates, zone: tzinfo) -> None:
        self.users = self.spent = self.whole = 0
        self._part = 1.0
        self._elsewhere = 0
        self._clock = clock
        self._queue: OrderedDict[Waiting, None] = OrderedDict()
        self._timer: IDelayedCall | None = None
        self._at = clock.seconds()
        self._rates, self._zone, self._minute, self._rate = rates, zone, -1, 0
        self._tokens = 0.0
        self._look_up(self._at)

    def change(self, rates: Rates, zone: tzinfo) -> None:
        """From now on these hold, for those who wait as well."""
        self._fill()
        self._rates, self._zone = rates, zone
        self._begin_anew()

    def share(self, part: float) -> None:
        """From now on so much of it is ours, for those who wait as well."""
        if part != self._part:
            self._fill()
            self._part = part
            self._begin_anew()

    @property
    def waits(self) -> bool:
        """Whether anybody waits for his turn."""
        return bool(self._queue)

    def _begin_anew(self) -> None:
        """Another rate holds."""
        self._look_up(self._at)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._arm()

    @property
    def rate(self) -> int:
        """Bytes a second that hold now, 0 for no limit."""
        self._fill()
        return self._rate

    @property
    def piece(self) -> int:
        """Bytes to ask for at a time."""
        self._fill()
        if not self._rate:
            return LARGEST
        share = max(self._rate * ROUND / max(self.users, 1), SMALL)
        return int(min(self._short, share, LARGEST))

    @property
    def most(self) -> int:
        """Bytes that can be asked for at a time."""
        self._fill()
        return int(min(self._burst, LARGEST)) if self._rate else LARGEST

    @property
    def full(self) -> bool:
        """Whether a new one would be the same."""
        self._fill()
        return not self._queue and (not self._rate or self._tokens >= self._short)

    def take(self, size: int) -> int:
        """How many of those bytes may go now; 0 where it is not one's turn."""
        least = min(size, self.piece)
        if self._queue or not self._has(least):
            return 0
        if self._rate:
            size = min(size, int(max(self._tokens, least)))
            self._tokens -= size
            self.spent += size
        return size

    def wait(self, size: int, granted: Callable[[], None]) -> Waiting:
        """A place in the queue: ``granted`` is called when so many bytes may go."""
        place = Waiting(self, size, granted)
        self._queue[place] = None
        self._arm()
        return place

    def give_back(self, size: int) -> None:
        """So many of those granted have not gone."""
        self.spent -= size
        self._tokens = min(self._tokens + size, self._burst)

    def hold(self) -> None:
        """Somebody who has had his turn here waits elsewhere: time counts for him as if it were here."""
        self._fill()
        self._elsewhere += 1

    def release(self) -> None:
        """He does not wait any more."""
        self._fill()
        self._elsewhere -= 1

    def leave(self, place: Waiting) -> None:
        """Somebody does not wait any more."""
        self._queue.pop(place, None)
        if not self._queue and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def _short(self) -> float:
        return max(self._rate * PIECE, SMALLEST)

    @property
    def _burst(self) -> float:
        return max(self._rate * BURST, SMALLEST)

    def _has(self, size: int) -> bool:
        """A piece that is larger than all it holds, since the rate has changed, waits for no more."""
        return not self._rate or self._tokens >= min(size, self._burst)

    def _fill(self) -> None:
        """Count the time that has passed; none where the clock was set back."""
        now = self._clock.seconds()
        if now != self._at:
            passed = max(now - self._at, 0.0)
            most = self._burst if self._queue or self._elsewhere else self._short
            self._tokens = max(self._tokens, min(self._tokens + passed * self._rate, most))
            self._at = now
        if self._minute != now // MINUTE:
            self._look_up(now)

    def _look_up(self, now: float) -> None:
        self._minute = int(now // MINUTE)
        there = datetime.fromtimestamp(now, self._zone)
        before = self._rate
        self.whole = rate_at(self._rates, there.weekday(), there.hour * 60 + there.minute)
        self._rate = max(1, int(self.whole * self._part)) if self.whole else 0
        self._tokens = min(self._tokens, self._burst) if before else self._short

    def _arm(self) -> None:
        if self._timer is not None or not self._queue:
            return
        size = next(iter(self._queue)).size
        wait = 0.0
        if not self._has(size):
            wait = max((min(size, self._burst) - self._tokens) / self._rate, SOONEST)
        self._timer = self._clock.callLater(wait, self._serve)

    def _serve(self) -> None:
        """Whose turn it is goes on; they may ask again meanwhile."""
        self._timer = None
        for _ in range(SERVED):
            self._fill()
            if not self._queue or not self._has(next(iter(self._queue)).size):
                break
            place, _nothing = self._queue.popitem(last=False)
            if self._rate:
                self._tokens -= place.size
                self.spent += place.size
            place.granted()
        self._arm()
