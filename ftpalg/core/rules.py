"""What a session is told when it begins: the settings that the core itself obeys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from ftpalg.core.actions import Server
from ftpalg.core.routes import Mode, ServerTls


class ClientTls(Enum):
    """TLS on the client's connections."""

    OFF = "off"
    OFFER = "offer"
    REQUIRE = "require"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Rules:
    """One listener's rules; shared by its sessions.

    ``server`` is None where the client names it.  The addresses are those told in 227 to clients
    and in PORT/EPRT to servers; empty means the address of the control connection.
    ``server_tls_rules`` are pairs of a lower-case name pattern and the TLS for servers it fits.
    """

    server: Server | None = None
    mode: Mode = Mode.PASSIVE
    client_address: str = ""
    server_address: str = ""
    replace_private: bool = False
    queued_commands: int = 256
    bad_commands: int = 10
    bad_logins: int = 5
    client_tls: ClientTls = ClientTls.OFF
    ccc: bool = False
    opaque: bool = False
    server_tls: ServerTls = ServerTls.OFF
    server_tls_rules: tuple[tuple[str, ServerTls], ...] = ()
    clear_data: bool = False

    def tls_to(self, server: Server) -> ServerTls:
        """The TLS that a server gets: the first pattern that fits its name, else the default."""
        host = server.host.lower()
        for pattern, tls in self.server_tls_rules:
            if fnmatchcase(host, pattern):
                return tls
        return self.server_tls
