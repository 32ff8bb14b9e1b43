"""The two control connections: bytes to events, one write for each line.

``ClientControl`` is the server a client sees; ``ServerControl`` is the client a server sees.  Both
give whole lines to their session's driver and know nothing else of the session.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IPushProducer,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.addresses import normal
from ftpalg.core.commands import parse_command
from ftpalg.core.errors import BadReply, BareByte, FtpError
from ftpalg.core.events import (
    ClientDone,
    ClientLost,
    CommandReceived,
    CommandRefused,
    Link,
    ReplyReceived,
    ServerBroken,
    ServerConnected,
    ServerInsecure,
    ServerLost,
    ServerSecured,
    Side,
)
from ftpalg.core.lines import CommandLines, ReplyLines
from ftpalg.core.replies import ReplyParser
from ftpalg.core.rules import ClientTls, Rules
from ftpalg.net.tls import ForClients, ForServer, describe

if TYPE_CHECKING:
    from ftpalg.net.driver import Driver
    from ftpalg.net.gateway import Gateway

BARE_WAIT = 0.3
"""Seconds after which a line ended by LF alone is taken as complete by its sender, and refused."""

TELNET_SYNCH = (b"\xff\xf4\xff", b"\xf2")  # IAC IP IAC, then DM as the urgent byte


def prepare_socket(sock: socket.socket, keepalive: int) -> None:
    """No delay, urgent data in line, and TCP keepalive after that many idle seconds; 0 is off.

    Without SO_OOBINLINE the urgent byte of ABOR would be lost (ftplib sends its LF urgent).
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    if keepalive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, keepalive)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, keepalive)


def link_of(sock: socket.socket) -> Link:
    """Both addresses of a connected socket."""
    peer, local = sock.getpeername(), sock.getsockname()
    return Link(normal(peer[0]), normal(local[0]), peer[1])


class Control(Protocol):
    """What both control connections share: how they close."""

    transport: Any
    driver: Driver | None
    _burial: IDelayedCall | None = None

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def write(self, data: bytes) -> None:
        """Write at once what the socket takes; the transport keeps the rest.

        Twisted would hand even one line to its next turn, at the cost of two calls of epoll_ctl.
        """
        transport = self.transport
        if not transport.connected:
            return  # its connectionLost is on the way to the session
        if not (transport.TLS or transport.dataBuffer or transport._tempDataBuffer):
            try:
                sent = transport.socket.send(data)
            except OSError:
                sent = 0  # full, or ending: the transport finds out which
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)

    def hang_up(self) -> None:
        """Close after what was written; what the peer still sends is read and dropped meanwhile.

        A socket closed with unread bytes is reset by the kernel, and the last reply lost with it.
        A peer that does not close its end in time is reset.
        """
        self.driver = None
        if self.transport.connected and self._burial is None:
            self.transport.unregisterProducer()
            seconds = self._gateway.settings.timeouts.drain
            self._burial = self._gateway.reactor.callLater(seconds, self._bury)
            self.transport.resumeProducing()
            if self.transport.TLS:
                self.transport.loseConnection()
            else:
                self.transport.loseWriteConnection()

    def _bury(self) -> None:
        self._burial = None
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._burial is not None:
            self._burial.cancel()
            self._burial = None


@implementer(IHalfCloseableProtocol, IHandshakeListener, IPushProducer)
class ClientControl(Control):
    """The control connection to the client.  As a producer it is paused while replies pile up."""

    def __init__(self, gateway: Gateway, rules: Rules) -> None:
        super().__init__(gateway)
        self.rules = rules
        self._opaque: ServerControl | None = None
        self._lines = CommandLines(gateway.settings.limits.command_line)
        self._bare: IDelayedCall | None = None
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
        self.transport.registerProducer(self, True)
        driver = self._gateway.admit(self, link)
        if driver is not None:
            if self.rules.client_tls is ClientTls.IMPLICIT:
                self._await_handshake(driver)
            else:
                driver.start()

    def _await_handshake(self, driver: Driver) -> None:
        """Implicit TLS: the session begins once the client's handshake is done.

        Earlier words would be held by the transport, which then pauses us in mid-handshake.
        """
        self.transport.startTLS(driver.for_clients())
        seconds = self._gateway.settings.timeouts.handshake
        self._handshake = self._gateway.reactor.callLater(seconds, self.transport.abortConnection)

    def handshakeCompleted(self) -> None:
        """TLS with the client stands."""
        if self._handshake is not None:
            self._handshake.cancel()
            self._handshake = None
            if self.driver is not None:
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
        if self._handshake is not None and self._handshake.active():
            self._handshake.cancel()
        if self._bare is not None:
            self._bare.cancel()
            self._bare = None
        if self.driver is not None:
            driver, self.driver = self.driver, None
            driver.handle(ClientLost(reason.getErrorMessage()))


