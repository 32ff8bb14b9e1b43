"""The control connection to the client: the FTP server that a client sees."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IPushProducer,
)
from twisted.internet.protocol import Factory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.config import Intercept, Listener
from ftpalg.core.commands import parse_command
from ftpalg.core.errors import BareByte, FtpError
from ftpalg.core.events import (
    ClientDone,
    ClientLost,
    ClientSecured,
    CommandReceived,
    CommandRefused,
    Link,
)
from ftpalg.core.lines import CommandLines
from ftpalg.core.replies import reply
from ftpalg.core.routes import Server
from ftpalg.core.rules import ClientTls, Rules
from ftpalg.net.control import Control, link_of, prepare_socket
from ftpalg.net.intercept import destination_of
from ftpalg.net.own import is_local
from ftpalg.net.preface import HeaderReader
from ftpalg.net.tls import ForClients

if TYPE_CHECKING:
    from ftpalg.net.driver import Driver
    from ftpalg.net.gateway import Gateway
    from ftpalg.net.server import ServerControl

BARE_WAIT = 0.3
"""Seconds after which a line ended by LF alone is taken as complete by its sender, and refused."""


@implementer(IHalfCloseableProtocol, IHandshakeListener, IPushProducer)
class ClientControl(Control):
    """The control connection to the client.  As a producer it is paused while replies pile up."""

    def __init__(self, gateway: Gateway, rules: Rules, listener: Listener) -> None:
        super().__init__(gateway)
        self.rules = rules
        self.listener = listener
        self.proxied = False
        self._opaque: ServerControl | None = None
        self._lines = CommandLines(gateway.settings.limits.command_line)
        self._bare: IDelayedCall | None = None
        self._header: HeaderReader | None = None
        self._handshake: IDelayedCall | None = None
        self._held = False
        self._pumping = False
        self.stalled = False
        self.driver: Driver | None = None

    def connectionMade(self) -> None:
        try:
            sock = self.transport.socket
            prepare_socket(sock, self._gateway.settings.timeouts.keepalive)
            link = link_of(sock)
        except OSError:  # gone before it was looked at
            self.transport.abortConnection()
            return
        if self._gateway.is_balancer(link.peer):
            self._read_header(sock, link)
        else:
            self._admit(link)

    def _read_header(self, sock: socket.socket, link: Link) -> None:
        """A balancer says first whose connection it is."""

        def done(source: tuple[str, int] | None, destination: tuple[str, int] | None) -> None:
            self._end_header()
            self.transport.resumeProducing()
            if source is None or destination is None:
                self._check_up(link)
                return
            self.proxied = True
            local = self._gateway.advertised.to_client(source[0]) or link.local
            self._admit(
                replace(link, peer=source[0], peer_port=source[1], direct=destination[0] == local)
            )

        def failed(reason: str) -> None:
            self._end_header()
            self._gateway.log.refused(link, reason)
            self.transport.abortConnection()

        self.transport.pauseProducing()
        self._wait_for_handshake()
        self._header = HeaderReader(self._gateway.reactor, sock, done, failed)

    def _check_up(self, link: Link) -> None:
        """The balancer's own connection: it hears that the gateway is well, and has no session."""
        if self._gateway.admits(link):
            self._admit(link)
            return
        if self.rules.client_tls is not ClientTls.IMPLICIT:
            self.write(bytes(reply(220, "ftpalg ready.")))
        self.hang_up()

    def _end_header(self) -> None:
        self._header = None
        self._stop_waiting()

    def _admit(self, link: Link) -> None:
        intercept = self.listener.intercept
        if intercept in (Intercept.REDIRECT, Intercept.TPROXY):
            destination = destination_of(self.transport.socket, intercept)
            wrong = self._misdirected(link, destination)
            if destination is None or wrong:
                self._gateway.log.refused(link, wrong)
                self.transport.abortConnection()
                return
            direct = intercept is Intercept.TPROXY or self._gateway.pinholes is not None
            link = replace(link, destination=destination, direct=direct)
        link = replace(link, shown=self._gateway.advertised.to_client(link.peer))
        self.transport.registerProducer(self, True)
        driver = self._gateway.admit(self, link)
        if driver is not None:
            if self.rules.client_tls is ClientTls.IMPLICIT:
                self._await_handshake(driver)
            else:
                driver.start()

    def _misdirected(self, link: Link, destination: Server | None) -> str:
        """Why nobody else's server is meant, or nothing.  Our own calls may come back to us, too."""
        gateway = self._gateway
        if destination is None or gateway.own.listens_on(destination.host, destination.port):
            return "it was not redirected here"
        if is_local(link.peer) and any(
            driver.calls_from(link.peer, link.peer_port) for driver in gateway.sessions.values()
        ):
            return "it is our own call of a server, which nftables must leave alone"
        return ""

    @property
    def transparent(self) -> bool:
        """True where our address on this connection is another machine's."""
        return self.listener.intercept is Intercept.TPROXY

    def _await_handshake(self, driver: Driver) -> None:
        """Implicit TLS: the session begins once the client's handshake is done.

        Earlier words would be held by the transport, which then pauses us in mid-handshake.
        """
        self.transport.startTLS(driver.for_clients())
        self._wait_for_handshake()

    def _wait_for_handshake(self) -> None:
        seconds = self._gateway.settings.timeouts.handshake
        self._handshake = self._gateway.reactor.callLater(seconds, self._too_late)

    def _too_late(self) -> None:
        self._handshake = None
        if self._header is not None:
            self._header.give_up("no PROXY header came within timeouts.handshake")
        else:
            self.transport.abortConnection()

    def _stop_waiting(self) -> None:
        if self._handshake is not None:
            self._handshake.cancel()
            self._handshake = None

    def handshakeCompleted(self) -> None:
        """TLS with the client stands."""
        if self.driver is None:
            return
        name = (self.transport.getHandle().get_servername() or b"").decode("ascii", "replace")
        implicit = self._handshake is not None
        self._stop_waiting()
        self.driver.handle(ClientSecured(name.lower()))
        if implicit:
            self.driver.start()

    def start_tls(self, creator: ForClients) -> None:
        """Begin TLS.  Bytes that came in clear behind AUTH would run inside it: CVE-2011-1575."""
        if self._lines.empty:
            self.transport.startTLS(creator)
            return
        driver, self.driver = self.driver, None
        if driver is not None:
            driver.handle(ClientLost("bytes in clear behind AUTH"))
        self.transport.abortConnection()

    def go_opaque(self, server: ServerControl) -> None:
        """Copy from now on, beginning with what had not been read yet."""
        self._opaque = server
        server.go_opaque(self)
        server.write(self._lines.take())

    def dataReceived(self, data: bytes) -> None:
        if self._opaque is not None:
            self._opaque.write(data)
            return
        if self.driver is None:
            return
        answers = self._lines.feed(data)
        if answers:
            self.write(answers)
        self.pump()
        if self._bare is not None:
            self._bare.cancel()
            self._bare = None
        if self._lines.ends_bare:
            self._bare = self._gateway.reactor.callLater(BARE_WAIT, self._bare_over)

    def _bare_over(self) -> None:
        self._bare = None
        try:
            self._lines.drop_bare()
        except BareByte as error:
            if self.driver is not None:
                self.driver.handle(CommandRefused(error))

    def pump(self) -> None:
        """Give the session the lines it has room for; stop reading while it has none.

        ``stalled`` tells the driver that lines may wait here.
        """
        if self._pumping:
            return
        self._pumping = True
        driver = self.driver
        stalled = True
        while driver is not None and not self._held and driver.session.wants_commands:
            try:
                line = self._lines.next()
                if line is None:
                    stalled = False
                    break
                driver.handle(CommandReceived(parse_command(line)))
            except FtpError as error:
                driver.handle(CommandRefused(error))
            driver = self.driver
        self._pumping = False
        if driver is not None and stalled is not self.stalled:
            self.stalled = stalled
            if stalled:
                self.transport.pauseProducing()
            else:
                self.transport.resumeProducing()

    def readConnectionLost(self) -> None:
        """The client has closed its side; what it asked for is still answered."""
        if self._opaque is not None or self.driver is None:
            self.transport.loseConnection()
        else:
            self.driver.handle(ClientDone())

    def writeConnectionLost(self) -> None:
        """Our own end has gone out."""

    def pauseProducing(self) -> None:
        """The client does not read its replies: ask for no more of them."""
        self._held = True
        self.transport.pauseProducing()
        if self.driver is not None:
            self.driver.pause_server()

    def resumeProducing(self) -> None:
        """The client has read its replies."""
        self._held = False
        if self.driver is not None:
            self.driver.resume_server()
            self.transport.resumeProducing()
        self.stalled = False
        self.pump()

    def stopProducing(self) -> None:
        """The transport is going away; connectionLost tells the session."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._stop_waiting()
        if self._bare is not None:
            self._bare.cancel()
            self._bare = None
        if self.driver is not None:
            driver, self.driver = self.driver, None
            driver.handle(ClientLost(reason.getErrorMessage()))


class ClientFactory(Factory):
    """Makes the client-facing protocols of one listener, which has rules of its own."""

    noisy = False

    def __init__(self, gateway: Gateway, rules: Rules, listener: Listener) -> None:
        self._gateway = gateway
        self._rules = rules
        self._listener = listener

    def buildProtocol(self, addr: IAddress | None) -> ClientControl:
        return ClientControl(self._gateway, self._rules, self._listener)
