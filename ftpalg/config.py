"""TOML to frozen settings: every setting, its default, its validation and its messages.

attrs and cattrs hold the model; a file's faults are told all at once, each as one sentence with
file, key, value and remedy.  Keys are written with dashes, as they stand in etc/ftpalg.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from operator import eq
from pathlib import Path
from typing import Any

from attrs import Factory, field, fields, frozen, has
from cattrs import ClassValidationError, Converter
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from ftpalg.core.actions import Server
from ftpalg.core.errors import BadArgument
from ftpalg.core.events import Timer
from ftpalg.core.logins import parse_server
from ftpalg.core.rules import Mode, Rules

DEFAULT_LISTEN = "tcp:1025:interface=127.0.0.1"
SIP_AND_KIN = (5060, 5061, 1720, 2000)
"""Ports that gateways on the way inspect for SIP, H.323 and Skinny, and so break transfers on."""


class SettingsError(Exception):
    """What is wrong with the settings: one sentence for each fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@frozen
class PortRange:
    """Ports from ``first`` to ``last``, both included."""

    first: int
    last: int

    def __iter__(self) -> Any:
        return iter((self.first, self.last))


@frozen
class ServerUrl:
    """``ftp://host[:21]``."""

    scheme: str
    server: Server


def _above_zero(instance: Any, attribute: Any, value: float) -> None:
    if value <= 0:
        raise ValueError("must be greater than 0")


def _seconds(default: float) -> Any:
    return field(default=default, validator=_above_zero)


def _bound(default: int, least: int = 1) -> Any:
    def enough(instance: Any, attribute: Any, value: int) -> None:
        if value < least:
            raise ValueError(f"must be at least {least}")

    return field(default=default, validator=enough)


@frozen
class Data:
    """``[data]``: data connections."""

    client_ports: PortRange = PortRange(49152, 65534)
    server_ports: PortRange = PortRange(49152, 65534)
    excluded_ports: frozenset[int] = frozenset(SIP_AND_KIN)
    client_address: str = ""
    server_address: str = ""
    replace_private: bool = False
    splice: bool = True


@frozen
class Timeouts:
    """``[timeouts]``: every wait, in seconds."""

    connect: float = _seconds(10.0)
    login: float = _seconds(120.0)
    idle: float = _seconds(900.0)
    data_open: float = _seconds(20.0)
    stalled: float = _seconds(300.0)
    final_reply: float = _seconds(30.0)
    settle: float = _seconds(0.25)
    abort: float = _seconds(2.0)
    quit: float = _seconds(5.0)
    drain: float = _seconds(5.0)
    keepalive: int = _bound(60, 0)
    _of: dict[Timer, float] = field(
        init=False, eq=False, repr=False,
        default=Factory(lambda self: {t: getattr(self, t.value.replace("-", "_")) for t in Timer}, True),
    )

    def of(self, timer: Timer) -> float:
        """The seconds of one of the session's timers."""
        return self._of[timer]


@frozen
class Limits:
    """``[limits]``: every bound."""

    sessions: int = _bound(5000)
    sessions_per_peer: int = _bound(1000)
    command_line: int = _bound(4000, 64)
    reply_line: int = _bound(65536, 512)
    reply_size: int = _bound(4194304, 4096)
    queued_commands: int = _bound(256)
    bad_commands: int = _bound(10)


@frozen
class Log:
    """``[log]``."""

    ladder: bool = False


@frozen
class Settings:
    """The whole configuration."""

    listen: tuple[str, ...] = (DEFAULT_LISTEN,)
    server: ServerUrl | None = None
    server_mode: Mode = Mode.PASSIVE
    data: Data = Data()
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    log: Log = Log()

    @property
    def rules(self) -> Rules:
        """What the core itself obeys."""
        return Rules(
            server=self.server.server if self.server else None,
            mode=self.server_mode,
            client_address=self.data.client_address,
            server_address=self.data.server_address,
            replace_private=self.data.replace_private,
            queued_commands=self.limits.queued_commands,
            bad_commands=self.limits.bad_commands,
        )


# -- from TOML ----------------------------------------------------------------------------------


def _exactly(kind: type, name: str) -> Callable[[Any, Any], Any]:
    def check(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"must be {name}")
        return value

    return check


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float) or value != value or value in (float("inf"), float("-inf")):
        raise ValueError("must be a number of seconds")
    return float(value)


def _port_range(value: Any, _: Any) -> PortRange:
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", value) if isinstance(value, str) else None
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1024 <= first <= last <= 65535:
        raise ValueError('must be two ports from 1024 to 65535, the lower first, like "50000-50999"')
    return PortRange(first, last)


