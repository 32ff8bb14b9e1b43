"""A data connection under TLS: pyOpenSSL between two buffers, the socket beside it is ours.

A clean end needs the peer's close_notify; without it the leg has failed (rule 1), unless the
setting ``lenient`` of that side says that its peers are known to omit it.

OpenSSL is fed in large pieces, which costs half of the CPU of letting it read record by record
from the socket.  And what it writes can wait: the session tickets that end a handshake of TLS 1.3
go with the first bytes of a download, or with the end of an upload.  lftp and curl never read on a
connection that they upload through; tickets unread there would turn their close into a RST, and
that takes the tail of the file with it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial

from OpenSSL import SSL

from ftpalg.net.legs.sockets import DataSocket, clean
from ftpalg.net.reactors import Reactor
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.tls.contexts import describe

RECORD = 16384  # most bytes of plain text in a TLS record
PIECE = 1 << 18  # bytes given to OpenSSL at a time
OVERHEAD = PIECE // 8  # more than the records' heads and tags add, and a handshake's last flight

HEAD = 5  # bytes of a record's head: its length is the last two

SHORT = 64
"""Most bytes of a record that is short: it may be a KeyUpdate (22), which takes OpenSSL 0.1 ms."""

SHORTS = 32
"""Short records given to OpenSSL at a time."""

EMPTY = 8 * SHORTS
"""Short records without a byte of data between them that are no transfer any more."""

HEARD = 2048
"""Bytes of a sink's peer given to OpenSSL at a time."""

_fresh = memoryview(bytearray(PIECE))
"""Where every socket is read into; OpenSSL has copied it before the next read."""

_dropped = memoryview(bytearray(RECORD))
"""Where what a sink's peer says goes."""


def _untold(*reason: str) -> None:
    """Nobody waits for the end of a handshake."""


UNTOLD: tuple[Callable[[], None], Callable[[str], None]] = _untold, _untold


