"""What is legal and suspicious.  Each kind has a name that stays, by which a comment allows it:

    idle = 0.05     # ftpalg: allow short-wait

on the line of the setting, or in the comments right above it.  Each reads "KEY = VALUE: what is odd".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Any

from attrs import fields

from ftpalg.config import checks
from ftpalg.config.contradictions import listener_keys, only_local
from ftpalg.config.endpoints import Socket, socket_of
from ftpalg.config.faults import Warning, dotted, path_of
from ftpalg.config.limits import Limits
from ftpalg.config.model import Settings, settings_sections
from ftpalg.config.places import Path
from ftpalg.config.tables import (
    COMMAND_LINE,
    AccessRule,
    CommandRule,
    Intercept,
    RouteRule,
    ServerUrl,
    key_of,
)
from ftpalg.core.session_settings import ClientTls
from ftpalg.core.week import Span
from ftpalg.core.wire.command_groups import spread

ALLOW = re.compile(r"ftpalg:\s*allow\s+([a-z0-9-]+(?:[,\s]+[a-z0-9-]+)*)")
ALLOWED_PORTS = ((21, 21), (990, 990), (1024, 65535))
"""What a rule that allows and names no ports is for."""
WEAK = re.compile(r"@SECLEVEL=[01]\b")
"""OpenSSL's levels that take keys of 80 bits' worth and less."""
WILD = re.compile(r"[*?\[]")
SHORT = 0.1
"""Seconds below which a wait is taken for a slip of the decimal point."""
SHORTER_THAN_IDLE = (
    "connect",
    "handshake",
    "login",
    "data_open",
    "extended",
    "resync",
    "abort_reply",
)


Finder = Callable[[Settings], Iterator[tuple[str, str]]]
"""Finds the keys that are suspicious, each with its sentence."""


def all_warnings(settings: Settings) -> list[Warning]:
    """Every warning, those that the file allows too."""
    return [
        Warning(path_of(key), sentence, id=name)
        for name, find in FINDERS.items()
        for key, sentence in find(settings)
    ]


def warnings(settings: Settings, more: Iterable[Warning] = ()) -> list[Warning]:
    """What an administrator should read: the warnings, and ``more`` of them, that no comment allows."""
    allowed = settings.origin.allowed
    found = (*all_warnings(settings), *more)
    return [one for one in found if (one.id, dotted(one.path)) not in allowed]


def of_process(settings: Settings) -> list[Path]:
    """Where comments allow what a process says of itself: each of the listeners."""
    return [path_of(key) for key in listener_keys(settings)]


# -- what weakens -----------------------------------------------------------------------------------


def _unverified(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.server_tls.verify:
        key = "server-tls.verify"
        yield key, f"{key} = false: certificates of servers are not verified"


def _old_tls(settings: Settings) -> Iterator[tuple[str, str]]:
    for section, half in (("client-tls", settings.client_tls), ("server-tls", settings.server_tls)):
        if half.minimum in ("1.0", "1.1"):
            key = f"{section}.minimum"
            yield key, f"{key} = {half.minimum}: TLS that old is broken"


def _lenient(settings: Settings) -> Iterator[tuple[str, str]]:
    for section, half in (("client-tls", settings.client_tls), ("server-tls", settings.server_tls)):
        if half.lenient:
            key = f"{section}.lenient"
            yield key, f"{key} = true: a transfer cut under TLS may look complete"


def _weak_ciphers(settings: Settings) -> Iterator[tuple[str, str]]:
    for section, half in (("client-tls", settings.client_tls), ("server-tls", settings.server_tls)):
        if WEAK.search(half.ciphers.upper()):
            key = f"{section}.ciphers"
            text = "takes keys that can be broken (Diffie-Hellman of 1024 bits and less, SHA-1)"
            yield key, f"{key} = {half.ciphers!r}: {text}"


def _clear_data(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.client_tls.clear_data:
        key = "client-tls.clear-data"
        yield key, f"{key} = true: clients under implicit TLS may have their data in clear"
    if settings.server_tls.clear_data:
        key = "server-tls.clear-data"
        yield key, f"{key} = true: data may go to servers in clear"


def _old_renegotiation(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.server_tls.old_renegotiation:
        key = "server-tls.old-renegotiation"
        text = "somebody on the way can put words before ours in a server's TLS (RFC 5746)"
        yield key, f"{key} = true: {text}"


def _clear_accounts(settings: Settings) -> Iterator[tuple[str, str]]:
    proxied = bool(settings.proxy_protocol.balancers)
    for key, one in zip(listener_keys(settings), settings.all_listeners, strict=True):
        clear = one.client_tls in (ClientTls.OFF, ClientTls.OFFER)
        far = proxied or one.intercept is not Intercept.OFF or not only_local(one.endpoint)
        if one.accounts and clear and far and not settings.accounts.require_tls:
            text = "passwords of accounts may come in clear; set client-tls, accounts.require-tls"
            yield key, f"listener {one.endpoint}: {text}"


def _redirected_data(settings: Settings) -> Iterator[tuple[str, str]]:
    for key, one in zip(listener_keys(settings), settings.all_listeners, strict=True):
        if one.intercept is Intercept.REDIRECT and not settings.pinholes.table:
            text = (
                'intercept = "redirect" without pinholes.table: clients use PASV and are told the'
                " gateway's address; those that compare it with whom they called (GNU ftp -p) fail"
            )
            yield key, f"listener {one.endpoint}: {text}"


def _password_in_words(settings: Settings) -> Iterator[tuple[str, str]]:
    key = "accounts.auth"
    held = any(one.startswith("memory:") for one in settings.accounts.auth)
    if held and settings.origin.places.get(key) == COMMAND_LINE:
        text = "every user of this machine sees the command line's password; use file:FILE"
        yield key, f"{key} = memory:...: {text}"


# -- waits and bounds -------------------------------------------------------------------------------


def _short_waits(settings: Settings) -> Iterator[tuple[str, str]]:
    for section, kind in settings_sections().items():
        for a in fields(kind):
            if section and a.metadata.get("check") is checks.seconds:
                value = getattr(getattr(settings, section.replace("-", "_")), a.name)
                if value < SHORT:
                    key = f"{section}.{key_of(a.name)}"
                    yield key, f"{key} = {value:g}: is below {SHORT:g}; it is in seconds"


def _short_idle(settings: Settings) -> Iterator[tuple[str, str]]:
    waits = settings.timeouts
    longer = [name for name in SHORTER_THAN_IDLE if getattr(waits, name) > waits.idle]
    if longer:
        names = ", ".join(f"timeouts.{key_of(name)}" for name in longer)
        yield "timeouts.idle", f"timeouts.idle = {waits.idle:g}: ends before {names}"


def _peer_limit(settings: Settings) -> Iterator[tuple[str, str]]:
    mine, all_peers = settings.limits.sessions_per_peer, settings.limits.sessions
    if mine > all_peers and mine != Limits().sessions_per_peer:
        key = "limits.sessions-per-peer"
        yield key, f"{key} = {mine}: bounds nothing above limits.sessions = {all_peers}"


# -- listeners --------------------------------------------------------------------------------------


def _endpoints(settings: Settings) -> list[tuple[str, str]]:
    """Key and text of whatever is listened on, with the ports beside the listeners at the end."""
    named = zip(listener_keys(settings), settings.all_listeners, strict=True)
    admin = settings.admin
    beside = [("admin.listen", admin.listen), ("admin.agent", admin.agent)]
    return [(key, one.endpoint) for key, one in named] + [one for one in beside if one[1]]


def _sockets(settings: Settings) -> list[tuple[str, str, Socket]]:
    """Key and text of each whose address can be known, and the address."""
    return [
        (key, endpoint, found)
        for key, endpoint in _endpoints(settings)
        for found in [socket_of(endpoint)]
        if found is not None
    ]


def _own_listeners(settings: Settings) -> Iterator[tuple[str, str]]:
    named: list[tuple[str, ServerUrl]] = [("server", settings.server)] if settings.server else []
    for at, rule in enumerate(settings.routes):
        named += [(f"routes[{at}].server", url) for url in rule.server]
    for key, url in named:
        for _, endpoint, mine in _sockets(settings):
            host = url.server.host
            if mine.covers(host, url.server.port) and (host == mine.host or _is_here(host)):
                yield key, f"{key} = {str(url)!r}: is the gateway's own listener {endpoint!r}"
                break


def _is_here(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _same_endpoint(settings: Settings) -> Iterator[tuple[str, str]]:
    seen: list[tuple[str, Socket | str]] = []
    for key, endpoint in _endpoints(settings):
        mine: Socket | str = socket_of(endpoint) or endpoint
        for other, theirs in seen:
            same = mine == theirs or (
                isinstance(mine, Socket) and isinstance(theirs, Socket) and mine.meets(theirs)
            )
            if same and not (isinstance(mine, Socket) and mine.port == 0):
                yield key, f"{key} = {endpoint!r}: {other} listens there already"
                break
        seen.append((key, mine))


def _listener_in_ports(settings: Settings) -> Iterator[tuple[str, str]]:
    first, last = settings.data.client_ports
    for key, endpoint, found in _sockets(settings):
        if first <= found.port <= last and found.port not in settings.data.excluded_ports:
            yield key, f"{key} = {endpoint!r}: lies within data.client-ports = {first}-{last}"


# -- rules ------------------------------------------------------------------------------------------

CONDITIONS = {
    "access.servers": ("clients", "accounts", "names", "networks", "ports"),
    "access.commands": (
        *("clients", "accounts", "users", "destinations", "commands", "paths", "times"),
    ),
    "routes": ("clients", "accounts", "sni", "hosts", "users", "destinations"),
}


def _tables(settings: Settings) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "access.servers", settings.access.servers
    yield "access.commands", settings.access.commands
    yield "routes", settings.routes


def _fits_all(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, rules in _tables(settings):
        holding = [at for at, rule in enumerate(rules) if not rule.shadow]  # a shadow takes nothing
        first = f"{name}[{holding[0]}]" if holding else ""
        wide = first and not any(getattr(rules[holding[0]], one) for one in CONDITIONS[name])
        if wide and (len(holding) > 1 or name == "access.servers"):
            yield first, f"{first}: has no condition, so it decides for everybody"


def _shadowed(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, rules in _tables(settings):
        for at, later in enumerate(rules):
            for before, earlier in enumerate(rules[:at]):
                takes = later.shadow or not earlier.shadow
                if takes and all(_within(later, earlier, one) for one in CONDITIONS[name]):
                    key = f"{name}[{at}]"
                    yield (
                        key,
                        f"{key}: is never asked: whatever fits it fits {name}[{before}] first",
                    )
                    break
    patterns = [rule.server for rule in settings.server_tls.rules]
    for at, pattern in enumerate(patterns):
        for before, earlier_pattern in enumerate(patterns[:at]):
            if _narrower(pattern, earlier_pattern):
                key = f"server-tls.rules[{at}]"
                first = f"server-tls.rules[{before}].server = {earlier_pattern!r}"
                yield key, f"{key}.server = {pattern!r}: is never asked: {first} fits it first"
                break


def _denies_all(settings: Settings) -> Iterator[tuple[str, str]]:
    holding = [(at, r) for at, r in enumerate(settings.access.commands) if not r.shadow]
    if holding and not any(rule.allow for _, rule in holding):
        key = f"access.commands[{holding[0][0]}]"
        text = "no rule of access.commands allows anything, and what none of them fits is refused"
        yield key, f"{key}: {text}; end with one that allows the rest"


Rule = AccessRule | CommandRule | RouteRule
UNSURE = ("accounts", "users", "commands", "paths")
"""Of a command, conditions that a rule that denies has wider than one that allows."""


def _within(later: Rule, earlier: Rule, name: str) -> bool:
    """True where one rule's condition holds only if the other's does."""
    inner, outer = _condition(later, name), _condition(earlier, name)
    if isinstance(later, CommandRule) and isinstance(earlier, CommandRule) and outer:
        if name in UNSURE and earlier.allow and not later.allow:
            return False
        if name == "times" and later.zone != earlier.zone:
            return False
    if name == "networks" and not outer and inner:
        return False  # a special address is reached by a rule that names its network alone
    return not outer or (
        bool(inner) and all(any(_narrower(one, wide) for wide in outer) for one in inner)
    )


def _condition(rule: Rule, name: str) -> Any:
    found = getattr(rule, name)
    if name == "commands":
        wide = ("read", "write") if getattr(rule, "allow", False) else ()
        return sorted(spread(found or wide))
    return (
        ALLOWED_PORTS if name == "ports" and not found and getattr(rule, "allow", False) else found
    )


def _narrower(one: Any, wide: Any) -> bool:
    """True where a network, range or pattern has nothing beyond the other."""
    if isinstance(one, Span):
        whole = one.begin < one.end and wide.begin < wide.end
        inside = whole and wide.begin <= one.begin and one.end <= wide.end
        return one == wide or bool(one.days <= wide.days and inside)
    if isinstance(one, str) and one.startswith("/"):  # a path, and what is below it
        plain = not WILD.search(wide)
        return one == wide or (plain and one.startswith(wide.rstrip("/") + "/"))
    if isinstance(one, str):
        unsure = "[" in one + wide or ("*" in one and "?" in wide)
        return one == wide or wide == "*" or (not unsure and fnmatchcase(one.lower(), wide.lower()))
    if isinstance(one, tuple):
        return bool(wide[0] <= one[0] and one[1] <= wide[1])
    return bool(one.version == wide.version and one.subnet_of(wide))


FINDERS: dict[str, Finder] = {
    "unverified": _unverified,
    "old-tls": _old_tls,
    "weak-ciphers": _weak_ciphers,
    "lenient": _lenient,
    "clear-data": _clear_data,
    "old-renegotiation": _old_renegotiation,
    "clear-accounts": _clear_accounts,
    "password-in-words": _password_in_words,
    "redirected-data": _redirected_data,
    "short-wait": _short_waits,
    "short-idle": _short_idle,
    "peer-limit": _peer_limit,
    "own-listener": _own_listeners,
    "same-endpoint": _same_endpoint,
    "listener-in-ports": _listener_in_ports,
    "fits-all": _fits_all,
    "denies-all": _denies_all,
    "shadowed": _shadowed,
}
"""Every kind of warning by its name, which is the users': it does not change."""
OF_PROCESS = ("runs-as-root", "unneeded-capability")
"""Kinds that depend on who runs the program, which says them itself at its start."""
OF_MACHINE = (
    "plain-passwords",
    "open-secret",
    "not-valid",
    "expires-21",
    "expires-7",
    "expires-1",
    "descriptors",
    "held-by-gateway",
)
"""Kinds that a look at the files and at this machine finds (``life.files``, ``cli.ends``, ``cli.here``)."""
NAMES = (*FINDERS, *OF_PROCESS, *OF_MACHINE)
"""Every name that a comment may allow."""
