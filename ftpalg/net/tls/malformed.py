"""What the library raises that reads certificates and revocation lists, where one of them is malformed.

OpenSSL takes more than it does, some of what is wrong is found when it is asked for only, and not all
of these are a ValueError.
"""

from __future__ import annotations

from cryptography import x509

MALFORMED = (
    ValueError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,  # x400Address, ediPartyName
)
