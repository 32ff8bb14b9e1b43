"""How conversations under TLS begin, as pieces of scripts for the ladder."""

from __future__ import annotations

from ftpalg.core.routes import ServerTls
from ftpalg.core.session_settings import ClientTls, Rules
from tests.core.ladder import FIXED

OFFER = Rules(server=FIXED, client_tls=ClientTls.OFFER)
REQUIRE = Rules(server=FIXED, client_tls=ClientTls.REQUIRE)
EXPLICIT = Rules(server=FIXED, server_tls=ServerTls.EXPLICIT)
MATCH = Rules(server=FIXED, client_tls=ClientTls.OFFER, server_tls=ServerTls.MATCH)
AUTH = """
    C -> P  AUTH TLS
    C <- P  234 TLS begins.
    P ..    begins TLS with the client
"""
PROT_P = """
    C -> P  PBSZ 0
    C <- P  200 PBSZ=0
    C -> P  PROT P
    C <- P  200 Protection level is P.
"""
AUTH_ASKED = """
    P ..    dials ftp.example:21
    P ..    connected
    P <- S  220 Welcome.
    P -> S  AUTH TLS
"""
SECURED = """
    P ..    dials ftp.example:21
    P ..    connected
    P <- S  220 Welcome.
    P -> S  AUTH TLS
    P <- S  234 Go.
    P ..    starts handshake
    P ..    begins TLS with the server
    P ..    server secured
    P ..    stops handshake
    C <- P  220 Welcome.
"""
ASKED = """
    C -> P  PORT 192,0,2,7,200,1
    P -> S  PBSZ 0
    P <- S  200 PBSZ=0
    P -> S  PROT P
"""
PREPARED = """
    P -> S  EPSV
    P <- S  229 Extended (|||50123|)
    C <- P  200 PORT command successful.
    P ..    connects to the server's port 50123
"""
SENT = """
    C -> P  RETR file
    P -> S  RETR file
"""
