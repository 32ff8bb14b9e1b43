"""What crowds do to others: sessions that idle, connections that never speak, one peer that takes all it can.

    python -m bench.crowds [--idle N] [--silent N] [--rounds N] [--only idle|silent|greedy]

Each has a gateway of its own, before pyftpdlib.  Clients are 127.0.0.1, the crowd is of other addresses of
loopback (Linux).  ``ulimit -n`` has to be twice as many as there are idle sessions, and 2,000 more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

from bench.measure import child, drained, line_with, memory
from bench.work import PASSWORD, USER, reply

AT_ONCE = 32
"""Sessions that log in at the same time."""
TIMER = 10
"""Seconds for the login of those that never speak."""
SECONDS = 4.0
"""Of one round, calm or not."""
GREEDY = "127.0.0.2"
ATTACKS = {
    "connects and closes": "writer.close()",
    "connects and stays": "kept.append(writer)",
    "waits for its end": "await reader.read(); writer.close()",
}
"""What the greedy peer does with each connection."""
ATTACKER = """
import asyncio, sys
async def main(port, source):
    kept = []
    async def one():
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
                ACT
            except OSError:
                await asyncio.sleep(0.01)
            if len(kept) > 3000:
                for writer in kept:
                    writer.transport.abort()
                kept.clear()
    await asyncio.gather(*(one() for _ in range(64)))
asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
"""


BYSTANDER = """
import asyncio
async def come(reader, writer):
    await reader.read()
    writer.close()
async def main():
    server = await asyncio.start_server(come, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
"""A program that the same attack can be aimed at: it takes as much of a machine's cores there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A gateway that serves, and its server."""

    process: subprocess.Popen[str]
    port: int
    server: int


@contextlib.contextmanager
def serving(settings: str, *, fixed: bool) -> Iterator[Place]:
    """One with these settings; clients name the server where it is not ``fixed``."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        origin = stack.enter_context(child(sys.executable, "-m", "bench.origin", str(folder)))
        server = int(line_with(origin, r"^(\d+)$"))
        file = folder / "ftpalg.toml"
        file.write_text(settings, "utf-8")
        words = ["--config", str(file), "--listen", "tcp:0:interface=127.0.0.1:backlog=1024"]
        words += ["--server", f"ftp://127.0.0.1:{server}"] if fixed else []
        twistd = str(Path(sys.executable).with_name("twistd"))
        gateway = stack.enter_context(child(twistd, "-n", "--pidfile=", "ftpalg", *words))
        port = int(line_with(gateway, r"starting on (\d+)"))
        stack.enter_context(drained(gateway))
        yield Place(gateway, port, server)


async def log_in(place: Place, source: str, *, named: bool = False) -> asyncio.StreamWriter:
    """A session that is logged in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port, local_addr=(source, 0))
    user = f"{USER}@127.0.0.1:{place.server}" if named else USER
    codes = [await reply(reader)]
    for line in (f"USER {user}", f"PASS {PASSWORD}"):
        writer.write(line.encode() + b"\r\n")
        codes.append(await reply(reader))
    assert codes == [b"220", b"331", b"230"], codes
    return writer


async def timed(place: Place, *, named: bool = False) -> float:
    """Seconds of one login."""
    began = time.perf_counter()
    writer = await log_in(place, "127.0.0.1", named=named)
    took = time.perf_counter() - began
    writer.close()
    return took


def told(took: list[float]) -> str:
    """Those of several, in milliseconds."""
    middle, most = statistics.median(took) * 1e3, max(took) * 1e3
    return f"{middle:.1f} ms (at most {most:.1f}), {len(took)} logins"


