"""CCC: takes TLS off a control connection and goes on in clear (RFC 4217 section 6).

Twisted can put TLS on a connection but not take it off.  Our close_notify goes out behind the 200;
the client's records are read one by one until its close_notify, and what follows is plain text.
Some clients send none and simply go on in clear: a first byte that opens no TLS record tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from OpenSSL import SSL
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import noLongerProvides

if TYPE_CHECKING:
    from ftpalg.net.client import ClientControl

RECORD_TYPES = (20, 21, 22, 23)
HEADER = 5


class Unwrap(Protocol):
    """Stands in for the TLS protocol until the client's close_notify has come."""

    def __init__(self, client: ClientControl) -> None:
        self._client = client
        self._held = b""
        transport: Any = client.transport
        wrapper = transport.protocol
        self._tls: SSL.Connection = wrapper.getHandle()
        wrapper._aggregator.flush()  # the 200 waits there for the reactor's next turn
        try:
            self._tls.shutdown()
        except SSL.Error:
            transport.abortConnection()
            return
        wrapper._flushSendBIO()
        transport.protocol = self
        transport.TLS = False
        noLongerProvides(transport, ISSLTransport)
        self.transport = transport

    def dataReceived(self, data: bytes) -> None:
        self._held += data
        while self._held and self._held[0] in RECORD_TYPES:
            size = HEADER + int.from_bytes(self._held[3:HEADER], "big")
            if len(self._held) < max(size, HEADER):
                return
            record, self._held = self._held[:size], self._held[size:]
            if self._closes(record):
                break
        if self._held or self._tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN:
            self._hand_over()

    def _closes(self, record: bytes) -> bool:
        self._tls.bio_write(record)
        try:
            self._tls.recv(16384)
        except SSL.ZeroReturnError:
            return True
        except SSL.Error:
            return False
        return False

    def _hand_over(self) -> None:
        transport: Any = self.transport
        transport.protocol = self._client
        for name in ("getHandle", "getPeerCertificate"):
            transport.__dict__.pop(name, None)
        if self._held:
            self._client.dataReceived(self._held)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._client.connectionLost(reason)