def _ports(value: Any, _: Any) -> frozenset[int]:
    if not isinstance(value, list) or not all(type(n) is int and 1 <= n <= 65535 for n in value):
        raise ValueError("must be a list of ports from 1 to 65535, like [5060, 5061]")
    return frozenset(value)


def _texts(value: Any, _: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t for t in texts):
        raise ValueError(f'must be a list of endpoints, like ["{DEFAULT_LISTEN}"]')
    return tuple(texts)


def _mode(value: Any, _: Any) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise ValueError('must be "passive", "active" or "client"') from None


SCHEMES = {"ftp": 21}


def _server_url(value: Any, _: Any) -> ServerUrl | None:
    if value == "":
        return None
    remedy = "must be ftp://host or ftp://host:port, or empty where the client names the server"
    if not isinstance(value, str):
        raise ValueError(remedy)
    scheme, mark, where = value.partition("://")
    if not mark or scheme not in SCHEMES:
        raise ValueError(remedy)
    try:
        server = parse_server(where.removesuffix("/").encode())
    except BadArgument as error:
        raise ValueError(f"{remedy} ({error})") from None
    has_port = re.search(r"(?:^[^\[\]:]+|\]):\d+/?$", where)
    return ServerUrl(scheme, server if has_port else Server(server.host, SCHEMES[scheme]))


def _address(value: Any, _: Any) -> str:
    if value == "":
        return ""
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError("must be an IP address, or empty for the control connection's own") from None


HOOKS: tuple[tuple[Any, Callable[[Any, Any], Any]], ...] = (
    (int, _exactly(int, "a whole number")),
    (bool, _exactly(bool, "true or false")),
    (float, _number),
    (str, _address),
    (PortRange, _port_range),
    (frozenset[int], _ports),
    (tuple[str, ...], _texts),
    (Mode, _mode),
    (ServerUrl | None, _server_url),
)


def _converter() -> Converter:
    made = Converter(forbid_extra_keys=True)
    for kind, hook in HOOKS:
        made.register_structure_hook_func(partial(eq, kind), hook)
    for section in (Data, Timeouts, Limits, Log, Settings):
        renamed = {
            a.name: override(rename=a.name.replace("_", "-"))
            for a in fields(section)
            if a.init
        }
        made.register_structure_hook(
            section,
            make_dict_structure_fn(section, made, _cattrs_forbid_extra_keys=True, **renamed),  # type: ignore[arg-type]
        )
    return made


def structure(raw: Mapping[str, Any], origin: str) -> Settings:
    """Validate parsed TOML.  Raise SettingsError with every fault; ``origin`` is named in each."""
    faults = [
        f"{origin}: {name} must be a table: write [{name}]"
        for name, section in SECTIONS.items()
        if name in raw and not isinstance(raw[name], dict)
    ]
    if faults:
        raise SettingsError(faults)
    try:
        return _converter().structure(raw, Settings)
    except ClassValidationError as error:
        raise SettingsError(_faults(error, raw, origin, "")) from None


SECTIONS = {a.name: a.type for a in fields(Settings) if has(a.default.__class__) and a.name != "server"}


def _faults(error: ClassValidationError, raw: Any, origin: str, path: str) -> list[str]:
    found: list[str] = []
    named, others = error.group_exceptions()
    for inner, note in named:
        key = note.name.replace("_", "-")
        value = raw.get(key) if isinstance(raw, Mapping) else raw
        if isinstance(inner, ClassValidationError):
            found += _faults(inner, value, origin, f"{path}{key}.")
        else:
            found.append(f"{origin}: {path}{key} = {_shown(value)}: {inner}")
    for other in others:
        if isinstance(other, ForbiddenExtraKeysError):
            known = [a.name.replace("_", "-") for a in fields(other.cl) if a.init]
            found += [
                f"{origin}: {path}{key}: no such setting; known here: {', '.join(known)}"
                for key in sorted(other.extra_fields)
            ]
        else:
            found.append(f"{origin}: {_with_key(other, raw, path)}")
    return found


def _with_key(error: BaseException, raw: Any, path: str) -> str:
    """A validator's complaint with the key it is about."""
    return f"{path.rstrip('.')}: {error}"


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= 60 else text[:57] + "..."


def load(path: Path | None, overrides: Mapping[str, Any]) -> Settings:
    """Read the file, lay the command line's words over it, validate.  Raise SettingsError."""
    raw: dict[str, Any] = {}
    origin = "command line"
    if path is not None:
        origin = str(path)
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError([f"{path}: is not TOML: {error}"]) from None
    for dotted, value in overrides.items():
        *sections, key = dotted.split(".")
        place = raw
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return structure(raw, origin)
