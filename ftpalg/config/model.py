"""The settings themselves: every section, key and default.  Keys stand with dashes in TOML."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from attrs import Factory, field, fields, frozen, has

from ftpalg.config import checks
from ftpalg.config.bandwidth import Bandwidth
from ftpalg.config.checks import Network
from ftpalg.config.limits import Limits
from ftpalg.config.processes import processes
from ftpalg.config.section import Section, setting
from ftpalg.config.tables import (
    Access,
    Accounts,
    Bans,
    ClientAddress,
    Intercept,
    Listener,
    Logins,
    Origin,
    Parent,
    Pinholes,
    ProxyProtocol,
    RouteRule,
    ServerUrl,
    is_key,
    key_of,
    server_url,
)
from ftpalg.config.tls import Certificate, ClientTlsSettings, ServerTlsSettings
from ftpalg.core.events import Timer
from ftpalg.core.quotas import Quota
from ftpalg.core.routes import DataVerbs, Mode, Route, Server, ServerTls
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.wire.addresses import plain_name

DEFAULT_LISTEN = "127.0.0.1:1025"
INSPECTED_PORTS = frozenset((1720, 2000, 5060, 5061))
"""Ports of H.323, Skinny and SIP, whose gateways on the way break transfers on them."""

PortRange = tuple[int, int]


@frozen(eq=False, repr=False)
class Data(Section):
    """``[data]``: data connections."""

    client_ports: PortRange = setting((49152, 65534), checks.port_range)
    server_ports: PortRange = setting((49152, 65534), checks.port_range)
    excluded_ports: frozenset[int] = setting(INSPECTED_PORTS, checks.ports)
    client_address: str = setting("", checks.named_address)
    client_addresses: tuple[ClientAddress, ...] = ()
    server_address: str = setting("", checks.named_address)
    resolve_every: float = setting(60.0, checks.seconds)
    replace_private: bool = setting(False, checks.switch)
    client_networks: tuple[Network, ...] = setting((), checks.networks)
    server_networks: tuple[Network, ...] = setting((), checks.networks)
    source_port: int = setting(0, checks.between(0, 65535))
    splice: bool = setting(True, checks.switch)
    verbs: DataVerbs = setting(DataVerbs.AUTO, checks.one_of(DataVerbs))
    other_mode: bool = setting(True, checks.switch)
    remember: float = setting(3600.0, checks.seconds)


@frozen(eq=False, repr=False)
class Health(Section):
    """``[health]``: checks of servers that are one of several."""

    every: float = setting(30.0, checks.seconds)


@frozen(eq=False, repr=False)
class Timeouts(Section):
    """``[timeouts]``: every wait, in seconds."""

    resolve: float = setting(10.0, checks.seconds)
    connect: float = setting(10.0, checks.seconds)
    next_address: float = setting(0.3, checks.seconds)
    handshake: float = setting(60.0, checks.seconds)
    login: float = setting(120.0, checks.seconds)
    idle: float = setting(900.0, checks.seconds)
    data_open: float = setting(20.0, checks.seconds)
    stalled: float = setting(300.0, checks.seconds)
    final_reply: float = setting(180.0, checks.seconds)
    settle: float = setting(0.25, checks.seconds)
    unannounced: float = setting(1.0, checks.seconds)
    early_reply: float = setting(0.25, checks.seconds)
    last_word: float = setting(1.0, checks.seconds)
    other_end: float = setting(1.0, checks.seconds)
    second_reply: float = setting(0.25, checks.seconds)
    extended: float = setting(5.0, checks.seconds)
    goodbye: float = setting(0.25, checks.seconds)
    delivery: float = setting(60.0, checks.seconds)
    abort_pause: float = setting(0.25, checks.seconds)
    abort_reply: float = setting(30.0, checks.seconds)
    abort: float = setting(2.0, checks.seconds)
    resync: float = setting(10.0, checks.seconds)
    quit: float = setting(5.0, checks.seconds)
    drain: float = setting(5.0, checks.seconds)
    stop: float = setting(60.0, checks.seconds)
    rest: float = setting(1.0, checks.seconds)
    bare_line: float = setting(0.3, checks.seconds)
    worker: float = setting(10.0, checks.seconds)
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


class LogFormat(Enum):
    """How a record is written."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class Commands(Enum):
    """Which commands get a record of their own."""

    OFF = "off"
    CHANGES = "changes"
    ALL = "all"


class Shown(Enum):
    """How much of something personal a record holds."""

    WHOLE = "whole"
    SHORT = "short"
    NONE = "none"


@frozen(eq=False, repr=False)
class Log(Section):
    """``[log]``."""

    format: LogFormat = setting(LogFormat.AUTO, checks.one_of(LogFormat))
    to: str = setting("stderr", checks.destination)
    commands: Commands = setting(Commands.CHANGES, checks.one_of(Commands))
    xferlog: Path | None = setting(None, checks.path)
    users: Shown = setting(Shown.WHOLE, checks.one_of(Shown))
    addresses: Shown = setting(Shown.WHOLE, checks.one_of(Shown))
    paths: Shown = setting(Shown.WHOLE, checks.one_of(Shown))
    ladder: bool = setting(False, checks.switch)


@frozen(eq=False, repr=False)
class Admin(Section):
    """``[admin]``: where the gateway tells of itself and takes orders."""

    socket: Path | None = setting(None, checks.path)
    listen: str = setting("", checks.socket_or_none)
    names: tuple[str, ...] = setting((), checks.host_names)
    agent: str = setting("", checks.socket_or_none)


