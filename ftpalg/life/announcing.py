"""What ``ready`` says: where the gateway listens, whom it reaches, and until when it can."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from OpenSSL import crypto

from ftpalg import __version__
from ftpalg.config import Settings
from ftpalg.core.news import Ready
from ftpalg.net.tls.malformed import MALFORMED


def ready(settings: Settings, file: str, listeners: Iterable[str], sessions: int) -> Ready:
    """The fact; ``sessions`` is how many fit."""
    first, last = settings.data.client_ports
    fixed = (settings.server,) if settings.server else ()
    routes = (rule for rule in settings.routes if not rule.shadow)
    urls = (*(url for rule in routes for url in rule.server or ()), *fixed)
    return Ready(
        __version__,
        file,
        tuple(listeners),
        tuple(dict.fromkeys(map(str, urls))) + (() if fixed else ("those that clients name",)),
        settings.client_tls.mode.value,
        f"{first}-{last}",
        sessions,
        tuple(_ends(settings)),
    )


def _ends(settings: Settings) -> Iterable[str]:
    pairs = [*settings.client_tls.pairs]
    if settings.server_tls.pair:
        pairs.append(settings.server_tls.pair)
    for pair in pairs:
        end = _end_of(pair.certificate)
        if end:
            yield f"{pair.certificate} {end}"


def _end_of(file: Path) -> str:
    """The last day, like 2027-01-31."""
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, *MALFORMED):
        return ""  # it was readable a moment ago; reading it again is not worth a fault
    end = (crypto.X509.from_cryptography(found).get_notAfter() or b"").decode("ascii")
    return f"{end[:4]}-{end[4:6]}-{end[6:8]}"
