"""Data connections of a server that a test is to break, plain or under TLS."""

from __future__ import annotations

import socket
import ssl

from tests.tls.peers import as_server, private
from tests.wire.peers import Control


def server_data(control: Control, verb: bytes, context: ssl.SSLContext | None) -> socket.socket:
    """The server's side of a transfer's data connection, under TLS where a context is given."""
    if context is not None:
        private(control)
    port = control.data()
    control.answer(verb, b"150 Go on.")
    data = port.open()
    return data if context is None else as_server(data, context)