@frozen(eq=False, repr=False)
class Settings(Section):
    """The whole configuration."""

    listeners: tuple[Listener, ...] = ()
    server: ServerUrl | None = setting(None, server_url)
    server_mode: Mode = setting(Mode.PASSIVE, checks.one_of(Mode))
    parent: str = setting("", checks.plain_word)
    source_address: str = setting("", checks.source)
    intercept: Intercept = setting(Intercept.OFF, checks.one_of(Intercept))
    resolver: str = setting("own", checks.word("own", "system"))
    lf_lines: bool = setting(False, checks.switch)
    active: bool = setting(True, checks.switch)
    login: Logins = Logins()
    accounts: Accounts = Accounts()
    access: Access = Access()
    bans: Bans = Bans()
    routes: tuple[RouteRule, ...] = ()
    parents: tuple[Parent, ...] = ()
    proxy_protocol: ProxyProtocol = ProxyProtocol()
    data: Data = Data()
    pinholes: Pinholes = Pinholes()
    health: Health = Health()
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    bandwidth: Bandwidth = Bandwidth()
    client_tls: ClientTlsSettings = ClientTlsSettings()
    server_tls: ServerTlsSettings = ServerTlsSettings()
    log: Log = Log()
    admin: Admin = Admin()
    state: Path | None = setting(None, checks.path)
    workers: int = setting(1, processes)
    listen: tuple[str, ...] = field(  # the last: its default looks at what else listens
        default=Factory(lambda self: self.default_listen, takes_self=True),
        metadata={"check": checks.endpoints},
    )
    origin: Origin = field(default=Origin(), eq=False, repr=False, metadata={"own": True})

    @property
    def default_listen(self) -> tuple[str, ...]:
        """Where to listen if ``listen`` is not set: nowhere, where anything else is."""
        return () if self.listeners or self.client_tls.implicit_listen else (DEFAULT_LISTEN,)

    @property
    def pairs(self) -> list[tuple[str, Certificate]]:
        """Every certificate of the gateway's own, each with the table that it stands in."""
        own = self.server_tls.pair
        return [*self.client_tls.sections, *([("server-tls", own)] if own is not None else [])]

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
                self.lf_lines if one.lf_lines is None else one.lf_lines,
                self.active if one.active is None else one.active,
                one.limits,
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

    @property
    def limits_bandwidth(self) -> bool:
        """Whether anything says how fast files may go."""
        return self.bandwidth != Bandwidth() or any(
            rule.download_bandwidth or rule.upload_bandwidth for rule in self.routes
        )

    @property
    def quotas(self) -> frozenset[str]:
        """The keys of the quotas that anything sets."""
        own = [*(one.limits for one in self.listeners), *(one.limits for one in self.routes)]
        tables: list[Section] = [self.limits, *own]
        words = [quota.word for quota in Quota]
        return frozenset(w for w in words if any(getattr(t, w.replace("-", "_")) for t in tables))

    @property
    def counts_days(self) -> bool:
        """Whether what accounts move is counted by the day."""
        return any(quota.counted and quota.word in self.quotas for quota in Quota)

    @property
    def may_speak_tls_to_servers(self) -> bool:
        """Whether there is TLS to any server by these settings."""
        modes = [
            self.default_server_tls,
            *(rule.mode for rule in self.server_tls.rules),
            *(self.route(rule).tls for rule in self.routes if not rule.shadow),
        ]
        return any(mode not in (None, ServerTls.OFF) for mode in modes)

    def tls_to(self, server: Server) -> ServerTls:
        """The TLS that a server gets where no route says otherwise."""
        rules = tuple((r.server, r.mode) for r in self.server_tls.rules)
        return Rules(server_tls=self.default_server_tls, server_tls_rules=rules).tls_to(server)

    def route(self, rule: RouteRule) -> Route:
        """A rule's way, with the general settings where it says nothing."""
        route = rule.route()
        general = (self.server.server,) if self.server else ()
        return replace(
            route,
            servers=route.servers or general,
            tls=route.tls or self._tls_of(rule.server),
            parent=route.parent or self.parent,
            source=route.source or self.source_address,
            secret_for=route.secret_for or general if route.secret else (),
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
            account_tls=self.accounts.require_tls,
            ftp_parents=frozenset(p.name for p in self.parents if p.url.scheme == "ftp"),
            separators_in_user=frozenset(p.name for p in self.parents if p.separators_in_user),
            replace_private=self.data.replace_private,
            queued_commands=self.limits.queued_commands,
            queued_size=self.limits.queued_size,
            bad_commands=self.limits.bad_commands,
            bad_logins=self.limits.bad_logins,
            client_tls=listener.client_tls or self.client_tls.mode,
            ccc=self.client_tls.ccc,
            opaque=self.client_tls.opaque,
            server_tls=self.default_server_tls,
            server_tls_rules=tuple((r.server, r.mode) for r in self.server_tls.rules),
            clear_data=self.server_tls.clear_data,
            client_clear_data=self.client_tls.clear_data,
            verbs=self.data.verbs,
            other_mode=self.data.other_mode,
            active=listener.active is not False,
            counted=True,
            surplus_replies=self.limits.surplus_replies,
        )


@cache
def settings_sections() -> dict[str, type]:
    """Each section of a file and its class; top-level keys under ""."""
    found = (a for a in fields(Settings) if is_key(a) and has(type(a.default)))
    return {"": Settings, **{key_of(a.name): type(a.default) for a in found}}
