"""Stories that fail through the gateway, each with its reason.

A row names servers behind which its story fails directly too, where it fails for the same reason: how
many faults a busy machine adds to it is chance, and the second telling would take half a minute more.
Whoever mends one takes its lines out.  What passes all the same is skipped and says so, since trial -j2
stumbles over a success that nobody expected.
"""

from __future__ import annotations

QUIT = "on purpose: a QUIT in mid-download waits for a client that reads no more data (quirks 34)"

STORIES: tuple[tuple[str, str, str, str], ...] = (
    (
        QUIT,
        "PhpFtp",
        "abandoned",
        "PureFtpd Pyftpdlib Aioftp Protecting Offering TlsPyftpdlib TlsProftpd"
        # these servers hold the QUIT themselves
        " Vsftpd Proftpd Inetutils Active ActiveTwisted TlsVsftpd TlsPureFtpd",
    ),
)
"""Why, the client, its stories, the servers as the classes of tests name them."""

KNOWN = {
    (server, client, story): why
    for why, client, stories, servers in STORIES
    for story in stories.split()
    for server in servers.split()
}
