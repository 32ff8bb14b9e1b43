"""A parent proxy is asked for a connection to a server: SOCKS5 or HTTP CONNECT.

RFC 1928 and 1929; RFC 9110 section 9.3.6, RFC 7617.  It is told a name or an address.  We put no part of
the account into a sentence; an HTTP parent's reason is shown as it came, but for a password in it.
"""

from __future__ import annotations

import re
import socket
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable
from ipaddress import ip_address

import h11

from ftpalg.net.leading_bytes import Preface
from ftpalg.net.reactors import Watching

HOST = re.compile(r"[0-9A-Za-z._-]{1,255}|[0-9A-Fa-f:.]{2,45}")  # a name or IPv4; IPv6
UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # control characters, lone surrogates
LONGEST_FIELD = 255  # bytes of a user or a password in RFC 1929

SOCKS_VERSION = 5
NO_AUTHENTICATION, ACCOUNT = 0x00, 0x02  # RFC 1928 section 3
ACCOUNT_VERSION = 1  # of RFC 1929
CONNECT = 1
IPV4, NAME, IPV6 = 1, 3, 4  # address types
ADDRESS_REST = {IPV4: 5, NAME: 2, IPV6: 17}  # bytes of address and port behind the first, by type
REFUSALS = {
    1: "general server failure",
    2: "connection not allowed by ruleset",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "ttl expired",
    7: "command not supported",
    8: "address type not supported",
}
"""RFC 1928 section 6."""
LONGEST_HEAD = 16384  # bytes of an HTTP response's head; h11's own bound
HEAD_END = re.compile(rb"\n\r?\n")  # "a recipient MAY recognize a single LF" (RFC 9112 2.2)
LONGEST_REASON = 80
MASK = b"****"
UNPRINTABLE = re.compile(rb"[^ -~]")


class Negotiation(Preface, ABC):
    """A parent that is asked, over a connected non-blocking socket, to join it to a server.

    Calls ``done`` with the socket open, leading to the server, or ``failed`` with the socket closed.
    ``close`` and ``abort`` end the negotiation and call nothing.  The constructor raises ValueError,
    and leaves the socket alone, where host, port or account cannot be sent.
    """

    protocol: str
    """What it is to speak, for the sentences."""

    def __init__(
        self,
        reactor: Watching,
        sock: socket.socket,
        done: Callable[[], None],
        failed: Callable[[str], None],
        host: str,
        port: int,
        user: str = "",
        password: str = "",
    ) -> None:
        if not HOST.fullmatch(host) or not 0 < port < 65536:
            raise ValueError(f"no host and port to ask {self.party} for")
        if UNSENDABLE.search(user + password):
            raise ValueError(f"the account for {self.party} holds what cannot be sent")
        super().__init__(reactor, sock, failed)
        self._done = done
        self._host, self._port = host, port
        self._user, self._password = user.encode(), password.encode()
        self._unsent = b""
        self._begin()

    @abstractmethod
    def _begin(self) -> None:
        """Send the first request and expect its answer."""

    def doWrite(self) -> None:
        try:
            sent = self.socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError as error:
            self._break(error)
            return
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self.reactor.removeWriter(self)
            self.reactor.addReader(self)

    def _send(self, data: bytes) -> None:
        """Send this before anything is read."""
        self._unsent = data
        self.reactor.removeReader(self)
        self.reactor.addWriter(self)

    def _succeed(self) -> None:
        self.cancel()
        self._done()

    def _fail(self, reason: str) -> None:
        self.close()
        self._failed(reason)

    def _refused(self, why: str) -> None:
        self._fail(f"{self.party} refuses: {why}")

    def _not_understood(self) -> None:
        self._fail(f"{self.party} does not speak {self.protocol}")


