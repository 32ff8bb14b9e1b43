"""What a session costs that is logged in and says nothing: most of a gateway's sessions, for hours."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from types import FunctionType, ModuleType

from ftpalg.net.control.attached import Attached
from ftpalg.net.control.connection import Connection
from ftpalg.net.control.timers import Waits
from ftpalg.net.driver import Driver
from ftpalg.net.legs.dialling import Dialer
from ftpalg.net.reach.attempt import Attempt
from ftpalg.net.reach.failover import Reach
from tests.life.resting import SessionCase
from tests.net.pairs import REACTOR

SESSIONS = 100
BYTES = 5900
"""Of one session, with the gateway's records of it; 5,610 is what Linux and Python 3.11 were seen to take."""
DONE = (Attached, Attempt, Dialer, Reach, Waits)
"""What a login needs, and nobody behind it."""


class Idle(SessionCase):
    """As one finds it."""

    async def test_small(self) -> None:
        """It takes so many bytes of Python's memory."""
        kept = [await self.session() for _ in range(3)]
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        before = taken()
        kept += [await self.session() for _ in range(SESSIONS)]
        each = (taken() - before) / SESSIONS
        self.assertLess(each, BYTES)
        self.assertGreater(each, BYTES / 2)  # else they have not been seen

    async def test_done(self) -> None:
        """What has reached the server, and what only a login waits for, is gone."""
        await self.session()
        before = count()
        kept = [await self.session() for _ in range(5)]
        self.assertEqual(count() - before, Counter())
        self.assertEqual(len(self.drivers), len(kept) + 1)

    async def test_own(self) -> None:
        """What it has for itself has slots, and its two connections are ours."""
        kept = [await self.session() for _ in range(2)]
        one, other = self.drivers
        assert isinstance(one, Driver)
        for control in (one.client, one.backend.control):
            assert control is not None
            self.assertIsInstance(control.transport, Connection)
        shared = (one.shared, one.client._admission, REACTOR)
        own = reached(one, shared).keys() - reached(other, shared).keys()
        found = {id(thing): thing for thing in gc.get_objects()}
        ours = [found[key] for key in own if type(found.get(key)).__module__.startswith("ftpalg.")]
        self.assertGreater(len(ours), 20)
        self.assertEqual({type(thing) for thing in ours if hasattr(thing, "__dict__")}, set())
        self.assertEqual(len(kept), 2)


def taken() -> int:
    """Bytes that are taken, but for those of tests and their reactor's waits."""
    gc.collect()
    without = [
        tracemalloc.Filter(False, "*/tests/*"),
        tracemalloc.Filter(False, "*/tracemalloc.py"),
    ]
    snapshot = tracemalloc.take_snapshot().filter_traces(without)
    return sum(statistic.size for statistic in snapshot.statistics("filename"))


def count() -> Counter[str]:
    """How many there are of what should be gone."""
    gc.collect()
    found = Counter(type(thing).__name__ for thing in gc.get_objects() if isinstance(thing, DONE))
    return found + Counter(DelayedCall=len(REACTOR.getDelayedCalls()))


def reached(start: object, shared: tuple[object, ...]) -> dict[int, object]:
    """Everything that can be reached from there, but not by way of what is shared."""
    found: dict[int, object] = {}
    ahead = [start]
    while ahead:
        thing = ahead.pop()
        stops = isinstance(thing, type | ModuleType | FunctionType)
        if id(thing) in found or stops or any(thing is one for one in shared):
            continue
        found[id(thing)] = thing
        ahead += gc.get_referents(thing)
    return found
