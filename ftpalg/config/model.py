"""The settings themselves: every section, key and default.  Keys stand with dashes in TOML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from attrs import Factory, field, frozen

from ftpalg.config import checks
from ftpalg.config.checks import Check
from ftpalg.core.actions import Server
from ftpalg.core.errors import BadArgument
from ftpalg.core.events import Timer
from ftpalg.core.logins import parse_server
from ftpalg.core.routes import Mode, ServerTls
from ftpalg.core.rules import ClientTls, Rules

DEFAULT_LISTEN = "tcp:1025:interface=127.0.0.1"
INSPECTED_PORTS = frozenset((1720, 2000, 5060, 5061))
"""Ports of H.323, Skinny and SIP, whose gateways on the way break transfers on them."""

PortRange = tuple[int, int]
VERSIONS = ("1.0", "1.1", "1.2", "1.3")


def setting(default: Any, check: Check) -> Any:
    """A key: its default, and the check that a value from TOML goes through."""
    return field(default=default, metadata={"check": check})


@frozen
class ServerUrl:
    """``ftp://host[:21]`` plain, ``ftpes://host[:21]`` explicit and ``ftps://host[:990]`` implicit TLS."""

    scheme: str
    server: Server

    PORTS = {"ftp": 21, "ftpes": 21, "ftps": 990}
    TLS = {"ftp": ServerTls.OFF, "ftpes": ServerTls.EXPLICIT, "ftps": ServerTls.IMPLICIT}

    def __str__(self) -> str:
        return f"{self.scheme}://{self.server}"


def server_url(value: Any) -> ServerUrl | None:
    """Check a server's URL; empty is None: the client names the server."""
    if value == "":
        return None
    remedy = (
        "must be ftp://host, ftpes://host or ftps://host, with :port if need be,"
        " or empty where the client names the server"
    )
    scheme, mark, where = value.partition("://") if isinstance(value, str) else ("", "", "")
    if not mark or scheme not in ServerUrl.PORTS:
        raise ValueError(remedy)
    where = where.removesuffix("/")
    try:
        server = parse_server(where.encode())
    except BadArgument as error:
        raise ValueError(f"{remedy} ({error})") from None
    if not re.search(r"(?:^[^\[\]:]+|\]):\d+$", where):
        server = Server(server.host, ServerUrl.PORTS[scheme])
    return ServerUrl(scheme, server)


@frozen
class Data:
    """``[data]``: data connections."""

    client_ports: PortRange = setting((49152, 65534), checks.port_range)
    server_ports: PortRange = setting((49152, 65534), checks.port_range)
    excluded_ports: frozenset[int] = setting(INSPECTED_PORTS, checks.ports)
    client_address: str = setting("", checks.address)
    server_address: str = setting("", checks.address)
    replace_private: bool = setting(False, checks.switch)
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
    keepalive: int = setting(60, checks.at_least(0))
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

    server: str = field(metadata={"check": checks.pattern})
    mode: ServerTls = field(metadata={"check": checks.one_of(ServerTls)})


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

    listen: tuple[str, ...] = setting((DEFAULT_LISTEN,), checks.listeners)
    server: ServerUrl | None = setting(None, server_url)
    server_mode: Mode = setting(Mode.PASSIVE, checks.one_of(Mode))
    data: Data = Data()
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    client_tls: ClientTlsSettings = ClientTlsSettings()
    server_tls: ServerTlsSettings = ServerTlsSettings()
    log: Log = Log()

    @property
    def default_server_tls(self) -> ServerTls:
        """The TLS of servers for which no rule speaks."""
        url = ServerUrl.TLS[self.server.scheme] if self.server else ServerTls.OFF
        return self.server_tls.mode or url

    def rules(self, client_tls: ClientTls | None = None) -> Rules:
        """What the core itself obeys, on a listener with that TLS or with the general one."""
        return Rules(
            server=self.server.server if self.server else None,
            mode=self.server_mode,
            client_address=self.data.client_address,
            server_address=self.data.server_address,
            replace_private=self.data.replace_private,
            queued_commands=self.limits.queued_commands,
            bad_commands=self.limits.bad_commands,
            bad_logins=self.limits.bad_logins,
            client_tls=client_tls or self.client_tls.mode,
            ccc=self.client_tls.ccc,
            opaque=self.client_tls.opaque,
            server_tls=self.default_server_tls,
            server_tls_rules=tuple((r.server, r.mode) for r in self.server_tls.rules),
            clear_data=self.server_tls.clear_data,
        )


def contradictions(settings: Settings) -> list[str]:
    """Settings that cannot hold together, each as "KEY: what is wrong and the remedy"."""
    client, server = settings.client_tls, settings.server_tls
    found: list[str] = []
    for section, half in (("client-tls", client), ("server-tls", server)):
        if (half.certificate is None) != (half.private_key is None):
            missing = "private-key" if half.private_key is None else "certificate"
            found.append(
                f"{section}.{missing}: is missing; certificate and private-key go together"
            )
    if not client.pairs and (client.mode is not ClientTls.OFF or client.implicit_listen):
        found.append("client-tls.certificate: TLS for clients needs a certificate and private-key")
    for section, half in (("client-tls", client), ("server-tls", server)):
        if half.maximum < half.minimum:
            found.append(f"{section}.maximum: is below {section}.minimum")
    if client.opaque and client.mode is not ClientTls.OFF:
        found.append('client-tls.opaque: passes AUTH to the server; set client-tls.mode to "off"')
    if client.opaque and settings.default_server_tls is not ServerTls.OFF:
        found.append("client-tls.opaque: passes AUTH to the server; give it as ftp:// without TLS")
    if server.ca is not None and not server.verify:
        found.append("server-tls.ca: has no use while server-tls.verify = false; drop one of them")
    url = ServerUrl.TLS[settings.server.scheme] if settings.server else ServerTls.OFF
    if url is not ServerTls.OFF and server.mode not in (None, url):
        found.append(f'server-tls.mode: contradicts server = "{settings.server}"; drop one of them')
    for key, (first, last) in (
        ("client-ports", settings.data.client_ports),
        ("server-ports", settings.data.server_ports),
    ):
        if all(port in settings.data.excluded_ports for port in range(first, last + 1)):
            found.append(f"data.{key}: every port of it is in data.excluded-ports")
    return found
