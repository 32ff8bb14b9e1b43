"""Reaches a server: resolves its name, then tries each address in order, each with a timeout.

Addresses are connected to directly: Twisted's HostnameEndpoint would cost half a millisecond of CPU
for each, and would hide which address was used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.actions import Server


@implementer(IResolutionReceiver)
class _Addresses:
    """Collects what a name resolves to, in the order of the answer."""

    def __init__(self, done: Callable[[list[str]], None]) -> None:
        self._done = done
        self._found: list[str] = []

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        pass

    def addressResolved(self, address: IAddress) -> None:
        host = str(getattr(address, "host", ""))
        if host and host not in self._found:
            self._found.append(host)

    def resolutionComplete(self) -> None:
        self._done(self._found)


class _Attempt(ClientFactory):
    """One connection attempt to one address."""

    noisy = False

    def __init__(self, protocol: Protocol, failed: Callable[[str], None]) -> None:
        self._made = protocol
        self._failed = failed

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return self._made

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:
        error = reason.value
        text = (error.osError and str(error.osError)) if isinstance(error, ConnectError) else ""
        self._failed(text or reason.getErrorMessage())


class Dial:
    """One server being reached.  Calls ``failed`` with every address's reason if none answers.

    ``build`` makes the protocol for an attempt; its connectionMade is the success.
    """

    def __init__(
        self,
        reactor: Any,
        server: Server,
        seconds: float,
        build: Callable[[], Protocol],
        failed: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._server = server
        self._seconds = seconds
        self._build = build
        self._failed = failed
        self._left: list[str] = []
        self._reasons: list[str] = []
        self._connector: Any = None
        self._cancelled = False
        host = server.host
        if isIPAddress(host) or isIPv6Address(host):
            self._resolved([host])
        else:
            reactor.nameResolver.resolveHostName(_Addresses(self._resolved), host, server.port)

    def cancel(self) -> None:
        """Give up; nothing is called any more."""
        self._cancelled = True
        if self._connector is not None and self._connector.state == "connecting":
            self._connector.stopConnecting()

    def _resolved(self, hosts: list[str]) -> None:
        self._left = hosts
        if not hosts:
            self._reasons.append(f"no address for {self._server.host}")
        self._next()

    def _next(self) -> None:
        if self._cancelled:
            return
        if not self._left:
            self._failed("; ".join(self._reasons))
            return
        host = self._left.pop(0)
        attempt = _Attempt(self._build(), lambda reason: self._missed(host, reason))
        self._connector = self._reactor.connectTCP(host, self._server.port, attempt, self._seconds)

    def _missed(self, host: str, reason: str) -> None:
        self._reasons.append(f"{host}: {reason}")
        self._next()
