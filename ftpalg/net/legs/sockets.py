"""The sockets of data connections: plain TCP, owned by us and watched by the reactor.

A leg ends with its FIN handed to the kernel, or it fails with a RST.  A RST is what its close means
from its first moment on, whoever closes it, the kernel too where this process is killed; only a clean
end changes that.  A socket has one owner at a time: whoever goes on with it takes it from the one
before (``release``).
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from collections.abc import Callable
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any

from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.wire.addresses import normal
from ftpalg.net.ledger import Grant
from ftpalg.net.legs.delivery import Delivery
from ftpalg.net.reactors import IWatched, Reactor, Watching

Address = tuple[Any, ...]
"""A socket address as the socket module gives it: (host, port) or (host, port, flow, scope)."""

ANY: tuple[Address, Address] = (("0.0.0.0", 0), ("::", 0))
"""Any of our addresses, IPv4 and IPv6."""

IP_TRANSPARENT, IPV6_TRANSPARENT = 19, 75  # linux/in.h, linux/in6.h: addresses of other machines

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: close sends RST
CLEAN = struct.pack("ii", 0, 0)  # off: close sends FIN, and what was written before it
TCP_ESTABLISHED = 1  # tcp_info.tcpi_state; CLOSE_WAIT, behind a FIN, is 8
UNREAD = 1 << 15  # bytes; a receive window may be full from here on


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


@implementer(IWatched)
class Descriptor:
    """A socket registered with the reactor.  Subclasses say what its readiness means."""

    reading = writing = False

    def __init__(self, reactor: Watching, sock: socket.socket) -> None:
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
            with self.socket:
                self.reactor.removeReader(self)
                self.reactor.removeWriter(self)

    def abort(self) -> None:
        """Close it so that its peer sees a failure."""
        try:
            if self.socket.fileno() >= 0:
                reset(self.socket)
        finally:
            self.close()

    def release(self) -> socket.socket:
        """Give the socket away, open and watched no longer; this has none any more.

        The reactor knows descriptors by their number: of two for one socket each would take the
        other's watch away.
        """
        self.reactor.removeReader(self)
        self.reactor.removeWriter(self)
        given, self.socket = self.socket, _NONE
        return given


_NONE = socket.socket()
_NONE.close()


def hand_over(
    reactor: Watching, sock: socket.socket, opened: Callable[[socket.socket], None]
) -> None:
    """Give a connection to its owner; one that the owner fails to take is reset."""
    try:
        opened(sock)
    except Exception:
        Descriptor(reactor, sock).abort()  # whatever the owner had watch it
        raise


def reset(sock: socket.socket) -> None:
    """Make the coming close a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def clean(sock: socket.socket) -> None:
    """Make the coming close a FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLEAN)


def _nothing() -> None:
    """What an ended leg has to tell."""


class DataSocket(Descriptor):
    """An established data connection in plain TCP; nothing is read until a relay takes it.

    Whoever goes on with it says with ``on_ready`` what the reactor's readiness means from then on.
    """

    _readable: Callable[[], None]
    _writable: Callable[[], None]
    plain = True
    """True when its bytes are those of the file."""
    waiting = False
    """True when something was taken from the socket that ``receive_into`` has not returned yet."""

    _delivery: Delivery | None = None

    def __init__(self, reactor: Reactor, sock: socket.socket) -> None:
        super().__init__(reactor, sock)
        self._clock = reactor
        reset(sock)
        _unpaced(sock)

    def on_ready(self, read: Callable[[], None], write: Callable[[], None]) -> None:
        """From now on the reactor calls these.  Whether it watches is another matter."""
        self._readable, self._writable = read, write

    def doRead(self) -> None:
        self._readable()

    def doWrite(self) -> None:
        self._writable()

    def connectionLost(self, reason: Failure) -> None:
        # only who waits to write hears of a break so; reading would not tell it behind a FIN or bytes
        self._writable() if hasattr(self, "_writable") else self.abort()

    def receive_into(self, buffer: memoryview) -> int:
        """Read; 0 is a clean end.  Raise BlockingIOError to wait, OSError where the leg broke."""
        return self.socket.recv_into(buffer)

    def send(self, data: memoryview) -> int:
        """Write what fits.  Raise BlockingIOError to wait, OSError where the leg broke."""
        return self.socket.send(data)

    def end(self) -> None:
        """Hand the clean end to the kernel.  Raise BlockingIOError to wait, OSError where it broke."""
        clean(self.socket)
        self.socket.shutdown(socket.SHUT_WR)

    def look(self) -> bool:
        """A sink's peer stirs: False where nothing that it says from now on matters.

        Raise BlockingIOError to wait, OSError where the leg broke.
        """
        self.socket.recv(1, socket.MSG_PEEK)
        return False  # bytes or a half-close: nothing to do with either

    def finish(
        self,
        done: Callable[[], None],
        failed: Callable[[str], None],
        moved: Callable[[], None] = _nothing,
        *,
        taken: bool = False,
    ) -> None:
        """Hand over the clean end as soon as the socket takes it; then call one of the two, once.

        With ``taken`` not before the peer's TCP has everything; what the peer says meanwhile is
        dropped.  ``moved`` is called when the peer has taken some more.  The wait has no bound of its
        own: its owner aborts the leg, behind which nothing is called.
        """

        _Finish(self, done, failed, moved, taken=taken).end()

    def deliver(
        self, done: Callable[[], None], failed: Callable[[str], None], moved: Callable[[], None]
    ) -> Delivery:
        """Have it told when the peer's TCP has taken everything, until the leg is closed or released."""
        self._delivery = Delivery(self._clock, self.socket, done, failed, moved)
        return self._delivery

    def look_again(self) -> None:
        """The peer has ended: it may have taken everything."""
        assert self._delivery is not None, "it is awaited"
        self._delivery.look()

    def close_ended(self) -> None:
        """Close a source that was read to its clean end.  Raise OSError where it broke."""
        clean(self.socket)
        self.close()

    def close(self) -> None:
        super().close()
        self._forget()

    def release(self) -> socket.socket:
        self._forget()
        return super().release()

    def _forget(self) -> None:
        """Whatever was to be called is called no more."""
        self.on_ready(_nothing, _nothing)
        delivery, self._delivery = self._delivery, None
        if delivery is not None:
            delivery.stop()


