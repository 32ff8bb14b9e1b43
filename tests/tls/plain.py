"""A server whose leg is plain: its transfers, and what of certificates a client is shown."""

from __future__ import annotations

import shutil
import socket
import ssl

from tests.tls.certificates import Pair, authority, issued
from tests.wire.peers import BLOCK, Control


def shown(sock: socket.socket) -> bytes:
    """The peer's certificate in DER."""
    assert isinstance(sock, ssl.SSLSocket)
    found = sock.getpeercert(binary_form=True)
    assert found is not None
    return found


def send_file(control: Control, *, size: int = 1, answer: bytes = b"226 Sent.") -> None:
    """One download."""
    port = control.data()
    control.answer(b"RETR", b"150 Here it comes.")
    data = port.open()
    data.sendall(BLOCK * size)
    data.close()
    control.say(answer)


_copies: dict[str, Pair] = {}


def copied(name: str) -> Pair:
    """The good pair in files of its own."""
    if name not in _copies:
        good, base = issued("good"), authority().folder / name
        pair = Pair(base.with_suffix(".pem"), base.with_suffix(".key"), good.der)
        shutil.copy(good.certificate, pair.certificate)
        shutil.copy(good.private_key, pair.private_key)
        _copies[name] = pair
    return _copies[name]
