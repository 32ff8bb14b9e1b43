"""Times transfers, logins and idle sessions through the gateway, and directly for comparison.

    make bench        or    python -m bench [--rounds N] [--mib N] [--sessions N]

CPU seconds are the gateway process's own, from /proc (Linux).  Figures are medians of the rounds;
compare within one run only: machines drift.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ftplib
import os
import re
import select
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ftpalg.certificate import make_pair

TICKS = os.sysconf("SC_CLK_TCK")
BLOCK = bytearray(1 << 20)


@contextlib.contextmanager
def child(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended with the block."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def line_with(process: subprocess.Popen[str], pattern: str) -> str:
    """The first group of the first line of output that fits."""
    assert process.stdout is not None
    while select.select([process.stdout], [], [], 30)[0]:
        line = process.stdout.readline()
        if not line:
            break
        found = re.search(pattern, line)
        if found:
            return found[1]
    raise SystemExit("bench: a process did not start")


def cpu(process: subprocess.Popen[str]) -> float:
    """User and system seconds of a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(process: subprocess.Popen[str]) -> int:
    """KiB of memory that are the process's share."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+)", text, re.M)
    return int(found[1]) if found else 0


def client(port: int, *, tls: bool) -> ftplib.FTP:
    """A logged-in client."""
    made: ftplib.FTP
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        made = ftplib.FTP_TLS(context=context)
    else:
        made = ftplib.FTP()
    made.connect("127.0.0.1", port, timeout=120)
    made.login("bench", "bench")
    if isinstance(made, ftplib.FTP_TLS):
        made.prot_p()
    made.voidcmd("TYPE I")
    return made


def retr(port: int, size: int, *, tls: bool) -> None:
    """Download the big file."""
    session = client(port, tls=tls)
    data = session.transfercmd("RETR big")
    got = 0
    while count := data.recv_into(BLOCK):
        got += count
    data.close()
    session.voidresp()
    session.quit()
    assert got == size, got


def stor(port: int, size: int, *, tls: bool) -> None:
    """Upload as much."""
    session = client(port, tls=tls)
    data = session.transfercmd("STOR up")
    for _ in range(size // len(BLOCK)):
        data.sendall(BLOCK)
    if isinstance(data, ssl.SSLSocket):
        data.unwrap()
    data.close()
    session.voidresp()
    session.quit()


async def logins(port: int, count: int) -> None:
    """Connect, log in, quit; sixteen at once."""

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        for line in (b"USER bench\r\n", b"PASS bench\r\n", b"QUIT\r\n"):
            writer.write(line)
            await reader.readline()
        writer.close()

    async def worker() -> None:
        for _ in range(count // 16):
            await one()

    await asyncio.gather(*(worker() for _ in range(16)))


def log_in(port: int, count: int) -> None:
    """The same, in a loop of its own."""
    asyncio.run(logins(port, count))


def measured(
    gateway: subprocess.Popen[str] | None, work: Callable[[], None]
) -> tuple[float, float]:
    """Wall seconds, and the gateway's CPU seconds."""
    before, begun = cpu(gateway) if gateway else 0.0, time.perf_counter()
    work()
    return time.perf_counter() - begun, (cpu(gateway) if gateway else 0.0) - before


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
        with (folder / "big").open("wb") as big:
            big.truncate(size)
        certificate, key = make_pair(["localhost"], folder)
        origin = stack.enter_context(child(sys.executable, "-m", "bench.origin", str(folder)))
        server = int(line_with(origin, r"^(\d+)$"))
        twistd = str(Path(sys.executable).with_name("twistd"))
        words = ["-n", "--pidfile=", "ftpalg", "--server", f"ftp://127.0.0.1:{server}"]
        words += ["--listen", "tcp:0:interface=127.0.0.1", "--client-tls", "offer"]
        words += ["--certificate", str(certificate), "--private-key", str(key)]
        gateway = stack.enter_context(child(twistd, *words))
        port = int(line_with(gateway, r"starting on (\d+)"))
        stack.enter_context(_drained(gateway))
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


@contextlib.contextmanager
def _drained(process: subprocess.Popen[str]) -> Iterator[None]:
    """Read a process's output away, so that it never waits for us."""
    assert process.stdout is not None
    threading.Thread(target=process.stdout.read, daemon=True).start()
    yield


main()