async def idle(count: int) -> None:
    """So many sessions of one peer that are logged in; a login of another one."""
    settings = f"[limits]\nsessions = {count + 100}\nsessions-per-peer = {count}\n"
    with serving(settings, fixed=True) as place:
        for _ in range(20):
            await timed(place)
        before = memory(place.process)
        room = asyncio.Semaphore(AT_ONCE)

        async def one() -> asyncio.StreamWriter:
            async with room:
                return await log_in(place, GREEDY)

        began = time.perf_counter()
        kept = await asyncio.gather(*(one() for _ in range(count)))
        print(f"{count} idle sessions, in {time.perf_counter() - began:.1f} s")
        each = (memory(place.process) - before) / count
        print(f"  memory         {each:.1f} KiB each")
        print(f"  another login  {told([await timed(place) for _ in range(50)])}")
        for writer in kept:
            writer.transport.abort()


async def silent(count: int) -> None:
    """So many connections of ten peers that never speak, while another one logs in without a pause."""
    settings = f"[limits]\nsessions = {count + 1000}\n[timeouts]\nlogin = {TIMER}\n"
    with serving(settings, fixed=False) as place:
        calm = [await timed(place, named=True) for _ in range(100)]
        room = asyncio.Semaphore(AT_ONCE)
        ended: list[float] = []

        async def one(at: int) -> None:
            async with room:
                source = (f"127.0.1.{at % 10}", 0)
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", place.port, local_addr=source
                )
                assert (await reader.readline())[:3] == b"220"
            came = time.perf_counter()
            await reader.read()
            ended.append(time.perf_counter() - came)
            writer.close()

        crowd = asyncio.gather(*(one(at) for at in range(count)))
        took: list[float] = []
        while not crowd.done():
            took.append(await timed(place, named=True))
        await crowd
        print(f"{count} connections that never speak, timeouts.login = {TIMER}")
        print(f"  shed behind    {min(ended):.1f} to {max(ended):.1f} s")
        print(f"  logins, calm   {told(calm)}")
        print(f"  meanwhile      {told(took)}")


async def rate(place: Place) -> float:
    """Logins a second, one after the other."""
    end, count = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < end:
        await timed(place)
        count += 1
    return count / SECONDS


async def attacked(place: Place, act: str, port: int) -> float:
    """Logins a second while a port is attacked."""
    script = ATTACKER.replace("ACT", act)
    with child(sys.executable, "-c", script, str(port), GREEDY):
        await asyncio.sleep(1.0)
        found = await rate(place)
    await asyncio.sleep(1.0)
    return found


async def greedy(rounds: int) -> None:
    """One peer attempts as many connections as it can, from a process of its own; for comparison it goes to
    another program, which leaves the gateway what such an attack leaves of the machine."""
    print(
        "logins a second of another peer: calm, beside an attack on another program, under attack;"
    )
    print("the last as a part of the first and of the second")
    for name, act in ATTACKS.items():
        with serving("", fixed=True) as place, child(sys.executable, "-c", BYSTANDER) as bystander:
            other = int(line_with(bystander, r"^(\d+)$"))
            await rate(place)
            found = [
                (
                    await rate(place),
                    await attacked(place, act, other),
                    await attacked(place, act, place.port),
                )
                for _ in range(rounds)
            ]
            columns = [statistics.median(column) for column in zip(*found, strict=True)]
            of_calm = statistics.median(under / calm for calm, _, under in found)
            of_busy = statistics.median(under / busy for _, busy, under in found)
            rates = " ".join(f"{column:8.1f}" for column in columns)
            print(f"  {name:20} {rates} {of_calm:8.2f} {of_busy:8.2f}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.crowds")
    parser.add_argument("--idle", type=int, default=9000)
    parser.add_argument("--silent", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("idle", "silent", "greedy"), default="")
    given = parser.parse_args()
    most = getrlimit(RLIMIT_NOFILE)[1]
    setrlimit(RLIMIT_NOFILE, (most, most))
    cases = {
        "idle": (idle, given.idle),
        "silent": (silent, given.silent),
        "greedy": (greedy, given.rounds),
    }
    for name, (run, size) in cases.items():
        if given.only in ("", name):
            asyncio.run(run(size))


if __name__ == "__main__":
    main()
