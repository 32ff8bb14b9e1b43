"""Options and makeService: the only wiring."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.python import usage
from twisted.python.failure import Failure

from ftpalg.config import Settings, SettingsError, load
from ftpalg.core.rules import ClientTls
from ftpalg.net.control import ClientFactory
from ftpalg.net.gateway import Gateway
from ftpalg.ops.log import SessionLog
from ftpalg.policy.ports import candidates


class Options(usage.Options):
    """The command line of ``twistd ftpalg``; its words override the file's."""

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

    def opt_listen(self, endpoint: str) -> None:
        """A Twisted server endpoint to listen on; repeatable.
        [default: tcp:1025:interface=127.0.0.1]"""
        self.listen.append(endpoint)

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
        return load(Path(self["config"]) if self["config"] else None, words)


class GatewayService(Service):
    """Listens, and ends the sessions when it stops."""

    def __init__(self, reactor: Any, settings: Settings) -> None:
        self.settings = settings
        self.gateway = Gateway(
            reactor, settings, SessionLog(ladder=settings.log.ladder), candidates
        )
        self._reactor = reactor
        implicit = settings.client_tls.implicit_listen
        self._endpoints = [
            (text, endpoint_of(reactor, key, text), ClientFactory(self.gateway, rules))
            for key, texts, rules in (
                ("listen", settings.listen, settings.rules()),
                ("client-tls.implicit-listen", implicit, settings.rules(ClientTls.IMPLICIT)),
            )
            for text in texts
        ]
        self.ports: list[IListeningPort] = []

    def privilegedStartService(self) -> None:
        self._listen()

    def startService(self) -> None:
        if not self.ports:
            self._listen()
        super().startService()
        for text in warnings(self.settings):
            self.gateway.log.warned(text)
        if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGHUP, self._hang_up)

    def _hang_up(self, *_: object) -> None:
        self._reactor.callFromThread(self.gateway.reload)

    def _listen(self) -> None:
        for text, endpoint, factory in self._endpoints:
            failures: list[Failure] = []
            endpoint.listen(factory).addCallbacks(self.ports.append, failures.append)
            if failures:
                # twistd has taken sys.stderr for its log by now
                print(cannot_listen(failures[0], text), file=sys.__stderr__, flush=True)
                raise SystemExit(1)

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        stopping = [d for d in (port.stopListening() for port in self.ports) if d is not None]
        self.ports = []
        self.gateway.close()
        return gatherResults(stopping)


def cannot_listen(failure: Failure, text: str) -> str:
    """The one sentence that a process which cannot listen ends with."""
    error = failure.value
    why = getattr(error, "socketError", error) if isinstance(error, CannotListenError) else error
    why = getattr(why, "strerror", None) or why
    return f"ftpalg: cannot listen on {text}: {why}; choose another endpoint with --listen."


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


def endpoint_of(reactor: Any, key: str, text: str) -> IStreamServerEndpoint:
    """The endpoint a string names.  Raise SettingsError where it names none."""
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, text)
    except Exception as error:  # each endpoint parser raises what it likes
        remedy = f"is no Twisted server endpoint ({error}); write one like tcp:2121"
        raise SettingsError([f"{key} = {text!r}: {remedy}"]) from None
    return endpoint


def makeService(options: Options) -> GatewayService:
    """The service for twistd and twist; ends the process with one sentence for each fault."""
    from twisted.internet import reactor

    try:
        return GatewayService(reactor, options.settings())
    except SettingsError as error:
        raise SystemExit("\n".join(f"ftpalg: {fault}" for fault in error.faults)) from None
