"""Measures the gateway beside other FTP proxies, and with one thing or another on or off; prints two tables.

    make bench-peers        or    python -m bench.peers [--rounds N] [--mib N] [--only PATTERN] [--alone]

Those that are not installed are named, with the Debian package.  The figures are medians of the rounds, in
each of which everybody has a turn before the same server; CPU and memory are a proxy's with all the processes
it has started, and in brackets as multiples of the first one's.  Compare within one run only: machines drift.
With all peers and all cases the tables and their picture are written into docs, too, and into README.rst
the figures that it has of them.
"""

from __future__ import annotations

import argparse
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from math import isnan, nan
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

from bench import family, machine, page
from bench.cases import ENDLESS, SMALL, Case, cases, fewer
from bench.proxies import PROXIES, Proxy
from bench.running import Running, running
from bench.servers import Kind, Server, serving
from bench.simple_table import lines
from bench.variants import VARIANTS
from ftpalg.certificate import make_pair

Figures = list[list[float]]
"""Of one party: those of each row, round by round."""


@dataclass(frozen=True, slots=True)
class Party:
    """A proxy before each server that it can be before, or these servers themselves."""

    name: str
    serving: Mapping[tuple[bool, bool], Running]
    """By TLS to the client, and to the server."""
    fresh: Mapping[bool, Callable[[], AbstractContextManager[Running]]]
    """By the latter alone."""

    def at(self, case: Case) -> AbstractContextManager[Running] | None:
        """The one for this case, if there is one."""
        one = self.serving.get((case.client, case.server))
        if one is None:
            return None
        return self.fresh[case.server]() if case.fresh and self.fresh else nullcontext(one)


def direct(servers: Mapping[Kind, Server]) -> Party:
    """The servers: clients in clear have one without TLS, others one that has it."""
    clear, tls = (
        Running("direct", servers[kind].port, servers[kind].port) for kind in (Kind.CLEAR, Kind.TLS)
    )
    return Party("direct", {(False, False): clear, (True, False): tls, (True, True): tls}, {})


def party(
    proxy: Proxy, servers: Mapping[Kind, Server], pair: tuple[Path, Path], stack: ExitStack
) -> Party:
    """The proxy, running until the end of the stack."""
    ways = {tls: partial(running, proxy, servers, pair, tls=tls) for tls in proxy.servers}
    there = {tls: stack.enter_context(way()) for tls, way in ways.items()}
    serving = {(to, tls): one for to in proxy.clients for tls, one in there.items()}
    return Party(proxy.name, serving, ways)


def short(value: float) -> str:
    """Two digits that count, or all before the point."""
    two = f"{value:.1e}"  # rounded once: 9.96 is 10
    return f"{float(two):.{max(0, 1 - int(two[4:]))}f}" if value < 100 else f"{value:.0f}"


def cell(values: Sequence[float], ours: Sequence[float] = ()) -> str:
    """The median, and in brackets as a multiple of ours; nothing where nothing was measured.

    It fails as a whole where it failed in one round.
    """
    if not values:
        return ""
    if any(map(isnan, values)):
        return page.FAILS
    middle = statistics.median(values)
    our = statistics.median(ours) if ours else 0.0
    return short(middle) + (f" ({short(middle / our)})" if our > 0 else "")


def turns(count: int, rounds: int) -> Iterator[int]:
    """Whose turn it is: each once in a round, and each round another first."""
    for first in range(rounds):
        yield from ((first + number) % count for number in range(count))


def measured(case: Case, everyone: Sequence[Party], rounds: int) -> list[Figures]:
    """What each of them has in each round."""
    found: list[Figures] = [[[] for _ in case.rows] for _ in everyone]
    for number in turns(len(everyone), 1 if case.once else rounds):
        at = everyone[number].at(case)
        if at is None:
            continue
        try:
            with at as one:
                figures = case.of(one)
        except family.Failed as error:
            print(error, file=sys.stderr)
            figures = tuple(nan for _ in case.rows)
        for values, figure in zip(found[number], figures, strict=True):
            if figure is not None:
                values.append(figure)
    return found


def written(case: Case, found: Sequence[Figures]) -> list[list[str]]:
    """The rows of the table; the second party is the one that costs are compared with."""
    made = []
    for at, row in enumerate(case.rows):
        ours = found[1][at] if row.cost else []
        cells = [
            cell(figures[at], () if number == 1 else ours) for number, figures in enumerate(found)
        ]
        made.append([row.name, *cells])
    return made


def table(
    chosen: Sequence[Case],
    proxies: Sequence[Proxy],
    servers: Mapping[Kind, Server],
    pair: tuple[Path, Path],
    rounds: int,
) -> page.Table:
    """Measure these cases of these proxies."""
    rows: list[list[str]] = []
    with ExitStack() as stack:
        everyone = [direct(servers), *(party(one, servers, pair, stack) for one in proxies)]
        for case in chosen:
            begun = time.perf_counter()
            rows += written(case, measured(case, everyone, rounds))
            print(f"{case.name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return ["case", *(one.name for one in everyone)], rows


def main() -> None:
    """Measure all and print it; write it where it is whole."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--only", default="", help="cases whose name this regular expression finds")
    parser.add_argument("--alone", action="store_true", help="without the other proxies")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench.peers: ended before it was done"))
    begun, load, size = time.monotonic(), machine.load(), given.mib << 20
    most = getrlimit(RLIMIT_NOFILE)[1]
    setrlimit(RLIMIT_NOFILE, (most, most))
    proxies = PROXIES[:1] if given.alone else PROXIES
    missing = {proxy.name: why for proxy in proxies if (why := proxy.missing())}
    for name, why in missing.items():
        print(f"bench.peers: without {name}: {why}", file=sys.stderr)
    there = [proxy for proxy in proxies if proxy.name not in missing]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ftpalg-bench-")))
        folder.chmod(0o755)  # some read the certificate as somebody else
        (folder / "small").write_bytes(bytes(SMALL))
        for length in {size, size // 4, ENDLESS}:
            with (folder / str(length)).open("wb") as big:
                big.truncate(length)
        pair = make_pair(["127.0.0.1", "localhost"], folder)
        servers = stack.enter_context(serving(folder, pair))
        tables = []
        for chosen, measurable in ((cases(size), there), (fewer(size), VARIANTS)):
            wanted = [case for case in chosen if re.search(given.only, case.name)]
            tables.append(table(wanted, measurable, servers, pair, given.rounds))
            print(*lines(*tables[-1]), "", sep="\n", flush=True)
    took = time.monotonic() - begun
    about = page.Run(given.rounds, given.mib, load, took)
    print(about.told())
    if missing or given.only or given.alone:
        print("bench.peers: docs are left as they are", file=sys.stderr)
    else:
        page.write(about, *tables)


if __name__ == "__main__":
    main()
