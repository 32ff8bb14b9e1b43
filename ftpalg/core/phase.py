"""Where a session stands with its server."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """The stages of a session; commands are carried out in UNROUTED and CONNECTED only."""

    UNROUTED = "the client has yet to name a server"
    CHECKING = "the client's account at the gateway is being checked"
    DIALING = "a server is being reached, up to its greeting"
    CONNECTED = "the server takes commands"
    OPAQUE = "both control connections are copied untouched"
    OVER = "the control connections are being closed"
