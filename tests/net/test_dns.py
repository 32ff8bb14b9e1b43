"""Our own resolver over real sockets; the name servers are played by the test."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.names import dns
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.reach import dns as module
from ftpalg.net.reach.dns import Dns, addresses_in, can_ask
from ftpalg.net.reach.names import MOST
from ftpalg.net.reach.resolvconf import Conf
from tests.net.nameservers import AAAA, NAME, A, DnsCase, NameServer, alias, record
from tests.net.pairs import REACTOR


class Found(DnsCase):
    """Names with addresses."""

    async def _both(self) -> None:
        self.server.zone = {
            (NAME, A): [record(NAME, f"192.0.2.{n}") for n in range(2)],
            (NAME, AAAA): [record(NAME, f"2001:db8::{n + 1}") for n in range(9)],
        }
        found, fault = await self.found(NAME)
        expected = ["2001:db8::1", "192.0.2.0", "2001:db8::2", "192.0.2.1", "2001:db8::3"]
        self.assertEqual((found[:5], len(found), fault), (expected, MOST, ""))

    def test_both_families(self) -> Deferred[None]:
        """The families by turns, IPv6 first, a few of many."""
        return self.run_it(self._both())

    async def _alias(self) -> None:
        self.server.zone = {
            ("www.example", A): [
                alias("www.example", "B.example"),
                record("b.example", "192.0.2.1"),
            ]
        }
        self.assertEqual(await self.found("WWW.example"), ([], "no address for WWW.example"))
        self.assertEqual(await self.found("www.example"), (["192.0.2.1"], ""))

    def test_alias(self) -> Deferred[None]:
        """An alias leads to the other name's address, in whichever case."""
        return self.run_it(self._alias())

    async def _search(self) -> None:
        resolver = self.resolver(search=("one.example", "two.example"))
        self.server.zone = {("ftp.two.example", A): [record("ftp.two.example", "192.0.2.1")]}
        self.assertEqual(await self.found("ftp", resolver), (["192.0.2.1"], ""))
        names = list(dict.fromkeys(name for name, _ in self.server.asked))
        self.assertEqual(names, ["ftp.one.example", "ftp.two.example"])
        self.assertEqual(await self.found("ftp.", resolver), ([], "no address for ftp."))

    def test_search(self) -> Deferred[None]:
        """The search list is honoured, and a last dot means what it says."""
        return self.run_it(self._search())

    async def _hosts(self) -> None:
        (self.folder / "hosts").write_text(
            "192.0.2.7 other gw.example # ftp.example\n2001:db8::7\tGW.example\n192.0.2.7 gw.example\n"
        )
        self.assertEqual(await self.found("Gw.Example."), (["192.0.2.7", "2001:db8::7"], ""))
        self.assertEqual(self.server.asked, [])
        self.assertEqual(await self.found(NAME), ([], f"no address for {NAME}"))

    def test_hosts(self) -> Deferred[None]:
        """The hosts file comes first, and nobody else is asked then."""
        return self.run_it(self._hosts())

    async def _one_family(self) -> None:
        self.patch(module, "OTHER_FAMILY", 0.01)
        self.server.silent = {AAAA}
        self.server.zone = {(NAME, A): [record(NAME, "192.0.2.1")]}
        self.assertEqual(await self.found(NAME), (["192.0.2.1"], ""))

    def test_other_family_is_silent(self) -> Deferred[None]:
        """A server that never answers for one family holds up the other for a moment only."""
        return self.run_it(self._one_family())

    async def _long(self) -> None:
        class Stream(Protocol):
            read = b""

            def dataReceived(self, data: bytes) -> None:
                self.read += data
                if len(self.read) > 2:
                    answer = server.answer(self.read[2:], whole=True) or b""
                    whole = struct.pack("!H", len(answer)) + answer
                    assert self.transport is not None
                    self.transport.write(whole[:1])
                    self.transport.write(whole[1:9])
                    self.transport.write(whole[9:])

        server, where = self.serve_both(Factory.forProtocol(Stream))
        server.whole = False
        server.zone = {(NAME, A): [record(NAME, "192.0.2.1")]}
        self.assertEqual(await self.found(NAME, self.resolver(where)), (["192.0.2.1"], ""))
        await self.until(
            lambda: (
                not [
                    p
                    for p in REACTOR.getReaders()
                    if isinstance(getattr(p, "protocol", None), Stream)
                ]
            )
        )

    def test_too_long(self) -> Deferred[None]:
        """What does not fit into a datagram is asked for by TCP."""
        return self.run_it(self._long())


