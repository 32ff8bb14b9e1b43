"""What part of a login's instructions is the ledger's: those of a gateway that has it and of one without it.

    python -m bench.ledger [CHECKOUT …]

The login is that of ``bench.calls``, and so is how it is counted (by callgrind); each is counted ``--rounds``
times, the two in turn, and the medians are told, since what falls into one turn of the reactor differs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.calls import CASES, HERE, TWISTD, WARM, Running, counting, instructions
from bench.measure import child, line_with
from bench.work import log_in

LOGIN = CASES[0]
UNLEDGERED = str(HERE / "bench" / "unledgered.py")


def counted(checkout: Path, server: str, *before: str) -> float:
    """Instructions of a login with that gateway; ``before`` runs its program."""
    words = [*before, TWISTD, "-n", "--pidfile=", "ftpalg", "--server", f"ftp://127.0.0.1:{server}"]
    words += ["--listen", "tcp:0:interface=127.0.0.1"]
    with (
        tempfile.TemporaryDirectory() as folder,
        child(*counting(Path(folder)), *words, folder=checkout) as process,
    ):
        port = int(line_with(process, r"starting on (\d+)"))
        log_in(port, WARM)
        return instructions(Running(process, port, Path(folder)), LOGIN)


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, default=[HERE])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    os.environ["PYTHONHASHSEED"] = "0"  # that two runs are alike
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        origin = child(sys.executable, "-m", "bench.origin", folder, folder=HERE)
        server = line_with(stack.enter_context(origin), r"^(\d+)$")
        for checkout in given.checkouts:
            place = checkout.resolve()
            rounds = [
                (counted(place, server), counted(place, server, UNLEDGERED))
                for _ in range(given.rounds)
            ]
            for with_it, without_it in rounds:
                print(f"  {with_it / 1e6:.3f} {without_it / 1e6:.3f}", flush=True)
            whole, without = (median(one[at] for one in rounds) for at in (0, 1))
            print(
                f"{checkout}: {whole / 1e6:.3f} million instructions, {without / 1e6:.3f} without the ledger,"
                f" whose part is {(whole - without) / whole:.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
