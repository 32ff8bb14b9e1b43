"""TLS contexts and verification for both legs.

Towards clients the gateway is the TLS server on every connection, whoever dialled; towards servers
it is the TLS client (RFC 4217 section 7).  ALPN is ``ftp`` or nothing (ALPACA, CVE-2021-3618).
Renegotiation and compression are off.  Servers are verified with service-identity against the name
that the configuration or the client used, or they are known by the digest of their certificate or key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.abstract import isIPAddress, isIPv6Address

from ftpalg.config import ClientTlsSettings, ServerTlsSettings
from ftpalg.core.ends import Reason
from ftpalg.net.contexts import authorities, context_of, inform, show, trust
from ftpalg.net.keypair import KeyPair, read_pair
from ftpalg.net.revocations import add_to, read
from ftpalg.net.validity import Dated, of_authorities, of_list, of_pair

ALPN = b"ftp"
CLOSE_NOTIFY = 0x100  # alert level warning, description 0
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
NOT_PINNED, MISNAMED = 50, 62
"""X509_V_ERR_APPLICATION_VERIFICATION and _HOSTNAME_MISMATCH, which are ours to find."""
KINDS = {
    **dict.fromkeys((9, 10), Reason.SERVER_EXPIRED),
    **dict.fromkeys((3, 12, 23), Reason.SERVER_REVOKED),
}
"""The same as reasons; any other is SERVER_UNTRUSTED."""
DISTRUST = frozenset((41, 42, 43, 44, 45, 46, 48, 49))
"""Alerts of TLS (RFC 8446 section 6.2) by which a peer refuses our certificate."""
PROTOCOL_VERSION = 70
"""The alert that says that no version is common to both."""


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


def _inform(connection: SSL.Connection, where: int, code: int) -> None:
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


class ForClients:
    """Makes the TLS server's side for one session's connections: control and data share a context,
    so that data connections can resume the control connection's session."""

    __slots__ = ("_context", "_control")

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

    def resumed(self, connection: TlsConnection) -> bool:
        """Whether a connection resumed the session of the control connection.

        Where that matters the control connection's handshake was a full one.  If the mark of those
        was not seen there, it cannot be missed here: then nothing counts as resumed.
        """
        return self._control is not None and self._control.full and not connection.full

    def for_control(self) -> TlsConnection:
        """The control connection's, before those of any data connection."""
        self._control = self.connection()
        return self._control


class ClientSide:
    """The certificates shown to clients, by SNI, loaded anew when their files change."""

    def __init__(self, settings: ClientTlsSettings) -> None:
        self._settings = settings
        self._stamp = self._stamps()
        self._pairs = self._read()
        self._context = self._build(self._pairs)

    def for_session(self) -> ForClients:
        """What one session uses for all its connections.

        Where resumption is required of clients each session has a context, and so ticket keys, of
        its own: only its own control connection's session can then be resumed.
        """
        return ForClients(
            self._build(self._pairs) if self._settings.require_reuse else self._context
        )

    def reload(self, *, anyhow: bool = False) -> bool:
        """Load the files anew if one changed, or ``anyhow``; running sessions keep what they have.

        Raise SettingsError where they cannot be used; the old ones then stay.
        """
        stamp = self._stamps()
        if stamp == self._stamp and not anyhow:
            return False
        self._stamp = stamp
        pairs = self._read()
        self._context = self._build(pairs)
        self._pairs = pairs
        return True

    @property
    def dated(self) -> list[Dated]:
        """The times of the certificates that are shown, whatever their files hold by now."""
        return [
            one
            for (section, files), pair in zip(self._settings.sections, self._pairs, strict=True)
            for one in of_pair(section, files.certificate, pair.certificates)
        ]

    def _stamps(self) -> tuple[object, ...]:
        pairs = self._settings.pairs
        return _stamps(file for pair in pairs for file in (pair.certificate, pair.private_key))

    def _read(self) -> list[KeyPair]:
        return [read_pair(pair, section) for section, pair in self._settings.sections]

    def _build(self, pairs: Sequence[KeyPair]) -> SSL.Context:
        """Contexts from the pairs, the first for clients that name none of the others."""
        common = os.urandom(16)
        first, *others = [(self._one(pair, common), pair) for pair in pairs]
        named = {name: context for context, pair in others for name in pair.names}
        if named:
            first[0].set_tlsext_servername_callback(_choose(named))
        return first[0]

    def _one(self, pair: KeyPair, common: bytes) -> SSL.Context:
        settings = self._settings
        context = context_of(settings, "client-tls")
        inform(context, _inform, "client-tls")
        show(pair, context, "client-tls")
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


