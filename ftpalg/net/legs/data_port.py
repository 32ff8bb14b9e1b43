"""A port that waits for a data connection: whoever connects is compared with the control connection's
peer, and with those that a setting trusts beside it; anybody else is reset and the wait goes on.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable
from itertools import islice

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.wire.addresses import normal
from ftpalg.net.legs.sockets import (
    Address,
    Descriptor,
    hand_over,
    make_transparent,
    new_socket,
    reset,
    with_port,
)
from ftpalg.net.reactors import Reactor

ACCEPTS = 16  # connections looked at per wake-up

PAUSE = 0.1
"""Seconds in which nobody is accepted where the system could not (it had no descriptor, say): it
would be asked again at once, for as long as the connection waits.  What bounds the wait for a data
connection bounds this too, and nobody who waits is lost."""

TRIES = 256
"""Ports tried for one data connection.  So many take 20 ms, which nobody else has to wait longer for;
a range so full that none of them is free has no room for another transfer anyway."""


class Listener(Descriptor):
    """A data port that is open for one connection of one peer.

    ``closed`` is called once it is open no longer, whatever the reason.
    """

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        peer: str,
        opened: Callable[[socket.socket], None],
        intruded: Callable[[str], None],
        trusts: Callable[[str], bool],
    ) -> None:
        super().__init__(reactor, sock)
        self._trusts = trusts
        self.closed: Callable[[], None] | None = None
        self._clock = reactor
        self._pause: IDelayedCall | None = None
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
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError:
                self.reactor.removeReader(self)
                self._pause = self._clock.callLater(PAUSE, self.reactor.addReader, self)
                return
            host = normal(address[0])
            if not self._may_come(host):
                reset(sock)
                sock.close()
                self._intruded(host)
                continue
            sock.setblocking(False)
            self.close()
            hand_over(self.reactor, sock, self._opened)
            return

    def _may_come(self, host: str) -> bool:
        return host == self._peer or self._trusts(host)

    def last(self) -> socket.socket | None:
        """The peer's connection that waits to be accepted, if there is one, in the last moment."""
        for _ in range(ACCEPTS):
            try:
                sock, address = self.socket.accept()
            except OSError:
                return None
            if self._may_come(normal(address[0])):
                sock.setblocking(False)
                return sock
            reset(sock)
            sock.close()
        return None

    def close(self) -> None:
        super().close()
        if self._pause is not None and self._pause.active():
            self._pause.cancel()
        closed, self.closed = self.closed, None
        if closed is not None:
            closed()


def nobody(host: str) -> bool:
    """Trust nobody beside the peer."""
    return False


def listen(
    reactor: Reactor,
    ours: Address,
    peer: str,
    ports: Iterable[int],
    opened: Callable[[socket.socket], None],
    intruded: Callable[[str], None],
    *,
    transparent: bool = False,
    trusts: Callable[[str], bool] = nobody,
) -> Listener:
    """Open the first free one of ``ports`` on our address, of TRIES.  Raise OSError where none is."""
    error = OSError("no port is free")
    for port in islice(ports, TRIES):
        sock = new_socket(ours)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if transparent:
                make_transparent(sock)
            sock.bind(with_port(ours, port))
            sock.listen(5)
        except OSError as caught:
            sock.close()
            if caught.errno != errno.EADDRINUSE:
                raise  # no other port mends it
            error = caught.with_traceback(None)  # whose frames have it, and all that has called
        else:
            return Listener(reactor, sock, peer, opened, intruded, trusts)
    raise error
