"""Settings without what they tell of people and places: each name and address has an alias.

The same name has the same alias everywhere.  What is replaced: hosts, addresses and networks (but
loopback and the wide ones), users, accounts, paths, and all that stands behind the kind of an account.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

HOSTS = {
    *("server", "url", "destinations", "names", "sni", "hosts", "client-address", "server-address"),
    *("listen", "implicit-listen", "endpoint", "agent", "address", "source-address"),
    *("clients", "networks", "balancers"),
}
USERS = {"user", "users", "accounts", "name", "parent", "password-credential"}
PATHS = {
    *(
        "certificate",
        "private-key",
        "ca",
        "crl",
        "password-file",
        "xferlog",
        "socket",
        "state",
        "to",
    ),
}
WIDE = {4: 8, 6: 16}
"""Networks at least as wide tell nothing of a place."""
BASES = {4: ip_network("198.18.0.0/15"), 6: ip_network("2001:db8::/32")}  # RFC 2544, RFC 3849
TOKEN = re.compile(
    r"(?P<six>(?<![\w:])[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/\d+)?)"
    r"|(?P<four>(?<![\w.])\d+(?:\.\d+){3}(?:/\d+)?(?![\w.]))"
    r"|(?P<host>(?<!\w)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?![\w]))"
)
KEPT = {
    *("ftp", "ftps", "ftpes", "http", "socks5", "tcp", "tcp6", "ssl", "systemd", "domain", "INET"),
    *("INET6", "index", "interface", "port", "backlog", "localhost", "client", "name"),
}
"""Words of endpoints and URLs, which name nobody."""


class Aliases:
    """The aliases of one file."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def of(self, raw: Any, key: str = "") -> Any:
        """The same tables with aliases in them."""
        if isinstance(raw, dict):
            named = {name for name in raw if key != "log" or name in PATHS}
            return {name: self.of(one, name if name in named else "") for name, one in raw.items()}
        if isinstance(raw, list):
            return [self.of(one, key) for one in raw]
        if not isinstance(raw, str) or not raw:
            return raw
        return self._way(key)(raw)

    def _way(self, key: str) -> Callable[[str], str]:
        if key == "auth":
            return lambda text: text.partition(":")[0] + ":hidden"
        if key in HOSTS:
            return self._places
        if key in USERS:
            return lambda text: self._alias("name", text)
        if key in PATHS:
            return self._path
        return lambda text: text

    def _alias(self, kind: str, text: str) -> str:
        number = len(self._known) + 1
        return self._known.setdefault((kind, text), f"{kind}{number}")

    def _path(self, text: str) -> str:
        head, colon, path = text.rpartition(":")
        if not colon and text in ("stderr", "syslog", "journald"):
            return text
        return f"{head}{colon}/{self._alias('path', path)}"

    def _places(self, text: str) -> str:
        unescaped = text.replace("\\:", ":")
        changed = TOKEN.sub(self._place, unescaped)
        if unescaped == text:
            return changed
        return re.sub(r"(?<=interface=).*", lambda m: m[0].replace(":", "\\:"), changed)

    def _place(self, found: re.Match[str]) -> str:
        word = found[0]
        if found["host"]:
            if word in KEPT or word.isdigit():
                return word
            return self._alias("host", word.lower()) + ".example"
        try:
            return self._network(ip_network(word, strict=False), whole="/" in word)
        except ValueError:
            return word

    def _network(self, network: IPv4Network | IPv6Network, *, whole: bool) -> str:
        if (
            network.is_loopback
            or network.is_unspecified
            or network.prefixlen <= WIDE[network.version]
        ):
            return str(network if whole else network.network_address)
        number = int(self._alias("", str(network)))
        shift = network.max_prefixlen - network.prefixlen
        base = int(BASES[network.version].network_address)
        alias = ((base >> shift) + number << shift) % (1 << network.max_prefixlen)
        address = type(network.network_address)(alias)
        return f"{address}/{network.prefixlen}" if whole else str(address)