class ForServer:
    """Makes the TLS client's side for one session's server, known by the name it was asked for."""

    __slots__ = ("_context", "_host", "_pins", "_verify")

    def __init__(
        self, context: SSL.Context, host: str, *, verify: bool, pins: tuple[str, ...] = ()
    ) -> None:
        self._context = context
        self._host = host
        self._verify = verify
        self._pins = pins

    def connection(self) -> TlsConnection:
        """A TLS client's connection, fed from memory."""
        made = TlsConnection(self._context, None)
        if not (isIPAddress(self._host) or isIPv6Address(self._host)):
            made.set_tlsext_host_name(self._host.rstrip(".").encode("ascii"))
        if self._pins:
            made.set_verify(SSL.VERIFY_NONE)
        made.set_connect_state()
        return made

    def for_control(self) -> TlsConnection:
        """The control connection's."""
        return self.connection()

    def mismatch(self, connection: SSL.Connection) -> str:
        """Why the certificate is not this server's, or nothing.  The handshake must be done.

        Where it is pinned nothing else of it counts: neither issuer, name, time nor revocation.
        """
        wrong, code = self._mismatch(connection)
        if wrong and isinstance(connection, TlsConnection):
            connection.code = code
        return wrong

    def _mismatch(self, connection: SSL.Connection) -> tuple[str, int]:
        if self._pins:
            return _not_pinned(connection, self._pins), NOT_PINNED
        if not self._verify:
            return "", 0
        try:
            if isIPAddress(self._host) or isIPv6Address(self._host):
                verify_ip_address(connection, self._host)
            else:
                verify_hostname(connection, self._host.rstrip("."))
        except (VerificationError, CertificateError, ValueError):
            return f"it is not for {self._host}", MISNAMED
        return "", 0


def _not_pinned(connection: SSL.Connection, pins: tuple[str, ...]) -> str:
    shown = connection.get_peer_certificate(as_cryptography=True)
    if shown is None:
        return "it shows none, and one is pinned"
    key = shown.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    certificate, key_digest = (
        sha256(data).hexdigest() for data in (shown.public_bytes(Encoding.DER), key)
    )
    if certificate in pins or key_digest in pins:
        return ""
    return f"it is sha256:{certificate} (its key sha256:{key_digest}), pinned is " + " or ".join(
        f"sha256:{pin}" for pin in pins
    )


class ServerSide:
    """What every server is verified with, loaded anew when its files change."""

    def __init__(self, settings: ServerTlsSettings) -> None:
        self.settings = settings
        self._stamp = self._stamps()
        self.dated: list[Dated] = []
        """The times of what is in use, whatever the files hold by now."""
        self._context = self._build()
        self._trusting: SSL.Context | None = None

    def reload(self, *, anyhow: bool = False) -> bool:
        """Load the files anew if one changed, or ``anyhow``; running sessions keep what they have.

        Raise SettingsError where they cannot be used; the old ones then stay.
        """
        stamp = self._stamps()
        if stamp == self._stamp and not anyhow:
            return False
        self._stamp = stamp
        self._context = self._build()
        return True

    def _stamps(self) -> tuple[object, ...]:
        settings = self.settings
        pair = settings.pair
        own = (pair.certificate, pair.private_key) if pair is not None else ()
        ca = (settings.ca,) if settings.ca is not None else ()
        return _stamps((*ca, *settings.crl, *own))

    def _build(self) -> SSL.Context:
        settings = self.settings
        context = context_of(settings, "server-tls")
        inform(context, _inform, "server-tls")
        if settings.old_renegotiation:
            context.set_options(SSL.OP_LEGACY_SERVER_CONNECT)
        context.set_alpn_protos([ALPN])
        context.set_verify(SSL.VERIFY_PEER if settings.verify else SSL.VERIFY_NONE, _judge)
        if settings.ca is not None:
            trust(context, settings.ca)
        lists = [(file, crl) for file in settings.crl for crl in read(file)]
        add_to(context, [crl for _, crl in lists], chain=settings.crl_chain)
        dated = [one for file, crl in lists for one in of_list(file, crl)]
        if settings.ca is not None:
            dated += of_authorities(settings.ca, authorities(settings.ca))
        if settings.pair is not None:
            pair = read_pair(settings.pair, "server-tls")
            show(pair, context, "server-tls")
            dated += of_pair("server-tls", settings.pair.certificate, pair.certificates)
        self.dated = dated
        return context

    def prepared(self) -> SSL.Context:
        """What verifies, with the system's authorities where the settings name none: to read those
        takes longer than most of a start, and they are for those who speak TLS to servers.
        """
        if self._trusting is not self._context:
            if self.settings.ca is None:
                self._context.set_default_verify_paths()
            self._trusting = self._context
        return self._context

    def for_server(self, host: str) -> ForServer:
        """What one session uses for all its connections to that server."""
        settings = self.settings
        return ForServer(self.prepared(), host, verify=settings.verify, pins=settings.pins(host))


def _judge(
    connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, ok: int
) -> bool:
    if not ok and isinstance(connection, TlsConnection):
        connection.refused = REFUSALS.get(code, f"verification error {code}")
        connection.code = code
        connection.kind = KINDS.get(code, Reason.SERVER_UNTRUSTED)
        connection.rejected = certificate
    return bool(ok)


def _stamps(files: Iterable[Path]) -> tuple[object, ...]:
    """What changes with a file: its content, its rights (a key that may be read now), or which one a
    link leads to."""
    found: list[object] = []
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino))
    return tuple(found)
