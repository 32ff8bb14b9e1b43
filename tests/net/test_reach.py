"""Reaching a server: every server and address in order, every reason told, nothing left behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from errno import ECONNREFUSED, EHOSTUNREACH
from pathlib import Path
from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Parent
from ftpalg.config.tables import ParentUrl
from ftpalg.core.routes import Server
from ftpalg.net import reach as module
from ftpalg.net.data import Address, established, reset
from ftpalg.net.reach import Passage, Reach, Way
from tests.net.pairs import REACTOR, SocketCase, listener, read_some

NAME = "ftp.example"
REFUSED = os.strerror(ECONNREFUSED)
SILENT = "no answer within timeouts.connect"
JOINED = b"\x05\x00\x00\x01\xc0\x00\x02\x01\x00\x15"
LO = next((index for index, name in socket.if_nameindex() if name == "lo"), 0)


class Resolver:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def resolveHostName(self, receiver: Any, hostName: str, portNumber: int = 0) -> None:
        self.asked.append(hostName)
        self.receiver = receiver

    def answer(self, *hosts: str) -> None:
        """The name resolves to these."""
        receiver = self.receiver
        receiver.resolutionBegan(None)
        for host in hosts:
            receiver.addressResolved((IPv6Address if ":" in host else IPv4Address)("TCP", host, 0))
        receiver.resolutionComplete()


class Reactor(MemoryReactorClock):
    """A clock, a resolver, and descriptors that are ready when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.resolver = Resolver()
        self.nameResolver = cast(Any, self.resolver)

    def write(self) -> None:
        """Whoever waits for writability has it."""
        for descriptor in list(self.getWriters()):
            descriptor.doWrite()


class Attempt:
    """A dial that ends as the test says."""

    def __init__(
        self,
        ours: Address,
        theirs: Address,
        opened: Callable[[Any], None],
        failed: Callable[[str], None],
        source_port: int,
        transparent: bool,
    ) -> None:
        self.ours, self.theirs = ours, theirs
        self.opened, self.failed = opened, failed
        self.source_port, self.transparent = source_port, transparent
        self.aborted = 0

    def abort(self) -> None:
        self.aborted += 1


class Told:
    """What a reach has told, in order."""

    def __init__(self) -> None:
        self.reached: list[tuple[Any, Server]] = []
        self.failed: list[tuple[str, str]] = []

    def callbacks(self) -> tuple[Any, Any]:
        """The two that a reach wants."""
        return (
            lambda sock, server: self.reached.append((sock, server)),
            lambda reason, forbidden: self.failed.append((reason, forbidden)),
        )

    @property
    def nothing(self) -> bool:
        """True while neither was called."""
        return not self.reached and not self.failed


def socks(name: str = "office", server: Server | None = None, **more: Any) -> Parent:
    """A SOCKS parent."""
    return Parent(name, ParentUrl("socks5", server or Server("192.0.2.99", 1080)), **more)


