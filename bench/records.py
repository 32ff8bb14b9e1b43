"""What records cost: CPU of a session with a small file, with the log on (JSON, in a file) and off.

    python -m bench.records [--rounds N] [--sessions N]

Two gateways in one process, one with a log and one without, so that both have the same memory, the
same hash seed and the same garbage collector.  A round is some sessions through each, in turns as to
who is first; what records add is told for each round by itself, because a machine that others use
too drifts.  Between blocks the log has time to write what waits: its thread's CPU is in the figure.
"""

from __future__ import annotations

import argparse
import contextlib
import ftplib
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from bench.measure import child, cpu, line_with
from ftpalg.config import load
from ftpalg.core.facts import About, Fact
from ftpalg.core.news import News
from ftpalg.life import garbage
from ftpalg.life.service import GatewayService
from ftpalg.ops.log import SessionLog
from ftpalg.ops.settings import Form, LogSettings, Said
from ftpalg.ops.trail import Known
from ftpalg.ops.writer import PAUSE


class Silent:
    """An observer that sees and says nothing."""

    ladder = False

    def see(self, about: About, fact: Fact) -> None:
        """Nothing."""

    def tell(self, news: News) -> None:
        """Nothing."""

    def told(self, text: str) -> None:
        """Nothing."""

    def warned(self, text: str) -> None:
        """Nothing."""

    def known(self, session: str) -> Known | None:
        """Nothing."""

    def reopen(self) -> None:
        """Nothing."""

    def renewed(self, said: Said) -> AbstractContextManager[None]:
        """Nothing."""
        return contextlib.nullcontext()


def serve(server: str, file: str) -> None:
    """Two gateways; the first keeps no records."""
    words = {"server": f"ftp://127.0.0.1:{server}", "listen": ["tcp:0:interface=127.0.0.1"]}
    log = SessionLog(LogSettings(format=Form.JSON, to=f"file:{file}"), hosted=False)

    def begin(reactor: Any) -> Deferred[None]:
        services = [GatewayService(reactor, load(None, words), one) for one in (Silent(), log)]
        garbage.settle()  # as the program does
        for service in services:
            service.startService()
        ports: list[Any] = [service.ports[0].getHost() for service in services]
        print(*[port.port for port in ports], flush=True)
        return Deferred()

    react(begin)


def session(port: int) -> None:
    """Log in, fetch a small file, quit."""
    client = ftplib.FTP()
    client.connect("127.0.0.1", port, timeout=60)
    client.login("bench", "bench")
    client.cwd("/")
    client.retrbinary("RETR small", lambda data: None)
    client.quit()


def used(gateway: subprocess.Popen[str], port: int, count: int) -> float:
    """CPU milliseconds of one of so many sessions, with what is written behind them."""
    before = cpu(gateway)
    for _ in range(count):
        session(port)
    time.sleep(3 * PAUSE)  # noqa: TID251  (no reactor here, and no test)
    return (cpu(gateway) - before) / count * 1_000


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """The lower one, the median, the upper one."""
    lower, median, upper = statistics.quantiles(values, n=4)
    return lower, median, upper


def main() -> None:
    """Measure, and print both and what the records add, each with its quartiles."""
    parser = argparse.ArgumentParser(prog="python -m bench.records")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--sessions", type=int, default=20)
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "small").write_bytes(b"x" * 1_000)
        python = (sys.executable, "-m")
        origin = stack.enter_context(child(*python, "bench.origin", str(folder)))
        server, log = line_with(origin, r"^(\d+)$"), str(folder / "log")
        gateway = stack.enter_context(child(*python, "bench.records", "serve", server, log))
        off, on = map(int, line_with(gateway, r"^(\d+ \d+)$").split())
        found: dict[int, list[float]] = {off: [], on: []}
        for port in found:
            used(gateway, port, given.sessions)  # what is done once
        for number in range(given.rounds):
            for port in (off, on) if number % 2 else (on, off):
                found[port].append(used(gateway, port, given.sessions))
    for name, values in (("records off", found[off]), ("records on", found[on])):
        lower, median, upper = quartiles(values)
        print(f"{name:14} {median:7.3f} CPU ms/session ({lower:.3f} to {upper:.3f})")
    lower, median, upper = quartiles(
        [(b / a - 1) * 100 for a, b in zip(found[off], found[on], strict=True)]
    )
    print(f"{'records add':14} {median:7.1f} % ({lower:.1f} to {upper:.1f})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:])
    else:
        main()
