"""Name servers that a test plays."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.names import dns

from ftpalg.net.reach import dns as module
from ftpalg.net.reach.dns import Dns
from ftpalg.net.reach.resolvconf import Conf
from tests.net.pairs import REACTOR, SocketCase

A, AAAA = dns.A, dns.AAAA
NAME = "ftp.example"
SERVFAIL = 2


def record(name: str, address: str) -> dns.RRHeader:
    """An address of a name."""
    payload = dns.Record_AAAA(address) if ":" in address else dns.Record_A(address)
    return dns.RRHeader(name.encode(), payload.TYPE, dns.IN, 60, payload)


def alias(name: str, other: str) -> dns.RRHeader:
    """Another name of a name."""
    return dns.RRHeader(name.encode(), dns.CNAME, dns.IN, 60, dns.Record_CNAME(other.encode()))


class NameServer(DatagramProtocol):
    """Answers by ``zone``, keyed by name and type; a name that is not there does not exist.

    ``silent`` and ``failing`` hold the types that are never answered or refused, ``mangle`` is what
    happens to an answer on its way, ``whole`` is False where answers are too long for a datagram.
    """

    def __init__(self, **zone: Any) -> None:
        self.zone: dict[tuple[str, int], list[dns.RRHeader]] = {}
        self.asked: list[tuple[str, int]] = []
        self.silent: set[int] = set()
        self.failing: set[int] = set()
        self.whole = True
        self.mangle: Any = None

    def answer(self, data: bytes, *, whole: bool) -> bytes | None:
        """What is said to a question."""
        message = dns.Message()
        message.fromStr(data)
        (query,) = message.queries
        name = str(query.name)
        self.asked.append((name, query.type))
        if query.type in self.silent:
            return None
        message.answer = 1
        message.answers = self.zone.get((name, query.type), []) if whole else []
        message.trunc = not whole
        exists = any(known == name for known, _ in self.zone)
        message.rCode = dns.OK if exists else dns.ENAME
        if query.type in self.failing:
            message.rCode = SERVFAIL
        if self.mangle is not None:
            self.mangle(message)
        return message.toStr()

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        answer = self.answer(datagram, whole=self.whole)
        if answer is not None:
            assert self.transport is not None
            self.transport.write(answer, addr)


class DnsCase(SocketCase):
    """One name server."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.told: list[tuple[list[str], str]] = []
        self.ended = 0
        self.server, self.where = self.serve()

    def serve(self) -> tuple[NameServer, tuple[str, int]]:
        """One more server, and where it is."""
        made = NameServer()
        port = REACTOR.listenUDP(0, made, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return made, ("127.0.0.1", port.getHost().port)

    def serve_both(self, streams: Factory) -> tuple[NameServer, tuple[str, int]]:
        """One more server, which is there by TCP on the same port, too."""
        for _ in range(20):
            server, where = self.serve()
            try:
                port = REACTOR.listenTCP(where[1], streams, interface="127.0.0.1")
            except CannotListenError:
                continue  # somebody else's
            self.addCleanup(port.stopListening)
            return server, where
        self.fail("no port is free twice")

    def resolver(self, *servers: tuple[str, int], search: tuple[str, ...] = ()) -> Dns:
        """One that asks these, or the one server."""
        made = Dns(REACTOR, self.folder / "resolv.conf", self.folder / "hosts")
        self.patch(made, "conf", lambda: Conf(servers or (self.where,), search))
        return made

    def ends(self) -> None:
        """All that a look-up took is free again."""
        self.ended += 1

    async def found(self, name: str, resolver: Dns | None = None) -> tuple[list[str], str]:
        """What a name resolves to; nothing is left behind."""
        (resolver or self.resolver()).begin(name, lambda *told: self.told.append(told), self.ends)
        await self.until(lambda: self.told)
        self.nothing_left()
        self.assertEqual(self.ended, 1)
        self.ended = 0
        return self.told.pop()

    def nothing_left(self) -> None:
        """No clock runs and no port of a question is open."""
        calls = [c for c in REACTOR.getDelayedCalls() if c.func.__module__.startswith("ftpalg.")]
        self.assertEqual(calls, [])
        readers = [getattr(reader, "protocol", None) for reader in REACTOR.getReaders()]
        self.assertEqual([one for one in readers if isinstance(one, module._Datagrams)], [])

    def run_it(self, case: Coroutine[Any, Any, None]) -> Deferred[None]:
        """The case as trial wants it."""
        return Deferred.fromCoroutine(case)
