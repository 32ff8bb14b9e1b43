"""Data connections: listens for one or dials one, checks the peer, and owns the socket.

Three rules, each held in one place here:

1. whoever connects to a data port is compared with the control connection's peer; anybody else is
   reset and the wait goes on (``Listener``);
2. only the control connection's peer is dialled, from the address that the control connection has
   on our side (``dial``);
3. a leg ends with its FIN handed to the kernel, or it fails with a RST (``DataSocket``).
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import termios
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from twisted.internet.interfaces import IReactorFDSet, IReadWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.addresses import normal

Address = tuple[Any, ...]
"""A socket address as the socket module gives it: (host, port) or (host, port, flow, scope)."""

ANY: tuple[Address, Address] = (("0.0.0.0", 0), ("::", 0))
"""Any of our addresses, IPv4 and IPv6."""

IP_TRANSPARENT, IPV6_TRANSPARENT = 19, 75  # linux/in.h, linux/in6.h: addresses of other machines

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: close sends RST
TCP_ESTABLISHED = 1  # tcp_info.tcpi_state; CLOSE_WAIT, behind a FIN, is 8
UNREAD = 1 << 15  # bytes; a receive window may be full from here on
ACCEPTS = 16  # connections looked at per wake-up


def with_port(address: Address, port: int) -> Address:
    """The same host, family and scope with another port."""
    return (address[0], port, *address[2:])


def new_socket(address: Address) -> socket.socket:
    """A non-blocking TCP socket of the address's family."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    return made


def make_transparent(sock: socket.socket) -> None:
    """Let a socket have an address that is not this machine's.  Raise OSError (CAP_NET_ADMIN)."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)


def established(sock: socket.socket) -> bool:
    """True while the peer has not closed its side, whatever it sent that was not read yet.

    False too where so much waits unread that a FIN could not have come through behind it.
    """
    if hasattr(socket, "TCP_INFO"):
        state: int = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        (unread,) = struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))
        return state == TCP_ESTABLISHED and unread < UNREAD
    try:
        return sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


@implementer(IReadWriteDescriptor)
class Descriptor:
    """A socket registered with the reactor.  Subclasses say what its readiness means."""

    def __init__(self, reactor: IReactorFDSet, sock: socket.socket) -> None:
        self.reactor = reactor
        self.socket = sock

    def fileno(self) -> int:
        return self.socket.fileno()

    def logPrefix(self) -> str:
        return type(self).__name__

    def doRead(self) -> None:
        """The reactor found it readable."""

    def doWrite(self) -> None:
        """The reactor found it writable."""

    def connectionLost(self, reason: Failure) -> None:
        """The reactor found it broken, with no input left to read."""
        self.abort()

    def close(self) -> None:
        """Take it from the reactor and close it; harmless when closed already."""
        if self.socket.fileno() >= 0:
            self.reactor.removeReader(self)
            self.reactor.removeWriter(self)
            self.socket.close()

    def abort(self) -> None:
        """Close it so that its peer sees a failure."""
        if self.socket.fileno() >= 0:
            reset(self.socket)
        self.close()


def reset(sock: socket.socket) -> None:
    """Make the coming close a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


class Listener(Descriptor):
    """A data port that is open for one connection of one peer.

    ``closed`` is called once it is open no longer, whatever the reason.
    """

    def __init__(
        self,
        reactor: IReactorFDSet,
        sock: socket.socket,
        peer: str,
        opened: Callable[[socket.socket], None],
        intruded: Callable[[str], None],
    ) -> None:
        super().__init__(reactor, sock)
        self.closed: Callable[[], None] | None = None
        self._peer = peer
        self._opened = opened
        self._intruded = intruded
        reactor.addReader(self)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.socket.getsockname()[1])

    def doRead(self) -> None:
        for _ in range(ACCEPTS):
            try:
                sock, address = self.socket.accept()
            except OSError:
                return
            host = normal(address[0])
            if host != self._peer:
                reset(sock)
                sock.close()
                self._intruded(host)
                continue
            sock.setblocking(False)
            self.close()
            self._opened(sock)
            return

    def close(self) -> None:
        super().close()
        closed, self.closed = self.closed, None
        if closed is not None:
            closed()

    def abort(self) -> None:
        self.close()


