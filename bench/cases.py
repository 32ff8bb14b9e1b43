"""What is measured of a proxy that serves: work, what it adds to a command, many transfers, idle sessions.

Each case has one row or several of a table, and a figure for each of them, of clients under TLS or not and
before a server with TLS or not: a proxy that takes no such clients, or is before no such server, has none.
"""

from __future__ import annotations

import ftplib
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import family
from bench.crowd import shares
from bench.running import Running
from bench.work import AT_ONCE, client, log_in, retr, small, stor

LOGINS, FILES, SESSIONS, COMMANDS, CROWD = 160, 100, 200, 1000, 1000
SMALL, ENDLESS = 16 << 10, 1 << 36
"""Sizes of a small file, and of one that no download comes to the end of."""
WINDOW = 8.0
"""Seconds for which the shares of many transfers are counted."""
IDLE = "idle session, KiB"


@dataclass(frozen=True, slots=True)
class Row:
    """One of a table; costs are told as multiples of the first proxy's, too."""

    name: str
    cost: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """So much of a unit, and the CPU's unit, of which a second has ``scale``."""

    name: str
    work: Callable[..., Any]
    amount: float
    unit: str
    cost: str
    scale: float = 1
    client: bool = False
    server: bool = False
    loaded: bool = False
    """It is for several clients at once."""
    fresh: bool = False
    once: bool = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """Costs, and rates."""
        return Row(f"{self.name}, {self.cost}", cost=True), Row(f"{self.name}, {self.unit}")

    def of(self, one: Running) -> tuple[float | None, ...]:
        """CPU that a unit takes, and work done in a second."""
        way = dict(one.way)
        if self.loaded:
            way["at_once"] = AT_ONCE * one.load
        begun = time.perf_counter()
        took: list[float] = []

        def timed() -> None:
            self.work(one.port, **way)
            took.append(time.perf_counter() - begun)

        used = one.does(self.name, timed)
        costs = used * self.scale / self.amount if one.process else None
        return costs, self.amount / took[0]


@dataclass(frozen=True, slots=True)
class Latency:
    """What a command takes longer than at the server, to which the same goes in turn."""

    name: str = "NOOP"
    client: bool = False
    server: bool = False
    fresh: bool = False
    once: bool = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """The median and the 99th percentile."""
        return tuple(Row(f"{self.name}, ms more, {which}") for which in ("median", "p99"))

    def of(self, one: Running) -> tuple[float | None, ...]:
        """Milliseconds; of the server itself all that they take."""
        found: list[list[float]] = []

        def ask() -> None:
            with ExitStack() as stack:
                both = [stack.enter_context(closing(one.client(tls=self.client)))]
                if one.process:
                    both.append(stack.enter_context(closing(client(one.server, tls=False))))
                found.extend([] for _ in both)
                for _ in range(COMMANDS):
                    for session, took in zip(both, found, strict=True):
                        begun = time.perf_counter()
                        session.voidcmd("NOOP")
                        took.append((time.perf_counter() - begun) * 1e3)

        one.does(self.name, ask)
        percentiles = [statistics.quantiles(took, n=100, method="inclusive") for took in found]
        told = [(each[49], each[98]) for each in percentiles]
        direct = told[1] if one.process else (0.0, 0.0)
        return told[0][0] - direct[0], told[0][1] - direct[1]


def jain(shares: Sequence[int]) -> float:
    """1 where all have as much as each other, one part of so many where one has all (Jain's index)."""
    return sum(shares) ** 2 / len(shares) / sum(share**2 for share in shares)


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many downloads at once: what they get together, and how evenly."""

    count: int
    client: bool = False
    server: bool = False
    fresh: bool = False
    once: bool = True
    """It takes minutes: one round is enough."""

    @property
    def name(self) -> str:
        """By their number."""
        return f"{self.count:,} RETR at once"

    @property
    def rows(self) -> tuple[Row, ...]:
        """Their rate, the slowest one's as a part of the fastest one's, and how even all are."""
        return tuple(
            Row(f"{self.name}, {what}") for what in ("GiB/s", "slowest/fastest", "Jain's index")
        )

    def of(self, one: Running) -> tuple[float | None, ...]:
        """Of the bytes that each got in the same time."""
        got: list[int] = []
        one.does(self.name, lambda: got.extend(shares(one, self.count, ENDLESS, WINDOW)))
        return sum(got) / WINDOW / 2**30, min(got) / max(got), jain(got)


@dataclass(frozen=True, slots=True)
class Idle:
    """Memory of sessions that are logged in and say nothing."""

    name: str
    client: bool = False
    server: bool = False
    fresh: bool = True
    once: bool = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """The share of each."""
        return (Row(self.name, cost=True),)

    def of(self, one: Running) -> tuple[float | None, ...]:
        """KiB."""
        if one.process is None:
            return (None,)
        leader = one.process.pid
        one.does(self.name, lambda: one.client(tls=self.client).quit())
        before = family.memory(leader)
        sessions: list[ftplib.FTP] = []
        more = (one.client(tls=self.client) for _ in range(SESSIONS))
        one.tries(self.name, lambda: sessions.extend(more))
        each = (family.memory(leader) - before) / SESSIONS
        for session in sessions:
            session.close()
        return (each,)


Case = Work | Latency | Crowd | Idle

TO = {
    (False, False): "",
    (True, False): ", TLS to the client",
    (False, True): ", TLS to the server",
    (True, True): ", TLS to both",
}


def bulk(size: int, *, client: bool = False, server: bool = False) -> tuple[Case, ...]:
    """A big file, there and back."""
    return tuple(
        Work(
            name + TO[client, server],
            partial(work, size=size, tls=client),
            size / 2**30,
            "GiB/s",
            "CPU s/GiB",
            client=client,
            server=server,
        )
        for name, work in (("RETR", retr), ("STOR", stor))
    )


def entering(*, client: bool = False) -> Work:
    """Logins."""
    work, name = partial(log_in, count=LOGINS, tls=client), "login and QUIT" + TO[client, False]
    return Work(name, work, LOGINS, "sessions/s", "CPU ms", 1e3, client=client, loaded=True)


def files(*, client: bool = False) -> Case:
    """Small ones, one after the other."""
    work, name = partial(small, count=FILES, tls=client), "RETR 16 KiB" + TO[client, False]
    return Work(name, work, FILES, "files/s", "CPU ms", 1e3, client=client)


def cases(size: int) -> tuple[Case, ...]:
    """What is measured of all proxies, with a big file of that size, a quarter of which goes under TLS."""
    under = size // 4
    return (
        *bulk(size),
        *bulk(under, client=True),
        *bulk(under, server=True),
        *bulk(under, client=True, server=True),
        entering(),
        entering(client=True),
        files(),
        files(client=True),
        Latency(),
        Crowd(CROWD),
        Idle(IDLE),
        Idle("idle session, TLS to the client, KiB", client=True),
    )


def fewer(size: int) -> tuple[Case, ...]:
    """What is measured of the gateway with one setting or another."""
    return (*bulk(size), entering(), files(), Latency(), Crowd(CROWD))
