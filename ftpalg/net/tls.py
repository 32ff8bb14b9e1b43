"""TLS contexts and verification for both legs.

Towards clients the gateway is the TLS server on every connection, whoever dialled; towards servers
it is the TLS client (RFC 4217 section 7).  ALPN is ``ftp`` or nothing (ALPACA, CVE-2021-3618).
Renegotiation and compression are off.  Servers are verified with service-identity against the name
that the configuration or the client used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from zope.interface import implementer

from ftpalg.config import ClientTlsSettings, ServerTlsSettings, SettingsError
from ftpalg.net.keypair import KeyPair, read_pair

ALPN = b"ftp"
CLOSE_NOTIFY = 0x100  # alert level warning, description 0
PARTIAL_WRITE = 1  # SSL_MODE_ENABLE_PARTIAL_WRITE: return after each record
VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}
REFUSALS = {
    3: "no revocation list for its issuer",
    9: "it is not valid yet",
    10: "it has expired",
    12: "its issuer's revocation list has expired",
    18: "it is self-signed",
    19: "a self-signed certificate is in its chain",
    20: "its issuer is unknown",
    21: "its issuer is unknown",
    23: "it has been revoked",
    24: "its issuer is no authority",
}
"""X509_V_ERR_* in words, for the reply and the log."""


class TlsConnection(SSL.Connection):
    """A TLS connection and what the callbacks noted of it.  (Twisted takes the app data for itself.)

    ``refused``: why the peer's certificate was refused.  ``notified``: its close_notify has come.
    ``full``: the handshake was a full one, not resumed.  ``serves``: we are the TLS server.
    """

    refused = ""
    notified = False
    full = False
    serves = False

    @property
    def ends_in_tickets(self) -> bool:
        """True where the last words of a handshake just done are tickets, which can wait."""
        version: int = self.get_protocol_version()
        return self.serves and version >= SSL.TLS1_3_VERSION


def _context(minimum: str, maximum: str, ciphers: str) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(VERSIONS[minimum])
    context.set_max_proto_version(VERSIONS[maximum])
    old = minimum in ("1.0", "1.1")
    if ciphers or old:
        context.set_cipher_list((ciphers or "DEFAULT:@SECLEVEL=0").encode())
    context.set_options(
        SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_IGNORE_UNEXPECTED_EOF
    )
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    if hasattr(context, "clear_mode"):
        context.clear_mode(PARTIAL_WRITE)
    context.set_info_callback(_inform)
    return context


def _inform(connection: SSL.Connection, where: int, code: int) -> None:
    """Note a close_notify, and a certificate being written: the mark of a full handshake.

    The unexpected end is ignored by OpenSSL (it would spoil the shared session for the transfers
    that follow), so the alert itself tells a clean end from a cut one.
    """
    if not isinstance(connection, TlsConnection):
        return
    if where & SSL.SSL_CB_READ_ALERT == SSL.SSL_CB_READ_ALERT and code == CLOSE_NOTIFY:
        connection.notified = True
    elif where & SSL.SSL_CB_ACCEPT_LOOP == SSL.SSL_CB_ACCEPT_LOOP:
        if b"write certificate" in connection.get_state_string():
            connection.full = True


@implementer(IOpenSSLServerConnectionCreator)
class ForClients:
    """Makes the TLS server's side for one session's connections: control and data share a context,
    so that data connections can resume the control connection's session."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context
        self._control: TlsConnection | None = None

    def connection(self) -> TlsConnection:
        """A TLS server's connection, fed from memory.

        Ticket keys stay those of the first context, the certificate is the one that SNI chose for
        the control connection.
        """
        made = TlsConnection(self._context, None)
        made.set_accept_state()
        made.serves = True
        if self._control is not None and self._control.get_context() is not self._context:
            made.set_context(self._control.get_context())
        return made

    def serverConnectionForTLS(self, tlsProtocol: Any) -> TlsConnection:
        self._control = self.connection()
        return self._control


class ClientSide:
    """The certificates shown to clients, by SNI, loaded anew when their files change."""

    def __init__(self, settings: ClientTlsSettings) -> None:
        self._settings = settings
        self._stamp = self._stamps()
        self._pairs = self._read()
        self._context = self._build()

    def for_session(self) -> ForClients:
        """What one session uses for all its connections.

        Where resumption is required of clients each session has a context, and so ticket keys, of
        its own: only its own control connection's session can then be resumed.
        """
        return ForClients(self._build() if self._settings.require_reuse else self._context)

    def reload(self) -> bool:
        """Load the files anew if one changed; running sessions keep what they have.

        Raise SettingsError where they cannot be used; the old ones then stay.
        """
        stamp = self._stamps()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self._pairs = self._read()
        self._context = self._build()
        return True

    def _stamps(self) -> tuple[int, ...]:
        found = []
        for pair in self._settings.pairs:
            for file in (pair.certificate, pair.private_key):
                try:
                    found.append(os.stat(file).st_mtime_ns)
                except OSError:
                    found.append(0)
        return tuple(found)

    def _read(self) -> list[KeyPair]:
        return [read_pair(pair, "client-tls") for pair in self._settings.pairs]

    def _build(self) -> SSL.Context:
        """Contexts from the pairs last read, the first for clients that name none of the others."""
        common = os.urandom(16)
        first, *others = [(self._one(pair, common), pair) for pair in self._pairs]
        named = {name: context for context, pair in others for name in pair.names}
        if named:
            first[0].set_tlsext_servername_callback(_choose(named))
        return first[0]

    def _one(self, pair: KeyPair, common: bytes) -> SSL.Context:
        settings = self._settings
        context = _context(settings.minimum, settings.maximum, settings.ciphers)
        pair.use_in(context)
        context.set_session_id(common)
        context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
        context.set_alpn_select_callback(_select_ftp)
        return context


