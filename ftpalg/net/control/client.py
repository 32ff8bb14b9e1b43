"""The control connection to the client: the FTP server that a client sees."""

from __future__ import annotations

import socket
from collections.abc import Callable

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.python.failure import Failure as Reason

from ftpalg.config import Intercept, Listener
from ftpalg.core import ends
from ftpalg.core.ends import Refusal
from ftpalg.core.events import (
    ClientDone,
    ClientLost,
    ClientSecured,
    CommandReceived,
    CommandRefused,
    Link,
)
from ftpalg.core.facts import Peer
from ftpalg.core.news import Probed, Refused
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.wire.commands import parse_command
from ftpalg.core.wire.errors import BareByte, FtpError
from ftpalg.core.wire.lines import CommandLines
from ftpalg.core.wire.replies import reply
from ftpalg.net.control.attached import Attached, attached
from ftpalg.net.control.flow_control import HOLD, Hold
from ftpalg.net.control.line import EVENT, TURN, Control, link_of, prepare_socket
from ftpalg.net.control.outlet import IConnection
from ftpalg.net.control.paced import Paced
from ftpalg.net.control.state import STATE, State
from ftpalg.net.control.timers import Wait
from ftpalg.net.control.tls import Failure, Stage
from ftpalg.net.intercept import destination_of
from ftpalg.net.own_addresses import is_local
from ftpalg.net.owners import Admission
from ftpalg.net.proxy_header_reader import HeaderReader, unbelievable
from ftpalg.net.tls.refusals import DISTRUST, PROTOCOL_VERSION
from ftpalg.net.tls.towards_clients import ForClients

NOBODY = Link("-", "-")
"""Whose connection it is as long as nobody knows."""


