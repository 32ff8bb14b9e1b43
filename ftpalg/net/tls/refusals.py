"""Why a certificate was refused, by us or by the peer: OpenSSL's and TLS's numbers, in words."""

from __future__ import annotations

from ftpalg.core.ends import Reason

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
