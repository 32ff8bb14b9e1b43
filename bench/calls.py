"""What a login with QUIT and a download of 16 KiB cost in calls and instructions, which no load changes.

    python -m bench.calls [CHECKOUT …]

For this checkout, or for those that are named: Python's functions and C's that the gateway calls, the
system calls that it makes, by strace, and the instructions outside the kernel, by callgrind; each for one
login and for one file.  What is not installed is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.counted import SIGNAL
from bench.measure import child, drained, line_with
from bench.work import log_in, small

HERE = Path(__file__).parents[1]
TWISTD = str(Path(sys.executable).with_name("twistd"))
UNHURRIED = sys.executable, str(HERE / "bench" / "unhurried.py")
SIZE = 16 << 10
WARM = 16
"""What is done once has been done behind so many."""
SETTLED = 0.3
"""Seconds: behind the client's last word a gateway still closes its connections."""
SELDOM = 0.1
"""Calls that are fewer for one login or file are not told by their names."""


@dataclass(frozen=True, slots=True)
class Case:
    """Something that clients do, so often."""

    name: str
    count: int
    work: Callable[..., None]


CASES = (Case("login and QUIT", 160, log_in), Case("RETR 16 KiB", 100, small))


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that is counted."""

    process: subprocess.Popen[str]
    port: int
    folder: Path

    def does(self, case: Case) -> None:
        """What it is counted for, to its end."""
        case.work(self.port, case.count)
        time.sleep(SETTLED)  # noqa: TID251  (no reactor here, and no test)


def functions(gateway: Running, case: Case) -> str:
    """Those of Python and of C that it calls."""
    gateway.process.send_signal(SIGNAL)
    time.sleep(SETTLED)  # noqa: TID251
    gateway.does(case)
    gateway.process.send_signal(SIGNAL)
    python, native = map(int, line_with(gateway.process, r"called (\d+ \d+)").split())
    return f"{python / case.count:.0f} functions of Python, {native / case.count:.0f} of C"


def system_calls(gateway: Running, case: Case) -> str:
    """How many, and which."""
    found = gateway.folder / "strace"
    words = ["strace", "-f", "-c", "-o", str(found), "-p", str(gateway.process.pid)]
    with drained(gateway.process):
        tracer = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        line_with(tracer, r"(attached)")
        gateway.does(case)
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
    counts = {name: count / case.count for name, count in counted(found.read_text()).items()}
    shown = " ".join(f"{name} {count:.1f}" for name, count in counts.items() if count >= SELDOM)
    return f"{sum(counts.values()):.1f} system calls: {shown}"


def counted(table: str) -> dict[str, int]:
    """The calls of strace's table, the most frequent first."""
    rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", table, re.M)
    found = {name: int(count) for count, name in rows if name != "total"}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def instructions(gateway: Running, case: Case) -> float:
    """Those that the processor is given outside the kernel, for one."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    control = partial(subprocess.run, check=True, **quiet)
    with drained(gateway.process):
        for word in ("on", "off"):
            control(["callgrind_control", "-i", word, str(gateway.process.pid)])
            if word == "on":
                gateway.does(case)
        control(["callgrind_control", "-d", str(gateway.process.pid)])
    text = "".join(path.read_text() for path in gateway.folder.glob("callgrind*"))
    total = sum(map(int, re.findall(r"^totals: (\d+)", text, re.M)))
    return total / case.count


def told(gateway: Running, case: Case) -> str:
    """The same in words."""
    return f"{instructions(gateway, case) / 1e6:.2f} million instructions"


def counting(folder: Path) -> tuple[str, ...]:
    """What a gateway's program is run by whose instructions are counted."""
    file = f"--callgrind-out-file={folder / 'callgrind'}"
    return "valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", file, *UNHURRIED


def ways(folder: Path) -> Iterator[tuple[tuple[str, ...], Callable[[Running, Case], str]]]:
    """What the gateway's program is run by, and what counts."""
    yield (*UNHURRIED, str(HERE / "bench" / "counted.py")), functions
    if shutil.which("strace"):
        yield UNHURRIED, system_calls
    if shutil.which("valgrind"):
        yield counting(folder), told


def tell(checkout: Path, server: str) -> None:
    """Count and print, each with a gateway of its own."""
    print(checkout, flush=True)
    words = [TWISTD, "-n", "--pidfile=", "ftpalg", "--server", f"ftp://127.0.0.1:{server}"]
    words += ["--listen", "tcp:0:interface=127.0.0.1"]
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            for before, count in ways(Path(folder)):
                with child(*before, *words, folder=checkout) as process:
                    port = int(line_with(process, r"starting on (\d+)"))
                    log_in(port, WARM)
                    small(port, WARM)
                    found = count(Running(process, port, Path(folder)), case)
                    print(f"  {case.name}: {found}", flush=True)


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.calls", description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, default=[HERE])
    given = parser.parse_args()
    os.environ["PYTHONHASHSEED"] = "0"  # that two runs are alike
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "small").write_bytes(bytes(SIZE))
        origin = child(sys.executable, "-m", "bench.origin", str(folder), folder=HERE)
        server = line_with(stack.enter_context(origin), r"^(\d+)$")
        for checkout in given.checkouts:
            tell(checkout.resolve(), server)


if __name__ == "__main__":
    main()
