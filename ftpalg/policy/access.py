"""Who may come, and whither.

What counts is the address that is about to be dialled, not only the name that led to it: whoever
owns a name can have it resolve to the gateway's own machine or to a cloud's metadata service.  A
special address is therefore opened only by a rule that names it, never by one that leaves its
networks out or takes in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple

from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.addresses import normal, plain_name

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


LOOPBACK = _networks("127.0.0.0/8", "::1")

METADATA = _networks(
    *("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42"),
)
"""Where clouds hand out credentials: most of them, Alibaba, Azure, Oracle; by IPv6 AWS and its EKS,
Google, Oracle, Scaleway."""

SPECIAL = (
    ("a metadata service", METADATA),
    ("a loopback address", LOOPBACK),
    ("an unspecified address", _networks("0.0.0.0/8", "::")),
    ("a link-local address", _networks("169.254.0.0/16", "fe80::/10")),
    ("a multicast address", _networks("224.0.0.0/4", "ff00::/8")),
    ("a reserved address", _networks("240.0.0.0/4", "192.0.0.0/24", "100::/64", "5f00::/16")),
    ("a translated address", _networks("64:ff9b:1::/48", "::ffff:0:0:0/96")),
)
"""Kinds of addresses that lead inside or nowhere; the first range that holds an address counts.

Reserved: RFC 1112, 6890, 6666, 9602.  Translated: RFC 8215, whose prefixes put the IPv4 address in no
fixed place, and IPv4-translated addresses (RFC 2765).
"""

LOW_32_BITS = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-compatible (RFC 4291 section 2.5.5.1) and NAT64 (RFC 6052): the last four bytes are IPv4."""

ISATAP = (0x5EFE, 0x2005EFE)
"""The middle of an address that ends in an IPv4 one (RFC 5214 section 6.1)."""

DEFAULT_PORTS = ((21, 21), (990, 990), (1024, 65535))
"""What a rule without ports allows: FTP's own, and those that no other well-known service has."""

INWARD = frozenset(
    (
        *("localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback", "loopback"),
        *("ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts"),
        *("broadcasthost", "metadata", "metadata.google.internal", "metadata.goog"),
        *("instance-data", "instance-data.ec2.internal", "metadata.platformequinix.com"),
        *("metadata.packet.net", "metadata.tencentyun.com"),
        *("host.docker.internal", "gateway.docker.internal", "kubernetes.docker.internal"),
        *("host.containers.internal", "host.minikube.internal", "host.lima.internal"),
        *("kubernetes", "kubernetes.default", "kubernetes.default.svc"),
    )
)
"""Names by which hosts files, containers and clouds call a machine itself or what it alone may reach."""
INWARD_ENDS = (".localhost", ".localdomain", ".localdomain4", ".localdomain6")
INWARD_STARTS = ("kubernetes.default.svc.",)
"""Names that end in what a site calls itself, as a cluster's do."""

ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
"""Names that resolvers take for an IPv4 address: 127.1, 2130706433, 0x7f000001."""


def within(networks: tuple[Network, ...], *addresses: Address) -> bool:
    """Whether a network holds one of the addresses; no networks stand for all."""
    return not networks or any(address in network for network in networks for address in addresses)


def named(patterns: Iterable[str], name: str) -> bool:
    """Whether one of the patterns fits a server's name.

    Neither case, nor a trailing dot, nor the spelling of an address makes a difference.
    """
    return any(fnmatchcase(plain_name(name), plain_name(pattern)) for pattern in patterns)


def special(address: str) -> str:
    """The kind of a special address in words, "a loopback address"; empty for any other.

    An IPv6 address that embeds a special IPv4 address is of that one's kind.
    """
    found = _special(ip_address(normal(address)))
    return found[0] if found else ""


def _special(address: Address) -> tuple[str, Network] | None:
    """The kind of a special address, and the range within which a network names it."""
    for kind, ranges in SPECIAL:
        for network in ranges:
            if address in network:
                return kind, network
    for inner in _embedded(address):
        if found := _special(inner):
            return found[0], ip_network(address)
    return None


