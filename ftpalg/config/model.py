"""The settings themselves: every section, key and default.  Keys stand with dashes in TOML."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from attrs import Factory, field, frozen

from ftpalg.config import checks
from ftpalg.config.tables import (
    Access,
    Accounts,
    ClientAddress,
    Health,
    Intercept,
    Listener,
    Logins,
    Parent,
    Pinholes,
    ProxyProtocol,
    RouteRule,
    ServerUrl,
    needed,
    server_url,
    setting,
)
from ftpalg.core.addresses import plain_name
from ftpalg.core.events import Timer
from ftpalg.core.routes import Mode, Route, ServerTls
from ftpalg.core.rules import ClientTls, Rules

DEFAULT_LISTEN = "tcp:1025:interface=127.0.0.1"
INSPECTED_PORTS = frozenset((1720, 2000, 5060, 5061))
"""Ports of H.323, Skinny and SIP, whose gateways on the way break transfers on them."""

PortRange = tuple[int, int]
VERSIONS = ("1.0", "1.1", "1.2", "1.3")


@frozen
class Data:
    """``[data]``: data connections."""

    client_ports: PortRange = setting((49152, 65534), checks.port_range)
    server_ports: PortRange = setting((49152, 65534), checks.port_range)
    excluded_ports: frozenset[int] = setting(INSPECTED_PORTS, checks.ports)
    client_address: str = setting("", checks.named_address)
    client_addresses: tuple[ClientAddress, ...] = ()
    server_address: str = setting("", checks.named_address)
    resolve_every: float = setting(60.0, checks.seconds)
    replace_private: bool = setting(False, checks.switch)
    source_port: int = setting(0, checks.between(0, 65535))
    splice: bool = setting(True, checks.switch)


@frozen
class Timeouts:
    """``[timeouts]``: every wait, in seconds."""

    connect: float = setting(10.0, checks.seconds)
    handshake: float = setting(20.0, checks.seconds)
    login: float = setting(120.0, checks.seconds)
    idle: float = setting(900.0, checks.seconds)
    data_open: float = setting(20.0, checks.seconds)
    stalled: float = setting(300.0, checks.seconds)
    final_reply: float = setting(30.0, checks.seconds)
    settle: float = setting(0.25, checks.seconds)
    abort: float = setting(2.0, checks.seconds)
    quit: float = setting(5.0, checks.seconds)
    drain: float = setting(5.0, checks.seconds)
    keepalive: int = setting(60, checks.between(0, 32767))  # no more fits into TCP_KEEPIDLE
    _of: dict[Timer, float] = field(
        init=False,
        eq=False,
        repr=False,
        default=Factory(
            lambda self: {t: getattr(self, t.value.replace("-", "_")) for t in Timer}, True
        ),
    )

    def of(self, timer: Timer) -> float:
        """The seconds of one of the session's timers."""
        return self._of[timer]


@frozen
class Limits:
    """``[limits]``: every bound."""

    sessions: int = setting(5000, checks.at_least(1))
    sessions_per_peer: int = setting(1000, checks.at_least(1))
    command_line: int = setting(4000, checks.at_least(64))
    reply_line: int = setting(65536, checks.at_least(512))
    reply_size: int = setting(4194304, checks.at_least(4096))
    queued_commands: int = setting(256, checks.at_least(1))
    bad_commands: int = setting(10, checks.at_least(1))
    bad_logins: int = setting(5, checks.at_least(1))


@frozen
class Certificate:
    """``[[client-tls.more-certificates]]``: two PEM files that belong together."""

    certificate: Path = field(metadata={"check": checks.path})
    private_key: Path = field(metadata={"check": checks.path})


@frozen
class ClientTlsSettings:
    """``[client-tls]``: TLS on the client's connections."""

    mode: ClientTls = setting(ClientTls.OFF, checks.one_of(ClientTls))
    certificate: Path | None = setting(None, checks.path)
    private_key: Path | None = setting(None, checks.path)
    more_certificates: tuple[Certificate, ...] = ()
    implicit_listen: tuple[str, ...] = setting((), checks.endpoints)
    minimum: str = setting("1.2", checks.word(*VERSIONS))
    maximum: str = setting("1.3", checks.word(*VERSIONS))
    ciphers: str = setting("", checks.text)
    require_reuse: bool = setting(False, checks.switch)
    ccc: bool = setting(False, checks.switch)
    lenient: bool = setting(False, checks.switch)
    opaque: bool = setting(False, checks.switch)

    @property
    def pairs(self) -> tuple[Certificate, ...]:
        """Every certificate, the one for clients without SNI first; empty where there is none."""
        if self.certificate is None or self.private_key is None:
            return ()
        return (Certificate(self.certificate, self.private_key), *self.more_certificates)


@frozen
class ServerTlsRule:
    """``[[server-tls.rules]]``: the TLS for servers whose name fits a pattern."""

    server: str = needed(checks.pattern)
    mode: ServerTls = needed(checks.one_of(ServerTls))


