"""The tables of a configuration: listeners, routes, parents, and the rules of access.

No class of the settings shows itself (``repr``): some hold passwords, which are for no traceback; and to
make two dozen of those methods would take a start's time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from attrs import Factory, field, fields, frozen

from ftpalg.config import checks, command_checks
from ftpalg.config.checks import SCHEMAS, Check, Network, schema
from ftpalg.config.limits import ListenerLimits, RouteLimits
from ftpalg.config.rate_checks import rates
from ftpalg.config.section import Section, setting
from ftpalg.core.rates import Rates
from ftpalg.core.routes import Balance, DataVerbs, Mode, Route, Server, ServerTls
from ftpalg.core.session_settings import ClientTls
from ftpalg.core.week import Span
from ftpalg.core.wire.errors import BadArgument
from ftpalg.core.wire.user_at_host import DEFAULT_DIALECTS, Dialect, parse_server


def key_of(name: str) -> str:
    """The key of an attribute."""
    return name.replace("_", "-")


def keys_of(section: type) -> list[str]:
    """The keys of a section's class, in their order."""
    return [key_of(a.name) for a in fields(section) if is_key(a)]


def is_key(attribute: Any) -> bool:
    """True for what TOML can set: neither computed nor of the gateway's own."""
    return bool(attribute.init) and not attribute.metadata.get("own")


def needed(check: Check) -> Any:
    """A key without a default."""
    return field(metadata={"check": check})


COMMAND_LINE = "command line"
"""As ``Origin.places`` has it."""


@frozen(eq=False, repr=False)
class Origin(Section):
    """Where settings come from.

    ``allowed`` are the warnings that comments of the file allow: id and key.  ``places`` has, for each
    setting that something set, the file with its line, the variable, or the command line; ``tables`` the
    same of each table of a list.
    """

    allowed: frozenset[tuple[str, str]] = frozenset()
    places: Mapping[str, str] = Factory(dict)
    tables: Mapping[str, str] = Factory(dict)

    def place(self, key: str) -> str:
        """Where a setting or a table was set; empty for what is as it is by default."""
        return self.places.get(key) or self.tables.get(key, "")

    def of(self, key: str) -> str:
        """A key, with its place where it has one."""
        place = self.place(key)
        return f"{place}: {key}" if place else key


# -- where servers are ----------------------------------------------------------------------------


@frozen(eq=False, repr=False)
class ServerUrl(Section):
    """``ftp://host[:21]`` plain, ``ftpes://host[:21]`` explicit and ``ftps://host[:990]`` implicit TLS."""

    scheme: str
    server: Server

    PORTS = {"ftp": 21, "ftpes": 21, "ftps": 990}
    TLS = {"ftp": ServerTls.OFF, "ftpes": ServerTls.EXPLICIT, "ftps": ServerTls.IMPLICIT}

    def __str__(self) -> str:
        return f"{self.scheme}://{self.server}"

    @property
    def tls(self) -> ServerTls:
        """The TLS that the scheme stands for."""
        return self.TLS[self.scheme]


def exact_server(pattern: str) -> Server | None:
    """The one server that a pattern of destinations names, port 21 where it names none."""
    if any(sign in pattern for sign in "*?["[: 2 if pattern.startswith("[") else 3]):
        return None
    try:
        return parse_server(pattern.encode())
    except (BadArgument, UnicodeEncodeError):
        return None


def _split(value: Any, ports: dict[str, int], remedy: str) -> tuple[str, Server]:
    """The scheme of a URL and its server, with the scheme's port where it names none."""
    scheme, mark, where = value.partition("://") if isinstance(value, str) else ("", "", "")
    if not mark or scheme not in ports:
        raise ValueError(remedy)
    where = where.removesuffix("/")
    try:
        server = parse_server(where.encode())
    except BadArgument as error:
        raise ValueError(f"{remedy} ({error})") from None
    if not re.search(r"(?:^[^\[\]:]+|\]):\d+$", where):
        server = Server(server.host, ports[scheme])
    return scheme, server


@schema(type="string", pattern="^(?:(?:ftp|ftpes|ftps)://.+)?$")
def server_url(value: Any) -> ServerUrl | None:
    """Check a server's URL; empty is None: the client names the server."""
    if value == "":
        return None
    remedy = (
        "must be ftp://host, ftpes://host or ftps://host, with :port if need be,"
        " or empty where the client names the server"
    )
    return ServerUrl(*_split(value, ServerUrl.PORTS, remedy))


@schema(anyOf=[SCHEMAS[server_url], {"type": "array", "items": SCHEMAS[server_url]}])
def server_urls(value: Any) -> tuple[ServerUrl, ...]:
    """One URL or a list of them."""
    listed = value if isinstance(value, list) else [value]
    return tuple(url for url in map(server_url, listed) if url is not None)


