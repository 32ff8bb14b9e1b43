"""Options and makeService: the only wiring."""

from __future__ import annotations

import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from twisted.application.service import Service
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.python import usage
from twisted.python.failure import Failure

from ftpalg.config import Intercept, Listener, Settings, SettingsError, load
from ftpalg.core.rules import Rules
from ftpalg.net.accounts import checkers_of
from ftpalg.net.client import ClientFactory
from ftpalg.net.data import make_transparent
from ftpalg.net.gateway import Gateway, Policies
from ftpalg.ops.log import SessionLog
from ftpalg.policy.access import DEFAULT_SERVERS, Access, ServerRule
from ftpalg.policy.balance import order
from ftpalg.policy.ports import candidates
from ftpalg.policy.routes import RouteRule, choose, knows_host, uses_hosts


class Options(usage.Options, AuthOptionMixin):
    """The command line of ``twistd ftpalg``; its words override the file's."""

    supportedInterfaces = (IUsernamePassword,)

    synopsis = "[options]"
    optParameters = [
        ["config", None, None, "TOML file with the settings; see etc/ftpalg.toml."],
        [
            "server",
            None,
            None,
            "One fixed server: ftp://host[:21] plain, ftpes://host[:21] explicit TLS,"
            " ftps://host[:990] implicit TLS.",
        ],
        [
            "server-mode",
            None,
            None,
            "How data connections to the server are opened: passive, active or client.",
        ],
        ["server-ca", None, None, "PEM file with the CAs to trust instead of the system's."],
        ["client-tls", None, None, "TLS for clients: off, offer, require or implicit."],
        ["certificate", None, None, "PEM file with the certificate shown to clients."],
        ["private-key", None, None, "PEM file with that certificate's private key."],
    ]
    PLACES = {
        "server": "server",
        "server-mode": "server-mode",
        "server-ca": "server-tls.ca",
        "client-tls": "client-tls.mode",
        "certificate": "client-tls.certificate",
        "private-key": "client-tls.private-key",
    }

    def __init__(self) -> None:
        super().__init__()
        self.listen: list[str] = []
        self.auth: list[str] = []

    def opt_listen(self, endpoint: str) -> None:
        """A Twisted server endpoint to listen on; repeatable.
        [default: tcp:1025:interface=127.0.0.1]"""
        self.listen.append(endpoint)

    def opt_auth(self, description: str) -> None:
        """Where accounts at the gateway are: file:FILE, memory:USER:PASSWORD, unix, ldap:URL, or
        another of Twisted's strcred; repeatable.  Clients need an account then."""
        self.auth.append(description)

    def parseArgs(self, *words: str) -> None:
        if words:
            raise usage.UsageError(f"{words[0]!r} is no option")

    def parseOptions(self, options: Any = None) -> None:
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise SystemExit(f"ftpalg: {error}; --help lists the options.") from None

    def settings(self) -> Settings:
        """The file with the command line over it.  Raise SettingsError."""
        words: dict[str, Any] = {
            place: self[name] for name, place in self.PLACES.items() if self[name] is not None
        }
        if self.listen:
            words["listen"] = self.listen
        if self.auth:
            words["accounts.auth"] = self.auth
        return load(Path(self["config"]) if self["config"] else None, words)


def policies_of(settings: Settings) -> Policies:
    """The policies that a configuration states."""
    servers = tuple(
        ServerRule(r.allow, r.clients, r.accounts, r.names, r.networks, r.ports)
        for r in settings.access.servers
    )
    access = Access(settings.access.clients, servers or DEFAULT_SERVERS)
    return Policies(candidates, access.admits, access.refusal, order)


def rules_of(settings: Settings, listener: Listener) -> Rules:
    """A listener's rules with the table of routes."""
    table = tuple(
        RouteRule(settings.route(r), r.clients, r.accounts, r.sni, r.hosts, r.users, r.destinations)
        for r in settings.routes
        if listener.accounts or not r.accounts
    )
    hosts = (lambda host: knows_host(table, host)) if uses_hosts(table) else None
    return replace(settings.rules(listener), choose=choose(table), hosts=hosts)


