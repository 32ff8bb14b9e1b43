"""How much of everything so many sessions want: the formula of docs/sizing.rst, and its tables.

    python -m bench.sizing

What one thing costs is measured (docs/measurements.rst) and rounded up; what clients do, and what one
machine has, is supposed.  All that a table there says is reckoned here, from these constants alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from bench.simple_table import lines
from ftpalg.config import Settings
from ftpalg.life.descriptors import BASE, SESSION, TRANSFER

SESSIONS = 1_000, 10_000, 100_000

COSTS = {
    "process, MiB": 60.0,
    "idle session, in clear, KiB": 5.3,
    "idle session, TLS to the client, KiB": 29.8,
    "buffers of a transfer, TLS to the client, KiB": 128.0,
    "login, in clear, CPU ms": 2.5,
    "login, TLS to the client, CPU ms": 6.0,
    "file, in clear, CPU ms": 3.5,
    "file, TLS to the client, CPU ms": 8.0,
    "bytes, in clear, CPU s/GiB": 0.5,
    "bytes, TLS to the client, CPU s/GiB": 3.0,
}
KINDS = {
    "in clear": 0.0,
    "TLS to the client": COSTS["buffers of a transfer, TLS to the client, KiB"],
}
"""Of sessions, with the KiB that a transfer's buffers take."""
SUPPOSED = {
    "of a hundred sessions move a file": 10.0,
    "KiB/s that each of them moves": 100.0,
    "minutes between two files of a session": 5.0,
    "minutes that a session lasts": 10.0,
    "part of a core that may be used": 0.5,
    "cores of a machine": 8.0,
    "descriptors of a process": 20000.0,
    "ports of the system": 28232.0,
    "machines to spare": 1.0,
}
TWICE = 2
"""As many data ports as transfers would be too few: one is chosen at random among all, and some wait."""
WAITS = 60
"""Seconds for which a port that this side closed first is not used again."""


def ports() -> int:
    """Those that clients can be given: one address has data.client-ports."""
    first, last = Settings().data.client_ports
    return last - first + 1


def needs(sessions: int) -> Iterator[tuple[str, float]]:
    """Each row of the table, by its name."""
    transfers = sessions * SUPPOSED["of a hundred sessions move a file"] / 100
    logins = sessions / SUPPOSED["minutes that a session lasts"] / 60
    files = sessions / SUPPOSED["minutes between two files of a session"] / 60
    rate = transfers * SUPPOSED["KiB/s that each of them moves"] / 2**20
    opened = SESSION * sessions + TRANSFER * transfers
    data, towards = TWICE * transfers, transfers + WAITS * files
    yield "transfers at once", transfers
    yield "logins a second", logins
    yield "files a second", files
    yield "GiB a second", rate
    yield "descriptors", opened
    yield "ports of data.client-ports", data
    yield "ports towards a passive server", towards
    for name, buffers in KINDS.items():
        cores = logins * COSTS[f"login, {name}, CPU ms"] / 1e3
        cores += files * COSTS[f"file, {name}, CPU ms"] / 1e3
        cores += rate * COSTS[f"bytes, {name}, CPU s/GiB"]
        workers = max(
            ceil(cores / SUPPOSED["part of a core that may be used"]),
            ceil(opened / (SUPPOSED["descriptors of a process"] - BASE)),
        )
        memory = workers * COSTS["process, MiB"]
        memory += (sessions * COSTS[f"idle session, {name}, KiB"] + transfers * buffers) / 1024
        machines = max(
            ceil(workers / SUPPOSED["cores of a machine"]),
            ceil(data / ports()),
            ceil(towards / SUPPOSED["ports of the system"]),
        )
        yield f"cores at work, {name}", cores
        yield f"workers, {name}", workers
        yield f"memory, {name}, MiB", memory
        yield f"machines, {name}", machines + SUPPOSED["machines to spare"]


def shown(value: float) -> str:
    """Whole where it is large, and two digits that count where it is not."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def tables() -> tuple[list[str], list[str], list[str]]:
    """What things cost, what is supposed, and what follows."""
    columns = [dict(needs(sessions)) for sessions in SESSIONS]
    rows = [[name, *(shown(column[name]) for column in columns)] for name in columns[0]]
    head = ["sessions", *(f"{sessions:,}" for sessions in SESSIONS)]
    given = (
        [[name, f"{value:,g}"] for name, value in constants.items()]
        for constants in (COSTS, SUPPOSED)
    )
    costs, supposed = given
    return (
        list(lines(["cost", "figure"], costs)),
        list(lines(["supposed", "figure"], supposed)),
        list(lines(head, rows)),
    )


if __name__ == "__main__":
    for table in tables():
        print(*table, "", sep="\n")