class Servers(DnsCase):
    """Name servers that are of no use."""

    async def _next(self) -> None:
        other, where = self.serve()
        other.zone = {(NAME, A): [record(NAME, "192.0.2.1")]}
        self.server.failing = {A, AAAA}
        resolver = self.resolver(self.where, where)
        self.assertEqual(await self.found(NAME, resolver), (["192.0.2.1"], ""))
        self.server.silent, self.server.failing = {A, AAAA}, set()
        self.patch(module, "RETRY", 0.01)
        self.assertEqual(await self.found(NAME, resolver), (["192.0.2.1"], ""))

    def test_next(self) -> Deferred[None]:
        """One that fails, or says nothing, makes room for the next one."""
        return self.run_it(self._next())

    async def _none(self) -> None:
        port = REACTOR.listenUDP(0, NameServer(), interface="127.0.0.1")
        closed = ("127.0.0.1", port.getHost().port)
        await port.stopListening()
        self.server.failing = {A, AAAA}
        resolver = self.resolver(closed, self.where, search=("one.example",))
        why = f"no address for {NAME}: no name server answers"
        self.assertEqual(await self.found(NAME, resolver), ([], why))

    def test_none(self) -> Deferred[None]:
        """Where all refuse, or nobody is there, it ends at once and says so."""
        return self.run_it(self._none())

    async def _unreachable(self) -> None:
        resolver = self.resolver(("240.0.0.1", 9), ("2001:db8::1%none", 9), self.where)
        self.server.zone = {(NAME, A): [record(NAME, "192.0.2.1")]}
        self.patch(module, "RETRY", 0.05)
        self.assertEqual(await self.found(NAME, resolver), (["192.0.2.1"], ""))

    def test_unreachable(self) -> Deferred[None]:
        """One to which no way leads is passed over."""
        return self.run_it(self._unreachable())

    async def _cancel(self) -> None:
        self.server.silent = {A, AAAA}
        asking = self.resolver().begin(NAME, lambda *told: self.told.append(told), self.ends)
        await self.until(lambda: len(self.server.asked) == 2)
        asking.cancel()
        asking.cancel()
        self.assertEqual((self.told, self.ended), ([], 1))
        await self.turn()
        self.nothing_left()

    def test_cancel(self) -> Deferred[None]:
        """Given up, it tells nothing and its sockets are free at once; twice is no harm."""
        return self.run_it(self._cancel())


class Names(SynchronousTestCase):
    """What can be asked for, and what an answer says."""

    def test_can_ask(self) -> None:
        """Names that DNS has no room for are not asked for."""
        for name in ("ftp", "a" * 63 + ".example", "_x.y-z"):
            self.assertTrue(can_ask(name), name)
        for name in ("", ".", "a..b", "a" * 64, "a." * 126 + "ab", "d\u00fcsseldorf.example"):
            self.assertFalse(can_ask(name), name)

    def test_not_asked_for(self) -> None:
        """Nobody is asked about such a name."""
        told: list[Any] = []
        Dns(REACTOR, Path("/nowhere"), Path("/nowhere")).begin(
            "a..b", lambda *answer: told.append(answer), lambda: told.append("ended")
        )
        self.assertEqual(told, [([], "no address for a..b"), "ended"])

    def test_written_out(self) -> None:
        """An address in another spelling is what the system takes it for; nobody is asked."""
        for name, address in (
            ("127.1", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("0", "0.0.0.0"),
        ):
            told: list[Any] = []
            Dns(REACTOR, Path("/nowhere"), Path("/nowhere")).begin(
                name, lambda *answer, told=told: told.append(answer), lambda: None
            )
            self.assertEqual(told, [([address], "")])

    def test_others(self) -> None:
        """Addresses of other names do not count, behind an alias of another name neither."""
        message = dns.Message()
        message.answers = [
            record("other.example", "192.0.2.66"),
            alias("other.example", "evil.example"),
            record("evil.example", "192.0.2.66"),
            record(NAME, "192.0.2.1"),
        ]
        self.assertEqual(addresses_in(message, NAME), ["192.0.2.1"])

    def test_conf(self) -> None:
        """The file is read again for each look-up; one that is not there says nothing."""
        path = Path(self.mktemp())
        resolver = Dns(REACTOR, path, path)
        self.assertEqual(resolver.conf(), Conf())
        path.write_text("nameserver 192.0.2.1\n")
        self.assertEqual(resolver.conf().servers, (("192.0.2.1", 53),))
