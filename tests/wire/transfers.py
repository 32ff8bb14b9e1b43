"""The client's part of a transfer whose server's replies are what a test looks at."""

from __future__ import annotations

import socket

from tests.wire.peers import TIMEOUT, Client, SharedCases


class Transfers(SharedCases):
    """The client's part of a transfer; the subclasses choose the modes."""

    client_active = False

    def begin(self, client: Client, command: bytes) -> socket.socket:
        """Prepare, send the transfer command; an active client's listening socket stays behind."""
        prepared = client.port() if self.client_active else client.pasv()
        client.send(command + b"\r\n")
        return prepared

    def data(self, prepared: socket.socket) -> socket.socket:
        """The client's data connection."""
        found = prepared.accept()[0] if self.client_active else prepared
        found.settimeout(TIMEOUT)
        return found
