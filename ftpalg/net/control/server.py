"""The control connection to the server: the FTP client that a server sees."""

from __future__ import annotations

from functools import lru_cache

from OpenSSL import SSL
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure as Reason

from ftpalg.config import Settings
from ftpalg.core import ends
from ftpalg.core.events import (
    CaughtUp,
    Link,
    ReplyGoesOn,
    ReplyReceived,
    ReplyUnderWay,
    ServerBroken,
    ServerInsecure,
    ServerLost,
    ServerSecured,
    ServerUnreachable,
    TextPassedOver,
)
from ftpalg.core.wire.errors import BadReply, FtpError
from ftpalg.core.wire.lines import ReplyLines
from ftpalg.core.wire.replies import Interior, Reply, ReplyParser
from ftpalg.net.control.flow_control import Hold
from ftpalg.net.control.line import EVENT, TURN, Control, link_of, prepare_socket
from ftpalg.net.control.outlet import IConnection
from ftpalg.net.control.state import STATE
from ftpalg.net.control.timers import Wait
from ftpalg.net.control.tls import Failure
from ftpalg.net.ledger import LINE, Grant, Short
from ftpalg.net.owners import Hearing
from ftpalg.net.reactors import Reactor
from ftpalg.net.tls.towards_servers import ForServer
from ftpalg.net.turns import Turns

TELNET_SYNCH = (b"\xff\xf4\xff", b"\xf2")  # IAC IP IAC, then DM as the urgent byte


@lru_cache(1024)
def _same(link: Link) -> Link:
    """The same object for the same server: many sessions have one."""
    return link


