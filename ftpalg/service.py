"""Options and makeService: the only wiring."""

from __future__ import annotations

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
from ftpalg.net.control import ClientFactory
from ftpalg.net.gateway import Gateway
from ftpalg.ops.log import SessionLog


class Options(usage.Options):
    """The command line of ``twistd ftpalg``; its words override the file's."""

    synopsis = "[options]"
    optParameters = [
        ["config", None, None, "TOML file with the settings; see etc/ftpalg.toml."],
        ["server", None, None, "One fixed server: ftp://host[:21]."],
        ["server-mode", None, None, "How data connections to the server are opened: passive, active or client."],
    ]
    PLACES = {"server": "server", "server-mode": "server-mode"}

    def __init__(self) -> None:
        super().__init__()
        self.listen: list[str] = []

    def opt_listen(self, endpoint: str) -> None:
        """A Twisted server endpoint to listen on; repeatable.
        [default: tcp:1025:interface=127.0.0.1]"""
        self.listen.append(endpoint)

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
            reactor, settings, settings.rules, SessionLog(ladder=settings.log.ladder)
        )
        self._endpoints = [
            (text, endpoint_of(reactor, text)) for text in settings.listen
        ]
        self.ports: list[IListeningPort] = []

    def privilegedStartService(self) -> None:
        self._listen()

    def startService(self) -> None:
        if not self.ports:
            self._listen()
        super().startService()

    def _listen(self) -> None:
        for text, endpoint in self._endpoints:
            endpoint.listen(ClientFactory(self.gateway)).addCallbacks(
                self.ports.append, cannot_listen, errbackArgs=(text,)
            )

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        stopping = [d for d in (port.stopListening() for port in self.ports) if d is not None]
        self.ports = []
        self.gateway.close()
        return gatherResults(stopping)


def cannot_listen(failure: Failure, text: str) -> None:
    """End the process with one sentence."""
    error = failure.value
    why = getattr(error, "socketError", error) if isinstance(error, CannotListenError) else error
    why = getattr(why, "strerror", None) or why
    raise SystemExit(f"ftpalg: cannot listen on {text}: {why}; choose another endpoint with --listen.")


def endpoint_of(reactor: Any, text: str) -> IStreamServerEndpoint:
    """The endpoint a string names.  Raise SettingsError where it names none."""
    try:
        return serverFromString(reactor, text)
    except Exception as error:  # each endpoint parser raises what it likes
        raise SettingsError(
            [f"listen = {text!r}: is no Twisted server endpoint ({error}); write one like tcp:2121"]
        ) from None


def makeService(options: Options) -> GatewayService:
    """The service for twistd and twist; ends the process with one sentence for each fault."""
    from twisted.internet import reactor

    try:
        return GatewayService(reactor, options.settings())
    except SettingsError as error:
        raise SystemExit("\n".join(f"ftpalg: {fault}" for fault in error.faults)) from None
