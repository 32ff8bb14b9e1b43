"""What TLS with a peer has come to, in words for the log: the alert, and the certificate in question."""

from __future__ import annotations

import string
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from ftpalg.core.certificates import Shown
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.tls.malformed import MALFORMED
from ftpalg.net.tls.validity import zulu

NAMES = (str, IPv4Address, IPv6Address, IPv4Network, IPv6Network)
"""The kinds of names that are told; others are structures."""

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
LONGEST = 64
"""Characters of one name; no label of a host is longer."""
PLAIN = frozenset(string.ascii_letters + string.digits + ".-*_:/@+")
"""What a name is made of; all else is written out, so that none looks like two, or like our words."""


def alert_of(connection: TlsConnection) -> str:
    """The last alert of either side, or nothing."""
    code = connection.alert
    return ALERTS.get(code, f"alert {code}") if code else ""


def shown_by(connection: TlsConnection) -> Shown | None:
    """The certificate that was refused, else the peer's own; None where there is none to be told."""
    rejected = connection.rejected or connection.get_peer_certificate()
    if rejected is None:
        return None
    try:
        return shown(rejected.to_cryptography())
    except MALFORMED:  # a peer may send anything
        digest = rejected.digest("sha256").decode("ascii").replace(":", "").lower()
        return Shown("", "", (), "", digest)


def shown(certificate: x509.Certificate) -> Shown:
    """A certificate in words; what cannot be read is left out."""
    return Shown(
        _name(certificate, "subject"),
        _name(certificate, "issuer"),
        _names(certificate),
        zulu(certificate.not_valid_after_utc),
        certificate.fingerprint(SHA256()).hex(),
        zulu(certificate.not_valid_before_utc),
    )


def _name(certificate: x509.Certificate, which: str) -> str:
    try:
        found: x509.Name = getattr(certificate, which)
        return found.rfc4514_string()
    except MALFORMED:  # it is read only now
        return ""


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Hosts and addresses, and what else is text; of many the first, and how many more there are."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *MALFORMED):
        return ()
    values = [name.value for name in found if isinstance(name.value, NAMES)]
    more = len(values) - MOST
    first = tuple(map(_plain, values[:MOST]))
    return (*first, f"and {more} more") if more > 0 else first


def _plain(value: object) -> str:
    text = "".join(sign if sign in PLAIN else _written_out(sign) for sign in str(value)[:LONGEST])
    return text + ("…" if len(str(value)) > LONGEST else "")


def _written_out(sign: str) -> str:
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
