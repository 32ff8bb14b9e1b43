"""A data connection under TLS: pyOpenSSL on the socket itself, without Twisted's memory BIO.

A clean end needs the peer's close_notify; without it the leg has failed (rule 1), unless the
setting ``lenient`` of that side says that its peers are known to omit it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from OpenSSL import SSL

from ftpalg.net.data import DataSocket
from ftpalg.net.tls import TlsConnection, describe

RECORD = 16384  # most bytes of plain text in a TLS record


class TlsDataSocket(DataSocket):
    """``cut`` is True once its end came without close_notify and was let pass."""

    def __init__(
        self, reactor: Any, sock: socket.socket, tls: TlsConnection, *, lenient: bool
    ) -> None:
        super().__init__(reactor, sock)
        self.tls = tls
        self.cut = False
        self._lenient = lenient

    def handshake(self, done: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Shake hands as the peer's readiness allows; then call one of the two, once."""

        def shake() -> None:
            try:
                self.tls.do_handshake()
            except SSL.WantReadError:
                self.reactor.removeWriter(self)
                self.reactor.addReader(self)
            except SSL.WantWriteError:
                self.reactor.addWriter(self)
            except SSL.Error as error:
                self._rest()
                refused = self.tls.refused
                failed(f"its certificate is refused: {refused}" if refused else _failure(error))
            else:
                self._rest()
                done()

        self.readable = self.writable = shake
        shake()

    def doWrite(self) -> None:
        """Whoever still waits to write asks again: TLS may have wanted it only in order to read."""
        self.reactor.removeWriter(self)
        super().doWrite()

    def _rest(self) -> None:
        self.reactor.removeReader(self)
        self.reactor.removeWriter(self)

    def receive_into(self, buffer: memoryview) -> int:
        got = 0
        while len(buffer) - got >= RECORD:
            try:
                got += self.tls.recv_into(buffer[got:], RECORD)
            except SSL.WantReadError:
                break
            except SSL.WantWriteError:
                self.reactor.addWriter(self)
                break
            except SSL.ZeroReturnError:
                self.waiting = got > 0
                return got or self._ended()
            except SSL.Error as error:
                raise OSError(_failure(error)) from None
        if not got:
            raise BlockingIOError
        return got

    def _ended(self) -> int:
        if not self.tls.notified:
            if not self._lenient:
                raise OSError("TLS ended without close_notify")
            self.cut = True
        return 0

    def send(self, data: memoryview) -> int:
        try:
            return self.tls.send(data)
        except SSL.WantWriteError:
            raise BlockingIOError from None
        except SSL.WantReadError:
            self.reactor.addReader(self)
            raise BlockingIOError from None
        except SSL.Error as error:
            raise OSError(_failure(error)) from None

    def end(self) -> None:
        """close_notify and FIN together: IIS waits for the FIN, FileZilla Server for the alert."""
        try:
            self.tls.shutdown()
        except SSL.WantWriteError:
            raise BlockingIOError from None
        except SSL.Error as error:
            raise OSError(_failure(error)) from None
        super().end()

    def close_ended(self) -> None:
        """Answer the peer's close_notify (ftplib waits for it), then close."""
        try:
            self.tls.shutdown()
        except SSL.Error:
            pass  # it has ended; it may be gone as well
        self.close()

    def abort(self) -> None:
        """RST without close_notify.  The session it shares stays good for the next transfer."""
        self.tls.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        super().abort()


def _failure(error: SSL.Error) -> str:
    return f"TLS failed: {describe(error)}"
