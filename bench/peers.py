"""Measures the gateway beside other FTP proxies, in turn before the same server, and prints a table.

    make bench-peers        or    python -m bench.peers [--rounds N] [--mib N]

Those that are not installed are named, with the Debian package.  The figures are medians of the rounds; CPU
and memory are a proxy's with all the processes it has started, and in brackets as multiples of ftpalg's.
Compare within one run only: machines drift.
"""

from __future__ import annotations

import argparse
import contextlib
import ftplib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import Popen

from bench import family
from bench.measure import child, line_with
from bench.proxies import PROXIES, Place, Proxy, free_port, serving
from bench.simple_table import lines
from bench.work import USER, client, log_in, retr, small, stor
from ftpalg.certificate import make_pair

LOGINS, FILES, SESSIONS = 160, 100, 200
IDLE = "idle session, KiB"
FAILURES: tuple[type[Exception], ...] = (*ftplib.all_errors, AssertionError)


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of work: so much of a unit, and the CPU's unit, of which a second has ``scale``."""

    name: str
    work: Callable[..., None]
    amount: float
    unit: str
    cost: str
    scale: float = 1
    tls: bool = False

    @property
    def rows(self) -> tuple[str, str]:
        """What its two rows are called: costs, and rates."""
        return f"{self.name}, {self.cost}", f"{self.name}, {self.unit}"


def cases(size: int) -> tuple[Case, ...]:
    """What is measured, with a big file of that size."""
    gib, tls = size / 2**30, "TLS to the client"
    return (
        Case("RETR", partial(retr, size=size, tls=False), gib, "GiB/s", "CPU s/GiB"),
        Case("STOR", partial(stor, size=size, tls=False), gib, "GiB/s", "CPU s/GiB"),
        Case(
            f"RETR, {tls}", partial(retr, size=size, tls=True), gib, "GiB/s", "CPU s/GiB", tls=True
        ),
        Case(
            f"STOR, {tls}", partial(stor, size=size, tls=True), gib, "GiB/s", "CPU s/GiB", tls=True
        ),
        Case("login and QUIT", partial(log_in, count=LOGINS), LOGINS, "sessions/s", "CPU ms", 1e3),
        Case("RETR 16 KiB", partial(small, count=FILES), FILES, "files/s", "CPU ms", 1e3),
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that serves, or the server itself."""

    name: str
    port: int
    user: str = USER
    process: Popen[str] | None = None
    tls: bool = False

    def done(self, case: Case) -> tuple[float, float]:
        """Work done in a second, and the CPU that a unit of it takes."""
        if self.process is None:
            return self.timed(case), 0.0
        leader = self.process.pid
        there, before = family.members(leader), family.cpu(leader)
        rate = self.timed(case)
        family.settled(self.process, there)
        return rate, (family.cpu(leader) - before) * case.scale / case.amount

    def timed(self, case: Case) -> float:
        """Work done in a second.  Raise SystemExit where it fails."""
        begun = time.perf_counter()
        try:
            case.work(self.port, user=self.user)
        except FAILURES as error:
            raise SystemExit(f"bench: {case.name} by {self.name} fails: {error!r}") from None
        return case.amount / (time.perf_counter() - begun)

    def idle(self) -> float:
        """KiB of an idle session."""
        assert self.process is not None
        there = family.members(self.process.pid)
        client(self.port, tls=False, user=self.user).quit()
        family.settled(self.process, there)
        before = family.memory(self.process.pid)
        sessions = [client(self.port, tls=False, user=self.user) for _ in range(SESSIONS)]
        each = (family.memory(self.process.pid) - before) / SESSIONS
        for session in sessions:
            session.close()
        return each


@contextlib.contextmanager
def running(proxy: Proxy, server: int, pair: tuple[Path, Path]) -> Iterator[Running]:
    """The proxy before that server, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="ftpalg-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # some change their user
        place = Place(free_port(), server, folder / "own", *pair)
        with serving(proxy, place) as process:
            yield Running(proxy.name, place.port, proxy.user.format(server), process, proxy.tls)


def short(value: float) -> str:
    """Two digits that count, or all before the point."""
    two = f"{value:.1e}"  # rounded once: 9.96 is 10
    return f"{float(two):.{max(0, 1 - int(two[4:]))}f}" if value < 100 else f"{value:.0f}"


def cost(values: list[float], ours: list[float]) -> str:
    """The median, and in brackets as a multiple of ours."""
    if not values:
        return ""
    middle, our = statistics.median(values), statistics.median(ours)
    return short(middle) + (f" ({short(middle / our)})" if values is not ours and our > 0 else "")


def rate(values: list[float]) -> str:
    """The median, or nothing where nothing was measured."""
    return short(statistics.median(values)) if values else ""


def turns(count: int, rounds: int) -> Iterator[int]:
    """Whose turn it is: each once in a round, and each round another first."""
    for first in range(rounds):
        yield from ((first + number) % count for number in range(count))


def measured(case: Case, everyone: Sequence[Running], rounds: int) -> Iterator[list[str]]:
    """The rows of one case; the first that runs is the server itself, the next one ftpalg."""
    rates: list[list[float]] = [[] for _ in everyone]
    costs: list[list[float]] = [[] for _ in everyone]
    for number in turns(len(everyone), rounds):
        one = everyone[number]
        if one.tls or not case.tls:
            done, used = one.done(case)
            rates[number].append(done)
            costs[number].append(used)
    ours, (costly, fast) = costs[1], case.rows
    yield [costly, "", *(cost(values, ours) for values in costs[1:])]
    yield [fast, *map(rate, rates)]


def main() -> None:
    """Measure all and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=1024)
    given = parser.parse_args()
    size = given.mib << 20
    for proxy in PROXIES:
        if why := proxy.missing():
            print(f"bench.peers: without {proxy.name}: {why}", file=sys.stderr)
    there = [proxy for proxy in PROXIES if not proxy.missing()]
    rows: list[list[str]] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ftpalg-bench-")))
        (folder / "small").write_bytes(bytes(16 << 10))
        with (folder / str(size)).open("wb") as big:
            big.truncate(size)
        pair = make_pair(["localhost"], folder)
        origin = stack.enter_context(child(sys.executable, "-m", "bench.origin", str(folder)))
        server = int(line_with(origin, r"^(\d+)$"))
        proxies = [stack.enter_context(running(proxy, server, pair)) for proxy in there]
        for case in cases(size):
            rows += measured(case, [Running("the server", server), *proxies], given.rounds)
        sizes: list[list[float]] = [[] for _ in there]
        for number in turns(len(there), given.rounds):
            with running(there[number], server, pair) as fresh:
                sizes[number].append(fresh.idle())
        rows.append([IDLE, "", *(cost(values, sizes[0]) for values in sizes)])
    print(*lines(["case", "direct", *(proxy.name for proxy in there)], rows), sep="\n")


if __name__ == "__main__":
    main()
