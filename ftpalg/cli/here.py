"""``ftpalg check --here``: whether this user on this machine can run these settings.

What is bound is released at once, names are looked up within a bound, nothing is left behind.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from ftpalg.admin.socket_file import SocketFault, called, looked_at
from ftpalg.cli.ends import ends
from ftpalg.cli.machine import (
    cannot_bind,
    gateway_at,
    has_capability,
    most_descriptors,
    remedy_for,
)
from ftpalg.config import Intercept, Settings
from ftpalg.config.contradictions import listener_keys
from ftpalg.config.endpoints import socket_of
from ftpalg.config.faults import Fault, Finding, Warning, fault, path_of
from ftpalg.life.descriptors import descriptors
from ftpalg.life.publishing import MISSING
from ftpalg.life.upgrade_request import running
from ftpalg.net.pinholes import Nft, fault_of, sets_of
from ftpalg.net.reach.names import is_address
from ftpalg.net.reach.system import addresses_of
from ftpalg.net.secret_places import open_mode
from ftpalg.net.stored_passwords import NoSecret, read_secret
from ftpalg.ops.log import JOURNAL, SYSLOG

LOOK_UP_SECONDS = 5.0

Found = Iterator[Finding]


def faults_of_machine(settings: Settings) -> tuple[list[Fault], list[Warning]]:
    """What keeps the gateway from running here, and what soon will."""
    found = [one for look in LOOKS for one in look(settings)]
    warnings = [one for one in found if isinstance(one, Warning)]
    return [one for one in found if not isinstance(one, Warning)], warnings


def _warning(name: str, key: str, words: str) -> Warning:
    return Warning(path_of(key), f"{key}: {words}", id=name)


def _listeners(settings: Settings) -> Found:
    named = zip(listener_keys(settings), settings.all_listeners, strict=True)
    endpoints = [(key, one.endpoint) for key, one in named]
    beside = [("admin.agent", settings.admin.agent), ("admin.listen", settings.admin.listen)]
    for key, endpoint in (*endpoints, *beside):
        wanted = socket_of(endpoint) if endpoint else None
        error = cannot_bind(wanted.host, wanted.port, both=wanted.both) if wanted else None
        if wanted and error and (holder := gateway_at(error, wanted.port)):
            yield _warning(
                "held-by-gateway", key, f"{wanted} is held by {holder}, a gateway that runs"
            )
        elif wanted and error:
            remedy = remedy_for(error, wanted.host, wanted.port)
            yield fault(key, f"cannot listen on {wanted}: {remedy}")


def _metrics(settings: Settings) -> Found:
    if settings.admin.listen and find_spec("prometheus_client") is None:
        yield fault("admin.listen", MISSING)


def _sources(settings: Settings) -> Found:
    named = [("source-address", settings.source_address)]
    named += [
        (f"routes[{at}].source-address", rule.source_address)
        for at, rule in enumerate(settings.routes)
    ]
    for key, address in named:
        if address not in ("", "client"):
            error = cannot_bind(address, 0, listen=False)
            if error:
                yield fault(key, f"cannot be used: {remedy_for(error, address, 0)}")
    port = settings.data.source_port
    if port:
        error = cannot_bind("", port, listen=False)
        if error:
            yield fault("data.source-port", f"cannot be used: {remedy_for(error, '', port)}")


def _capabilities(settings: Settings) -> Found:
    needs: list[tuple[str, str]] = []
    for key, one in zip(listener_keys(settings), settings.all_listeners, strict=True):
        if one.intercept is Intercept.TPROXY:
            needs.append((key, 'intercept = "tproxy"'))
    if "client" in (settings.source_address, *(rule.source_address for rule in settings.routes)):
        needs.append(("source-address", 'source-address = "client"'))
    if needs and not has_capability("CAP_NET_ADMIN"):
        for key, what in needs:
            yield fault(key, f"{what} needs CAP_NET_ADMIN (AmbientCapabilities= in the unit)")


def _pinholes(settings: Settings) -> Found:
    holes = settings.pinholes
    if holes.table:
        wrong = fault_of(sets_of(holes.table, holes.ipv4_set, holes.ipv6_set), Nft().run)
        if wrong:
            yield fault("pinholes.table", wrong)


def _secrets(settings: Settings) -> Found:
    named = [(f"routes[{at}]", rule.secret) for at, rule in enumerate(settings.routes)]
    named += [(f"parents[{at}]", one.secret) for at, one in enumerate(settings.parents)]
    for where, source in named:
        kind, _, name = source.partition(":")
        if source:
            key = f"{where}.password-{kind}"
            try:
                read_secret(source)
            except NoSecret as error:
                yield fault(key, str(error))
            else:
                yield from _open_to_others(key, Path(name) if kind == "file" else None)


def _keys(settings: Settings) -> Found:
    for section, pair in settings.pairs:
        yield from _open_to_others(f"{section}.private-key", pair.private_key)


def _open_to_others(key: str, file: Path | None) -> Found:
    """Of files of accounts ``every_warning`` tells, with what stands in them."""
    try:
        mode = file.stat().st_mode if file else 0
    except OSError:  # told where it is read
        return
    if file and mode & (stat.S_IROTH | stat.S_IWOTH) and open_mode(file, mode):
        yield _warning("open-secret", key, f"{file} is open to everybody; chmod o= {file}")


def _certificates(settings: Settings) -> Found:
    yield from ends(settings, datetime.now(UTC))


def _names(settings: Settings) -> Found:
    named = [("server", settings.server.server.host)] if settings.server else []
    for at, rule in enumerate(settings.routes):
        named += [(f"routes[{at}].server", url.server.host) for url in rule.server]
    named += [
        (f"parents[{at}].url", one.url.server.host) for at, one in enumerate(settings.parents)
    ]
    data = settings.data
    named += [
        ("data.client-address", data.client_address),
        ("data.server-address", data.server_address),
    ]
    named += [
        (f"data.client-addresses[{at}].address", one.address)
        for at, one in enumerate(data.client_addresses)
    ]
    wanted = [(key, name) for key, name in named if name and not is_address(name)]
    if not wanted:
        return
    pool = ThreadPoolExecutor(len(wanted))
    asked = [(key, name, pool.submit(addresses_of, name)) for key, name in wanted]
    pool.shutdown(wait=False)
    for key, name, answer in asked:
        try:
            wrong = answer.result(LOOK_UP_SECONDS)[1]
        except TimeoutError:
            wrong = f"no answer within {LOOK_UP_SECONDS:g} s"
        if wrong:
            yield fault(key, f"{name} cannot be looked up: {wrong}")


def _descriptors(settings: Settings) -> Found:
    found = descriptors(settings.limits, most_descriptors())
    if found.warning:
        yield Warning(path_of("limits.sessions"), found.warning, id="descriptors")


def _folders(settings: Settings) -> Found:
    wanted = [
        ("log.to", settings.log.to.removeprefix("file:") if "file:" in settings.log.to else ""),
        ("log.xferlog", settings.log.xferlog or ""),
        ("state", settings.state / "." if settings.state else ""),
    ]
    for key, name in wanted:
        folder = Path(name).parent
        if name and not os.access(folder, os.W_OK | os.X_OK):
            yield fault(key, f"this user cannot write into {folder}")
        elif name and key.startswith("log.") and (Path(name).is_dir() or not _may_write(name)):
            yield fault(key, f"this user cannot write into {name}")


def _socket(settings: Settings) -> Found:
    """As the gateway would have it, which makes the last folder of its path."""
    path = settings.admin.socket
    if path is None:
        return
    try:
        holder = looked_at(path)
    except SocketFault as error:
        yield Fault(path_of("admin.socket"), str(error))
        return
    if holder is not None:
        who = called(holder)
        if holder in running():
            yield _warning(
                "held-by-gateway", "admin.socket", f"{who}, a gateway that runs, listens at {path}"
            )
        else:
            yield fault("admin.socket", f"{who} listens at {path}; end it, or choose another path")
    folder = path.parent
    if folder.is_dir() and folder.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
        yield _warning(
            "open-folder",
            "admin.socket",
            f"everybody may write to {folder}, and so put a socket of their own in its place;"
            " choose a folder of mode 0750",
        )


def _may_write(name: Path | str) -> bool:
    """Whether what is there can be written; what is not there is made."""
    return not os.path.exists(name) or os.access(name, os.W_OK)


def _daemons(settings: Settings) -> Found:
    place = {"syslog": SYSLOG, "journald": JOURNAL}.get(settings.log.to)
    if place and not os.path.exists(place):
        yield Fault(path_of("log.to"), f"log.to = {settings.log.to!r}: there is no {place}")


LOOKS: tuple[Callable[[Settings], Found], ...] = (
    _listeners,
    _metrics,
    _sources,
    _capabilities,
    _pinholes,
    _secrets,
    _keys,
    _folders,
    _socket,
    _daemons,
    _certificates,
    _names,
    _descriptors,
)
"""Everything that is looked at."""