@frozen
class ServerTlsSettings:
    """``[server-tls]``: TLS on the server's connections."""

    mode: ServerTls | None = setting(None, checks.one_of(ServerTls, empty=True))
    rules: tuple[ServerTlsRule, ...] = ()
    verify: bool = setting(True, checks.switch)
    ca: Path | None = setting(None, checks.path)
    crl: tuple[Path, ...] = setting((), checks.paths)
    certificate: Path | None = setting(None, checks.path)
    private_key: Path | None = setting(None, checks.path)
    minimum: str = setting("1.2", checks.word(*VERSIONS))
    maximum: str = setting("1.3", checks.word(*VERSIONS))
    ciphers: str = setting("", checks.text)
    clear_data: bool = setting(False, checks.switch)
    lenient: bool = setting(False, checks.switch)

    @property
    def pair(self) -> Certificate | None:
        """The certificate shown to servers that ask for one."""
        if self.certificate is None or self.private_key is None:
            return None
        return Certificate(self.certificate, self.private_key)


@frozen
class Log:
    """``[log]``."""

    ladder: bool = setting(False, checks.switch)


@frozen
class Settings:
    """The whole configuration."""

    listen: tuple[str, ...] = setting((DEFAULT_LISTEN,), checks.endpoints)
    listeners: tuple[Listener, ...] = ()
    server: ServerUrl | None = setting(None, server_url)
    server_mode: Mode = setting(Mode.PASSIVE, checks.one_of(Mode))
    parent: str = setting("", checks.plain_word)
    source_address: str = setting("", checks.source)
    intercept: Intercept = setting(Intercept.OFF, checks.one_of(Intercept))
    login: Logins = Logins()
    accounts: Accounts = Accounts()
    access: Access = Access()
    routes: tuple[RouteRule, ...] = ()
    parents: tuple[Parent, ...] = ()
    proxy_protocol: ProxyProtocol = ProxyProtocol()
    data: Data = Data()
    pinholes: Pinholes = Pinholes()
    health: Health = Health()
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    client_tls: ClientTlsSettings = ClientTlsSettings()
    server_tls: ServerTlsSettings = ServerTlsSettings()
    log: Log = Log()

    @property
    def all_listeners(self) -> tuple[Listener, ...]:
        """Every listener, with the general settings where it says nothing."""
        implicit = ClientTls.IMPLICIT
        made = (
            *(Listener(endpoint) for endpoint in self.listen),
            *(Listener(endpoint, implicit) for endpoint in self.client_tls.implicit_listen),
            *self.listeners,
        )
        return tuple(
            Listener(
                one.endpoint,
                one.client_tls or self.client_tls.mode,
                self.wants_accounts if one.accounts is None else one.accounts,
                one.intercept or self.intercept,
            )
            for one in made
        )

    @property
    def wants_accounts(self) -> bool:
        """Whether listeners that say nothing of it require an account at the gateway."""
        return self.accounts.required and bool(self.accounts.auth)

    @property
    def default_server_tls(self) -> ServerTls:
        """The TLS of servers for which no rule speaks."""
        return self.server_tls.mode or (self.server.tls if self.server else ServerTls.OFF)

    def route(self, rule: RouteRule) -> Route:
        """A rule's way, with the general settings where it says nothing."""
        route = rule.route()
        return replace(
            route,
            servers=route.servers or ((self.server.server,) if self.server else ()),
            tls=route.tls or self._tls_of(rule.server),
            parent=route.parent or self.parent,
            source=route.source or self.source_address,
        )

    def _tls_of(self, urls: tuple[ServerUrl, ...]) -> ServerTls | None:
        """The TLS of a route's own servers: what ``[server-tls]`` says holds where their URLs say none."""
        if not urls:
            return None
        names = [plain_name(url.server.host) for url in urls]
        named = (
            rule.mode
            for rule in self.server_tls.rules
            for name in names
            if fnmatchcase(name, plain_name(rule.server))
        )
        plain = urls[0].tls is ServerTls.OFF
        return (next(named, self.server_tls.mode) if plain else None) or urls[0].tls

    def rules(self, listener: Listener) -> Rules:
        """What the core itself obeys on a listener; the table of routes is put in by the service."""
        return Rules(
            server=self.server.server if self.server else None,
            parent=self.parent,
            source=self.source_address,
            mode=self.server_mode,
            dialects=self.login.dialects,
            separators=self.login.separators.encode(),
            accounts=bool(listener.accounts),
            ftp_parents=frozenset(p.name for p in self.parents if p.url.scheme == "ftp"),
            replace_private=self.data.replace_private,
            queued_commands=self.limits.queued_commands,
            bad_commands=self.limits.bad_commands,
            bad_logins=self.limits.bad_logins,
            client_tls=listener.client_tls or self.client_tls.mode,
            ccc=self.client_tls.ccc,
            opaque=self.client_tls.opaque,
            server_tls=self.default_server_tls,
            server_tls_rules=tuple((r.server, r.mode) for r in self.server_tls.rules),
            clear_data=self.server_tls.clear_data,
        )
