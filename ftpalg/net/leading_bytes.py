"""Reads what comes before a connection's own bytes, and not one byte of these."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Callable

from twisted.python.failure import Failure

from ftpalg.net.legs.sockets import Descriptor
from ftpalg.net.reactors import Watching


class Preface(Descriptor):
    """Bytes before a connection's own, taken from the socket to their last one and no further.

    What has come behind them stays in the kernel, for whoever gets the socket next.  It ends in one
    call: of ``failed`` with a sentence, or of what a subclass takes for success.  By then the
    reactor no longer watches the socket.  Nothing is called before the constructor has returned,
    and nothing bounds the wait: that is the caller's to do.
    """

    party = "the peer"
    """Who is at the other end, for the sentences."""

    def __init__(
        self, reactor: Watching, sock: socket.socket, failed: Callable[[str], None]
    ) -> None:
        super().__init__(reactor, sock)
        self._failed = failed

    def cancel(self) -> None:
        """Take it from the reactor and leave the socket open; nothing is called any more.

        Comes before anybody else closes the socket.
        """
        self.reactor.removeReader(self)
        self.reactor.removeWriter(self)

    def give_up(self, reason: str) -> None:
        """Fail for a reason of the caller's."""
        self._fail(reason)

    def doRead(self) -> None:
        try:
            taken = self._take()
        except BlockingIOError:
            return
        except EOFError:
            self._fail(f"{self.party} closed the connection too soon")
        except OSError as error:
            self._break(error)
        else:
            if taken is not None:
                self._then(taken)

    def connectionLost(self, reason: Failure) -> None:
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or errno.ECONNRESET
        self._break(OSError(code, os.strerror(code)))

    def _expect(
        self, most: int, then: Callable[[bytes], None], end: re.Pattern[bytes] | None = None
    ) -> None:
        """Go on with the next ``most`` bytes, or with fewer if ``end`` is found, however they come."""
        self._most, self._then, self._end = most, then, end
        self._taken = b""

    def _take(self) -> bytes | None:
        """Read on; return what is expected once it is whole.

        What is known to belong to it is taken at once.  Left unread it would wake the reactor again
        and again until the rest has come.
        """
        size, found = self._most - len(self._taken), None
        if self._end is not None:
            ahead = self._taken + self.socket.recv(size, socket.MSG_PEEK)
            found = self._end.search(ahead)
            size = (found.end() if found else len(ahead)) - len(self._taken)
        piece = self.socket.recv(size)
        if not piece:
            raise EOFError
        self._taken += piece
        return self._taken if found or len(self._taken) == self._most else None

    def _break(self, error: OSError) -> None:
        self._fail(f"{self.party}: {error.strerror}")

    def _fail(self, reason: str) -> None:
        self.cancel()
        self._failed(reason)
