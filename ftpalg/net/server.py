"""The control connection to the server: the FTP client that a server sees."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IHandshakeListener, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.errors import BadReply, FtpError
from ftpalg.core.events import (
    ReplyReceived,
    ServerBroken,
    ServerConnected,
    ServerInsecure,
    ServerLost,
    ServerSecured,
    ServerUnreachable,
    Side,
)
from ftpalg.core.lines import ReplyLines
from ftpalg.core.replies import ReplyParser
from ftpalg.net.control import Control, link_of, prepare_socket
from ftpalg.net.tls import ForServer, describe

if TYPE_CHECKING:
    from ftpalg.net.client import ClientControl
    from ftpalg.net.driver import Driver

TELNET_SYNCH = (b"\xff\xf4\xff", b"\xf2")  # IAC IP IAC, then DM as the urgent byte


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
        if driver is None or driver.dialled is None:
            self.transport.abortConnection()
            return
        gateway = driver.gateway
        try:
            sock = self.transport.socket
            prepare_socket(sock, gateway.settings.timeouts.keepalive)
            link = link_of(sock)
        except OSError:
            self.transport.abortConnection()
            self.driver = None
            driver.handle(ServerUnreachable("the connection broke at once"))
            return
        driver.server = self
        self.transport.registerProducer(self, True)
        link = replace(link, shown=gateway.advertised.to_server(link.peer))
        traits = gateway.traits_of(driver.dialled)
        driver.handle(ServerConnected(link, traits, driver.dialled))

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
            self.transport.startTLS(
                creator, normal=False
            )  # the transport takes itself for a server's
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