class Socket:
    """A connected socket, as far as a reach looks at it."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False
        self.broken = False

    def _whole(self) -> None:
        if self.broken:
            raise OSError(107, "Transport endpoint is not connected")

    def getpeername(self) -> Address:
        self._whole()
        return ("192.0.2.1", 21)

    def getsockname(self) -> Address:
        self._whole()
        return ("192.0.2.254", 40000)

    def send(self, data: bytes) -> int:
        self._whole()
        self.sent += data
        return len(data)

    def close(self) -> None:
        self.closed = True


class ReachCase(SynchronousTestCase):
    """A clock; every dial is an ``Attempt``, unless it is to a host in ``impossible``."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.attempts: list[Attempt] = []
        self.judged: list[tuple[Server, str]] = []
        self.forbidden: dict[str, str] = {}
        self.impossible: dict[str, OSError] = {}
        self.told = Told()
        self.patch(module, "dial", self._dial)

    def _dial(
        self,
        reactor: Any,
        ours: Address,
        theirs: Address,
        opened: Callable[[Any], None],
        failed: Callable[[str], None],
        source_port: int = 0,
        *,
        transparent: bool = False,
    ) -> Attempt:
        if theirs[0] in self.impossible:
            raise self.impossible[theirs[0]]
        self.attempts.append(Attempt(ours, theirs, opened, failed, source_port, transparent))
        return self.attempts[-1]

    def judge(self, server: Server, address: str) -> str:
        """What stands against an address, and that it was asked for."""
        self.judged.append((server, address))
        return self.forbidden.get(address, "")

    def reach(self, *servers: Server, way: Way | None = None) -> Reach:
        """Servers being reached, ten seconds for each address."""
        made = Reach(
            self.reactor,
            way or Way(),
            list(servers or (Server(NAME, 2121),)),
            10.0,
            self.judge,
            *self.told.callbacks(),
        )
        made.start()
        return made

    @property
    def tried(self) -> list[Address]:
        """Where every attempt went to."""
        return [attempt.theirs for attempt in self.attempts]

    def nothing_left(self) -> None:
        """No timer, nothing watched."""
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.reactor.getReaders() + self.reactor.getWriters(), [])