class ServerControl(Control):
    """The control connection to the server.  It is not read while the client does not read, and
    while the server does not read itself.

    ``hearing`` is who is told what comes (the back end), until the connection is lost or left.
    ``held`` is the descriptor as the ledger has it, None where nobody counts.
    """

    __slots__ = (
        "_creator",
        "_hearing",
        "_held",
        "_kept",
        "_more",
        "_owner",
        "_parser",
        "_told_of_text",
    )

    _lines: ReplyLines

    def __init__(
        self,
        hearing: Hearing,
        reactor: Reactor,
        settings: Settings,
        turns: Turns,
        held: Grant | None = None,
    ) -> None:
        super().__init__(reactor, settings.timeouts, turns)
        self._owner = hearing
        self._held = held
        self._hearing: Hearing | None = hearing
        self._lines = ReplyLines(settings.limits.reply_line)
        limits = settings.limits
        self._parser = ReplyParser(
            limits.reply_size,
            limits.reply_lines,
            uncoded_size=limits.uncoded_size,
            uncoded_lines=limits.uncoded_lines,
        )
        self._parser.streams = True
        self._lines.replies = self._parser
        self._parser.asker = self
        self._told_of_text = self._more = self._kept = False
        self._creator: ForServer | None = None

    def made(self, transport: IConnection) -> None:
        super().made(transport)
        if self._hearing is None:
            self.abort()
            return
        try:
            sock = self.transport.getHandle()
            prepare_socket(sock, self._timeouts.keepalive)
            link = _same(link_of(sock))
        except OSError:
            self.abort()
            self._tell(ServerUnreachable("the connection broke at once"))
        else:
            self._hearing.server_met(link)

    # -- what it is charged (``net.ledger``) ------------------------------------------------------

    def holds(self, amount: int) -> None:
        """Commands that the server does not take: no more of them come than the session has room for."""

    def _memory_grant(self) -> Grant | None:
        held = self._held
        return Grant(held.ledger, held.key, LINE.MEMORY) if held is not None else None

    def crowded(self, short: Short) -> None:
        if self._hearing is not None:
            self._hearing.crowded(short)

    def lingers(self) -> None:
        if self._held is not None:
            self._held.linger(self)

    # -- TLS ------------------------------------------------------------------------------------

    def start_tls(self, creator: ForServer) -> None:
        """Begin TLS.  Bytes that came in clear behind the 234 would be trusted: CVE-2021-22947."""
        if self._lines.empty and self._parser.empty:
            self._creator = creator
            self.begin_tls(creator.for_control())
        elif self._hearing is not None:
            error = BadReply("The server sent bytes in clear behind its consent to TLS.")
            self._hearing.handle(ServerBroken(error))

    def secured(self) -> None:
        """TLS stands and the chain is verified: is it the server that was asked for?"""
        if self._creator is None or self.tls is None or self._hearing is None:
            return
        wrong = self._creator.mismatch(self.tls.connection)
        if wrong:
            text = f"The server's certificate is refused: {wrong}."
            self._hearing.handle(ServerInsecure(text, ends.Reason.SERVER_MISNAMED))
        else:
            self._hearing.handle(ServerSecured())

    def tls_over(self, failure: Failure | None) -> None:
        if failure is None:
            self._tell(ServerLost("the server ended TLS"))
        elif failure.refused:
            text = f"The server's certificate is refused: {failure.refused}."
            self._tell(ServerInsecure(text, failure.kind))
        elif failure.shaking:
            self._tell(ServerInsecure(f"TLS with the server failed: {failure.words}."))
        else:
            self._tell(ServerLost(f"TLS failed: {failure.words}", ends.Reason.SERVER_LOST))

    @property
    def line(self) -> bytes:
        """The last line that the server has sent."""
        return self._lines.last

    @property
    def offset(self) -> int:
        """How many bytes it had sent before that."""
        return self._lines.begins

    def tls_session(self) -> SSL.Session | None:
        """What a data connection can resume now: under TLS 1.3 tickets come with the replies."""
        return self.tls.connection.get_session() if self.tls is not None else None

    # -- bytes ----------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        if self._other is not None:
            self._other.write(data)
            self._other.stirred()
            return
        answers = self._lines.feed(data)
        if answers:
            self.write(answers)
        self.pump()

    def pump(self) -> None:
        """Give the session the replies that have come, a turn's worth at a time."""
        left = TURN
        try:
            while self._hearing is not None and self.state is STATE.TALKING:
                if left <= 0 or self.turns.over:
                    self._next_turn()
                    return
                line = self._lines.next()
                if line is None:
                    self._catch_up()
                    if self.tls is not None:
                        self._end_with_tls()
                    return
                if self._waits is not None:
                    self._stop(Wait.OTHER_END)
                if self._parser.ended_before(line) and self._hearing.transfers:
                    self._end_reply()
                left -= 1 if self._take(line) else EVENT
        except FtpError as error:
            if self._hearing is not None:
                self._hearing.handle(ServerBroken(error))

    @property
    def asks_nothing(self) -> bool:
        """Whether no reply is awaited."""
        return self._hearing is not None and self._hearing.asks_nothing

    @property
    def skips_text(self) -> bool:
        """Whether text without a code may be passed over."""
        return self._hearing is not None and self._hearing.skips_text

    @property
    def passes_lines(self) -> bool:
        """Whether the client may hear a 1xx line by line: not a greeting, which may not be for it."""
        return self._hearing is not None and self._hearing.ends_anywhere

    def _take(self, line: bytes) -> bool:
        """One more line; whether nobody had to be told of it.  Raise FtpError."""
        if self._hearing is None:
            return True
        parser = self._parser
        found = parser.feed(line)
        if parser.passed_over and not self._told_of_text:
            self._tell_of_text()
        if isinstance(found, Reply):
            parser.in_step()
            self._more = self._lines.waiting
            self._hearing.handle(ReplyReceived(found, more=self._more))
            return False
        if parser.other_end is not None and self._hearing.ends_anywhere:
            self._wait(Wait.OTHER_END, self._timeouts.other_end, self._end_reply)
        if isinstance(found, Interior):
            self._hearing.handle(ReplyGoesOn(found.code, found.line))
        self._kept = self._kept or found is None
        return found is None

    def _catch_up(self) -> None:
        """What had come when the last reply was told has been taken."""
        if self._memory is not None or not self._parser.empty:
            self._charge_memory(self._parser.held)
        if self._more and self._hearing is not None:
            self._more = False
            self._hearing.handle(CaughtUp())
        if self._kept and self._hearing is not None:
            self._kept = False
            if not self._parser.empty:
                self._hearing.handle(ReplyUnderWay())

    def _tell_of_text(self) -> None:
        self._told_of_text = True
        if self._hearing is not None:
            self._hearing.handle(TextPassedOver(self._parser.passed_over))

    def _end_reply(self) -> None:
        """Behind a line with another code nothing more has come: the reply ends there (glFTPd).

        Or a line with a third code, where the other was a 1xx to a transfer: that is already over.
        """
        for found in self._parser.end_here():
            if self._hearing is not None:
                self._hearing.handle(ReplyReceived(found, doubtful=self._parser.doubted))

    def send(self, line: bytes, *, urgent: bool) -> None:
        """Write one command in one write; ``urgent`` interrupts the server (RFC 959 section 4.1.3)."""
        if urgent and self.tls is None and not self.closing:
            self._outlet.interrupt(*TELNET_SYNCH)
        self.write(line)

    def filled(self) -> None:
        """The server does not take what is written to it."""
        super().filled()
        if self._other is not None:
            self._other.pauses.hold(Hold.OTHER)

    def emptied(self) -> None:
        """The server takes again what is written to it."""
        super().emptied()
        if self._other is not None:
            self._other.pauses.release(Hold.OTHER)

    # -- the end --------------------------------------------------------------------------------

    def broke(self) -> None:
        """Its session is told, also where it has left this server."""
        try:
            self._owner.broke()
        finally:
            if not self.closing:
                self.abort()

    def _tell(self, event: ServerInsecure | ServerLost | ServerUnreachable) -> None:
        hearing, self._hearing = self._hearing, None
        if hearing is not None:
            hearing.handle(event)

    def hang_up(self) -> None:
        super().hang_up()
        self._hearing = None

    def connectionLost(self, reason: Reason = connectionDone) -> None:
        super().connectionLost(reason)
        self._parser.asker = None
        if self._held is not None:
            self._held.settle(self)
        if self._hearing is None:
            return
        if self.tls is not None and self.tls.shaking:
            self._tell(ServerInsecure("TLS with the server failed: the connection ended."))
        else:
            done = reason.check(ConnectionDone)
            why = ends.Reason.SERVER_CLOSED if done else ends.Reason.SERVER_LOST
            self._tell(ServerLost(reason.getErrorMessage(), why))
