"""A resolver of our own, which can be given up at once: the hosts file, then DNS (RFC 1035).

resolv.conf says which servers, which search list and how many dots make a name whole; a change of it
is seen with the next look-up.  An answer counts if it comes from the server's own address and port,
with the number and the question that it was asked.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable
from functools import partial
from ipaddress import ip_address
from itertools import zip_longest
from pathlib import Path
from secrets import randbelow

from twisted.internet.abstract import isIPv6Address
from twisted.internet.interfaces import IAddress, IConnector, IDelayedCall, IListeningPort
from twisted.internet.protocol import ClientFactory, DatagramProtocol, Protocol, connectionDone
from twisted.names import dns
from twisted.names.hosts import searchFileForAll
from twisted.python.failure import Failure
from twisted.python.filepath import FilePath

from ftpalg.core.wire.addresses import plain_name
from ftpalg.net.reach.names import MOST, Answered, LookUp, unknown
from ftpalg.net.reach.resolvconf import Conf, Where, read_conf
from ftpalg.net.reactors import IAsking

LARGEST = 8192
"""Bytes of a datagram that are read."""
RETRY = 2.0
"""Seconds until the next server is asked, the first again behind the last: whoever asks sets an end."""
OTHER_FAMILY = 0.5
"""Seconds that addresses of one family wait for the other's: some servers never answer for AAAA."""
LONGEST_NAME, LONGEST_LABEL = 253, 63  # RFC 1035 section 2.3.4
UNREADABLE = (EOFError, ValueError, LookupError, AttributeError, struct.error)
"""What Twisted's decoder raises about bytes that are no message."""


def can_ask(name: str) -> bool:
    """Whether a name fits into a question."""
    labels = name.split(".")
    return (
        name.isascii()
        and len(name) <= LONGEST_NAME
        and all(0 < len(label) <= LONGEST_LABEL for label in labels)
    )


def addresses_in(message: dns.Message, name: str) -> list[str]:
    """The addresses of a name in an answer, aliases followed."""
    names = {plain_name(name)}
    found: list[str] = []
    for record in message.answers:
        if plain_name(str(record.name)) not in names:
            continue
        if isinstance(record.payload, dns.Record_CNAME):
            names.add(plain_name(str(record.payload.name)))
        elif isinstance(record.payload, dns.Record_A | dns.Record_AAAA):
            found.append(str(ip_address(record.payload.address)))
    return found


class Question:
    """One question, asked of one server after the other until one answers.

    ``answered`` is called once: with the answer, or with None where every server refuses.
    """

    def __init__(
        self,
        reactor: IAsking,
        servers: tuple[Where, ...],
        name: str,
        kind: int,
        answered: Callable[[dns.Message | None], None],
    ) -> None:
        self.reactor = reactor
        self._servers = servers
        self._answered = answered
        self._refusals: set[Where] = set()
        self._turn = 0
        self._timer: IDelayedCall | None = None
        self._exchange: _Datagrams | _Stream | None = None
        self.query = dns.Query(name.encode("ascii"), kind, dns.IN)
        self.number = 0

    def ask(self) -> None:
        """Ask the next server."""
        self._stop()
        left = [server for server in self._servers if server not in self._refusals]
        if not left:
            self._answered(None)
            return
        server = left[self._turn % len(left)]
        self._turn += 1
        self._timer = self.reactor.callLater(RETRY, self._again)
        self._send(_Datagrams(self, server))

    def _send(self, exchange: _Datagrams | _Stream) -> None:
        self.number = randbelow(0x10000)
        message = dns.Message(self.number, recDes=1)
        message.queries = [self.query]
        self._exchange = exchange
        exchange.send(message.toStr())

    def _again(self) -> None:
        self._timer = None
        self.ask()

    def received(self, server: Where, data: bytes) -> None:
        """Bytes from a server; those that answer another question are as if they had not come."""
        message = dns.Message()
        try:
            message.fromStr(data)
        except UNREADABLE:
            return
        if message.id != self.number or not message.answer or message.queries != [self.query]:
            return
        exchange = self._exchange
        if message.rCode not in (dns.OK, dns.ENAME):
            self.refused(server)
        elif message.trunc and not message.answers and isinstance(exchange, _Datagrams):
            exchange.stop()
            self._send(_Stream(self, server))
        else:
            self._stop()
            self._answered(message)

    def refused(self, server: Where) -> None:
        """That server gives no answer."""
        self._refusals.add(server)
        self.ask()

    def cancel(self) -> None:
        """Ask no more; nothing is called."""
        self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.stop()


class _Datagrams(DatagramProtocol):
    """One question to one server by UDP, from a port of its own that the kernel chooses."""

    noisy = False

    def __init__(self, question: Question, server: Where) -> None:
        self._question: Question | None = question
        self._server = server
        self._port: IListeningPort | None = None

    def send(self, data: bytes) -> None:
        host, port = self._server
        assert self._question is not None
        ours = "::" if isIPv6Address(host) else ""
        try:
            self._port = self._question.reactor.listenUDP(0, self, ours, LARGEST)
            assert self.transport is not None
            self.transport.connect(host, port)
            self.transport.write(data, None)
        except Exception:  # no descriptor, no route: Twisted has an error of its own for each
            self.connectionRefused()

    def datagramReceived(self, datagram: bytes, addr: object) -> None:
        if self._question is not None:
            self._question.received(self._server, datagram)

    def connectionRefused(self) -> None:
        if self._question is not None:
            self._question.refused(self._server)

    def stopProtocol(self) -> None:
        """The port has failed: so epoll tells of an ICMP error that stands alone."""
        self.connectionRefused()

    def stop(self) -> None:
        """Give the port back."""
        self._question = None
        if self._port is not None:
            self._port.stopListening()
            self._port = None