class ClientControl(Paced):
    """The control connection to the client.  While replies pile up, nothing is read of either side.

    ``balancer`` is whose PROXY header has told who the client is, "" where none has.
    """

    __slots__ = ("_link", "balancer", "near")

    half_closeable = True
    _lines: CommandLines

    def __init__(
        self, admission: Admission[ClientControl], rules: Rules, listener: Listener
    ) -> None:
        super().__init__(admission, rules, listener)
        self.state = State.HEADER
        self.balancer = ""
        self.near = True  # False where the socket's own peer is another machine, for PROXY headers
        self._link = NOBODY
        self._lines = CommandLines(
            admission.settings.limits.command_line, lf_lines=bool(listener.lf_lines)
        )

    def made(self, transport: IConnection) -> None:
        super().made(transport)
        try:
            sock = self.transport.getHandle()
            prepare_socket(sock, self._timeouts.keepalive)
            self._link = link = link_of(sock)
        except OSError:  # gone before it was looked at
            self.abort()
            return
        if not self._charge(link):
            return
        if self._admission.is_balancer(link.peer):
            self._read_header(sock, link)
        else:
            self._line_up(link)

    # -- before the session ---------------------------------------------------------------------

    def _read_header(self, sock: socket.socket, link: Link) -> None:
        """A balancer says first whose connection it is."""

        def done(source: tuple[str, int] | None, destination: tuple[str, int] | None) -> None:
            self._settle_header()
            self._stop(Wait.HANDSHAKE)
            self.pauses.release(Hold.HEADER)
            if source is None or destination is None:
                self._check_up()
                return
            wrong = unbelievable(source[0], link.peer)
            if wrong:
                failed(wrong)
                return
            self.balancer, self.near = link.peer, is_local(link.peer)
            local = self._admission.shown_to(source[0]) or link.local
            direct = destination[0] == local
            told = link._replace(peer=source[0], peer_port=source[1], direct=direct)
            if self._charge(told):
                self._line_up(told)

        def failed(reason: str) -> None:
            self._settle_header()
            self._turn_away(link, reason, Refusal.BAD_HEADER)

        self.pauses.hold(Hold.HEADER)
        reader = HeaderReader(self.reactor, sock, done, failed)
        self._await_header(reader)
        self._wait_for_handshake(
            lambda: reader.give_up("no PROXY header came within timeouts.handshake")
        )

    def _check_up(self) -> None:
        """The balancer's own connection: it hears how the gateway is, and has no session."""
        self._admission.log.tell(Probed(self._link.peer))
        closed = self._admission.closed(self.listener.endpoint)
        if self.rules.client_tls is not ClientTls.IMPLICIT:
            self.write(bytes(reply(421, closed) if closed else reply(220, "ftpalg ready.")))
        self.hang_up()

    def _admit(self, link: Link) -> None:
        intercept = self.listener.intercept
        if intercept in (Intercept.REDIRECT, Intercept.TPROXY):
            destination = destination_of(self.transport.getHandle(), intercept)
            wrong = self._admission.misdirected(link, destination)
            if destination is None or wrong:
                self._turn_away(link, wrong, Refusal.NOT_INTERCEPTED)
                return
            leads_here = intercept is Intercept.TPROXY or self._admission.pierces
            link = link._replace(destination=destination, direct=leads_here)
            if leads_here:  # GNU ftp compares the 227 with whom it called
                link = link._replace(shown=destination.host)
        shown = self._admission.shown_to(link.peer)
        if shown:
            link = link._replace(shown=shown)
        self.driver = driver = self._admission.admit(self, link)
        if driver is None:
            return
        if self.rules.client_tls is ClientTls.IMPLICIT:
            self.state = State.SHAKING
            self._wait_for_handshake(self.abort)
            driver.shake()
        else:
            self.state = State.TALKING
            driver.start()

    def _turn_away(self, link: Link, reason: str, why: Refusal) -> None:
        rule = self._admission.settings.origin.of(why.rule)
        self._admission.log.tell(Refused(link, reason, why, rule))
        self.abort()

    @property
    def proxied(self) -> bool:
        """Whether a PROXY header has told who the client is."""
        return bool(self.balancer)

    @property
    def offset(self) -> int:
        """How many bytes the client had said before its last line."""
        return self._lines.begins

    @property
    def transparent(self) -> bool:
        """True where our address on this connection is another machine's."""
        return self.listener.intercept is Intercept.TPROXY

    def _wait_for_handshake(self, too_late: Callable[[], None]) -> None:
        self._wait(Wait.HANDSHAKE, self._timeouts.handshake, too_late)

    # -- TLS ------------------------------------------------------------------------------------

    def start_tls(self, creator: ForClients) -> None:
        """Begin TLS.  Bytes that came in clear behind AUTH would run inside it: CVE-2011-1575."""
        if not self._begin_shaking():
            self.shed()
        elif self._lines.empty:
            self.begin_tls(creator.for_control())
        else:
            self.abort()
            self._tell_lost("bytes in clear behind AUTH", ends.Reason.CLEAR_BEHIND_AUTH)

    def secured(self) -> None:
        """TLS with the client stands."""
        self._stop_shaking(self._key)
        self._admission.ledger.settle(self)
        if self.driver is None or self.tls is None:
            return
        name = (self.tls.connection.get_servername() or b"").decode("ascii", "replace")
        implicit = self.state is State.SHAKING
        if implicit:
            self._stop(Wait.HANDSHAKE)
            self.state = State.TALKING
        self.driver.handle(ClientSecured(name.lower()))
        if implicit and self.driver is not None:
            self.driver.start()

    def tls_over(self, failure: Failure | None) -> None:
        if failure is None:
            self._tell_lost("the client ended TLS", ends.Reason.CLIENT_CLOSED)
        else:
            self._tell_lost(f"TLS failed: {failure.words}", fault_of(failure))

    def stop_tls(self) -> None:
        """CCC: go on in clear behind our close_notify.  Where TLS does not stand nothing happens."""
        if self.tls is None or self.tls.stage not in (Stage.SECURED, Stage.ENDED):
            return
        self.tls.leave()
        self._flush(self.tls)
        if not self._lines.empty:
            self.late()

    def late(self) -> None:
        """It was said before the client could know that CCC holds, and would be answered in clear."""
        self.pauses.hold(Hold.TURN)
        self._wait(Wait.TURN, 0, self._end_late)

    def _end_late(self) -> None:
        if self.driver is not None:
            text = "Commands under TLS behind CCC are not taken."
            self.driver.end(text, ends.Reason.TLS_BEHIND_CCC)

    # -- bytes ----------------------------------------------------------------------------------

    def go_opaque(self, other: Control) -> None:
        super().go_opaque(other)
        other.go_opaque(self)
        self.stirred()

    def stirred(self) -> None:
        """The session sees no commands any more, so its own waits do not run."""
        self._wait(Wait.OPAQUE, self._timeouts.idle, self._opaque_over)

    def _opaque_over(self) -> None:
        self._tell_lost("nothing was said within timeouts.idle", ends.Reason.IDLE_TIMEOUT)

    def received(self, data: bytes) -> None:
        if self._other is not None:
            self._other.write(data)
            self.stirred()
            return
        if self._waits is not None:
            self._stop(Wait.BARE_LINE)
        answers = self._lines.feed(data)
        if answers:
            self.write(answers)
        self.pump()

    @property
    def waits_for_room(self) -> bool:
        """Whether lines may wait here for room in the session."""
        return HOLD.ROOM in self.pauses.reasons

    def pump(self) -> None:
        """Give the session the lines it has room for; stop reading while it has none."""
        self.pauses.release(HOLD.ROOM)
        if self.state is STATE.SHAKING:
            self._end_with_tls()
            return
        left = TURN
        while self.driver is not None and self.state is STATE.TALKING and not self.pauses.reasons:
            if not self.driver.wants_commands:
                self.pauses.hold(Hold.ROOM)
            elif self._pace is not None and (seconds := self._pace.wait(self.reactor.seconds())):
                self.pauses.hold(Hold.RATE)
                self._wait(Wait.RATE, seconds, self._paced)
            elif left <= 0 or self.turns.over:
                self._next_turn()
            else:
                left -= EVENT
                try:
                    line = self._lines.next()
                    if line is None:
                        break
                    command = parse_command(line, urgent=self._lines.urgent)
                    self._count(command)
                    self.driver.handle(CommandReceived(command))
                except FtpError as error:
                    self.driver.handle(CommandRefused(error))
        else:
            return
        if self.tls is not None:
            self._end_with_tls()
        if self._lines.ends_bare and not self.closing:
            self._wait(Wait.BARE_LINE, self._timeouts.bare_line, self._bare_over)

    def _paced(self) -> None:
        self.pauses.release(Hold.RATE)
        self._turned()

    def _bare_over(self) -> None:
        try:
            self._lines.drop_bare()
        except BareByte as error:
            if self.driver is not None:
                self.driver.handle(CommandRefused(error))

    def filled(self) -> None:
        """The client does not read its replies: ask for no more of them."""
        super().filled()
        if self.driver is not None:
            self.driver.pause_server()

    def emptied(self) -> None:
        """The client has read its replies."""
        super().emptied()
        if self.driver is not None:
            self.driver.resume_server()
        self.pump()

    # -- the end --------------------------------------------------------------------------------

    def broke(self) -> None:
        """Before its session, and after it, the exception is told to the entrance."""
        if self.driver is not None:
            self.driver.broke()
            return
        try:
            self._admission.broke(Peer(self._link.peer, self._link.peer_port))
        finally:
            self.abort()

    def readConnectionLost(self) -> None:
        """The client has closed its side; what it asked for is still answered.

        Under TLS only close_notify could say that it meant to.
        """
        if self.driver is None or self.state is not State.TALKING:
            self.finish()
        elif self.tls is not None and not self.tls.cleared:
            self._close()
            cut = ends.Reason.CLIENT_TLS if self.tls.shaking else ends.Reason.CLIENT_CUT_TLS
            self._tell_lost("the connection ended under TLS", cut)
            self.finish()
        else:
            self.driver.handle(ClientDone())

    def _tell_lost(self, reason: str, why: ends.Reason) -> None:
        driver, self.driver = self.driver, None
        if driver is not None:
            driver.handle(ClientLost(reason, why))

    def hang_up(self) -> None:
        super().hang_up()
        self.driver = None

    def connectionLost(self, reason: Reason = connectionDone) -> None:
        super().connectionLost(reason)
        self._give_back()
        if self.driver is None:
            return
        if self.tls is not None and self.tls.shaking:
            why = ends.Reason.CLIENT_TLS
        elif reason.check(ConnectionDone):
            why = ends.Reason.CLIENT_CLOSED
        else:
            why = ends.Reason.CLIENT_LOST
        self._tell_lost(reason.getErrorMessage(), why)


def fault_of(failure: Failure) -> ends.Reason:
    """What kind of fault of TLS with a client it is, as its alert says."""
    if failure.alert in DISTRUST:
        return ends.Reason.CLIENT_DISTRUST
    if failure.alert == PROTOCOL_VERSION:
        return ends.Reason.CLIENT_TLS_VERSION
    return ends.Reason.CLIENT_TLS


class ClientFactory(ServerFactory):
    """Makes the client-facing protocols of one listener, which has rules of its own."""

    noisy = False

    def __init__(
        self, admission: Admission[ClientControl], rules: Rules, listener: Listener
    ) -> None:
        self._admission = admission
        self._rules = rules
        self._listener = listener

    def renew_from(self, other: ClientFactory) -> None:
        """From the next client on what holds for the other one holds here."""
        self._admission, self._rules = other._admission, other._rules
        self._listener = other._listener

    def buildProtocol(self, addr: IAddress | None) -> Attached | None:
        if self._admission.turns_away(addr):
            return None
        return attached(ClientControl(self._admission, self._rules, self._listener))