class TlsDataSocket(DataSocket):
    """``tls`` has no socket of its own.  ``cut`` is True once its end came without close_notify and
    was let pass, ``stood`` once its handshake is done."""

    plain = False
    waiting = True  # the handshake may have taken the first data from the socket

    def __init__(
        self, reactor: Reactor, sock: socket.socket, tls: TlsConnection, *, lenient: bool
    ) -> None:
        super().__init__(reactor, sock)
        self.tls = tls
        self.cut = False
        self.stood = False
        self._lenient = lenient
        self._told = UNTOLD
        self._out = memoryview(b"")
        self._taken = 0
        self._unfed = b""  # what was read and OpenSSL does not have yet
        self._to_go = 0  # bytes until the next record's head
        self._fed = 0  # bytes since the last plain text
        self._shorts = 0  # short records since then
        self._heard = 0  # bytes of a sink's peer
        self._said_goodbye = False

    def handshake(self, done: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Shake hands as the peer's readiness allows; then call one of the two, once."""
        self.told(done, failed)
        self._shake()

    def _hear(self) -> None:
        """More of the handshake may have come."""
        try:
            size = self._feed()
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error.strerror or str(error))
            return
        if size:
            self._shake()
        else:
            self._fail("the connection ended in the TLS handshake")

    def _shake(self) -> None:
        try:
            self.tls.do_handshake()
        except SSL.WantReadError:
            self._collect()
            self._flush_and(self._await_more)
        except SSL.Error as error:
            self._collect()  # the alert that says why
            refused = self.tls.refused
            why = f"its certificate is refused: {refused}" if refused else _failure(error)
            self._flush_and(partial(self._fail, why))
        else:
            self._collect()
            self._succeed() if self.tls.ends_in_tickets else self._flush_and(self._succeed)

    def _flush_and(self, then: Callable[[], None]) -> None:
        """Have everything written, then go on."""
        try:
            self._flush()
        except BlockingIOError:
            again = partial(self._flush_and, then)
            self.on_ready(again, again)
            self.reactor.removeReader(self)  # what the peer says now has to wait
            self.reactor.addWriter(self)
        except OSError as error:
            self._fail(error.strerror or str(error))
        else:
            self._rest()
            then()

    def _await_more(self) -> None:
        self.on_ready(self._hear, self._hear)
        self.reactor.addReader(self)

    def _succeed(self) -> None:
        self._rest()
        self.stood = True
        (done, _), self._told = self._told, UNTOLD
        done()

    def _fail(self, reason: str) -> None:
        self._rest()
        (_, failed), self._told = self._told, UNTOLD
        failed(reason)

    def _forget(self) -> None:
        super()._forget()
        self._told = UNTOLD

    def told(self, done: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Who is told how the handshake ends, instead of those who began it."""
        self._told = (done, failed)

    def _rest(self) -> None:
        self.reactor.removeReader(self)
        self.reactor.removeWriter(self)

    @property
    def unheard(self) -> bool:
        """True while the peer has not said a byte."""
        if self._fed or self.stood:
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False

    def receive_into(self, buffer: memoryview) -> int:
        """As the base's.  What OpenSSL answers meanwhile (to a renegotiation: no) waits, bounded."""
        while True:
            got = self._decrypt(buffer)
            if got:
                self._fed = self._shorts = 0
                return got
            if self._fed > OVERHEAD or self._shorts > EMPTY:
                raise OSError("TLS failed: it carries no data")  # a flood of KeyUpdate, say
            if self.tls.notified:
                return 0
            self._collect()
            if len(self._out) > OVERHEAD:
                raise OSError("TLS failed: it asks and asks and sends no data")
            if not self._feed(min(PIECE, len(buffer) + 2 * RECORD)):
                if not self._lenient:
                    raise OSError("TLS ended without close_notify")
                self.cut = True
                return 0

    def _decrypt(self, buffer: memoryview) -> int:
        """What OpenSSL can give of what it was fed; 0 where it needs more, or has seen the end."""
        got = 0
        while len(buffer) - got >= RECORD:
            try:
                got += self.tls.recv_into(buffer[got:], RECORD)
            except SSL.WantReadError:
                self.waiting = len(self._unfed) >= HEAD
                return got
            except SSL.ZeroReturnError:
                break
            except SSL.Error as error:
                if self.tls.notified:
                    break  # JSSE says user_canceled before it (TLS 1.3); then OpenSSL tells no end
                raise OSError(_failure(error)) from None
        self.waiting = True
        return got

    def look(self) -> bool:
        """As the base's.  A sink's peer may ask for new keys (RFC 8446 4.6.3): OpenSSL's answer goes
        before the next data.  A server's tickets come here too.  Data of its is dropped; one that
        says more than there can be to say is not listened to any more.
        """
        size = self._feed(HEARD)
        if not size:
            return False
        self._heard += size
        try:
            while True:
                self.tls.recv_into(_dropped)
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            if not self.tls.notified:
                raise OSError(_failure(error)) from None
        self._collect()
        try:
            self._flush()
        except BlockingIOError:
            pass  # the next data has to wait for the same, and goes behind it
        return self._heard < OVERHEAD and not self.tls.notified

    def _feed(self, most: int = PIECE) -> int:
        """Give OpenSSL what the socket has; how much, 0 at the end.

        Raise BlockingIOError where there is nothing.
        """
        kept = len(self._unfed)
        piece = memoryview(self._unfed)
        if kept < HEAD:
            _fresh[:kept] = piece
            size = self.socket.recv_into(_fresh[kept:most])
            if not size:
                return 0
            piece = _fresh[: kept + size]
        size = self._portion(piece)
        self._unfed = bytes(piece[size:])
        if not size:
            raise BlockingIOError
        self._fed += size
        self.tls.bio_write(piece[:size])
        return size

    def _portion(self, piece: memoryview) -> int:
        """How much of it OpenSSL gets at once, so that no peer's short records keep it busy for long.

        It ends within a record's body or behind it, never within its head.
        """
        at, shorts = self._to_go, 0
        while at + HEAD <= len(piece) and shorts < SHORTS:
            length = piece[at + 3] << 8 | piece[at + 4]
            at += HEAD + length
            shorts += length <= SHORT
        self._shorts += shorts
        size = len(piece) if at > len(piece) else at
        self._to_go = at - size
        return size

    def send(self, data: memoryview) -> int:
        """As the base's; after BlockingIOError it must be called again with the same data."""
        if not self._taken:
            try:
                self._taken = self.tls.send(data[:PIECE])
            except SSL.Error as error:
                raise OSError(_failure(error)) from None
            self._collect()
        self._flush()
        taken, self._taken = self._taken, 0
        return taken

    def end(self) -> None:
        """close_notify and FIN together: IIS waits for the FIN, FileZilla Server for the alert."""
        clean(self.socket)  # close_notify is not for a leg that cannot end
        try:
            self._say_goodbye()
        except SSL.Error as error:
            raise OSError(_failure(error)) from None
        self._flush()
        super().end()

    def close_ended(self) -> None:
        """Answer the peer's close_notify (ftplib waits for it), then close."""
        try:
            self._say_goodbye()
            self._flush()
        except (SSL.Error, OSError):
            pass  # it has ended; it may be gone as well
        super().close_ended()

    def abort(self) -> None:
        """RST without close_notify.  The session it shares stays good for the next transfer."""
        try:
            self.tls.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        finally:
            super().abort()

    def _say_goodbye(self) -> None:
        if not self._said_goodbye:
            self._said_goodbye = True
            self.tls.shutdown()
            self._collect()

    def _collect(self) -> None:
        """Take what OpenSSL wants written."""
        try:
            while True:
                more = self.tls.bio_read(PIECE + OVERHEAD)
                self._out = memoryview(bytes(self._out) + more if self._out else more)
        except SSL.WantReadError:
            return

    def _flush(self) -> None:
        """Write it.  Raise BlockingIOError while some is left."""
        while self._out:
            self._out = self._out[self.socket.send(self._out) :]


def _failure(error: SSL.Error) -> str:
    return f"TLS failed: {describe(error)}"
