"""The servers that proxies are measured before: in clear, with TLS on offer, with few data ports."""

from __future__ import annotations

import contextlib
import random
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from bench.measure import child, line_with

PORTS = 32
"""Data ports of the server that has few."""
OTHER = "127.0.0.2"
"""Its address: whoever stands before it has the same ports at the clients' one."""


class Kind(Enum):
    """What a server has."""

    CLEAR = "no TLS"
    TLS = "TLS, where it is asked for"
    FEW_PORTS = "no TLS, and few data ports"


@dataclass(frozen=True, slots=True)
class Server:
    """One that serves."""

    port: int
    host: str = "127.0.0.1"
    tls: bool = False
    data_ports: tuple[int, int] = (0, 0)


def free_port() -> int:
    """A port that nobody had a moment ago."""
    return free_ports(1)[0]


def free_ports(count: int = PORTS) -> tuple[int, int]:
    """First and last of several, below those that the system gives to whoever asks for any."""
    while True:
        first = random.randrange(10_000, 32_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("0.0.0.0", port))
            return first, first + count - 1


@contextlib.contextmanager
def serving(folder: Path, pair: tuple[Path, Path]) -> Iterator[dict[Kind, Server]]:
    """All of them, with what is in the folder."""
    first, last = free_ports()
    own = {
        Kind.CLEAR: [],
        Kind.TLS: list(map(str, pair)),
        Kind.FEW_PORTS: ["--host", OTHER, "--data-ports", str(first), str(last)],
    }
    made = {
        Kind.CLEAR: Server(0),
        Kind.TLS: Server(0, tls=True),
        Kind.FEW_PORTS: Server(0, OTHER, data_ports=(first, last)),
    }
    with contextlib.ExitStack() as stack:
        for kind, words in own.items():
            python = (sys.executable, "-m", "bench.origin")
            origin = stack.enter_context(child(*python, str(folder), *words))
            made[kind] = replace(made[kind], port=int(line_with(origin, r"^(\d+)$")))
        yield made
