"""What is wrong with what settings name: endpoints, certificates, keys, CAs, accounts.

All of it is told, not the first alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from OpenSSL import SSL
from twisted.internet.task import Clock

from ftpalg.config import Settings, SettingsError
from ftpalg.config.contradictions import listener_keys
from ftpalg.config.endpoints import from_systemd
from ftpalg.config.faults import Fault, fault_of, path_of
from ftpalg.endpoints import endpoint_of
from ftpalg.net import revocations
from ftpalg.net.accounts import checkers_of
from ftpalg.net.contexts import context_of, trust
from ftpalg.net.keypair import read_pair
from ftpalg.net.tls import ClientSide, ServerSide


def faults_of_files(settings: Settings) -> list[Fault]:
    """Every fault."""
    found = list(_faults_of_endpoints(settings))
    for read in _readings(settings):
        try:
            read()
        except SettingsError as error:
            found += [one for one in map(fault_of, error.faults) if one not in found]
    return found


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
