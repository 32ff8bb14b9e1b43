"""How conversations begin, as pieces of scripts for the ladder; what clients say to name a server is in
``scripts``."""

from __future__ import annotations

ROUTED = "C <- P  220 ftpalg ready; log in as user@server."
GREETED = """
    P ..    dials ftp.example:21
    P ..    connected
    P <- S  220 Welcome.
    C <- P  220 Welcome.
"""
LOGIN = """
    C -> P  USER bob
    P -> S  USER bob
    P <- S  331 Password.
    C <- P  331 Password.
    C -> P  PASS secret
    P -> S  PASS secret
    P <- S  230 In.
    P ..    logged in: bob
    C <- P  230 In.
"""
PASV_EPSV = """
    C -> P  PASV
    P -> S  EPSV
    P <- S  229 Extended (|||50123|)
    P ..    listens for the client on 50000
    C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
"""
PASV_EPRT = """
    C -> P  PASV
    P ..    listens for the server on 50010
    P -> S  EPRT |1|198.51.100.1|50010|
    P <- S  200 Noted.
    P ..    listens for the client on 50000
    C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
"""
PORT_EPSV = """
    C -> P  PORT 192,0,2,7,200,1
    P -> S  EPSV
    P <- S  229 Extended (|||50123|)
    C <- P  200 PORT command successful.
    P ..    connects to the server's port 50123
"""
PORT_EPRT = """
    C -> P  PORT 192,0,2,7,200,1
    P ..    listens for the server on 50010
    P -> S  EPRT |1|198.51.100.1|50010|
    P <- S  200 Noted.
    C <- P  200 PORT command successful.
"""
LISTENS = """
    P ..    listens for the client on 50000
    C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
"""
RETR = """
    C -> P  RETR file
    P -> S  RETR file
    P ..    connects to the server's port 50123
"""
PORT_RETR = f"""
    {PORT_EPSV}
    C -> P  RETR file
    P -> S  RETR file
"""
EARLY = f"""
    {PASV_EPSV}
    P ..    client leg open
    P ..    connects to the server's port 50123
"""
"""The client's data connection has come, and the server's is dialled before any command."""
UNANSWERED = f"""
    {PASV_EPSV}
    {RETR}
    P ..    server leg open
"""
"""A download that the server has yet to answer; its data connection stands."""
PROMISED = f"""
    {UNANSWERED}
    P <- S  150 Opening.
    C <- P  150 Opening.
"""
"""A download that only its client's data connection is missing to."""
RELAYS = """
    P ..    client leg open
    P ..    relays from server
"""
RELAYED = f"""
    {PROMISED}
    {RELAYS}
"""
"""A download that is being relayed, both sides passive."""
DELIVERED = """
    P ..    ends client leg
    P ..    client leg ended
    C <- P  226 Complete.
"""
"""The last of a download whose server has ended its data and said 226."""
JOB = f"""
    {PASV_EPRT}
    P ..    client leg open
    C -> P  RETR file
    P -> S  RETR file
    P <- S  125 Job output follows.
    P ..    starts stalled
    C <- P  125 Job output follows.
"""
"""A download from a server that is to dial, and has said why it does not yet."""
STORED = f"""
    {PASV_EPSV}
    C -> P  STOR file
    P -> S  STOR file
    P ..    connects to the server's port 50123
    P ..    server leg open
    P <- S  150 Opening.
    C <- P  150 Opening.
    P ..    client leg open
    P ..    relays from client
"""
"""An upload that is being relayed, both sides passive."""
CUT = """
    P ..    timer abort-pause
    P ..    aborts client leg
    P ..    aborts server leg
"""
ABORTED = f"""
    C -> P  ABOR
    P -> S  ABOR
    {CUT}
"""
BOTH_ANSWERS = """
    P <- S  426 Broken.
    P <- S  226 ABOR done.
    C <- P  426 Broken.
    C <- P  226 ABOR done.
"""
"""What a server says of the transfer and of its ABOR is what the client hears."""
RESTARTED = """
    C -> P  REST 100
    P -> S  REST 100
    P <- S  350 Restarting.
    C <- P  350 Restarting.
"""
IN_STEP = """
    P -> S  NOOP
    P <- S  200 In step.
"""
"""Our own NOOP, behind replies that may have been owed."""
NOOP_ANSWERED = """
    P -> S  NOOP
    P <- S  200 OK.
    C <- P  200 OK.
"""
USABLE = """
    C -> P  NOOP
    P -> S  NOOP
    P <- S  200 Still here.
    C <- P  200 Still here.
"""
"""Both sides are in step: the next command gets its own answer."""
