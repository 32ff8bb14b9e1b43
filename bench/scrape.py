"""What a scrape and ``ftpalg who`` cost with many sessions: how long they take, and how long others wait
meanwhile.

    python -m bench.scrape [--sessions N] [--scrapes N]

The gateway has so many idle sessions.  Its metrics are asked for again and again, while another client asks
``/live`` without a pause: what the slowest of those answers took, beyond what one takes that nothing
disturbs, is how long the reactor was busy with a piece of a scrape.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.measure import child, drained, line_with
from bench.work import PASSWORD, USER, reply
from ftpalg.life.descriptors import BASE, SESSION

WHO = 10
"""Times that who is asked."""
SPARE = 2000
"""What a gateway keeps for transfers, and more."""
AT_ONCE = 32
"""Sessions that log in at the same time."""


def allow(sessions: int) -> None:
    """Let this process and its children have descriptors for so many."""
    wanted = SPARE + BASE + SESSION * sessions
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        except (OSError, ValueError):
            fit = (hard - SPARE - BASE) // SESSION
            raise SystemExit(
                f"bench: {sessions} sessions need {wanted} descriptors, {hard} are allowed; --sessions {fit}"
            ) from None


async def come(port: int, count: int) -> list[asyncio.StreamWriter]:
    """So many sessions, logged in."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> asyncio.StreamWriter:
        async with room:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            codes = [await reply(reader)]
            for line in (f"USER {USER}", f"PASS {PASSWORD}"):
                writer.write(line.encode() + b"\r\n")
                codes.append(await reply(reader))
            assert codes == [b"220", b"331", b"230"], codes
            return writer

    return await asyncio.gather(*(one() for _ in range(count)))


def ask(asking: http.client.HTTPConnection, path: str) -> tuple[float, bytes]:
    """Seconds that an answer takes, and the answer."""
    before = time.perf_counter()
    asking.request("GET", path)
    text = asking.getresponse().read()
    return time.perf_counter() - before, text


class Beside(threading.Thread):
    """Asks ``/live`` until it is stopped; ``took`` are the seconds of each."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._asking = http.client.HTTPConnection("127.0.0.1", port)
        self._over = threading.Event()
        self.took: list[float] = []

    def run(self) -> None:
        while not self._over.is_set():
            self.took.append(ask(self._asking, "/live")[0])

    def stop(self) -> list[float]:
        """What it has seen."""
        self._over.set()
        self.join()
        self._asking.close()
        return self.took


def beside(
    port: int, seconds: float = 0.0, scrapes: int = 0
) -> tuple[list[float], list[float], int]:
    """What ``/live`` takes for some seconds, or beside so many scrapes, what those take, and how many
    samples there are."""
    other = Beside(port)
    other.start()
    asking = http.client.HTTPConnection("127.0.0.1", port)
    found: list[float] = []
    samples = 0
    time.sleep(seconds)  # noqa: TID251  (no reactor here, and no test)
    for _ in range(scrapes):
        took, text = ask(asking, "/metrics")
        found.append(took)
        samples = sum(not line.startswith(b"#") for line in text.splitlines())
    asking.close()
    return other.stop(), found, samples


def asked_who(socket: str, sessions: int) -> float:
    """Seconds that the command takes, from its start to its end."""
    before = time.perf_counter()
    words = [sys.executable, "-m", "ftpalg", "who", "--socket", socket]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    took = time.perf_counter() - before
    assert found.count("\n") >= sessions, found[-200:]
    return took


def line(name: str, values: list[float]) -> str:
    """The median and the worst of some seconds, in milliseconds."""
    return (
        f"{name:26} {statistics.median(values) * 1e3:8.2f} ms, at most {max(values) * 1e3:8.2f} ms"
    )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.scrape")
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--scrapes", type=int, default=50)
    given = parser.parse_args()
    allow(given.sessions)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        python = (sys.executable, "-m")
        origin = stack.enter_context(child(*python, "bench.origin", str(folder)))
        server = line_with(origin, r"^(\d+)$")
        stack.enter_context(drained(origin))
        settings = folder / "ftpalg.toml"
        settings.write_text(
            f'listen = ["127.0.0.1:0"]\nserver = "ftp://127.0.0.1:{server}"\n'
            f"[limits]\nsessions = {given.sessions}\nsessions-per-peer = {given.sessions}\n"
            '[timeouts]\nidle = 3600\n[log]\nformat = "text"\n[admin]\nlisten = "127.0.0.1:0"\n'
            f'socket = "{folder}/admin/socket"\n'
        )
        words = (*python, "ftpalg", "run", "--config", str(settings))
        gateway = stack.enter_context(child(*words))
        port = int(line_with(gateway, r"ready: .*listeners 127\.0\.0\.1:(\d+)"))
        stack.enter_context(drained(gateway))
        (pages,) = _listening(gateway.pid) - {port}
        before = beside(pages, 2.0)[0]
        with asyncio.Runner() as runner:
            sessions = runner.run(come(port, given.sessions))
            alone = beside(pages, 2.0)[0]
            under, scrapes, samples = beside(pages, scrapes=given.scrapes)
            other = Beside(pages)
            other.start()
            who = [asked_who(f"{folder}/admin/socket", given.sessions) for _ in range(WHO)]
            meanwhile = other.stop()
            for writer in sessions:
                writer.transport.abort()
    print(f"{given.sessions} sessions, {samples} samples, {given.scrapes} scrapes")
    print(line("/live without sessions", before))
    print(line("/live without scrapes", alone))
    print(line("/live beside scrapes", under))
    print(line("/metrics", scrapes))
    print(line("/live beside who", meanwhile))
    print(line("ftpalg who", who))


def _listening(pid: int) -> set[int]:
    """The TCP ports on which a process listens."""
    inodes = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(one.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    found = (row.split() for row in rows)
    return {
        int(row[1].rpartition(":")[2], 16) for row in found if row[3] == "0A" and row[9] in inodes
    }


if __name__ == "__main__":
    main()
