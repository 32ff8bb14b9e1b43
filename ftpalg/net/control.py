"""The two control connections: bytes to events, one write for each line.

``ClientControl`` is the server a client sees; ``ServerControl`` is the client a server sees.  Both
give whole lines to their session's driver and know nothing else of the session.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress, IDelayedCall, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.addresses import normal
from ftpalg.core.commands import parse_command
from ftpalg.core.errors import BareByte, FtpError
from ftpalg.core.events import (
    ClientLost,
    CommandReceived,
    CommandRefused,
    Link,
    ReplyReceived,
    ServerBroken,
    ServerConnected,
    ServerLost,
)
from ftpalg.core.lines import CommandLines, ReplyLines
from ftpalg.core.replies import ReplyParser

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

    def hang_up(self) -> None:
        """Close after what was written; what the peer still sends is read and dropped meanwhile.

        A socket closed with unread bytes is reset by the kernel, and the last reply lost with it.
        A peer that does not close its end in time is reset.
        """
        self.driver = None
        if self.transport.connected and self._burial is None:
            seconds = self._gateway.settings.timeouts.drain
            self._burial = self._gateway.reactor.callLater(seconds, self._bury)
            self.transport.resumeProducing()
            self.transport.loseWriteConnection()

    def _bury(self) -> None:
        self._burial = None
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._burial is not None:
            self._burial.cancel()
            self._burial = None


@implementer(IPushProducer)
class ClientControl(Control):
    """The control connection to the client.  As a producer it is paused while replies pile up."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._lines = CommandLines(gateway.settings.limits.command_line)
        self._bare: IDelayedCall | None = None
        self._held = False
        self._pumping = False
        self.driver: Driver | None = None

    def connectionMade(self) -> None:
        try:
            sock = self.transport.getHandle()
            prepare_socket(sock, self._gateway.settings.timeouts.keepalive)
            link = link_of(sock)
        except OSError:  # gone before it was looked at
            self.transport.abortConnection()
            return
        self.transport.registerProducer(self, True)
        self._gateway.admit(self, link)

    def dataReceived(self, data: bytes) -> None:
        if self.driver is None:
            return
        answers = self._lines.feed(data)
        if answers:
            self.transport.write(answers)
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
        """Give the session the lines it has room for; stop reading while it has none."""
        if self._pumping:
            return
        self._pumping = True
        driver = self.driver
        while driver is not None and not self._held and driver.session.wants_commands:
            try:
                line = self._lines.next()
                if line is None:
                    self.transport.resumeProducing()
                    break
                driver.handle(CommandReceived(parse_command(line)))
            except FtpError as error:
                driver.handle(CommandRefused(error))
            driver = self.driver
        else:
            if driver is not None:
                self.transport.pauseProducing()
        self._pumping = False

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
        self.pump()

    def stopProducing(self) -> None:
        """The transport is going away; connectionLost tells the session."""

    def hang_up(self) -> None:
        if self.transport.connected:
            self.transport.unregisterProducer()
        super().hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        if self._bare is not None:
            self._bare.cancel()
            self._bare = None
        if self.driver is not None:
            driver, self.driver = self.driver, None
            driver.handle(ClientLost(reason.getErrorMessage()))


class ServerControl(Control):
    """The control connection to the server."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver.gateway)
        limits = driver.gateway.settings.limits
        self.driver: Driver | None = driver
        self._lines = ReplyLines(limits.reply_line)
        self._parser = ReplyParser(limits.reply_size)

    def connectionMade(self) -> None:
        driver = self.driver
        if driver is None:
            self.transport.abortConnection()
            return
        try:
            sock = self.transport.getHandle()
            prepare_socket(sock, driver.gateway.settings.timeouts.keepalive)
            link = link_of(sock)
        except OSError:
            self.transport.abortConnection()
            return
        driver.server = self
        driver.handle(ServerConnected(link, driver.gateway.traits_of(link)))

    def dataReceived(self, data: bytes) -> None:
        try:
            answers = self._lines.feed(data)
            if answers:
                self.transport.write(answers)
            while self.driver is not None:
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
        if urgent and not self.transport.dataBuffer and not self.transport._tempDataBuffer:
            sock = self.transport.getHandle()
            try:
                sock.send(TELNET_SYNCH[0])
                sock.send(TELNET_SYNCH[1], socket.MSG_OOB)
            except OSError:
                pass  # the connection is ending; the reactor tells
        self.transport.write(line)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        if self.driver is not None:
            self.driver.handle(ServerLost(reason.getErrorMessage()))


class ClientFactory(Factory):
    """Makes the client-facing protocols of one listener."""

    noisy = False

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def buildProtocol(self, addr: IAddress | None) -> ClientControl:
        return ClientControl(self._gateway)