class _Stream(Protocol):
    """One question to one server by TCP, where the answer was too long (RFC 7766)."""

    def __init__(self, question: Question, server: Where) -> None:
        self._question: Question | None = question
        self._server = server
        self._data = self._read = b""
        self._connector: IConnector | None = None

    def send(self, data: bytes) -> None:
        assert self._question is not None
        self._data = struct.pack("!H", len(data)) + data
        self._connector = self._question.reactor.connectTCP(*self._server, _Streams(self))

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._data)

    def dataReceived(self, data: bytes) -> None:
        self._read += data
        size = int.from_bytes(self._read[:2], "big") + 2
        if self._question is not None and len(self._read) >= size > 2:
            self._question.received(self._server, self._read[2:size])
            self.lost()  # no second answer

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        pass

    def lost(self) -> None:
        """It could not be made, or has ended."""
        if self._question is not None:
            self._question.refused(self._server)

    def stop(self) -> None:
        """Break it off."""
        self._question = None
        if self._connector is not None:
            self._connector.disconnect()


class _Streams(ClientFactory[_Stream]):
    """Makes the one."""

    noisy = False

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def buildProtocol(self, addr: IAddress | None) -> _Stream:
        return self._stream

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        self._stream.lost()

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        self._stream.lost()


class _Asking:
    """One name being looked up: each whole name that it may stand for, in both families at once."""

    def __init__(
        self,
        reactor: IAsking,
        conf: Conf,
        name: str,
        answered: Answered,
        ended: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._conf = conf
        self._name = name
        self._answered = answered
        self._ended = ended
        self._left = [one for one in conf.candidates(name) if can_ask(one)]
        self._questions: dict[int, Question] = {}
        self._found: dict[int, list[str]] = {}
        self._timer: IDelayedCall | None = None
        self._refused = False
        self._over = False

    def start(self) -> None:
        """Ask for the next whole name."""
        if not self._left:
            why = ": no name server answers" if self._refused else ""
            self._end([], unknown(self._name) + why)
            return
        name = self._left.pop(0)
        self._found.clear()
        self._questions = {
            kind: Question(
                self._reactor,
                self._conf.servers,
                name,
                kind,
                partial(self._heard, name, kind),
            )
            for kind in (dns.AAAA, dns.A)
        }
        for question in list(self._questions.values()):
            if not self._over and question in self._questions.values():
                question.ask()

    def _heard(self, name: str, kind: int, message: dns.Message | None) -> None:
        self._refused |= message is None
        self._questions.pop(kind)
        self._found[kind] = addresses_in(message, name) if message is not None else []
        if not self._questions:
            self._go_on()
        elif self._found[kind]:
            self._timer = self._reactor.callLater(OTHER_FAMILY, self._enough)

    def _enough(self) -> None:
        self._timer = None
        self._go_on()

    def _go_on(self) -> None:
        """Tell what was found, the families by turns (RFC 8305 section 4), or go on."""
        self._stop()
        both = zip_longest(self._found.get(dns.AAAA, ()), self._found.get(dns.A, ()))
        found = [one for pair in both for one in pair if one is not None]
        if found:
            self._end(found[:MOST], "")
        else:
            self.start()

    def _end(self, addresses: list[str], fault: str) -> None:
        self._over = True
        self._answered(addresses, fault)
        self._ended()

    def cancel(self) -> None:
        if not self._over:
            self._over = True
            self._stop()
            self._ended()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for question in self._questions.values():
            question.cancel()
        self._questions = {}


def _written_out(name: str) -> list[str]:
    """The address that a name is, in a spelling that the system reads: 127.1, 0x7f000001."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return []
    return [str(sockaddr[0]) for *_, sockaddr in found]


class Dns:
    """Answers from the hosts file and by DNS."""

    def __init__(
        self,
        reactor: IAsking,
        conf: Path = Path("/etc/resolv.conf"),
        hosts: Path = Path("/etc/hosts"),
    ) -> None:
        self._reactor = reactor
        self._path = conf
        self._hosts = FilePath(str(hosts))

    def conf(self) -> Conf:
        """What resolv.conf says now."""
        try:
            return read_conf(self._path.read_text("utf-8", "replace"))
        except OSError:
            return Conf()

    def begin(self, name: str, answered: Answered, ended: Callable[[], None]) -> LookUp:
        asking = _Asking(self._reactor, self.conf(), name, answered, ended)
        listed = _written_out(name) or self._listed(plain_name(name))
        if listed:
            asking._end(listed, "")
        else:
            asking.start()
        return asking

    def _listed(self, name: str) -> list[str]:
        found: Iterable[str] = searchFileForAll(self._hosts, name.encode("utf-8", "replace"))
        return list(dict.fromkeys(found))[:MOST]