class Dialer(Descriptor):
    """A data connection on its way to the peer."""

    def __init__(
        self,
        reactor: IReactorFDSet,
        sock: socket.socket,
        opened: Callable[[socket.socket], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__(reactor, sock)
        self._opened = opened
        self._failed = failed
        reactor.addWriter(self)

    def doWrite(self) -> None:
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self.close()
            self._failed(os.strerror(code))
            return
        self.reactor.removeWriter(self)
        self._opened(self.socket)

    def connectionLost(self, reason: Failure) -> None:
        self.doWrite()


class DataSocket(Descriptor):
    """An established data connection in plain TCP; nothing is read until a relay takes it.

    The reactor's readiness goes to ``readable`` and ``writable``, which the relay sets.
    """

    readable: Callable[[], None]
    writable: Callable[[], None]
    waiting = False
    """True when something was taken from the socket that ``receive_into`` has not returned yet."""

    def __init__(self, reactor: IReactorFDSet, sock: socket.socket) -> None:
        super().__init__(reactor, sock)
        _unpaced(sock)

    def doRead(self) -> None:
        self.readable()

    def doWrite(self) -> None:
        self.writable()

    def connectionLost(self, reason: Failure) -> None:
        self.readable() if hasattr(self, "readable") else self.abort()

    def receive_into(self, buffer: memoryview) -> int:
        """Read; 0 is a clean end.  Raise BlockingIOError to wait, OSError where the leg broke."""
        return self.socket.recv_into(buffer)

    def send(self, data: memoryview) -> int:
        """Write what fits.  Raise BlockingIOError to wait, OSError where the leg broke."""
        return self.socket.send(data)

    def end(self) -> None:
        """Hand the clean end to the kernel.  Raise BlockingIOError to wait, OSError where it broke."""
        self.socket.shutdown(socket.SHUT_WR)

    def finish(self, done: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Hand over the clean end as soon as the socket takes it; then call one of the two, once."""
        self.readable = self.writable = lambda: self.finish(done, failed)
        try:
            self.end()
        except BlockingIOError:
            self.reactor.addWriter(self)
            return
        except OSError as error:
            self.abort()
            failed(error.strerror or str(error))
            return
        self.reactor.removeWriter(self)
        done()

    def close_ended(self) -> None:
        """Close a source that was read to its clean end."""
        self.close()


def _unpaced(sock: socket.socket) -> None:
    """On the same host, use cubic: BBR's pacing protects no network there and halves the rate."""
    if not hasattr(socket, "TCP_CONGESTION"):
        return
    try:
        if ip_address(normal(sock.getpeername()[0])).is_loopback:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    except OSError:
        pass  # not in this kernel, or the peer has reset the connection: the relay finds out


class Drain(Descriptor):
    """An ended sink, read until its peer has closed too, so that its end cannot turn into a RST.

    A socket closed with unread bytes is reset by the kernel; curl and ProFTPD in active mode may
    leave some.  ``seconds`` bounds the wait.
    """

    open: set[Drain] = set()

    def __init__(self, reactor: Any, sock: socket.socket, seconds: float) -> None:
        super().__init__(reactor, sock)
        self._timer = reactor.callLater(seconds, self.close)
        self.open.add(self)
        reactor.addReader(self)

    def doRead(self) -> None:
        try:
            if not self.socket.recv(65536):
                self.close()
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def connectionLost(self, reason: Failure) -> None:
        self.close()

    def close(self) -> None:
        self.open.discard(self)
        if self._timer.active():
            self._timer.cancel()
        super().close()


def listen(
    reactor: IReactorFDSet,
    ours: Address,
    peer: str,
    ports: Iterable[int],
    opened: Callable[[socket.socket], None],
    intruded: Callable[[str], None],
    *,
    transparent: bool = False,
) -> Listener:
    """Open the first free one of ``ports`` on our address.  Raise OSError where none is."""
    error: OSError | None = None
    for port in ports:
        sock = new_socket(ours)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if transparent:
                make_transparent(sock)
            sock.bind(with_port(ours, port))
            sock.listen(5)
        except OSError as caught:
            sock.close()
            error = caught
            continue
        return Listener(reactor, sock, peer, opened, intruded)
    raise error or OSError("no port is free")


def dial(
    reactor: IReactorFDSet,
    ours: Address,
    theirs: Address,
    opened: Callable[[socket.socket], None],
    failed: Callable[[str], None],
    source_port: int = 0,
    *,
    transparent: bool = False,
) -> Dialer:
    """Begin a data connection from our address to theirs.  Raise OSError where it cannot begin."""
    sock = new_socket(theirs)
    try:
        if transparent:
            make_transparent(sock)
        if source_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif hasattr(socket, "IP_BIND_ADDRESS_NO_PORT"):
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind(with_port(ours, source_port))
        sock.connect(theirs)
    except BlockingIOError:
        pass
    except OSError:
        sock.close()
        raise
    return Dialer(reactor, sock, opened, failed)
