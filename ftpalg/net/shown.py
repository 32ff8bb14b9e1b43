"""What TLS with a peer has come to, in words for the log: the alert, and the certificate in question."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from ftpalg.core.facts import Shown
from ftpalg.net.tls import TlsConnection

ALERTS = {
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""RFC 8446 section 6, with those of older versions."""
MOST = 8
"""Names of a certificate that are told."""


def alert_of(connection: TlsConnection) -> str:
    """The last alert of either side, or nothing."""
    code = connection.alert
    return ALERTS.get(code, f"alert {code}") if code else ""


def shown_by(connection: TlsConnection) -> Shown | None:
    """The certificate that was refused, else the peer's own; None where there is none to be told."""
    rejected = connection.rejected or connection.get_peer_certificate()
    try:
        return None if rejected is None else shown(rejected.to_cryptography())
    except ValueError:  # OpenSSL reads what cryptography does not, and a peer may send anything
        return None


def shown(certificate: x509.Certificate) -> Shown:
    """A certificate in words; names that cannot be read are left out."""
    return Shown(
        _name(certificate, "subject"),
        _name(certificate, "issuer"),
        _names(certificate),
        certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        certificate.fingerprint(SHA256()).hex(),
    )


def _name(certificate: x509.Certificate, which: str) -> str:
    try:
        found: x509.Name = getattr(certificate, which)
        return found.rfc4514_string()
    except ValueError:  # it is read only now
        return ""


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(str(name.value) for name in found if isinstance(name.value, str))[:MOST]
