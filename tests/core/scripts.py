"""What a client says on its way to one.example, as pieces of scripts for the ladder.

Letters are the dialects of ``logins``: gus and gp are the account at the gateway, bob and secret the
one at the server.
"""

from __future__ import annotations

from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.user_at_host import Dialect

OPEN = Rules()
ACCOUNTS = Rules(accounts=True)
READY = "C <- P  220 ftpalg ready."
AS_USER = """
    C -> P  USER gus
    C <- P  331 Password required.
    C -> P  PASS gp
    P ..    checks gus gp
"""
GATEWAY = f"""
    {AS_USER}
    P ..    accepts gus
    C <- P  230 Logged in at the gateway; go on with the server's login.
"""
WRONG = f"{AS_USER}\nP ..  refuses account: no\nC <- P  530 Login incorrect."
REACHED = """
    P ..    dials one.example:21
    P ..    connected
    P <- S  220 One.
"""
USER = """
    P -> S  USER bob
    P <- S  331 Password for bob.
"""
PASS = """
    P -> S  PASS secret
    P <- S  230 In.
    P ..    logged in: bob
    C <- P  230 In.
"""
LET_IN = f"""
    {USER}
    C <- P  331 Password for bob.
    C -> P  PASS secret
    {PASS}
"""
JOINED = f"""
    P ..    checks gus gp
    P ..    accepts gus
    {REACHED}
    {USER}
    {PASS}
"""
"""After a login that names everything at once, the gateway logs in at the server by itself."""
AT = f"C -> P  USER bob@one.example\n{REACHED}\n{LET_IN}"
SITE = f"C -> P  SITE one.example\n{REACHED}\nC <- P  220 One.\nC -> P  USER bob\n{LET_IN}"
OPENED = f"C -> P  OPEN one.example\n{REACHED}\nC <- P  220 One.\nC -> P  USER bob\n{LET_IN}"
"""A, C and D; with GATEWAY before them B, C and D."""
CHECK_POINT = f"""
    C -> P  USER bob@gus@one.example
    C <- P  331 Password required.
    C -> P  PASS secret@gp
    {JOINED}
"""
"""E."""
RAPTOR = f"""
    C -> P  USER bob@one.example gus
    C <- P  331 Password required.
    C -> P  PASS secret
    C <- P  332 Now the password at this gateway: ACCT.
    C -> P  ACCT gp
    {JOINED}
"""
"""G."""
ACCOUNT_AT = f"""
    C -> P  USER gus@one.example
    C <- P  331 Password required.
    C -> P  PASS gp
    P ..    checks gus gp
    P ..    accepts gus
    {REACHED}
    C <- P  230 One.
"""
ACCOUNT_AT_USER = f"{ACCOUNT_AT}\nC -> P  USER bob\n{LET_IN}"
"""F."""
REFUSED_TLS = """
    C -> P  AUTH TLS
    C <- P  502 TLS is not offered here.
"""
TLS = """
    C -> P  AUTH TLS
    C <- P  234 TLS begins.
    P ..    begins TLS with the client
    P ..    client secured gateway.example
"""
LEAVING_TLS = """
    C -> P  AUTH TLS
    P ..    hangs up on the server
    C <- P  234 TLS begins.
    P ..    begins TLS with the client
    P ..    client secured gateway.example
"""
"""The same where a server was named in clear."""
AUTHORIZE = f"""
    C -> P  USER bob@one.example
    C <- P  331 Password required.
    C -> P  PASS secret
    C <- P  230 Now the account at this gateway: AUTH and RESP.
    C -> P  AUTH gus
    C <- P  334 RESP with its password.
    C -> P  RESP gp
    {JOINED}
"""
"""J."""
AUTH_RULES = Rules(accounts=True, dialects=(Dialect.AUTH, Dialect.USER_SERVER))
SAID = f"C -> P  USER bob\n{REACHED}\n{LET_IN}"
"""A user for a server that is told already."""
