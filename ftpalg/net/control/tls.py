"""TLS of a control connection: OpenSSL between two buffers, no socket.

Bytes of the peer go in, plain text comes out, and the other way round.  OpenSSL is fed record by
record, so that where TLS ends the bytes behind it are known exactly: with CCC they are plain text
(RFC 4217 section 6).  Some clients that ask for CCC send no close_notify and simply go on in clear;
a byte that opens no record tells.
"""

from __future__ import annotations

from typing import NamedTuple

from OpenSSL import SSL

from ftpalg.core.ends import Reason
from ftpalg.core.keys import Key
from ftpalg.core.value import value
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.tls.contexts import describe

RECORD_TYPES = (20, 21, 22, 23)
HEAD = 5
LONGEST = HEAD + 16384 + 2048  # RFC 5246 section 6.2.3; no version allows more
PIECE = 1 << 16
TURN = 256
"""Records that one turn of the reactor takes: a KeyUpdate costs some 60 µs (rule 10)."""
SILENT = 500
"""Records in a row without a byte of plain text that a peer may send.

A handshake may need the most: OpenSSL takes chains of certificates up to 100 KiB, and some peers
send 512 bytes in a record (RFC 6066 section 4).  Behind it tickets and a KeyUpdate now and then have
none; a flood of these would cost CPU for ever.
"""


class Stage(Key):
    """How far TLS has come, and gone again."""

    SHAKING = "the handshake is not done"
    SECURED = "it stands"
    ENDED = "the peer has said close_notify"
    FAILED = "it cannot go on"
    LEAVING = "CCC: our close_notify has gone out, the peer's has not come"
    CLEARED = "CCC: it has been taken off"


UNDER_TLS = (Stage.SHAKING, Stage.SECURED, Stage.LEAVING)
"""Where the peer's bytes are records."""
OVER = (Stage.ENDED, Stage.FAILED)
"""Where nothing more comes out of it."""
LEFT = (Stage.LEAVING, Stage.CLEARED)
"""Where ours are no records any more."""


@value
class Failure(NamedTuple):
    """Why TLS cannot go on.

    ``shaking``: it failed in the handshake.  ``refused`` and ``kind``: what is wrong with the peer's
    certificate, if that is why.  ``alert``: the alert of TLS that went with it, or 0.
    """

    words: str
    shaking: bool = False
    refused: str = ""
    kind: Reason = Reason.SERVER_UNTRUSTED
    alert: int = 0


class ControlTls:
    """One control connection's TLS.  After each call ``outgoing`` has what is to be written, and
    ``failure`` says why it cannot go on, if it cannot."""

    __slots__ = ("_part", "_silent", "connection", "failure", "stage", "waiting")

    def __init__(self, connection: TlsConnection) -> None:
        self.connection = connection
        self.stage = Stage.SHAKING
        self.failure: Failure | None = None
        self.waiting = False
        self._part = bytearray()
        self._silent = 0

    @property
    def shaking(self) -> bool:
        """Whether the handshake is not done."""
        return self.stage is Stage.SHAKING

    @property
    def stood(self) -> bool:
        """Whether the handshake has been done, whatever came then."""
        return not self.shaking and not (self.failure and self.failure.shaking)

    @property
    def over(self) -> bool:
        """Whether the peer has ended it, or it has failed."""
        return self.stage in OVER

    @property
    def cleared(self) -> bool:
        """Whether the peer speaks in clear again."""
        return self.stage is Stage.CLEARED

    def start(self) -> None:
        """Begin the handshake: a client speaks first."""
        self._shake()

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; return the plain text in them, up to what ended or broke TLS.

        So many records are taken at a time; while ``waiting`` there are more of them, for a call
        without data.  TLS fails where too many carry nothing.  What lies behind its end waits for
        ``take``.
        """
        self._part += data
        plain: list[bytes] = []
        at = taken = 0
        self.waiting = False
        while self.stage in UNDER_TLS:
            size = self._record(at)
            if not size:
                break
            if taken == TURN:
                self.waiting = True
                break
            taken += 1
            self.connection.bio_write(bytes(self._part[at : at + size]))
            at += size
            before = len(plain)
            if not self.shaking or self._shake():
                self._decrypt(plain)
            self._silent = 0 if len(plain) > before else self._silent + 1
            if self._silent > SILENT and not self.over:
                self._fail("it carries no data")
        del self._part[:at]  # empty where it has failed
        return b"".join(plain)

    def _record(self, at: int) -> int:
        """Size of the record that begins there, 0 while it is not whole.

        What cannot be one goes to OpenSSL as it is, which has the words for it.
        """
        there = len(self._part) - at
        if there and self._part[at] not in RECORD_TYPES:
            if self.stage is not Stage.LEAVING:
                return there
            self.stage = Stage.CLEARED
            return 0
        if there < HEAD:
            return 0
        size = HEAD + int.from_bytes(self._part[at + 3 : at + HEAD], "big")
        if size > LONGEST:
            return there
        return size if size <= there else 0

    def _shake(self) -> bool:
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            self._fail(describe(error))
            return False
        self.stage = Stage.SECURED
        self._silent = 0
        return True

    def _decrypt(self, plain: list[bytes]) -> None:
        try:
            while True:
                plain.append(self.connection.recv(PIECE))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.stage = Stage.CLEARED if self.stage is Stage.LEAVING else Stage.ENDED
        except SSL.Error as error:
            self._fail(describe(error))

    def _fail(self, words: str) -> None:
        made = self.connection
        self.failure = Failure(words, self.shaking, made.refused, made.kind, made.alert)
        self.stage = Stage.FAILED
        self._part.clear()

    def take(self) -> bytes:
        """Give up what came behind the end of TLS."""
        behind = bytes(self._part)
        self._part.clear()
        return behind

    def seal(self, data: bytes) -> None:
        """Encrypt.  What is said before the handshake is done is dropped: it cannot be said."""
        if data and self.stage in (Stage.SECURED, Stage.ENDED):
            try:
                self.connection.sendall(data)
            except SSL.Error as error:
                self._fail(describe(error))

    def say_goodbye(self) -> None:
        """close_notify, where TLS stands."""
        if self.stage in (Stage.SECURED, Stage.ENDED):
            try:
                self.connection.shutdown()
            except SSL.Error as error:
                self._fail(describe(error))

    def leave(self) -> None:
        """CCC: our close_notify; what is written after that goes in clear."""
        self.say_goodbye()
        self.stage = Stage.CLEARED if self.stage is Stage.ENDED else Stage.LEAVING

    def outgoing(self) -> bytes:
        """Take what OpenSSL wants written."""
        found = b""
        try:
            while True:
                found += self.connection.bio_read(PIECE)
        except SSL.WantReadError:
            return found