@frozen(eq=False, repr=False)
class ParentUrl(Section):
    """``socks5://host[:1080]``, ``http://host[:3128]`` (CONNECT) or ``ftp://host[:21]`` (user@server)."""

    scheme: str
    server: Server

    PORTS = {"socks5": 1080, "http": 3128, "ftp": 21}

    def __str__(self) -> str:
        return f"{self.scheme}://{self.server}"


@schema(type="string", pattern="^(?:socks5|http|ftp)://.+$")
def parent_url(value: Any) -> ParentUrl:
    """Check a parent's URL."""
    remedy = "must be socks5://host, http://host or ftp://host, with :port if need be"
    return ParentUrl(*_split(value, ParentUrl.PORTS, remedy))


# -- listeners --------------------------------------------------------------------------------------


class Intercept(Enum):
    """How connections that were meant for another machine come to a listener."""

    OFF = "off"
    REDIRECT = "redirect"
    TPROXY = "tproxy"


@frozen(eq=False, repr=False)
class Listener(Section):
    """One of ``[[listeners]]``; what it leaves out the general settings say."""

    endpoint: str = needed(checks.endpoint)
    client_tls: ClientTls | None = setting(None, checks.one_of(ClientTls, empty=True))
    accounts: bool | None = setting(None, checks.optional(checks.switch))
    intercept: Intercept | None = setting(None, checks.one_of(Intercept, empty=True))
    lf_lines: bool | None = setting(None, checks.optional(checks.switch))
    active: bool | None = setting(None, checks.optional(checks.switch))
    limits: ListenerLimits = ListenerLimits()


@frozen(eq=False, repr=False)
class Logins(Section):
    """``[login]``: how clients name the server they want."""

    dialects: tuple[Dialect, ...] = setting(DEFAULT_DIALECTS, checks.several(Dialect))
    separators: str = setting("@", checks.separators)


@frozen(eq=False, repr=False)
class Accounts(Section):
    """``[accounts]``: accounts at the gateway."""

    auth: tuple[str, ...] = setting((), checks.descriptions)
    required: bool = setting(True, checks.switch)
    require_tls: bool = setting(False, checks.switch)
    delay: float = setting(2.0, checks.seconds)
    waiting: int = setting(64, checks.at_least(1))
    waiting_per_peer: int = setting(8, checks.at_least(1))
    failures_per_peer: int = setting(20, checks.at_least(1))
    failures_per_account: int = setting(100, checks.at_least(1))
    failures: int = setting(20000, checks.at_least(1))
    forget: float = setting(600.0, checks.seconds)
    longest_delay: float = setting(30.0, checks.seconds)


# -- who may come, and whither ------------------------------------------------------------------------


@frozen(eq=False, repr=False)
class AccessRule(Section):
    """One of ``[[access.servers]]``."""

    allow: bool = setting(True, checks.switch)
    clients: tuple[Network, ...] = setting((), checks.networks)
    accounts: tuple[str, ...] = setting((), checks.texts)
    names: tuple[str, ...] = setting((), checks.texts)
    networks: tuple[Network, ...] = setting((), checks.networks)
    ports: tuple[tuple[int, int], ...] = setting((), checks.port_ranges)
    shadow: bool = setting(False, checks.switch)


@frozen(eq=False, repr=False)
class CommandRule(Section):
    """One of ``[[access.commands]]``."""

    allow: bool = setting(True, checks.switch)
    clients: tuple[Network, ...] = setting((), checks.networks)
    accounts: tuple[str, ...] = setting((), checks.texts)
    users: tuple[str, ...] = setting((), checks.texts)
    destinations: tuple[str, ...] = setting((), checks.texts)
    commands: tuple[str, ...] = setting((), command_checks.commands)
    paths: tuple[str, ...] = setting((), command_checks.globs)
    times: tuple[Span, ...] = setting((), command_checks.times)
    zone: str = setting("UTC", command_checks.zone)
    shadow: bool = setting(False, checks.switch)


@frozen(eq=False, repr=False)
class Access(Section):
    """``[access]``."""

    clients: tuple[Network, ...] = setting((), checks.networks)
    servers: tuple[AccessRule, ...] = ()
    commands: tuple[CommandRule, ...] = ()


class BansMode(Enum):
    """Whether bans are found, and whether they hold."""

    OFF = "off"
    SHADOW = "shadow"
    ON = "on"


