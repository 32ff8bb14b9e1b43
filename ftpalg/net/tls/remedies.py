"""What would mend it where a server's certificate is refused: for the log, never for the client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ftpalg.core.certificates import Shown
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.tls.refusals import MISNAMED, NOT_PINNED
from ftpalg.net.tls.shown import shown_by
from ftpalg.net.tls.validity import zulu

Remedy = Callable[[Shown, datetime], str]

DIGEST = "compare sha256 with the server's own"


def refused_by(connection: TlsConnection) -> tuple[Shown | None, str]:
    """The certificate that a server has shown, and what would mend it that it is refused."""
    certificate = shown_by(connection)
    return certificate, remedy(connection.code, certificate, datetime.now(UTC))


def remedy(code: int, shown: Shown | None, now: datetime) -> str:
    """A sentence for one of X509_V_ERR_*, or nothing; ``now`` is what this machine's clock says."""
    return REMEDIES[code](shown, now) if shown is not None and code in REMEDIES else ""


def _pin(shown: Shown) -> str:
    """A line that can be copied into the settings."""
    return f'pin = "sha256:{shown.sha256}" in a rule of [[server-tls.rules]]'


def _unknown(shown: Shown, now: datetime) -> str:
    return (
        "trust its issuer: --server-ca FILE (server-tls.ca), the CA's certificate in PEM;"
        " if that is there, the server does not send the certificates between"
    )


def _self_signed(shown: Shown, now: datetime) -> str:
    return f"{DIGEST}, then --server-ca FILE with it, or {_pin(shown)}"


def _own_root(shown: Shown, now: datetime) -> str:
    return f"{DIGEST} of its CA, then trust that: --server-ca FILE (server-tls.ca)"


def _expired(shown: Shown, now: datetime) -> str:
    return (
        f"it ended on {shown.not_after}, this machine's clock says {zulu(now)}:"
        " the server's owner must renew it, or this clock is wrong"
    )


def _early(shown: Shown, now: datetime) -> str:
    return (
        f"it begins on {shown.not_before}, this machine's clock says {zulu(now)}:"
        " one of both clocks is wrong"
    )


def _misnamed(shown: Shown, now: datetime) -> str:
    if not shown.names:
        return f"it has no names, and its subject is none; {DIGEST}, then {_pin(shown)}"
    return f"write one of its names as the server: {', '.join(shown.names)}"


def _not_pinned(shown: Shown, now: datetime) -> str:
    return "find out why it has changed before the new digest goes into pin"


def _revoked(shown: Shown, now: datetime) -> str:
    return "the server's owner must get a new one"


def _no_list(shown: Shown, now: datetime) -> str:
    return "put the current list of its issuer into server-tls.crl"


def _no_authority(shown: Shown, now: datetime) -> str:
    return (
        "what stands above it may sign no certificates: the server's owner must get another chain"
    )


REMEDIES: dict[int, Remedy] = {
    3: _no_list,
    9: _early,
    10: _expired,
    12: _no_list,
    18: _self_signed,
    19: _own_root,
    20: _unknown,
    21: _unknown,
    23: _revoked,
    24: _no_authority,
    NOT_PINNED: _not_pinned,
    MISNAMED: _misnamed,
}
"""Each refusal that has one; the numbers are those of ``REFUSALS``."""
