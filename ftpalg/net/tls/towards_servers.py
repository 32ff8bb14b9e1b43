"""TLS towards servers: how their certificates are verified, by name or by pin, and what is offered to them.

The gateway is the TLS client on every connection, whoever dialled (RFC 4217 section 7).  Servers are
verified with service-identity against the name that the configuration or the client used, or they are
known by the digest of their certificate or key.  Renegotiation and compression are off.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.abstract import isIPAddress, isIPv6Address

from ftpalg.config import ServerTlsSettings
from ftpalg.core.ends import Reason
from ftpalg.net.tls.connection import ALPN, TlsConnection, note
from ftpalg.net.tls.contexts import authorities, context_of, inform, show, trust
from ftpalg.net.tls.file_stamps import stamps
from ftpalg.net.tls.keypair import read_pair
from ftpalg.net.tls.refusals import KINDS, MISNAMED, NOT_PINNED, REFUSALS
from ftpalg.net.tls.revocations import add_to, read
from ftpalg.net.tls.validity import Dated, of_authorities, of_list, of_pair


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
        return stamps((*ca, *settings.crl, *own))

    def _build(self) -> SSL.Context:
        settings = self.settings
        context = context_of(settings, "server-tls")
        inform(context, note, "server-tls")
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
