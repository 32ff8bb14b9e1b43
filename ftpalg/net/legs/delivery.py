"""Tells when the peer's TCP has taken all that a socket was given; the client's 226 waits for that.

A server says 226 when the client's TCP has the file, not when our kernel has it: a client that
closes its data connection when it reads 226 (lwIP stacks do) would lose what still waits here.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
import sys
import termios
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall

from ftpalg.net.reactors import Reactor

OUTQ: int | None = termios.TIOCOUTQ if sys.platform == "linux" else None
"""SIOCOUTQ of tcp(7); other systems know it for terminals only."""

TCP_CLOSE = (
    7  # tcp_info.tcpi_state; a reset leads here and what was not taken stays counted, but so
)
# does the clean end of both sides

FIRST = 0.001
"""Seconds until the second look; each further wait is twice as long."""

LONGEST = 0.25
"""Seconds between two looks at the most: progress is seen well within timeouts.delivery."""


def untaken(sock: socket.socket) -> int:
    """Bytes in front of our FIN that the peer's TCP has not acknowledged yet.

    0 where the system cannot tell.  Raise OSError where the connection broke before they were.
    """
    if OUTQ is None:
        return 0
    left = _unacknowledged(sock, OUTQ)
    if left and sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE:
        # anew: a peer may have taken all and closed between the two, which leads there as well
        left = _unacknowledged(sock, OUTQ)
        if left:
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or errno.ECONNRESET
            raise OSError(code, os.strerror(code))
    return left


def _unacknowledged(sock: socket.socket, request: int) -> int:
    """The FIN counts as one byte, and its acknowledgement may take its time."""
    (queued,) = struct.unpack("i", fcntl.ioctl(sock, request, bytes(4)))
    return max(int(queued) - 1, 0)


class Delivery:
    """Looks at a socket behind its FIN: at once, and then again and again, ever more seldom.

    Of ``done`` and ``failed`` one is called, once, and neither behind ``stop``.  ``moved`` is called
    when some more was taken.  The wait has no bound of its own: whoever owns it stops it.
    """

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        done: Callable[[], None],
        failed: Callable[[str], None],
        moved: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._socket = sock
        self._done = done
        self._failed = failed
        self._moved = moved
        self._wait = FIRST
        self._left: int | None = None
        self._call: IDelayedCall | None = None

    def look(self) -> None:
        """Look now."""
        self.stop()
        try:
            left = untaken(self._socket)
        except OSError as error:
            self._failed(error.strerror or str(error))
            return
        if not left:
            self._done()
            return
        before, self._left = self._left, left
        self._call = self._reactor.callLater(self._wait, self.look)
        self._wait = min(2 * self._wait, LONGEST)
        if before is not None and left < before:
            self._moved()

    @property
    def waits(self) -> bool:
        """True while another look is to come."""
        return self._call is not None

    def stop(self) -> None:
        """Look no more."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None
