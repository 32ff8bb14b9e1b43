"""A TLS connection fed from memory, and what its callbacks note: how it ended, was refused, or resumed."""

from __future__ import annotations

from OpenSSL import SSL, crypto

from ftpalg.core.ends import Reason

ALPN = b"ftp"
CLOSE_NOTIFY = 0x100  # alert level warning, description 0


class TlsConnection(SSL.Connection):
    """A TLS connection and what the callbacks noted of it.

    ``refused``, ``code`` and ``kind``: why the peer's certificate was refused, in words, as one of
    X509_V_ERR_*, and as a reason.  ``alert``: the last alert that
    either side sent beside close_notify.  ``notified``: its close_notify has come.
    ``full``: the handshake was a full one, not resumed.  ``serves``: we are the TLS server.
    ``rejected``: the certificate that was refused, which may be another than the peer's own.
    """

    refused = ""
    code = 0
    rejected: crypto.X509 | None = None
    kind = Reason.SERVER_UNTRUSTED
    alert = 0
    notified = False
    full = False
    serves = False

    @property
    def ends_in_tickets(self) -> bool:
        """True where the last words of a handshake just done are tickets, which can wait."""
        version: int = self.get_protocol_version()
        return self.serves and version >= SSL.TLS1_3_VERSION


def note(connection: SSL.Connection, where: int, code: int) -> None:
    """Note a close_notify, and a certificate being written, or read from a server: the mark of a full
    handshake.

    OpenSSL may come to word its states otherwise: the mark counts once it was seen (``resumed``).

    The unexpected end is ignored by OpenSSL (it would spoil the shared session for the transfers
    that follow), so the alert itself tells a clean end from a cut one.
    """
    if not isinstance(connection, TlsConnection):
        return
    if where & SSL.SSL_CB_READ_ALERT == SSL.SSL_CB_READ_ALERT and code == CLOSE_NOTIFY:
        connection.notified = True
    elif where & SSL.SSL_CB_ALERT and code != CLOSE_NOTIFY:
        connection.alert = code & 0xFF
    elif where & SSL.SSL_CB_ACCEPT_LOOP == SSL.SSL_CB_ACCEPT_LOOP:
        if b"write certificate" in connection.get_state_string():
            connection.full = True
    elif where & SSL.SSL_CB_CONNECT_LOOP == SSL.SSL_CB_CONNECT_LOOP:
        if b"read server certificate" in connection.get_state_string():
            connection.full = True
