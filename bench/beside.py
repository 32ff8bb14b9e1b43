"""Measures this checkout's gateway beside another checkout's, in turn, and prints the ratios.

    python -m bench.beside CHECKOUT [--rounds N] [--only PATTERN]

The figure is CPU of the gateway's process, which bears a busy machine better than the time on the
wall; memory is that of sessions which idle.  Each round measures each case with both, and has a ratio
of its own: printed are the medians, the median of the ratios and its quartiles.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.measure import child, cpu, drained, line_with, memory
from bench.work import client, log_in, retr, small, stor
from ftpalg.certificate import CA_FILE, make_pair

HERE = Path(__file__).parents[1]
PLAIN, TLS = 256 << 20, 64 << 20
LOGINS, FILES, SESSIONS = 160, 100, 200


@dataclass(frozen=True, slots=True)
class Case:
    """One figure: CPU seconds of the work, times ``scale``.  ``tls``: to the server."""

    name: str
    unit: str
    scale: float
    work: Callable[[int], None]
    tls: bool = False


def bulk(name: str, work: Callable[..., None], *, client: bool, server: bool) -> Case:
    """A big file, with TLS or without to either side."""
    size = TLS if client or server else PLAIN
    return Case(name, "CPU s/GiB", 2**30 / size, partial(work, size=size, tls=client), server)


CASES = (
    Case("login and QUIT", "CPU ms/session", 1e3 / LOGINS, partial(log_in, count=LOGINS)),
    Case("small files", "CPU ms/file", 1e3 / FILES, partial(small, count=FILES)),
    bulk("RETR", retr, client=False, server=False),
    bulk("STOR", stor, client=False, server=False),
    bulk("RETR, TLS to the client", retr, client=True, server=False),
    bulk("STOR, TLS to the client", stor, client=True, server=False),
    bulk("RETR, TLS to both", retr, client=True, server=True),
    bulk("STOR, TLS to both", stor, client=True, server=True),
)
IDLE = {"idle session": False, "idle session, TLS": True}


@dataclass(frozen=True, slots=True)
class Gateway:
    """One that runs."""

    process: subprocess.Popen[str]
    port: int

    def used(self, case: Case) -> float:
        """What the case costs it."""
        before = cpu(self.process)
        case.work(self.port)
        return (cpu(self.process) - before) * case.scale

    def idle(self, *, tls: bool) -> float:
        """KiB of an idle session."""
        client(self.port, tls=tls).close()
        before = memory(self.process)
        sessions = [client(self.port, tls=tls) for _ in range(SESSIONS)]
        each = (memory(self.process) - before) / SESSIONS
        for session in sessions:
            session.close()
        return each


@contextlib.contextmanager
def running(checkout: Path, words: list[str]) -> Iterator[Gateway]:
    """A gateway of that checkout, by the command that all of them have."""
    twistd = str(Path(sys.executable).with_name("twistd"))
    with child(twistd, "-n", "--pidfile=", "ftpalg", *words, folder=checkout) as process:
        port = int(line_with(process, r"starting on (\d+)"))
        with drained(process):
            yield Gateway(process, port)


def row(name: str, unit: str, here: list[float], there: list[float]) -> None:
    """Print the medians of both and their ratio."""
    ratios = [one / other for one, other in zip(here, there, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    medians = f"{statistics.median(here):9.3f} {statistics.median(there):9.3f}"
    print(f"{name:26} {medians} {unit:14} {middle:6.3f} ({low:.3f} to {high:.3f})", flush=True)


def main() -> None:
    """Measure and print: case, here, there, the ratio with its quartiles."""
    parser = argparse.ArgumentParser(prog="python -m bench.beside")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="cases whose name this regular expression finds")
    given = parser.parse_args()
    checkouts = HERE, given.checkout.resolve()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "small").write_bytes(bytes(4 << 10))
        for size in (PLAIN, TLS):
            with (folder / str(size)).open("wb") as big:
                big.truncate(size)
        certificate, key = map(str, make_pair(["127.0.0.1"], folder))
        plain = ["--listen", "tcp:0:interface=127.0.0.1", "--client-tls", "offer"]
        plain += ["--certificate", certificate, "--private-key", key]
        servers = []
        for scheme, pair in (("ftp", []), ("ftpes", [certificate, key])):
            python = (sys.executable, "-m", "bench.origin")
            origin = stack.enter_context(child(*python, str(folder), *pair, folder=HERE))
            servers.append(f"{scheme}://127.0.0.1:" + line_with(origin, r"^(\d+)$"))
        words = [
            [*plain, "--server", servers[False]],
            [*plain, "--server", servers[True], "--server-ca", str(folder / CA_FILE)],
        ]
        gateways = [
            [stack.enter_context(running(checkout, words[tls])) for tls in (False, True)]
            for checkout in checkouts
        ]
        for case in CASES:
            if re.search(given.only, case.name):
                found = [
                    [both[case.tls].used(case) for both in gateways] for _ in range(given.rounds)
                ]
                row(case.name, case.unit, *map(list, zip(*found, strict=True)))
        for name, tls in IDLE.items():
            if re.search(given.only, name):
                sizes: list[list[float]] = [[], []]
                for _ in range(given.rounds):
                    for checkout, made in zip(checkouts, sizes, strict=True):
                        with running(checkout, words[False]) as fresh:
                            made.append(fresh.idle(tls=tls))
                row(name, "KiB/session", *sizes)


if __name__ == "__main__":
    main()