@frozen(eq=False, repr=False)
class Bans(Section):
    """``[bans]``: who is kept out for a while."""

    mode: BansMode = setting(BansMode.OFF, checks.one_of(BansMode))
    safe: tuple[Network, ...] = setting((), checks.networks)
    threshold: int = setting(20, checks.at_least(0))
    account_threshold: int = setting(100, checks.at_least(0))
    observation: float = setting(1800.0, checks.seconds)
    time: float = setting(1800.0, checks.seconds)
    longest: float = setting(604800.0, checks.seconds)
    remember: float = setting(2592000.0, checks.seconds)
    most: int = setting(10000, checks.at_least(1))
    unknown_account: int = setting(2, checks.at_least(0))
    wrong_password: int = setting(1, checks.at_least(0))
    wrong_at_server: int = setting(1, checks.at_least(0))
    no_ftp: int = setting(2, checks.at_least(0))
    bad_tls: int = setting(1, checks.at_least(0))
    scan: int = setting(1, checks.at_least(0))
    limit: int = setting(1, checks.at_least(0))


# -- routes -------------------------------------------------------------------------------------------


@frozen(eq=False, repr=False)
class RouteRule(Section):
    """One of ``[[routes]]``: the conditions, then the way."""

    clients: tuple[Network, ...] = setting((), checks.networks)
    accounts: tuple[str, ...] = setting((), checks.texts)
    sni: tuple[str, ...] = setting((), checks.texts)
    hosts: tuple[str, ...] = setting((), checks.texts)
    users: tuple[str, ...] = setting((), checks.texts)
    destinations: tuple[str, ...] = setting((), checks.texts)
    server: tuple[ServerUrl, ...] = setting((), server_urls)
    balance: Balance = setting(Balance.FIRST, checks.one_of(Balance))
    server_tls: ServerTls | None = setting(None, checks.one_of(ServerTls, empty=True))
    server_mode: Mode | None = setting(None, checks.one_of(Mode, empty=True))
    parent: str = setting("", checks.text)
    source_address: str = setting("", checks.source)
    user: str = setting("", checks.plain_word)
    password_file: Path | None = setting(None, checks.path)
    password_credential: str = setting("", checks.plain_word)
    password_in_clear: bool = setting(False, checks.switch)
    proxy_protocol: int = setting(0, checks.between(0, 2))
    data_verbs: DataVerbs | None = setting(None, checks.one_of(DataVerbs, empty=True))
    download_bandwidth: Rates = setting((), rates)
    upload_bandwidth: Rates = setting((), rates)
    limits: RouteLimits = RouteLimits()
    shadow: bool = setting(False, checks.switch)

    @property
    def secret(self) -> str:
        """Where the password for the server is, as ``net.secrets`` reads it."""
        return secret(self.password_file, self.password_credential)

    @property
    def secret_for(self) -> tuple[Server, ...]:
        """The servers that get the password: the rule's own, else the destinations that it names."""
        if not self.secret:
            return ()
        if self.server:
            return tuple(url.server for url in self.server)
        return tuple(filter(None, map(exact_server, self.destinations)))

    def route(self) -> Route:
        """The way that the core and the network are told."""
        return Route(
            servers=tuple(url.server for url in self.server),
            balance=self.balance,
            tls=self.server_tls,
            mode=self.server_mode,
            parent=self.parent,
            source=self.source_address,
            user=self.user,
            secret=self.secret,
            verbs=self.data_verbs,
            secret_for=self.secret_for,
            clear_secret=self.password_in_clear,
            proxy_protocol=self.proxy_protocol,
            sessions=self.limits.sessions,
            transfers=self.limits.transfers,
        )


def secret(file: Path | None, credential: str) -> str:
    """Where a password is: ``file:PATH`` or ``credential:NAME``; empty for none."""
    if file is not None:
        return f"file:{file}"
    return f"credential:{credential}" if credential else ""


@frozen(eq=False, repr=False)
class Parent(Section):
    """One of ``[[parents]]``: a proxy that servers are reached through."""

    name: str = needed(checks.plain_word)
    url: ParentUrl = needed(parent_url)
    user: str = setting("", checks.plain_word)
    password_file: Path | None = setting(None, checks.path)
    password_credential: str = setting("", checks.plain_word)
    separators_in_user: bool = setting(False, checks.switch)

    @property
    def secret(self) -> str:
        """Where the password is, as ``net.secrets`` reads it."""
        return secret(self.password_file, self.password_credential)


@frozen(eq=False, repr=False)
class ProxyProtocol(Section):
    """``[proxy-protocol]``: addresses handed on by balancers."""

    balancers: tuple[Network, ...] = setting((), checks.networks)


# -- around the gateway ---------------------------------------------------------------------------------


@frozen(eq=False, repr=False)
class Pinholes(Section):
    """``[pinholes]``: the nftables sets that expected data connections are added to."""

    table: str = setting("", checks.nft_table)
    ipv4_set: str = setting("data4", checks.nft_name)
    ipv6_set: str = setting("data6", checks.nft_name)


@frozen(eq=False, repr=False)
class ClientAddress(Section):
    """One of ``[[data.client-addresses]]``: what clients of these networks are told in 227."""

    clients: tuple[Network, ...] = needed(checks.networks)
    address: str = needed(checks.named_address)