class Socks5(Negotiation):
    """SOCKS5, with user and password where ``user`` is set and the parent wants them.

    ValueError also where one of the two is longer than 255 bytes.
    """

    party = "the SOCKS parent"
    protocol = "SOCKS5"

    def _begin(self) -> None:
        if max(len(self._user), len(self._password)) > LONGEST_FIELD:
            raise ValueError(f"the account for {self.party} is longer than {LONGEST_FIELD} bytes")
        methods = [NO_AUTHENTICATION, ACCOUNT] if self._user else [NO_AUTHENTICATION]
        self._ask(bytes([SOCKS_VERSION, len(methods), *methods]), 2, self._chosen)

    def _ask(self, request: bytes, size: int, then: Callable[[bytes], None]) -> None:
        self._send(request)
        self._expect(size, then)

    def _chosen(self, answer: bytes) -> None:
        version, method = answer
        if version != SOCKS_VERSION:
            self._not_understood()
        elif method == NO_AUTHENTICATION:
            self._connect()
        elif method == ACCOUNT and self._user:
            user, password = map(_counted, (self._user, self._password))
            self._ask(bytes([ACCOUNT_VERSION]) + user + password, 2, self._authenticated)
        else:
            self._refused("no authentication method in common")

    def _authenticated(self, answer: bytes) -> None:
        version, status = answer
        if version != ACCOUNT_VERSION:
            self._not_understood()
        elif status:
            self._refused("the account is not accepted")
        else:
            self._connect()

    def _connect(self) -> None:
        address = _address(self._host) + self._port.to_bytes(2, "big")
        self._ask(bytes([SOCKS_VERSION, CONNECT, 0]) + address, 2, self._replied)

    def _replied(self, start: bytes) -> None:
        version, code = start
        if version != SOCKS_VERSION:
            self._not_understood()
        elif code:
            # Some servers send no more than three bytes of a refusal (python-socks, pull 46).
            self._refused(REFUSALS.get(code, f"code {code}"))
        else:
            self._expect(3, self._bound)

    def _bound(self, start: bytes) -> None:
        _, kind, first = start
        if kind not in ADDRESS_REST:
            self._not_understood()
        else:
            # Nobody needs the address; a name may be of any bytes.
            size = ADDRESS_REST[kind] + (first if kind == NAME else 0)
            self._expect(size, lambda _: self._succeed())


def _counted(field: bytes) -> bytes:
    """A field behind its length in one byte."""
    return bytes([len(field)]) + field


def _address(host: str) -> bytes:
    """An address or a name behind its type; a name is for the parent to look up."""
    try:
        address = ip_address(host)
    except ValueError:
        return bytes([NAME]) + _counted(host.encode())
    return bytes([IPV4 if address.version == 4 else IPV6]) + address.packed


class HttpConnect(Negotiation):
    """HTTP CONNECT, with Basic authorization where ``user`` is set.

    ValueError also for a colon in ``user``: it "is invalid" (RFC 7617 section 2).
    """

    party = "the HTTP parent"
    protocol = "HTTP"

    def _begin(self) -> None:
        if b":" in self._user:
            raise ValueError(f"the user for {self.party} holds a colon")
        host = f"[{self._host}]" if ":" in self._host else self._host
        target = f"{host}:{self._port}".encode()
        headers = [(b"Host", target)]
        if self._user:
            account = b64encode(self._user + b":" + self._password)
            headers.append((b"Proxy-Authorization", b"Basic " + account))
        self._http = h11.Connection(h11.CLIENT)
        request = h11.Request(method=b"CONNECT", target=target, headers=headers)
        self._send(self._http.send(request) or b"")
        self._http.send(h11.EndOfMessage())
        self._expect(LONGEST_HEAD, self._answered, HEAD_END)

    def _answered(self, head: bytes) -> None:
        try:
            self._http.receive_data(head)
            event = self._http.next_event()
        except h11.RemoteProtocolError:
            self._not_understood()
            return
        if isinstance(event, h11.InformationalResponse):
            self._expect(LONGEST_HEAD, self._answered, HEAD_END)
        elif not isinstance(event, h11.Response):
            self._fail(f"{self.party} answers with a head longer than {LONGEST_HEAD} bytes")
        elif 200 <= event.status_code < 300:
            self._succeed()
        elif event.status_code == 407:
            self._refused("the account is not accepted" if self._user else "an account is required")
        else:
            said = event.reason
            for secret in (b64encode(self._user + b":" + self._password), self._password):
                said = said.replace(secret, MASK) if self._user and secret else said
            reason = UNPRINTABLE.sub(b"?", said[:LONGEST_REASON]).decode("ascii")
            self._refused(f"{event.status_code} {reason}".rstrip())


NEGOTIATIONS: dict[str, type[Negotiation]] = {"socks5": Socks5, "http": HttpConnect}
"""By the scheme of a parent's URL."""
