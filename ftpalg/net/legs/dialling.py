"""Dials: only an address that was judged, or the control connection's peer, and from the address of ours
that is told.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

from twisted.python.failure import Failure

from ftpalg.net.legs.pacing import unpaced
from ftpalg.net.legs.sockets import (
    ANY,
    Address,
    Descriptor,
    hand_over,
    make_transparent,
    new_socket,
    with_port,
)
from ftpalg.net.reactors import Reactor, Watching


class Dialer(Descriptor):
    """A data connection on its way to the peer."""

    def __init__(
        self,
        reactor: Watching,
        sock: socket.socket,
        opened: Callable[[socket.socket], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__(reactor, sock)
        self._opened = opened
        self._failed = failed
        reactor.addWriter(self)

    def doWrite(self) -> None:
        try:
            self.socket.getpeername()
        except OSError:
            code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:  # else what the reactor tells was of an earlier socket of the same number
                self._fail(code)
            return
        hand_over(self.reactor, self.release(), self._opened)

    def connectionLost(self, reason: Failure) -> None:
        if self.fileno() >= 0:  # else it was told already, and whom it was told to has raised
            code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._fail(code or errno.ECONNRESET)

    def _fail(self, code: int) -> None:
        self.close()
        self._failed(os.strerror(code))


def dial(
    reactor: Reactor,
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
        unpaced(sock, theirs[0])
        _bind(sock, ours, source_port)
        sock.connect(theirs)
    except BlockingIOError:
        pass
    except OSError:
        sock.close()
        raise
    return Dialer(reactor, sock, opened, failed)


def _bind(sock: socket.socket, ours: Address, port: int) -> None:
    """Give it our address; where any will do connect() chooses one."""
    if port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    elif ours in ANY:
        return
    elif hasattr(socket, "IP_BIND_ADDRESS_NO_PORT"):
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
    sock.bind(with_port(ours, port))
