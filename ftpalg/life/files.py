"""What is wrong with what settings name: endpoints, certificates, keys, CAs, accounts.

All of it is told, not the first alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from OpenSSL import SSL
from twisted.internet.task import Clock

from ftpalg.config import Settings, SettingsError
from ftpalg.config.contradictions import listener_keys
from ftpalg.config.endpoints import from_systemd
from ftpalg.config.faults import Fault, Warning, fault_of, path_of
from ftpalg.config.warnings import warnings
from ftpalg.endpoints import endpoint_of
from ftpalg.net.accounts import checkers_of
from ftpalg.net.accounts_file import BadAccounts, accounts_in
from ftpalg.net.password_hashes import Clear
from ftpalg.net.secret_places import open_mode
from ftpalg.net.tls import revocations
from ftpalg.net.tls.contexts import context_of, trust
from ftpalg.net.tls.keypair import read_pair
from ftpalg.net.tls.towards_clients import ClientSide
from ftpalg.net.tls.towards_servers import ServerSide

PLAIN = "plain-passwords"
FOREIGN = ", among them hashes of another program, which count as they stand"


def faults_of_files(settings: Settings) -> list[Fault]:
    """Every fault."""
    found = list(_faults_of_endpoints(settings))
    for read in _readings(settings):
        try:
            read()
        except SettingsError as error:
            found += [one for one in map(fault_of, error.faults) if one not in found]
    return found


def every_warning(settings: Settings, more: Iterable[Warning] = ()) -> list[Warning]:
    """What an administrator should read: of the settings, and of the files that they name."""
    path = path_of("accounts.auth")
    plain = (Warning(path, one, id=PLAIN) for one in _plain_passwords(settings))
    return warnings(settings, (*more, *plain))


def _plain_passwords(settings: Settings) -> Iterator[str]:
    for description in settings.accounts.auth:
        kind, _, file = description.partition(":")
        if kind != "file":
            continue
        try:
            secrets, mode = accounts_in(file).values(), os.stat(file).st_mode
        except (BadAccounts, OSError):  # told as a fault
            continue
        found = [one for one in secrets if isinstance(one, Clear)]
        if found:
            wide = open_mode(Path(file), mode)
            wide = (
                wide and f", and its group or others may read or write it (mode {wide}; chmod 600)"
            )
            add = f"ftpalg account add --force --file {file} NAME"
            yield (
                f"accounts.auth = {description!r}: {len(found)} of {len(secrets)} passwords are in clear"
                f"{wide}{FOREIGN * any(one.foreign for one in found)}; {add} hashes one"
            )


def _faults_of_endpoints(settings: Settings) -> Iterator[Fault]:
    """What only Twisted can tell of an endpoint; systemd's sockets are given at the start alone."""
    for key, one in zip(listener_keys(settings), settings.all_listeners, strict=True):
        try:
            if not from_systemd(one.endpoint):
                endpoint_of(Clock(), one.endpoint)
        except SettingsError as error:
            yield from (Fault(path_of(key), sentence) for sentence in error.faults)


def _readings(settings: Settings) -> Iterator[Callable[[], object]]:
    """Each thing to be read, then what reads several together, for what is wrong with them together."""
    client, server = settings.client_tls, settings.server_tls
    yield partial(checkers_of, settings.accounts.auth)
    yield partial(context_of, client, "client-tls")
    for where, pair in client.sections:
        yield partial(read_pair, pair, where)
    if client.pairs:
        yield partial(ClientSide, client)
    yield partial(context_of, server, "server-tls")
    if server.ca is not None:
        yield partial(trust, SSL.Context(SSL.TLS_METHOD), server.ca)
    for file in server.crl:
        yield partial(revocations.read, file)
    if server.pair is not None:
        yield partial(read_pair, server.pair, "server-tls")
    yield partial(ServerSide, server)