def _embedded(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a gateway on the way may take out of an IPv6 address."""
    if isinstance(address, IPv6Address):
        if any(address in network for network in LOW_32_BITS):
            yield IPv4Address(int(address) & 0xFFFFFFFF)
        if address.sixtofour:
            yield address.sixtofour
        if int(address) >> 32 & 0xFFFFFFFF in ISATAP:
            yield IPv4Address(int(address) & 0xFFFFFFFF)
        yield from address.teredo or ()


@value
class ServerRule(NamedTuple):
    """``[[access.servers]]``: allows or denies where every condition holds; an empty one does.

    ``accounts`` and ``names`` are shell patterns; no account pattern fits a session without one,
    and names are taken as the client wrote them.  ``networks`` hold the address that a name
    resolved to; an IPv4-mapped network holds none.  ``ports`` are ranges with both ends included; a
    rule without them allows DEFAULT_PORTS, and denies all.  One that is a ``shadow`` decides nothing.
    """

    allow: bool = True
    clients: tuple[Network, ...] = ()
    accounts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    ports: tuple[tuple[int, int], ...] = ()
    shadow: bool = False

    def lacks(self, client: Address, account: str, server: Server, address: Address | None) -> str:
        """The first condition that does not hold, by its key; empty where every one does.

        An embedded IPv4 address is denied with its network.  A name that somebody else will resolve may
        lead into any network: it is not allowed by one, and denied with it.
        """
        if not within(self.clients, client):
            return "clients"
        if self.accounts and not _accounted(self.accounts, account):
            return "accounts"
        if self.names and not named(self.names, server.host):
            return "names"
        if not self._holds(address):
            return "networks"
        return "" if self._opens(server.port) else "ports"

    def _opens(self, port: int) -> bool:
        ports = self.ports or (DEFAULT_PORTS if self.allow else ())
        return not ports or any(low <= port <= high for low, high in ports)

    def _holds(self, address: Address | None) -> bool:
        if address is None:
            return not (self.allow and self.networks)
        return within(self.networks, address, *(() if self.allow else _embedded(address)))

    def names_within(self, limits: Network, address: Address) -> bool:
        """Whether a network of this rule that holds the address keeps within the limits."""
        return any(
            address in network and network.prefixlen >= limits.prefixlen
            for network in self.networks
        )


def _inward(name: str) -> bool:
    """Whether a name leads a resolver to its own machine, or is an address in disguise."""
    plain = plain_name(name)
    return (
        plain in INWARD
        or plain.startswith(INWARD_STARTS)
        or plain.endswith(INWARD_ENDS)
        or bool(ENDS_IN_NUMBER.fullmatch(plain))
    )


def _accounted(patterns: tuple[str, ...], account: str) -> bool:
    return account != "" and any(fnmatchcase(account, pattern) for pattern in patterns)


def _shown(server: Server) -> str:
    """A server's name in a sentence for the client.

    lftp takes "host" or "resolve" in a 5yz for a failed look-up: neither word is ours.
    """
    return "".join(c if "!" <= c <= "~" else "?" for c in server.host)


DEFAULT_SERVERS = (ServerRule(clients=LOOPBACK, networks=LOOPBACK), ServerRule())
"""Every server that is not special; this machine's own for its own users, who need no gateway."""


INWARD_NAME, SPECIAL_ADDRESS = "inward", "special"
"""What stands before the rules, and what a rule lacks that does not name a special address's network."""


@value
class Step(NamedTuple):
    """One rule was asked: its place in the list, None where it is none of them.

    ``lacks`` is what does not hold, by its key.  ``says`` is what is decided: the sentence that stands
    against the session, empty for none; None where the next one is asked.
    """

    at: int | None
    lacks: str = ""
    says: str | None = None


@value
class Access(NamedTuple):
    """``[access]``: the clients' networks, and the rules for servers, of which the first counts.

    No networks admit every client; no rules allow every server that is not special.  Every decision is
    the last step of a walk along the rules.
    """

    clients: tuple[Network, ...] = ()
    servers: tuple[ServerRule, ...] = DEFAULT_SERVERS

    def admits(self, client: str) -> bool:
        """Whether a client at that address may have a session."""
        return not self.clients or within(self.clients, ip_address(normal(client)))

    def by_name(self, client: str, account: str, server: Server) -> str:
        """Why a parent may not be told the name of a server, but only an address that was judged.

        Empty where the rule that decides allows it by ``names``: only the parent may know it then.
        One sentence, for where there is no address to judge.
        """
        return _last(self.steps_by_name(client, account, server)).says or ""

    def steps_by_name(self, client: str, account: str, server: Server) -> Iterator[Step]:
        """The walk that ``by_name`` is the end of."""
        refusal = (
            f"{_shown(server)} is not known here; only a rule in access.servers that allows it by"
            " names lets the parent look it up."
        )
        for at, lacks in _asked(self.servers, ip_address(normal(client)), account, server, None):
            if not lacks:
                rule = self.servers[at]
                yield Step(at, says="" if rule.allow and rule.names else refusal)
                return
            yield Step(at, lacks)
        yield Step(None, says=refusal)

    def refusal(self, client: str, account: str, server: Server, address: str) -> str:
        """Why a session may not connect to an address of a server; empty where it may.

        The address is empty where a parent is told the name.
        One sentence in printable ASCII, fit for the client: it names the server as the client did
        and never the address.  An ``account`` is empty where there is none.
        """
        return _last(self.steps(client, account, server, address)).says or ""

    def steps(self, client: str, account: str, server: Server, address: str) -> Iterator[Step]:
        """The walk that ``refusal`` is the end of."""
        whence = ip_address(normal(client))
        whither = ip_address(normal(address)) if address else None
        found = _special(whither) if whither else None
        shown = _shown(server)
        if whither is None and _inward(server.host):
            text = f"{shown} may lead to the parent proxy itself; write a full name or address."
            yield Step(None, INWARD_NAME, text)
            return
        rules = self.servers or (ServerRule(),)
        for at, lacks in _asked(rules, whence, account, server, whither):
            rule = rules[at]
            if lacks:
                yield Step(at, lacks)
            elif not rule.allow:
                port = server.port
                yield Step(
                    at, "", f"{shown} port {port} is denied by rule {at + 1} of access.servers."
                )
                return
            elif whither is None or not found or rule.names_within(found[1], whither):
                yield Step(at, "", "")
                return
            else:
                yield Step(at, SPECIAL_ADDRESS)
        if found:
            text = (
                f"{shown} leads to {found[0]},"
                " which only a rule in access.servers that names its network opens."
            )
            yield Step(None, SPECIAL_ADDRESS, text)
        else:
            yield Step(None, "", f"{shown} port {server.port} is not among access.servers.")


def _asked(
    rules: tuple[ServerRule, ...],
    client: Address,
    account: str,
    server: Server,
    address: Address | None,
) -> Iterator[tuple[int, str]]:
    """The place of each rule that is no shadow, and the condition that it lacks."""
    for at, rule in enumerate(rules):
        if not rule.shadow:
            yield at, rule.lacks(client, account, server, address)


def _last(steps: Iterator[Step]) -> Step:
    """The one that decides: every walk has one."""
    step = next(steps)
    for step in steps:  # noqa: B007 -- the last one is wanted
        pass
    return step