class InOrder(ReachCase):
    """Which addresses are tried, and when the next one is."""

    def test_address(self) -> None:
        """An address is not resolved."""
        for host in ("192.0.2.1", "2001:db8::1"):
            self.reach(Server(host, 2121))
        self.assertEqual(self.reactor.resolver.asked, [])
        self.assertEqual(self.tried, [("192.0.2.1", 2121), ("2001:db8::1", 2121)])
        self.assertEqual([a.ours for a in self.attempts], [("0.0.0.0", 0), ("::", 0)])

    def test_addresses(self) -> None:
        """The addresses of a name are tried one at a time, each once, in the order of the answer."""
        self.reach()
        self.assertEqual(self.reactor.resolver.asked, [NAME])
        self.reactor.resolver.answer("2001:db8::1", "192.0.2.1", "2001:db8::1", "192.0.2.2")
        hosts = ["2001:db8::1", "192.0.2.1", "192.0.2.2"]
        for number in range(1, 4):
            self.assertEqual(self.tried, [(host, 2121) for host in hosts[:number]])
            self.assertTrue(self.told.nothing)
            self.attempts[-1].failed(REFUSED)
        reasons = "; ".join(f"{host}: {REFUSED}" for host in hosts)
        self.assertEqual(self.told.failed, [(reasons, "")])
        self.nothing_left()

    def test_servers(self) -> None:
        """The next server has its turn when the addresses of the one before are used up."""
        self.reach(Server("a.example", 1), Server("192.0.2.7", 7), Server("b.example", 2))
        self.reactor.resolver.answer("192.0.2.1", "192.0.2.2")
        self.attempts[-1].failed(REFUSED)
        self.attempts[-1].failed(REFUSED)
        self.attempts[-1].failed(REFUSED)
        self.reactor.resolver.answer("192.0.2.3")
        self.assertEqual(self.reactor.resolver.asked, ["a.example", "b.example"])
        hosts = [("192.0.2.1", 1), ("192.0.2.2", 1), ("192.0.2.7", 7), ("192.0.2.3", 2)]
        self.assertEqual(self.tried, hosts)
        sock = Socket()
        self.attempts[-1].opened(sock)
        self.assertEqual(self.told.reached, [(sock, Server("b.example", 2))])
        self.nothing_left()

    def test_success_ends_it(self) -> None:
        """The first that takes a connection is it; no other address is tried, nothing else told."""
        self.reach()
        self.reactor.resolver.answer("192.0.2.1", "192.0.2.2", "192.0.2.3")
        self.attempts[0].failed(REFUSED)
        sock = Socket()
        self.attempts[1].opened(sock)
        self.reactor.advance(100)
        self.assertEqual(self.told.reached, [(sock, Server(NAME, 2121))])
        self.assertEqual((len(self.attempts), self.told.failed, sock.sent), (2, [], b""))
        self.nothing_left()

    def test_no_address(self) -> None:
        """A name that resolves to nothing is told as that, and the next server is tried."""
        self.reach(Server("a.example"), Server("b.example"))
        self.reactor.resolver.answer()
        self.reactor.resolver.answer()
        reasons = "no address for a.example; no address for b.example"
        self.assertEqual((self.told.failed, self.tried), ([(reasons, "")], []))
        self.nothing_left()

    def test_time_for_each(self) -> None:
        """Each address has the whole of its time; a silent one is given up, and the next tried."""
        self.reach()
        self.reactor.resolver.answer("192.0.2.1", "192.0.2.2", "192.0.2.3")
        self.reactor.advance(9.9)
        self.attempts[0].failed(REFUSED)
        self.reactor.advance(9.9)
        self.assertEqual((len(self.attempts), self.attempts[1].aborted), (2, 0))
        self.reactor.advance(0.2)
        self.assertEqual((len(self.attempts), self.attempts[1].aborted), (3, 1))
        self.reactor.advance(10)
        self.assertEqual(self.attempts[2].aborted, 1)
        reasons = f"192.0.2.1: {REFUSED}; 192.0.2.2: {SILENT}; 192.0.2.3: {SILENT}"
        self.assertEqual(self.told.failed, [(reasons, "")])
        self.nothing_left()

    def test_impossible(self) -> None:
        """What the system refuses at once is one more reason, in its words, and no end."""
        self.impossible = {
            "192.0.2.1": OSError(EHOSTUNREACH, "No route to host"),
            "192.0.2.2": OSError("no words"),
        }
        self.reach()
        self.reactor.resolver.answer("192.0.2.1", "192.0.2.2", "192.0.2.3")
        self.assertEqual(self.tried, [("192.0.2.3", 2121)])
        self.attempts[0].failed(REFUSED)
        ((reasons, _),) = self.told.failed
        self.assertEqual(
            reasons, f"192.0.2.1: No route to host; 192.0.2.2: no words; 192.0.2.3: {REFUSED}"
        )
        self.nothing_left()

    def test_thousands(self) -> None:
        """A name with as many addresses as an answer holds, all refused at once, ends like any."""
        hosts = [f"127.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(4000)]
        self.forbidden = dict.fromkeys(hosts, "No.")
        self.reach()
        self.reactor.resolver.answer(*hosts)
        ((reasons, forbidden),) = self.told.failed
        self.assertEqual((reasons.count("; "), forbidden, self.tried), (3999, "No.", []))
        self.nothing_left()

    def test_source(self) -> None:
        """A source address is bound to; a server's address of the other family cannot be called."""
        self.reach(way=Way(source="192.0.2.254", transparent=True))
        self.reactor.resolver.answer("2001:db8::1", "192.0.2.1")
        (attempt,) = self.attempts
        self.assertEqual((attempt.ours, attempt.theirs[0]), (("192.0.2.254", 0), "192.0.2.1"))
        self.assertEqual((attempt.transparent, attempt.source_port), (True, 0))
        attempt.failed(REFUSED)
        family = "2001:db8::1: the source address 192.0.2.254 is of another family"
        self.assertEqual(self.told.failed, [(f"{family}; 192.0.2.1: {REFUSED}", "")])
        self.nothing_left()

    def test_zone(self) -> None:
        """The zone of a link-local address is its scope, by number or by name; others have none."""
        self.reach()
        self.reactor.resolver.answer("fe80::1%7", f"fe80::2%{socket.if_indextoname(LO)}", "fe80::3")
        for attempt in range(3):
            self.attempts[attempt].failed(REFUSED)
        self.assertEqual(
            self.tried, [("fe80::1", 2121, 0, 7), ("fe80::2", 2121, 0, LO), ("fe80::3", 2121)]
        )

    if not LO:
        test_zone.skip = "no interface lo"  # type: ignore[attr-defined]

    def test_unknown_zone(self) -> None:
        """A zone that this machine has not is a reason, and the next address is tried."""
        self.reach()
        self.reactor.resolver.answer("fe80::1%nothere", "192.0.2.1")
        self.assertEqual(self.tried, [("192.0.2.1", 2121)])
        self.attempts[0].failed(REFUSED)
        self.assertRegex(self.told.failed[0][0], r"^fe80::1%nothere: [^;]+; 192\.0\.2\.1: ")


class Judged(ReachCase):
    """Addresses that may not be dialled."""

    def test_very_address(self) -> None:
        """Each address is judged right before it is dialled, in normal spelling, and then only it."""
        self.reach()
        self.reactor.resolver.answer("::ffff:192.0.2.1", "2001:DB8::1")
        server = Server(NAME, 2121)
        self.assertEqual(self.judged, [(server, "192.0.2.1")])
        self.assertEqual(self.tried, [("::ffff:192.0.2.1", 2121)])
        self.attempts[0].failed(REFUSED)
        self.assertEqual(self.judged[1:], [(server, "2001:db8::1")])
        self.assertEqual(self.tried[1:], [("2001:DB8::1", 2121)])
        self.assertEqual(self.reactor.resolver.asked, [NAME])

    def test_skipped(self) -> None:
        """A forbidden address is passed over; its sentence stays with the failure of the others."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach()
        self.reactor.resolver.answer("::ffff:127.0.0.1", "192.0.2.1", "127.0.0.1")
        self.assertEqual(self.tried, [("192.0.2.1", 2121)])
        self.attempts[0].failed(REFUSED)
        words = "not allowed: That is forbidden."
        reasons = f"::ffff:127.0.0.1: {words}; 192.0.2.1: {REFUSED}; 127.0.0.1: {words}"
        self.assertEqual(self.told.failed, [(reasons, "That is forbidden.")])
        self.nothing_left()

    def test_skipped_and_reached(self) -> None:
        """Where an allowed address is reached, the forbidden one is not spoken of."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach()
        self.reactor.resolver.answer("127.0.0.1", "192.0.2.1")
        self.attempts[0].opened(Socket())
        self.assertEqual((len(self.told.reached), self.told.failed), (1, []))

    def test_next_server(self) -> None:
        """A server all of whose addresses are forbidden makes room for the next one."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach(Server("127.0.0.1"), Server("192.0.2.1"))
        self.assertEqual(self.tried, [("192.0.2.1", 21)])

    def test_parent_resolves(self) -> None:
        """Where a parent resolves the name there is no address to judge; the parent's is not judged."""
        self.reach(way=Way(socks()))
        self.assertEqual(self.judged, [(Server(NAME, 2121), "")])
        self.assertEqual(self.reactor.resolver.asked, [])
        self.assertEqual(self.tried, [("192.0.2.99", 1080)])

    def test_address_through_a_parent(self) -> None:
        """An address is judged though a parent calls it; a forbidden one is not asked for."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach(Server("127.0.0.1"), Server("::FFFF:127.0.0.1"), way=Way(socks()))
        self.assertEqual((self.tried, len(self.judged)), ([], 2))
        self.assertEqual(self.told.failed[0][1], "That is forbidden.")

    def test_forbidden_name(self) -> None:
        """So is a name that is forbidden as such."""
        self.forbidden = {"": "That name is forbidden."}
        self.reach(way=Way(socks()))
        reasons = f"{NAME}: not allowed: That name is forbidden."
        self.assertEqual(self.told.failed, [(reasons, "That name is forbidden.")])
        self.assertEqual((self.tried, self.reactor.resolver.asked), ([], []))


class Cancelled(ReachCase):
    """Given up at every stage: nothing is called, nothing is left."""

    def over(self) -> None:
        """Nothing was told, nothing is left, and no more is tried."""
        self.reactor.advance(1000)
        self.assertTrue(self.told.nothing)
        self.nothing_left()

    def test_while_resolving(self) -> None:
        """An answer that comes late leads nowhere, not even to a judgement."""
        self.reach().cancel()
        self.reactor.resolver.answer("192.0.2.1")
        self.assertEqual((self.tried, self.judged), ([], []))
        self.over()

    def test_while_resolving_to_nothing(self) -> None:
        """Nor does an empty one lead to the next server."""
        self.reach(Server("a.example"), Server("b.example")).cancel()
        self.reactor.resolver.answer()
        self.assertEqual(self.reactor.resolver.asked, ["a.example"])
        self.over()

    def test_while_connecting(self) -> None:
        """The attempt is stopped, and no other address is tried; twice is no harm."""
        reach = self.reach()
        self.reactor.resolver.answer("192.0.2.1", "192.0.2.2")
        reach.cancel()
        reach.cancel()
        self.assertEqual((self.attempts[0].aborted, len(self.attempts)), (1, 1))
        self.over()

    def test_when_reached(self) -> None:
        """A connection that was handed on is not for the reach to stop."""
        reach = self.reach(Server("192.0.2.1"))
        sock = Socket()
        self.attempts[0].opened(sock)
        reach.cancel()
        self.assertEqual((self.attempts[0].aborted, sock.closed), (0, False))

    def test_when_failed(self) -> None:
        """One that has failed has nothing to stop."""
        reach = self.reach(Server("192.0.2.1"))
        self.attempts[0].failed(REFUSED)
        reach.cancel()
        self.assertEqual(len(self.told.failed), 1)
        self.nothing_left()


class Introduced(ReachCase):
    """The PROXY header."""

    def reached(self, way: Way) -> Socket:
        """The socket of a server that was reached that way."""
        self.reach(Server("192.0.2.1"), way=way)
        sock = Socket()
        self.attempts[-1].opened(sock)
        return sock

    def test_client(self) -> None:
        """It tells the client's address, of either version, before anybody else has the socket."""
        client = ("198.51.100.7", 40123)
        sent: list[bytes] = []
        self.told.callbacks = lambda: (lambda sock, _: sent.append(sock.sent), self.fail)  # type: ignore[method-assign]
        self.reached(Way(proxy_protocol=1, client=client))
        self.assertEqual(sent, [b"PROXY TCP4 198.51.100.7 192.0.2.1 40123 21\r\n"])
        self.reached(Way(proxy_protocol=2, client=client))
        self.assertEqual(sent[1][:16], b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c")

    def test_other_family(self) -> None:
        """A client of the other family is told as well."""
        sock = self.reached(Way(proxy_protocol=1, client=("2001:db8::7", 40123)))
        self.assertRegex(sock.sent, rb"^PROXY TCP6 2001:db8::7 ::ffff:[^ ]+ 40123 21\r\n$")

    def test_ourselves(self) -> None:
        """Where there is no client the connection is our own."""
        sock = self.reached(Way(proxy_protocol=1))
        self.assertEqual(sock.sent, b"PROXY TCP4 192.0.2.254 192.0.2.1 40000 21\r\n")

    def test_broken(self) -> None:
        """A connection that broke at once is no success: it is closed, and the next is tried."""
        for way in (Way(), Way(proxy_protocol=2, client=("198.51.100.7", 1))):
            self.reach(Server("192.0.2.1"), Server("192.0.2.2"), way=way)
            sock = Socket()
            sock.broken = True
            self.attempts[-1].opened(sock)
            self.assertTrue(sock.closed)
            self.assertEqual(self.tried[-1], ("192.0.2.2", 21))
            self.attempts[-1].failed(REFUSED)
            reasons = f"192.0.2.1: the connection broke at once; 192.0.2.2: {REFUSED}"
            self.assertEqual(self.told.failed.pop(), (reasons, ""))
            self.nothing_left()


class Parents(SocketCase):
    """Through a parent, played by the test, over real sockets and a clock of the test's own."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.told = Told()
        self.port = self.kept(listener())
        self.where = Server(*self.port.getsockname())

    def reach(self, parent: Parent, host: str = NAME) -> Reach:
        """A server being reached through a parent."""
        servers = [Server(host)]
        made = Reach(
            self.reactor, Way(parent), servers, 10.0, lambda *_: "", *self.told.callbacks()
        )
        made.start()
        self.addCleanup(made.cancel)
        return made

    def dialled(self) -> socket.socket:
        """The connection stands, and whoever waits for it knows; the parent's end of it."""
        far, _ = self.port.accept()
        far.setblocking(False)
        self.reactor.write()
        return self.kept(far)

    def nothing_left(self, far: socket.socket) -> None:
        """No timer, nothing watched, and the parent sees the connection closed or reset."""
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.reactor.getReaders() + self.reactor.getWriters(), [])
        self.assertFalse(established(far))

    def secret(self, content: bytes) -> Path:
        """A file with a password."""
        path = Path(self.mktemp())
        path.write_bytes(content)
        return path

    def failed(self, parent: Parent, host: str = NAME) -> str:
        """The reason for which no word is said to the parent."""
        self.reach(parent, host)
        far = self.dialled()
        ((reason, forbidden),) = self.told.failed
        self.told.failed.clear()
        self.assertEqual((forbidden, self.told.reached), ("", []))
        self.nothing_left(far)
        return reason.removeprefix(f"{self.where.host}: ")

    def test_joined(self) -> None:
        """The parent is asked for the server by its name; its consent is a server reached."""
        self.reach(socks(server=self.where, user="u", password_file=self.secret(b"pw\n")))
        far = self.dialled()
        self.assertTrue(self.told.nothing)
        self.reactor.write()
        for wanted, answer in (
            (b"\x05\x02\x00\x02", b"\x05\x02"),
            (b"\x01\x01u\x02pw", b"\x01\x00"),
            (b"\x05\x01\x00\x03\x0bftp.example\x00\x15", JOINED),
        ):
            self.assertEqual(read_some(far), wanted)
            far.send(answer)
            while self.reactor.getReaders():
                self.reactor.getReaders()[0].doRead()
            self.reactor.write()
        ((sock, server),) = self.told.reached
        self.assertEqual((server, sock.getpeername()), (Server(NAME), self.port.getsockname()))
        self.kept(sock)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_http(self) -> None:
        """The scheme chooses the language."""
        self.reach(Parent("web", ParentUrl("http", self.where)))
        far = self.dialled()
        self.reactor.write()
        self.assertRegex(read_some(far) or b"", rb"^CONNECT ftp\.example:21 HTTP/1\.1\r\n")

    def test_ftp(self) -> None:
        """A parent that is told the server in USER is reached once it takes the connection."""
        self.reach(Parent("old", ParentUrl("ftp", self.where)))
        far = self.dialled()
        ((sock, server),) = self.told.reached
        self.assertEqual((server, read_some(far)), (Server(NAME), None))
        self.kept(sock)

    def test_no_secret(self) -> None:
        """A password that is not there is told with its place, and not a word to the parent."""
        reason = self.failed(socks(server=self.where, user="u", password_file=Path("/nowhere")))
        self.assertEqual(reason, "parent office: /nowhere: No such file or directory")

    def test_secret_is_not_told(self) -> None:
        """A password that cannot be sent is told as that, with no byte of it."""
        file = self.secret(b"p\xe4ss")
        reason = self.failed(socks(server=self.where, user="u", password_file=file))
        self.assertEqual(reason, "parent office: the password must be in UTF-8")

    def test_unsendable(self) -> None:
        """So is an account that the parent's language has no room for, and a server it cannot name."""
        long = socks(server=self.where, user="u" * 256)
        self.assertIn("longer than 255 bytes", self.failed(long))
        self.assertIn("no host and port", self.failed(socks(server=self.where), "a b"))

    def test_refused(self) -> None:
        """The parent's refusal is the reason."""
        self.reach(socks(server=self.where))
        far = self.dialled()
        self.reactor.write()
        far.send(b"\x05\xff")
        self.reactor.getReaders()[0].doRead()
        (told,) = self.told.failed
        words = "the SOCKS parent refuses: no authentication method in common"
        self.assertEqual(told, (f"127.0.0.1: {words}", ""))
        self.nothing_left(far)

    def test_silent(self) -> None:
        """The time for an address includes the parent's answer."""
        self.reach(socks(server=self.where))
        far = self.dialled()
        self.reactor.write()
        self.reactor.advance(10)
        self.assertEqual(self.told.failed, [(f"127.0.0.1: {SILENT}", "")])
        self.nothing_left(far)

    def test_consents_and_resets(self) -> None:
        """A parent that consents and resets has reached nothing."""
        self.reach(socks(server=self.where))
        far = self.dialled()
        self.reactor.write()
        far.send(b"\x05\x00")
        self.reactor.getReaders()[0].doRead()
        self.reactor.write()
        far.send(JOINED)
        reset(far)
        far.close()
        while self.reactor.getReaders():
            self.reactor.getReaders()[0].doRead()
        (told,) = self.told.failed
        self.assertEqual(told, ("127.0.0.1: the connection broke at once", ""))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_cancel_while_asking(self) -> None:
        """Given up while the parent is asked: closed, and nothing is called."""
        for steps in range(3):
            reach = self.reach(socks(server=self.where))
            far = self.dialled()
            if steps:
                self.reactor.write()
            if steps > 1:
                far.send(b"\x05\x00")
                self.reactor.getReaders()[0].doRead()
            reach.cancel()
            self.assertTrue(self.told.nothing)
            self.nothing_left(far)


class OverSockets(SocketCase):
    """With the real reactor."""

    def setUp(self) -> None:
        self.told = Told()

    def reach(self, *servers: Server, way: Way | None = None) -> Reach:
        """Servers being reached."""
        made = Reach(
            REACTOR, way or Way(), list(servers), 3.0, lambda *_: "", *self.told.callbacks()
        )
        made.start()
        self.addCleanup(made.cancel)
        return made

    async def _next(self) -> None:
        with listener() as gone:
            first = Server(*gone.getsockname())
        port = self.kept(listener())
        second = Server(*port.getsockname())
        self.reach(first, second, way=Way(proxy_protocol=1, client=("192.0.2.1", 5)))
        await self.until(lambda: self.told.reached)
        ((sock, server),) = self.told.reached
        self.kept(sock)
        far, _ = port.accept()
        self.kept(far)
        said = f"PROXY TCP4 192.0.2.1 127.0.0.1 5 {second.port}\r\n".encode()
        self.assertEqual((server, far.recv(100)), (second, said))
        self.assertEqual(self.told.failed, [])

    def test_next(self) -> Deferred[None]:
        """A server that refuses is passed over; the next one is reached, its PROXY header first."""
        return Deferred.fromCoroutine(self._next())

    async def _refused(self) -> None:
        with listener() as gone:
            server = Server(*gone.getsockname())
        self.reach(server)
        await self.until(lambda: self.told.failed)
        self.assertEqual(self.told.failed, [(f"127.0.0.1: {REFUSED}", "")])

    def test_refused(self) -> Deferred[None]:
        """A closed port is told in the system's words."""
        return Deferred.fromCoroutine(self._refused())


class OnePassage(SocketCase):
    """A data connection's own way."""

    def test_impossible(self) -> None:
        """What cannot begin is raised at once, and leaves nothing."""
        reactor = Reactor()
        with listener() as port:
            theirs = port.getsockname()
            ours: Address = ("192.0.2.77", 0)
            self.assertRaises(
                OSError, Passage, reactor, Way(), Server(NAME), ours, theirs, self.fail, self.fail
            )
        self.assertEqual(reactor.getReaders() + reactor.getWriters(), [])

    def test_aborted(self) -> None:
        """One that is given up on its way is closed."""
        reactor = Reactor()
        with listener() as port:
            ours: Address = ("127.0.0.1", 0)
            passage = Passage(
                reactor, Way(), Server(NAME), ours, port.getsockname(), self.fail, self.fail
            )
            (descriptor,) = reactor.getWriters()
            passage.abort()
        self.assertEqual((descriptor.fileno(), reactor.getWriters()), (-1, []))
