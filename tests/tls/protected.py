"""A server whose data connections are under TLS."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from tests.tls.peers import as_server, ending, finish
from tests.wire.peers import BLOCK, Control

LOGIN = {b"USER", b"PASS", b"ACCT"}


def send_file(
    control: Control, context: ssl.SSLContext, ends: Callable[[ssl.SSLSocket], None] = finish
) -> bool:
    """One protected download; True where it resumed the session."""
    port = control.data()
    control.answer(b"RETR", b"150 Here it comes.")
    data = as_server(port.open(), context)
    resumed = bool(data.session_reused)
    data.sendall(BLOCK)
    ends(data)
    return resumed


def take_file(control: Control, context: ssl.SSLContext) -> tuple[bytes, str, bool]:
    """One protected upload: the bytes, the end, and whether the session was resumed."""
    port = control.data()
    control.answer(b"STOR", b"150 Go on.")
    data = as_server(port.open(), context)
    found = (*ending(data), bool(data.session_reused))
    finish(data)  # a server that does not answer close_notify forgets its TLS 1.2 session
    return found
