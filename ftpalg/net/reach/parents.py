"""A parent proxy is asked for a connection to a server: SOCKS5 or HTTP CONNECT.

RFC 1928 and 1929; RFC 9110 section 9.3.6, RFC 7617.  It is told a name or an address.  We put no part of
the account into a sentence; an HTTP parent's reason is shown as it came, but for a password in it.
"""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from collections.abc import Callable

import h11
from socksio import (
    SOCKS5AuthMethod,
    SOCKS5AuthMethodsRequest,
    SOCKS5AuthReply,
    SOCKS5Command,
    SOCKS5CommandRequest,
    SOCKS5Connection,
    SOCKS5ReplyCode,
    SOCKSError,
)
from socksio.socks5 import SOCKS5UsernamePasswordReply, SOCKS5UsernamePasswordRequest

from ftpalg.net.leading_bytes import Preface
from ftpalg.net.reactors import Watching

HOST = re.compile(r"[0-9A-Za-z._-]{1,255}|[0-9A-Fa-f:.]{2,45}")  # a name or IPv4; IPv6
UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # control characters, lone surrogates
LONGEST_FIELD = 255  # bytes of a user or a password in RFC 1929

SOCKS_VERSION = 5
ACCOUNT_VERSION = 1  # of RFC 1929
NAME = 3  # the address type of a name
ADDRESS_REST = {1: 5, NAME: 2, 4: 17}  # bytes of address and port behind the first, by type
LONGEST_HEAD = 16384  # bytes of an HTTP response's head; h11's own bound
HEAD_END = re.compile(rb"\n\r?\n")  # "a recipient MAY recognize a single LF" (RFC 9112 2.2)
LONGEST_REASON = 80
MASK = b"****"
UNPRINTABLE = re.compile(rb"[^ -~]")

Request = SOCKS5AuthMethodsRequest | SOCKS5UsernamePasswordRequest | SOCKS5CommandRequest


class Negotiation(Preface):
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

    def _begin(self) -> None:
        """Send the first request and expect its answer."""
        raise NotImplementedError

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
        self._socks = SOCKS5Connection()
        methods = [SOCKS5AuthMethod.NO_AUTH_REQUIRED]
        if self._user:
            methods.append(SOCKS5AuthMethod.USERNAME_PASSWORD)
        self._ask(SOCKS5AuthMethodsRequest(methods), 2, self._chosen)

    def _ask(self, request: Request, size: int, then: Callable[[bytes], None]) -> None:
        self._socks.send(request)
        self._send(self._socks.data_to_send())
        self._expect(size, then)

    def _chosen(self, answer: bytes) -> None:
        reply = self._read(answer, SOCKS_VERSION)
        if not isinstance(reply, SOCKS5AuthReply):
            self._not_understood()
        elif reply.method == SOCKS5AuthMethod.NO_AUTH_REQUIRED:
            self._connect()
        elif reply.method == SOCKS5AuthMethod.USERNAME_PASSWORD and self._user:
            account = SOCKS5UsernamePasswordRequest(self._user, self._password)
            self._ask(account, 2, self._authenticated)
        else:
            self._refused("no authentication method in common")

    def _authenticated(self, answer: bytes) -> None:
        reply = self._read(answer, ACCOUNT_VERSION)
        if not isinstance(reply, SOCKS5UsernamePasswordReply):
            self._not_understood()
        elif reply.success:
            self._connect()
        else:
            self._refused("the account is not accepted")

    def _connect(self) -> None:
        address = (self._host, self._port)
        request = SOCKS5CommandRequest.from_address(SOCKS5Command.CONNECT, address)
        self._ask(request, 2, self._replied)

    def _replied(self, start: bytes) -> None:
        version, code = start
        if version != SOCKS_VERSION:
            self._not_understood()
        elif code:
            # Some servers send no more than three bytes of a refusal (python-socks, pull 46).
            self._refused(_meaning(code))
        else:
            self._expect(3, self._bound)

    def _bound(self, start: bytes) -> None:
        _, kind, first = start
        if kind not in ADDRESS_REST:
            self._not_understood()
        else:
            # Nobody needs the address, and the library cannot read a name of 128 bytes or more.
            size = ADDRESS_REST[kind] + (first if kind == NAME else 0)
            self._expect(size, lambda _: self._succeed())

    def _read(self, answer: bytes, version: int) -> object:
        """What the answer says; None where it cannot be read.  The library looks at no version."""
        try:
            return self._socks.receive_data(answer) if answer[0] == version else None
        except SOCKSError:
            return None


def _meaning(code: int) -> str:
    """A refusal in the words of RFC 1928, or its number."""
    try:
        return SOCKS5ReplyCode(bytes([code])).name.lower().replace("_", " ")
    except ValueError:
        return f"code {code}"


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