def _select_ftp(connection: SSL.Connection, offered: list[bytes]) -> bytes:
    if ALPN not in offered:
        raise SSL.Error([("ftpalg", "ALPN", "the client's ALPN does not offer ftp")])
    return ALPN


def _choose(named: dict[str, SSL.Context]) -> Callable[[SSL.Connection], None]:
    def choose(connection: SSL.Connection) -> None:
        name = (connection.get_servername() or b"").decode("ascii", "replace").lower()
        context = named.get(name) or named.get("*." + name.partition(".")[2])
        if context is not None:
            connection.set_context(context)

    return choose


@implementer(IOpenSSLClientConnectionCreator)
class ForServer:
    """Makes the TLS client's side for one session's server, known by the name it was asked for."""

    def __init__(self, context: SSL.Context, host: str, *, verify: bool) -> None:
        self._context = context
        self._host = host
        self._verify = verify
        self.control: TlsConnection | None = None

    def connection(self) -> TlsConnection:
        """A TLS client's connection, fed from memory."""
        made = TlsConnection(self._context, None)
        if not (isIPAddress(self._host) or isIPv6Address(self._host)):
            made.set_tlsext_host_name(self._host.rstrip(".").encode("ascii"))
        made.set_connect_state()
        return made

    def clientConnectionForTLS(self, tlsProtocol: Any) -> TlsConnection:
        self.control = self.connection()
        return self.control

    def mismatch(self, connection: SSL.Connection) -> str:
        """Why the certificate is not this server's, or nothing.  The handshake must be done."""
        if not self._verify:
            return ""
        try:
            if isIPAddress(self._host) or isIPv6Address(self._host):
                verify_ip_address(connection, self._host)
            else:
                verify_hostname(connection, self._host.rstrip("."))
        except (VerificationError, CertificateError, ValueError):
            return f"it is not for {self._host}"
        return ""


class ServerSide:
    """What every server is verified with."""

    def __init__(self, settings: ServerTlsSettings) -> None:
        self.settings = settings
        context = _context(settings.minimum, settings.maximum, settings.ciphers)
        context.set_alpn_protos([ALPN])
        context.set_verify(SSL.VERIFY_PEER if settings.verify else SSL.VERIFY_NONE, _judge)
        try:
            if settings.ca is not None:
                context.load_verify_locations(str(settings.ca))
            else:
                context.set_default_verify_paths()
        except SSL.Error:
            sentence = f"server-tls.ca = {str(settings.ca)!r}: holds no certificate in PEM"
            raise SettingsError([sentence]) from None
        _add_revocations(context, settings.crl)
        if settings.pair is not None:
            read_pair(settings.pair, "server-tls").use_in(context)
        self._context = context

    def for_server(self, host: str) -> ForServer:
        """What one session uses for all its connections to that server."""
        return ForServer(self._context, host, verify=self.settings.verify)


def _judge(
    connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, ok: int
) -> bool:
    if not ok and isinstance(connection, TlsConnection):
        connection.refused = REFUSALS.get(code, f"verification error {code}")
    return bool(ok)


def _add_revocations(context: SSL.Context, files: tuple[Path, ...]) -> None:
    store = context.get_cert_store()
    if not files or store is None:
        return
    for file in files:
        try:
            store.add_crl(x509.load_pem_x509_crl(file.read_bytes()))
        except OSError as error:
            raise SettingsError([f"server-tls.crl: {file}: {error.strerror}"]) from None
        except ValueError:
            sentence = f"server-tls.crl: {file}: is no revocation list in PEM"
            raise SettingsError([sentence]) from None
    store.set_flags(crypto.X509StoreFlags.CRL_CHECK)


def describe(error: BaseException | None) -> str:
    """OpenSSL's words for a failure, without its bookkeeping."""
    if isinstance(error, SSL.SysCallError):
        return str(error.args[-1])
    parts = error.args[0] if isinstance(error, SSL.Error) and error.args else None
    return str(parts[-1][-1]) if isinstance(parts, list) and parts else "the connection ended"
