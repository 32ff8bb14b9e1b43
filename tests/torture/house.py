"""A gateway in this process: a real reactor for its sockets, and a time that the test makes pass.

Timers of more than a moment run by a clock that stands still while anything moves; where nothing has
for a while, it leaps to the next timer.  So no test waits for a timer's seconds, and a wait that no
timer ends is known for what it is: nothing moves, and the clock has nowhere to leap to.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater

from ftpalg.config import load
from ftpalg.core.facts import About, Fact, Failed
from ftpalg.net.ledger import Line
from ftpalg.net.legs.pipes import close
from ftpalg.ops.settings import Said
from ftpalg.service import GatewayService
from tests.net.pairs import REACTOR
from tests.torture.faults import Faults

MOMENT = 0.1
"""Seconds: what waits no longer does so by the real clock."""
TICK = 0.002
STILL = 12
"""Ticks without a stir of ours before time leaps."""
LEAPS = 300
"""More of them than any session's timers need, one after the other."""
STUCK = 2500
"""Ticks without a stir or a timer: nobody is going to move any more."""


class Hang(Exception):
    """Something waits for ever."""


class Time(Clock):
    """The reactor that the gateway is given."""

    def __init__(self) -> None:
        super().__init__()
        self._soon: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(REACTOR, name)

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> Any:
        """By the real clock where it is a moment only."""
        if delay > MOMENT:
            return super().callLater(delay, callable, *args, **kw)
        self._soon = [call for call in self._soon if call.active()]
        self._soon.append(REACTOR.callLater(delay, callable, *args, **kw))
        return self._soon[-1]

    @property
    def pending(self) -> list[Any]:
        """All that is to be called yet."""
        return [*self.getDelayedCalls(), *(call for call in self._soon if call.active())]

    def leap(self) -> bool:
        """On to the next timer, if there is one."""
        calls = self.getDelayedCalls()
        if calls:
            self.advance(max(0.0, min(call.getTime() for call in calls) - self.seconds()))
        return bool(calls)


class Record:
    """Keeps the facts."""

    ladder = False

    def __init__(self) -> None:
        self.failed: list[tuple[str, Failed]] = []
        self.told_of: list[Fact] = []

    def see(self, about: About, fact: Fact) -> None:
        self.told_of.append(fact)
        if isinstance(fact, Failed):
            self.failed.append((about.session, fact))

    told = warned = tell = staticmethod(lambda what: None)

    def known(self, session: str) -> None:
        """Nobody asks."""

    def reopen(self) -> None:
        """Nobody asks."""

    def renewed(self, said: Said) -> AbstractContextManager[None]:
        """Nobody asks."""
        return nullcontext()


class House:
    """The gateway with those settings."""

    def __init__(self, toml: str, faults: Faults) -> None:
        self.faults = faults
        self.time = Time()
        self.log = Record()
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write('listen = ["tcp:0:interface=127.0.0.1"]\n' + toml)
            file.flush()
            settings = load(Path(file.name), {})
        reactor: Any = self.time
        self.service = GatewayService(reactor, settings, self.log)
        self.service.startService()
        self.service.gateway.shared.certificates.stop()  # its hours are no session's wait
        host: Any = self.service.ports[0].getHost()
        self.address = ("127.0.0.1", int(host.port))

    async def until(self, done: Callable[[], object], *, leaping: bool) -> None:
        """Let things move until that is so.  Raise Hang where it never will be."""
        still = leaps = 0
        before = self.faults.stirs
        while not done():
            await tick()
            if self.faults.stirs != before:
                before, still = self.faults.stirs, 0
                continue
            still += 1
            if leaping and still % STILL == 0 and self.time.leap():
                leaps, still = leaps + 1, 0
            if leaps > LEAPS or still > STUCK:
                raise Hang

    @property
    def left(self) -> str:
        """What it still holds, or nothing."""
        shared = self.service.gateway.shared
        reaching = shared.reaching
        found = {
            "sessions": dict(shared.sessions.open),
            "the ledger": [line for line in Line if shared.ledger.in_all(line)],
            "what lingers": shared.ledger.lingering,
            "sessions at servers": dict(reaching.sessions_at),
            "sessions that return": set(reaching._loops._waiting),
            "timers": self.time.pending,
        }
        return "; ".join(f"{name}: {held}" for name, held in found.items() if held)

    def descriptors(self) -> dict[str, str]:
        """What this process has open, but for pipes that lie ready for the next transfer: they are closed."""
        pipes = self.service.gateway.shared.pipes
        while (pipe := pipes.take()) is not None:
            close(pipe)
        return descriptors()

    def stop(self) -> Deferred[Any]:
        """End it."""
        return self.service.stopService()


def tick() -> Deferred[None]:
    """A turn of the reactor or two."""
    return deferLater(REACTOR, TICK, lambda: None)


def descriptors() -> dict[str, str]:
    """What this process has open, but for the look itself."""
    gc.collect(0)
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
    return found
