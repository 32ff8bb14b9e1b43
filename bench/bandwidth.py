"""What a limit costs, and how it is shared: CPU for a GiB with and without one, and each transfer's part.

    python -m bench.bandwidth [--mib N] [--rate MIB] [--transfers N] [--seconds N]

The limited gateway has one limit in all.  One download gives CPU seconds for a GiB, which do not depend on
how long it took; then many run at once, and their bytes in that time are compared: the least and the most
with the mean.
"""

from __future__ import annotations

import argparse
import contextlib
import select
import socket
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from bench.measure import child, cpu, drained, line_with
from bench.work import BLOCK, client, retr

WARM = 2.0
"""Seconds in which what came before the last one had begun leaves the buffers on the way."""


def shares(port: int, many: int, size: int, seconds: float) -> list[int]:
    """The bytes that each of so many downloads gets in that time, which begins a while after all have."""
    sessions = [client(port, tls=False) for _ in range(many)]
    moved: dict[socket.socket, int] = {one.transfercmd(f"RETR {size}"): 0 for one in sessions}
    for part in (WARM, seconds):
        moved = dict.fromkeys(moved, 0)
        begun = time.perf_counter()
        while (left := begun + part - time.perf_counter()) > 0:
            for data in select.select(list(moved), [], [], left)[0]:
                moved[data] += data.recv_into(BLOCK, 1 << 18)
    for data in moved:
        data.close()
    for session in sessions:
        session.close()
    return list(moved.values())


def main() -> None:
    """Measure all and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.bandwidth")
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--transfers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    size = given.mib << 20
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with (folder / str(size)).open("wb") as big:
            big.truncate(size)
        origin = stack.enter_context(child(sys.executable, "-m", "bench.origin", str(folder)))
        server = int(line_with(origin, r"^(\d+)$"))
        limits = folder / "limits.toml"
        limits.write_text(f'[bandwidth]\ntotal-download = "{given.rate}MiB/s"\n', "ascii")
        twistd = str(Path(sys.executable).with_name("twistd"))
        words = [twistd, "-n", "--pidfile=", "ftpalg", "--server", f"ftp://127.0.0.1:{server}"]
        words += ["--listen", "tcp:0:interface=127.0.0.1"]
        for name, more in (("no limit", []), (f"{given.rate} MiB/s", ["--config", str(limits)])):
            gateway = stack.enter_context(child(*words, *more))
            port = int(line_with(gateway, r"starting on (\d+)"))
            stack.enter_context(drained(gateway))
            work = partial(retr, port, size, tls=False)
            before, begun = cpu(gateway), time.perf_counter()
            work()
            used, took = cpu(gateway) - before, time.perf_counter() - begun
            print(
                f"{name:14} {given.mib / took:8.1f} MiB/s {used * 1024 / given.mib:7.3f} CPU s/GiB",
                flush=True,
            )
        found = shares(port, given.transfers, size, given.seconds)
        mean = statistics.mean(found)
        print(
            f"{given.transfers} at once    {sum(found) / given.seconds / 2**20:8.1f} MiB/s"
            f"   least {min(found) / mean:.2f}, most {max(found) / mean:.2f} of the mean"
        )


if __name__ == "__main__":
    main()
