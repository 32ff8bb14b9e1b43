"""What a TLS context is made of: versions, ciphers, the certificate shown, the authorities trusted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from OpenSSL import SSL

from ftpalg.config import ClientTlsSettings, ServerTlsSettings, SettingsError
from ftpalg.net.tls.keypair import KeyPair
from ftpalg.net.tls.malformed import MALFORMED
from ftpalg.net.unreadable import because

PARTIAL_WRITE = 1  # SSL_MODE_ENABLE_PARTIAL_WRITE: return after each record
BEGIN = b"-----BEGIN CERTIFICATE-----"
VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}

NO_CALLBACKS = (
    "TLS needs memory that is writable and executable (pyOpenSSL's callbacks), and this process may"
    " have none; set MemoryDenyWriteExecute=no in its unit, or allow it execmem (SELinux)"
)
Told = Callable[[SSL.Connection, int, int], None]


def context_of(settings: ClientTlsSettings | ServerTlsSettings, section: str) -> SSL.Context:
    """Versions and ciphers as a section says.  Raise SettingsError."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(VERSIONS[settings.minimum])
    context.set_max_proto_version(VERSIONS[settings.maximum])
    ciphers = settings.ciphers
    if ciphers or settings.minimum in ("1.0", "1.1"):
        try:
            context.set_cipher_list((ciphers or "DEFAULT:@SECLEVEL=0").encode())
        except SSL.Error:
            sentence = f"{section}.ciphers = {ciphers!r}: OpenSSL knows none of them"
            raise SettingsError([sentence]) from None
    context.set_options(
        SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_IGNORE_UNEXPECTED_EOF
    )
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    if hasattr(context, "clear_mode"):
        context.clear_mode(PARTIAL_WRITE)
    return context


def inform(context: SSL.Context, told: Told, section: str) -> None:
    """Tell this of what TLS does.  Raise SettingsError where the system stands against pyOpenSSL."""
    try:
        context.set_info_callback(told)
    except MemoryError:  # cffi's, for each callback
        raise SettingsError([f"{section}: {NO_CALLBACKS}"]) from None


def show(pair: KeyPair, context: SSL.Context, section: str) -> None:
    """Show that certificate.  Raise SettingsError where versions or ciphers stand against it."""
    try:
        pair.use_in(context)
    except SSL.Error as error:
        sentence = f"{section}.certificate: {section}.ciphers does not allow it: {describe(error)}"
        raise SettingsError([sentence]) from None


def trust(context: SSL.Context, file: Path) -> None:
    """Trust the authorities of that file alone.  Raise SettingsError."""
    wrong = "holds no certificate in PEM"
    try:
        with file.open("rb"):
            context.load_verify_locations(str(file))
        return
    except OSError as error:
        wrong = f"cannot be read: {because(error, file)}"
    except SSL.Error:
        pass
    raise SettingsError([f"server-tls.ca = {str(file)!r}: {wrong}"])


def authorities(file: Path) -> list[x509.Certificate]:
    """The certificates of such a file, for their dates; what OpenSSL alone can read is left out."""
    found = []
    with suppress(OSError):  # it was readable a moment ago
        for one in file.read_bytes().split(BEGIN)[1:]:
            with suppress(*MALFORMED):
                found.append(x509.load_pem_x509_certificate(BEGIN + one))
    return found


def describe(error: BaseException | None) -> str:
    """OpenSSL's words for a failure, without its bookkeeping."""
    if isinstance(error, SSL.SysCallError):
        return str(error.args[-1])
    parts = error.args[0] if isinstance(error, SSL.Error) and error.args else None
    return str(parts[-1][-1]) if isinstance(parts, list) and parts else "the connection ended"
