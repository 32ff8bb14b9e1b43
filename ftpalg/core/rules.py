"""What a session is told when it begins: the settings that the core itself obeys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ftpalg.core.actions import Server


class Mode(Enum):
    """How data connections to the server are opened."""

    PASSIVE = "passive"
    ACTIVE = "active"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Rules:
    """One listener's rules; shared by its sessions.

    ``server`` is None where the client names it.  The addresses are those told in 227 to clients
    and in PORT/EPRT to servers; empty means the address of the control connection.
    """

    server: Server | None = None
    mode: Mode = Mode.PASSIVE
    client_address: str = ""
    server_address: str = ""
    replace_private: bool = False
    queued_commands: int = 256
    bad_commands: int = 10