class _Finish:
    """A sink on its way to its end (``DataSocket.finish``)."""

    __slots__ = ("_done", "_failed", "_leg", "_moved", "_taken")

    def __init__(
        self,
        leg: DataSocket,
        done: Callable[[], None],
        failed: Callable[[str], None],
        moved: Callable[[], None],
        *,
        taken: bool,
    ) -> None:
        self._leg = leg
        self._done = done
        self._failed = failed
        self._moved = moved
        self._taken = taken

    def end(self) -> None:
        """Hand over the end as soon as the socket takes it."""
        leg = self._leg
        try:
            leg.end()
        except BlockingIOError:
            leg.on_ready(self._again, self._again)
            leg.reactor.addWriter(leg)
            return
        except OSError as error:
            self._fail(error.strerror or str(error))
            return
        leg.reactor.removeWriter(leg)
        if self._taken:
            self._wait()
        else:
            self._done()

    def _again(self) -> None:
        self._moved()
        self.end()

    def _wait(self) -> None:
        leg = self._leg
        delivery = leg.deliver(self._done, self._fail, self._moved)
        delivery.look()
        if delivery.waits:
            leg.on_ready(self._heard, self._heard)
            leg.reactor.addReader(leg)

    def _heard(self) -> None:
        """The peer has said something, or ended."""
        leg = self._leg
        try:
            if leg.socket.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass  # what was taken before it broke was taken
        leg.reactor.removeReader(leg)
        leg.look_again()

    def _fail(self, reason: str) -> None:
        self._leg.abort()
        self._failed(reason)


@cache
def _paces() -> bool:
    """Whether this system paces connections, as BBR does."""
    if not hasattr(socket, "TCP_CONGESTION"):
        return False
    with socket.socket() as sock:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).startswith(b"bbr")


@lru_cache(256)
def _on_this_host(address: str) -> bool:
    return ip_address(normal(address)).is_loopback


def _unpaced(sock: socket.socket) -> None:
    """On the same host, use cubic: BBR's pacing protects no network there and halves the rate."""
    if not _paces():
        return
    try:
        if _on_this_host(sock.getpeername()[0]):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    except OSError:
        pass  # not in this kernel, or the peer has reset the connection: the relay finds out


class Drain(Descriptor):
    """An ended sink, read until its peer has closed too, so that its end cannot turn into a RST.

    A socket closed with unread bytes is reset by the kernel; curl and ProFTPD in active mode may
    leave some.  It owns the socket, closes it as soon as the peer does, and after ``seconds`` anyway.
    ``held`` is the descriptor in the ledger, where it lingers.
    """

    def __init__(
        self, reactor: Reactor, sock: socket.socket, seconds: float, held: Grant | None = None
    ) -> None:
        super().__init__(reactor, sock)
        self._held = held
        if held is not None:
            held.linger(self)
        self._timer = reactor.callLater(seconds, self.close)
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
        if self._timer.active():
            self._timer.cancel()
        super().close()
        if self._held is not None:
            self._held.settle(self)

    def shed(self) -> None:
        """Reset it (``ledger.Lingering``)."""
        self.abort()
