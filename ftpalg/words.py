"""The words that a gateway is started with, for twistd, for ``ftpalg run`` and for ``ftpalg check``.

Each stands for a setting and goes before the file and the environment.
"""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """``--name ARGUMENT``; one that is ``many`` may stand more than once."""

    name: str
    key: str
    argument: str
    meaning: str
    many: bool = False


CONFIG = Word("config", "", "FILE", "TOML file with the settings; see etc/ftpalg.toml.")

WORDS = (
    Word(
        "listen",
        "listen",
        "ENDPOINT",
        "Where clients connect: HOST:PORT, [IPV6]:PORT, :PORT, systemd:NAME, or a Twisted server"
        " endpoint; repeatable. [default: 127.0.0.1:1025]",
        many=True,
    ),
    Word(
        "server",
        "server",
        "URL",
        "One fixed server: ftp://host[:21] plain, ftpes://host[:21] explicit TLS,"
        " ftps://host[:990] implicit TLS.",
    ),
    Word(
        "server-mode",
        "server-mode",
        "MODE",
        "How data connections to the server are opened: passive, active or client.",
    ),
    Word(
        "server-ca",
        "server-tls.ca",
        "FILE",
        "PEM file with the CAs to trust instead of the system's.",
    ),
    Word(
        "client-tls", "client-tls.mode", "MODE", "TLS for clients: off, offer, require or implicit."
    ),
    Word(
        "certificate",
        "client-tls.certificate",
        "FILE",
        "PEM file with the certificate shown to clients.",
    ),
    Word(
        "private-key",
        "client-tls.private-key",
        "FILE",
        "PEM file with that certificate's private key.",
    ),
    Word(
        "auth",
        "accounts.auth",
        "KIND:ARGUMENT",
        "Where accounts at the gateway are: file:FILE, memory:USER:PASSWORD, unix, ldap:URL, or"
        " another of Twisted's strcred; repeatable.  Clients need an account then.",
        many=True,
    ),
)