class GatewayService(Service):
    """Listens, and ends the sessions when it stops."""

    def __init__(self, reactor: Any, settings: Settings) -> None:
        self.settings = settings
        self.gateway = Gateway(
            reactor,
            settings,
            SessionLog(ladder=settings.log.ladder),
            policies_of(settings),
            checkers_of(settings.accounts.auth),
        )
        self._reactor = reactor
        self._endpoints = [
            (listener, endpoint_of(reactor, listener.endpoint))
            for listener in settings.all_listeners
        ]
        self.ports: list[IListeningPort] = []

    def privilegedStartService(self) -> None:
        self._listen()

    def startService(self) -> None:
        if not self.ports:
            self._listen()
        super().startService()
        fault = self.gateway.cannot_start()
        if fault:
            print(f"ftpalg: {fault}", file=sys.__stderr__, flush=True)
            raise SystemExit(1)
        self.gateway.start()
        for text in warnings(self.settings):
            self.gateway.log.warned(text)
        if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGHUP, self._hang_up)

    def _hang_up(self, *_: object) -> None:
        self._reactor.callFromThread(self.gateway.reload)

    def _listen(self) -> None:
        for listener, endpoint in self._endpoints:
            factory = ClientFactory(self.gateway, rules_of(self.settings, listener), listener)
            failures: list[Failure] = []
            endpoint.listen(factory).addCallbacks(self.ports.append, failures.append)
            if failures:
                cannot_listen(failures[0].value, listener.endpoint)
            self._prepare(self.ports[-1], listener)

    def _prepare(self, port: Any, listener: Listener) -> None:
        """Remember the address as our own; let it take connections that are for other machines."""
        address = port.getHost()
        if hasattr(address, "port"):
            self.gateway.own.add(address.host, address.port)
        if listener.intercept is Intercept.TPROXY:
            try:
                make_transparent(port.socket)
            except OSError as error:
                cannot_listen(error, listener.endpoint)

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        stopping = [d for d in (port.stopListening() for port in self.ports) if d is not None]
        self.ports = []
        self.gateway.close()
        return gatherResults(stopping)


def cannot_listen(error: BaseException | None, text: str) -> NoReturn:
    """End the process with one sentence.  twistd has taken sys.stderr for its log by now."""
    why = getattr(error, "socketError", error) if isinstance(error, CannotListenError) else error
    why = getattr(why, "strerror", None) or why
    sentence = f"ftpalg: cannot listen on {text}: {why}; choose another endpoint with --listen."
    print(sentence, file=sys.__stderr__, flush=True)
    raise SystemExit(1)


def warnings(settings: Settings) -> list[str]:
    """What an administrator should read in the log at each start."""
    found = []
    if not settings.server_tls.verify:
        found.append("server-tls.verify = false: certificates of servers are not verified")
    for section, half in (("client-tls", settings.client_tls), ("server-tls", settings.server_tls)):
        if half.minimum in ("1.0", "1.1"):
            found.append(f"{section}.minimum = {half.minimum}: TLS that old is broken")
        if half.lenient:
            found.append(f"{section}.lenient = true: a transfer cut under TLS may look complete")
    if settings.server_tls.clear_data:
        found.append("server-tls.clear-data = true: data may go to servers in clear")
    return found


def endpoint_of(reactor: Any, text: str) -> IStreamServerEndpoint:
    """The endpoint a string names.  Raise SettingsError where it names none."""
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, text)
    except Exception as error:  # each endpoint parser raises what it likes
        remedy = f"is no Twisted server endpoint ({error}); write one like tcp:2121"
        raise SettingsError([f"listen = {text!r}: {remedy}"]) from None
    return endpoint


def makeService(options: Options) -> GatewayService:
    """The service for twistd and twist; ends the process with one sentence for each fault."""
    from twisted.internet import reactor

    try:
        return GatewayService(reactor, options.settings())
    except SettingsError as error:
        raise SystemExit("\n".join(f"ftpalg: {fault}" for fault in error.faults)) from None
