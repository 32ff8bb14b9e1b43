"""Times transfers, logins and idle sessions through the gateway, and directly for comparison.

    make bench        or    python -m bench [--rounds N] [--mib N] [--sessions N]

CPU seconds are the gateway process's own (Linux).  Figures are medians of the rounds;
compare within one run only: machines drift.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.measure import child, cpu, drained, line_with, memory
from bench.work import client, log_in, retr, stor
from ftpalg.certificate import make_pair


def measured(
    gateway: subprocess.Popen[str] | None, work: Callable[[], None]
) -> tuple[float, float]:
    """Wall seconds, and the gateway's CPU seconds."""
    before, begun = cpu(gateway) if gateway else 0.0, time.perf_counter()
    work()
    return time.perf_counter() - begun, (cpu(gateway) if gateway else 0.0) - before


def start(words: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of ``ftpalg run`` up to its ``ready``."""
    begun = time.perf_counter()
    with child(str(Path(sys.executable).with_name("ftpalg")), "run", *words) as gateway:
        line_with(gateway, r"(ready)")  # in either form of the records
        return time.perf_counter() - begun, cpu(gateway)


def row(name: str, values: list[tuple[float, float]], per: float, unit: str, cost: str) -> None:
    """Print medians: amount per second, and CPU for one unit."""
    wall = statistics.median(v[0] for v in values)
    used = statistics.median(v[1] for v in values)
    print(f"{name:34} {per / wall:10.2f} {unit:11} {used / per:8.4f} {cost}", flush=True)


def main() -> None:
    """Measure all and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--sessions", type=int, default=400)
    given = parser.parse_args()
    size, rounds = given.mib << 20, range(given.rounds)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with (folder / str(size)).open("wb") as big:
            big.truncate(size)
        certificate, key = make_pair(["localhost"], folder)
        origin = stack.enter_context(child(sys.executable, "-m", "bench.origin", str(folder)))
        server = int(line_with(origin, r"^(\d+)$"))
        twistd = str(Path(sys.executable).with_name("twistd"))
        words = ["--server", f"ftp://127.0.0.1:{server}"]
        words += ["--listen", "tcp:0:interface=127.0.0.1", "--client-tls", "offer"]
        words += ["--certificate", str(certificate), "--private-key", str(key)]
        starts = [start(words) for _ in rounds]
        wall, used = (statistics.median(one[at] for one in starts) for at in (0, 1))
        print(f"{'start to ready':34} {wall:10.2f} s           {used:8.4f} CPU s", flush=True)
        gateway = stack.enter_context(child(twistd, "-n", "--pidfile=", "ftpalg", *words))
        port = int(line_with(gateway, r"starting on (\d+)"))
        stack.enter_context(drained(gateway))
        gib = size / 2**30
        for name, work, tls in (
            ("RETR", retr, False),
            ("STOR", stor, False),
            ("RETR, TLS to the client", retr, True),
        ):
            if not tls:
                direct = partial(work, server, size, tls=False)
                row(f"{name}, direct", [measured(None, direct) for _ in rounds], gib, "GiB/s", "")
            through = partial(work, port, size, tls=tls)
            row(name, [measured(gateway, through) for _ in rounds], gib, "GiB/s", "CPU s/GiB")
        for name, at, process in (
            ("login and QUIT, direct", server, None),
            ("login and QUIT", port, gateway),
        ):
            runs = [measured(process, partial(log_in, at, 400)) for _ in rounds]
            row(name, runs, 400, "sessions/s", "CPU s/session")
        for tls in (False, True):
            before = memory(gateway)
            idle = [client(port, tls=tls) for _ in range(given.sessions)]
            each = (memory(gateway) - before) / given.sessions
            print(f"{'idle session' + (', TLS' if tls else ''):34} {each:10.1f} KiB")
            for session in idle:
                session.close()


main()
