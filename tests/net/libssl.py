"""A TLS client from the system's OpenSSL, in memory, for what pyOpenSSL cannot say: KeyUpdate."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any

from twisted.trial.unittest import SkipTest

REQUESTED, NOT_REQUESTED = 1, 0
"""RFC 8446 section 4.6.3: whether the peer is to update its keys as well."""


def _library() -> Any:
    name = ctypes.util.find_library("ssl")
    if name is None:
        raise SkipTest("libssl is not found here")
    library = ctypes.CDLL(name)
    pointer = ctypes.c_void_p
    for function, result, *arguments in (
        ("TLS_client_method", pointer),
        ("SSL_CTX_new", pointer, pointer),
        ("SSL_CTX_free", None, pointer),
        ("SSL_new", pointer, pointer),
        ("SSL_free", None, pointer),
        ("SSL_set_connect_state", None, pointer),
        ("SSL_set_bio", None, pointer, pointer, pointer),
        ("SSL_do_handshake", ctypes.c_int, pointer),
        ("SSL_is_init_finished", ctypes.c_int, pointer),
        ("SSL_key_update", ctypes.c_int, pointer, ctypes.c_int),
        ("SSL_read", ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_int),
        ("SSL_write", ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_int),
        ("BIO_s_mem", pointer),
        ("BIO_new", pointer, pointer),
        ("BIO_read", ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_int),
        ("BIO_write", ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_int),
    ):
        found = getattr(library, function)
        found.restype, found.argtypes = result, arguments
    return library


class LibsslClient:
    """Speaks TLS 1.3 where its peer does; verifies nothing."""

    def __init__(self) -> None:
        self._ssl = _library()
        self._context = self._ssl.SSL_CTX_new(self._ssl.TLS_client_method())
        self._connection = self._ssl.SSL_new(self._context)
        self._in, self._out = (self._ssl.BIO_new(self._ssl.BIO_s_mem()) for _ in range(2))
        self._ssl.SSL_set_bio(self._connection, self._in, self._out)
        self._buffer = ctypes.create_string_buffer(1 << 16)
        self._ssl.SSL_set_connect_state(self._connection)

    def close(self) -> None:
        """Give its memory back."""
        self._ssl.SSL_free(self._connection)
        self._ssl.SSL_CTX_free(self._context)

    def take(self, data: bytes) -> None:
        """Bytes of the peer."""
        self._ssl.BIO_write(self._in, data, len(data))

    def outgoing(self) -> bytes:
        """Bytes for the peer."""
        size = self._ssl.BIO_read(self._out, self._buffer, len(self._buffer))
        return ctypes.string_at(self._buffer, max(size, 0))

    def shake(self) -> bool:
        """One more step of the handshake; whether it is done."""
        self._ssl.SSL_do_handshake(self._connection)
        return bool(self._ssl.SSL_is_init_finished(self._connection))

    def update_keys(self, kind: int) -> None:
        """Send a KeyUpdate."""
        assert self._ssl.SSL_key_update(self._connection, kind) == 1
        assert self._ssl.SSL_do_handshake(self._connection) == 1

    def read(self) -> bytes:
        """Plain text of the peer."""
        size = self._ssl.SSL_read(self._connection, self._buffer, len(self._buffer))
        return ctypes.string_at(self._buffer, max(size, 0))

    def write(self, data: bytes) -> None:
        """Plain text for the peer."""
        assert self._ssl.SSL_write(self._connection, data, len(data)) == len(data)