@implementer(IHandshakeListener, IPushProducer)
class ServerControl(Control):
    """The control connection to the server.  It is paused while the client does not read, and
    while the server does not read itself."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver.gateway)
        limits = driver.gateway.settings.limits
        self.driver: Driver | None = driver
        self._lines = ReplyLines(limits.reply_line)
        self._parser = ReplyParser(limits.reply_size)
        self._holds: set[Side] = set()
        self._shaking: ForServer | None = None
        self._opaque: ClientControl | None = None

    def connectionMade(self) -> None:
        driver = self.driver
        if driver is None:
            self.transport.abortConnection()
            return
        try:
            sock = self.transport.socket
            prepare_socket(sock, driver.gateway.settings.timeouts.keepalive)
            link = link_of(sock)
        except OSError:
            self.transport.abortConnection()
            return
        driver.server = self
        self.transport.registerProducer(self, True)
        driver.handle(ServerConnected(link, driver.gateway.traits_of(link)))

    def pauseProducing(self) -> None:
        """The server does not take what is written to it."""
        self.hold(Side.SERVER)

    def resumeProducing(self) -> None:
        """The server takes again what is written to it."""
        self.release(Side.SERVER)

    def hold(self, side: Side) -> None:
        """Read no more replies: that side's peer does not read."""
        self._holds.add(side)
        self.transport.pauseProducing()
        if self._opaque is not None and side is Side.SERVER:
            self._opaque.transport.pauseProducing()

    def release(self, side: Side) -> None:
        """That side's peer reads again."""
        self._holds.discard(side)
        if not self._holds and self.transport.connected:
            self.transport.resumeProducing()
        if self._opaque is not None and side is Side.SERVER:
            self._opaque.transport.resumeProducing()

    def stopProducing(self) -> None:
        """The transport is going away; connectionLost tells the session."""

    def start_tls(self, creator: ForServer) -> None:
        """Begin TLS.  Bytes that came in clear behind the 234 would be trusted: CVE-2021-22947."""
        if self._lines.empty and self._parser.empty:
            self._shaking = creator
            self.transport.startTLS(creator)
        elif self.driver is not None:
            error = BadReply("The server sent bytes in clear behind its consent to TLS.")
            self.driver.handle(ServerBroken(error))

    def handshakeCompleted(self) -> None:
        """TLS stands and the chain is verified: is it the server that was asked for?"""
        creator, self._shaking = self._shaking, None
        if creator is None or self.driver is None:
            return
        wrong = creator.mismatch(self.transport.getHandle())
        if wrong:
            self.driver.handle(ServerInsecure(f"The server's certificate is refused: {wrong}."))
        else:
            self.driver.handle(ServerSecured())

    def go_opaque(self, client: ClientControl) -> None:
        """Copy from now on, beginning with what had not been read yet."""
        self._opaque = client
        client.write(self._lines.take())

    def dataReceived(self, data: bytes) -> None:
        if self._opaque is not None:
            self._opaque.write(data)
            return
        try:
            answers = self._lines.feed(data)
            if answers:
                self.write(answers)
            while self.driver is not None and self._opaque is None:
                line = self._lines.next()
                if line is None:
                    return
                found = self._parser.feed(line)
                if found is not None:
                    self.driver.handle(ReplyReceived(found))
        except FtpError as error:
            if self.driver is not None:
                self.driver.handle(ServerBroken(error))

    def send(self, line: bytes, *, urgent: bool) -> None:
        """Write one command in one write; ``urgent`` interrupts the server (RFC 959 section 4.1.3)."""
        idle = not self.transport.dataBuffer and not self.transport._tempDataBuffer
        if urgent and idle and not self.transport.TLS:
            sock = self.transport.socket
            try:
                sock.send(TELNET_SYNCH[0])
                sock.send(TELNET_SYNCH[1], socket.MSG_OOB)
            except OSError:
                pass  # the connection is ending; the reactor tells
        self.write(line)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        driver, self.driver = self.driver, None
        if driver is None:
            return
        if self._shaking is None:
            driver.handle(ServerLost(reason.getErrorMessage()))
            return
        why = f"TLS with the server failed: {describe(reason.value)}."
        tried = self._shaking.control
        if tried is not None and tried.refused:
            why = f"The server's certificate is refused: {tried.refused}."
        driver.handle(ServerInsecure(why))


class ClientFactory(Factory):
    """Makes the client-facing protocols of one listener, which has rules of its own."""

    noisy = False

    def __init__(self, gateway: Gateway, rules: Rules) -> None:
        self._gateway = gateway
        self._rules = rules

    def buildProtocol(self, addr: IAddress | None) -> ClientControl:
        return ClientControl(self._gateway, self._rules)
