"""A proxy that serves, and what it uses meanwhile."""

from __future__ import annotations

import contextlib
import ftplib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

from bench import family
from bench.proxies import Place, Proxy, serving
from bench.servers import Kind, Server, free_port
from bench.work import client

FAILURES: tuple[type[Exception], ...] = (*ftplib.all_errors, AssertionError)
Way = Mapping[str, Any]
"""How clients come to it: ``user``, and ``by``."""


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that serves, or the server itself, which has no process here."""

    name: str
    port: int
    server: int
    """The port of the server it is before."""
    process: Popen[str] | None = None
    way: Way = field(default_factory=dict)
    load: int = 1

    def client(self, *, tls: bool = False) -> ftplib.FTP:
        """One that has logged in."""
        return client(self.port, tls=tls, **self.way)

    def tries(self, what: str, work: Callable[[], Any]) -> None:
        """Do this with it.  Raise family.Failed."""
        try:
            work()
        except FAILURES as error:
            raise family.Failed(f"bench: {what} by {self.name} fails: {error!r}") from None

    def does(self, what: str, work: Callable[[], Any]) -> float:
        """CPU seconds that this takes it.  Raise family.Failed."""
        if self.process is None:
            self.tries(what, work)
            return 0.0
        leader = self.process.pid
        there, before = family.members(leader), family.cpu(leader)
        try:
            self.tries(what, work)
        finally:
            family.settled(self.process, there)
        return family.cpu(leader) - before


@contextlib.contextmanager
def running(
    proxy: Proxy, servers: Mapping[Kind, Server], pair: tuple[Path, Path], *, tls: bool = False
) -> Iterator[Running]:
    """The proxy, in a folder of its own, before the server in clear or before that with TLS."""
    server = servers[proxy.servers[tls]]
    with tempfile.TemporaryDirectory(prefix="ftpalg-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # some change their user
        place = Place(free_port(), server, folder / "own", pair)
        way = {"user": proxy.user.format(server.port), "by": proxy.by}
        with serving(proxy, place) as process:
            yield Running(proxy.name, place.port, server.port, process, way, proxy.load)
