"""What several processes cost: CPU of a login by one process and by workers, in turns.

    python -m bench.workers [--workers N] [--rounds N] [--logins N] [--at-once N] [--same-load]

Two gateways stand side by side, one with ``workers = 1`` and one with N; a round is so many logins through
each, in turns as to who is first.  CPU is that of the supervisor and of all workers.  The ratio is told
for each round by itself, because a machine that others use too drifts.

A process that is busy does several things each time that it wakes, and a login costs less then: so each
process has as many at once, N workers N times as many as one.  With ``--same-load`` both gateways have
as many.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import statistics
import sys
import tempfile
import time

from bench import family
from bench.measure import child, drained, line_with
from bench.work import AT_ONCE, log_in


class Gateway:
    """One of the two."""

    def __init__(self, stack: contextlib.ExitStack, server: str, workers: int) -> None:
        text = (
            f'workers = {workers}\nlisten = ["127.0.0.1:0"]\nserver = "ftp://127.0.0.1:{server}"\n'
        )
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        file = f"{folder}/bench.toml"
        with open(file, "w", encoding="ascii") as opened:
            opened.write(text)
        words = (sys.executable, "-m", "ftpalg", "run", "--config", file)
        process = stack.enter_context(child(*words))
        ready = line_with(process, r"(.*\bready\b.*)")
        stack.enter_context(drained(process))
        listening, pids = (
            re.search(pattern, ready)
            for pattern in (r"127\.0\.0\.1:(\d+)", r'"pids":\[([0-9, ]+)\]')
        )
        assert listening is not None
        self.port = int(listening[1])
        self.workers = list(map(int, pids[1].split(","))) if pids is not None else []
        self.processes = [process.pid, *self.workers]

    def used(self) -> list[float]:
        """CPU seconds of each process so far."""
        return [family.clock(pid) for pid in self.processes]


def measured(gateway: Gateway, logins: int, at_once: int) -> tuple[float, float, list[float]]:
    """CPU milliseconds of a login, logins a second, CPU seconds of each process."""
    before, begun = gateway.used(), time.perf_counter()
    log_in(gateway.port, logins, at_once=at_once)
    wall = time.perf_counter() - begun
    each = [after - was for was, after in zip(before, gateway.used(), strict=True)]
    return sum(each) / logins * 1_000, logins / wall, each


def told(name: str, values: list[float], unit: str) -> str:
    """The median and the quartiles."""
    lower, median, upper = statistics.quantiles(values, n=4)
    return f"{name:34} {median:8.3f} {unit} ({lower:.3f} to {upper:.3f})"


def main() -> None:
    """Measure, and print both, their ratio, and how the workers have shared the logins."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--logins", type=int, default=400)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("--same-load", action="store_true")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        origin = stack.enter_context(child(sys.executable, "-m", "bench.origin", folder))
        server = line_with(origin, r"^(\d+)$")
        one, several = (Gateway(stack, server, number) for number in (1, given.workers))
        at_once = {one: given.at_once, several: given.at_once}
        if not given.same_load:
            at_once[several] *= given.workers
        rounds: dict[Gateway, list[tuple[float, float, list[float]]]] = {one: [], several: []}
        for gateway in rounds:
            measured(gateway, given.logins, at_once[gateway])  # what is done once
        for number in range(given.rounds):
            for gateway in (one, several) if number % 2 else (several, one):
                rounds[gateway].append(measured(gateway, given.logins, at_once[gateway]))
    for gateway, name in ((one, "one process"), (several, f"{given.workers} workers")):
        print(told(name, [cpu for cpu, _, _ in rounds[gateway]], "CPU ms/login"))
        print(
            told(
                f"{name}, {at_once[gateway]} at once",
                [rate for _, rate, _ in rounds[gateway]],
                "logins/s",
            )
        )
    ratios = [b[0] / a[0] for a, b in zip(rounds[one], rounds[several], strict=True)]
    print(told("workers to one process", ratios, "CPU"))
    shares = [sum(column) for column in zip(*(each for _, _, each in rounds[several]), strict=True)]
    parts = ", ".join(f"{share / sum(shares):.1%}" for share in shares)
    print(f"CPU of the supervisor and each worker: {parts}")


if __name__ == "__main__":
    main()
