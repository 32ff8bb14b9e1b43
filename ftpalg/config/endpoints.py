"""Where to listen, as people write it: HOST:PORT, [IPV6]:PORT, :PORT, systemd:NAME.

Twisted's own strings are the other way: what begins with the name of one of its kinds is left to it,
and its grammar holds: words between colons, a backslash before a colon that is none.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from ftpalg.core.value import value
from ftpalg.core.wire.user_at_host import HOST

FORMS = "write one like 127.0.0.1:2121, [::1]:2121, :2121 or systemd:NAME"
WRITTEN = re.compile(
    r"(?:\[([^\]]*)\]|(\*|localhost|[0-9.]+|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)?):([0-9]+)"
)
"""A name without a dot would be one of Twisted's kinds."""
SYSTEMD = re.compile(r"systemd:([A-Za-z0-9_.@-]+)")
BEFORE_A_PORT = (":", "*", "[")
"""What begins HOST:PORT, and nothing of Twisted's."""
SOCKETS = ("tcp", "tcp6")
OWN_TLS = (
    "brings TLS that the data connections cannot share;"
    ' set client-tls.mode = "implicit", or client-tls.implicit-listen'
)
BARRED = {
    **dict.fromkeys(("unix", "stdio"), "is a file, and FTP needs addresses"),
    **dict.fromkeys(("ssl", "tls", "txsni", "le", "lets"), OWN_TLS),
}
"""Kinds of Twisted's that the gateway has no use for, and why."""
NAMES = ("port", "interface", "backlog")
"""The words of both, in their order."""


@value
class Socket(NamedTuple):
    """An address to listen on; an empty host is any of IPv4, ``both`` is IPv4 and IPv6."""

    host: str
    port: int
    both: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host or '0.0.0.0'}:{self.port}"

    def meets(self, other: Socket) -> bool:
        """True where both cannot be listened on."""
        taken = self.covers(other.host, other.port) or other.covers(self.host, self.port)
        return self.port != 0 and taken

    def covers(self, host: str, port: int) -> bool:
        """True where a connection to that address comes to this socket."""
        if port != self.port:
            return False
        mine, theirs = _address(self.host), _address(host)
        if mine is None or theirs is None:
            return self.host == host
        if not (mine.is_unspecified or theirs.is_unspecified):
            return mine == theirs
        if not mine.is_unspecified:
            return mine.version == theirs.version or theirs.version == 6
        return self.both or mine.version == theirs.version


def _address(host: str) -> IPv4Address | IPv6Address | None:
    if host == "localhost":
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host or "0.0.0.0")
    except ValueError:
        return None


def wrong(text: str) -> str:
    """What is wrong with an endpoint, or nothing; what only Twisted can tell is not asked here."""
    kind, *words = _words(text)
    if written := WRITTEN.fullmatch(text):
        return _wrong_host(written)
    if text[:1] in BEFORE_A_PORT:
        return "has no number of a port behind its last colon"
    if kind in SOCKETS:
        return _wrong_socket(kind, words)
    if kind in BARRED:
        return BARRED[kind]
    if kind == "systemd" and not SYSTEMD.fullmatch(text):
        named = {word.partition("=")[0] for word in words}
        if "domain" not in named or not named & {"index", "name"}:
            return "must name a socket of the unit"
    if kind.isdigit() and not words:
        return "has no colon before the port"
    return "" if words else "has no port"


def _wrong_host(written: re.Match[str]) -> str:
    six, name, port = written.groups()
    if int(port) > 65535:
        return "has a port above 65535"
    if six is not None:
        try:
            IPv6Address(six)
        except ValueError:
            return "has no IPv6 address in its brackets"
    elif name and re.fullmatch("[0-9.]+", name):
        return "" if _address(name) else "has no IPv4 address before its port"
    elif name not in (None, "*", "localhost") and not HOST.fullmatch(name):
        return "has no name of a host before its port"
    return ""


def _wrong_socket(kind: str, words: list[str]) -> str:
    given: dict[str, str] = {}
    for at, word in enumerate(words):
        name, mark, value = word.partition("=")
        if not mark:
            if at >= len(NAMES):
                return "has too many words: an IPv6 address goes into brackets"
            name, value = NAMES[at], word
        if name not in NAMES:
            return f"has the word {name!r}, which is none of {', '.join(NAMES)}"
        if not mark and name in given:
            return f"says its {name} twice"
        given[name] = value
    if "port" not in given:
        return "has no port"
    port = given["port"]
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        return "has no port from 0 to 65535"
    if not re.fullmatch(r"[0-9]{1,9}", given.get("backlog", "50")):
        return "has a backlog that is no number"
    return ""


def _words(text: str) -> list[str]:
    """Between colons, with what a backslash keeps."""
    pieces = re.findall(r"((?:\\.|[^:\\])*)(:|$)", text, re.DOTALL)
    words = [re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL) for word, _ in pieces]
    return words[:-1] if len(words) > 1 and pieces[-2][1] == "" else words


def twisted(text: str) -> str:
    """The same endpoint in Twisted's words; ``systemd:NAME`` and what is Twisted's already stay."""
    if not WRITTEN.fullmatch(text):
        return text
    found = socket_of(text)
    assert found is not None  # of every written form there is one
    kind = "tcp6" if found.both or ":" in found.host else "tcp"
    host = "" if found.both else found.host.replace(":", "\\:")
    return f"{kind}:{found.port}" + (f":interface={host}" if host else "")


def socket_of(text: str) -> Socket | None:
    """The address that an endpoint listens on; None where it cannot be known from its words."""
    if written := WRITTEN.fullmatch(text):
        six, name, port = written.groups()
        if six is not None:
            return Socket(str(IPv6Address(six)), int(port), both=six == "::")
        if name in (None, "*"):
            return Socket("::", int(port), both=True)
        return Socket("127.0.0.1" if name == "localhost" else name, int(port))
    kind, *words = _words(text)
    if kind not in SOCKETS or _wrong_socket(kind, words):
        return None
    given = dict(zip(NAMES, words, strict=False))
    given |= {name: value for name, mark, value in (w.partition("=") for w in words) if mark}
    host = given.get("interface", "")
    both = kind == "tcp6" and host in ("", "::")
    return Socket(("::" if both else host), int(given["port"]), both=both)


def systemd_name(text: str) -> str:
    """The name of systemd's socket in ``systemd:NAME``; empty for other endpoints."""
    match = SYSTEMD.fullmatch(text)
    return match[1] if match else ""


def from_systemd(text: str) -> bool:
    """True for an endpoint whose socket systemd gives."""
    return text.startswith("systemd:")
