"""resolv.conf(5): which servers are asked, and what a name may stand for."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.value import value
from ftpalg.net.reach.names import is_address

PORT = 53
MOST_DOTS = 15  # the system's own bound for ndots

Where = tuple[str, int]
"""A server's address and port."""

LOCAL: tuple[Where, ...] = (("127.0.0.1", PORT),)
"""Who is asked where the file names nobody."""


@value
class Conf(NamedTuple):
    """What resolv.conf says (resolv.conf(5)): servers, search list, dots of a name that is whole."""

    servers: tuple[Where, ...] = LOCAL
    search: tuple[str, ...] = ()
    ndots: int = 1

    def candidates(self, name: str) -> list[str]:
        """The whole names that a name may stand for, in the order to try them."""
        if name.endswith("."):
            return [name[:-1]]
        longer = [f"{name}.{domain}" for domain in self.search]
        return [name, *longer] if name.count(".") >= self.ndots else [*longer, name]


def read_conf(text: str) -> Conf:
    """The last of ``search`` and ``domain`` counts; what cannot be understood is left out."""
    servers: list[Where] = []
    search: tuple[str, ...] = ()
    ndots = 1
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "nameserver" and rest and is_address(rest[0]):
            servers.append((rest[0], PORT))
        elif word in ("search", "domain"):
            search = tuple(one.strip(".") for one in rest if one.strip("."))
        elif word == "options":
            dots = [one[6:] for one in rest if one.startswith("ndots:") and one[6:].isdigit()]
            ndots = min(int(dots[-1]), MOST_DOTS) if dots else ndots
    return Conf(tuple(servers) or LOCAL, search, ndots)
