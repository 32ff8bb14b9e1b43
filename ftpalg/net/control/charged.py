"""A control connection to a client, as the ledger has it (``net.ledger``).

Its descriptor is charged until the socket is closed, to the balancer until a PROXY header has come.  What
waits for that, shakes hands or is being hung up lingers.
"""

from __future__ import annotations

import socket
from abc import abstractmethod
from typing import Any

from ftpalg.core import ends
from ftpalg.core.events import Link
from ftpalg.core.facts import Resource, What
from ftpalg.net.control.flow_control import HOLD
from ftpalg.net.control.line import Control
from ftpalg.net.ledger import LINE, Grant, Short
from ftpalg.net.owners import Admission, Owner
from ftpalg.net.proxy_header_reader import HeaderReader

HURRIED = 8
"""Clients in line that come in at once, where their waiting takes the share of one more: who is refused then
makes room."""
DRAINS = {False: (LINE.DESCRIPTORS,), True: (LINE.DESCRIPTORS, LINE.MEMORY)}
"""What is lingered with that is being hung up: where it has (True) memory, that too."""


class Charged(Control):
    """What its peer holds by it; ``driver`` is the session, as long as there is one."""

    __slots__ = ("_admission", "_key", "_lined_up", "_shakes", "_unheaded", "driver")

    def __init__(self, admission: Admission[Any]) -> None:
        super().__init__(admission.reactor, admission.settings.timeouts, admission.turns)
        self._admission = admission
        self.driver: Owner | None = None
        self._key = ""  # whose the descriptor is in the ledger; nobody's where there is none
        self._shakes = False  # whether a handshake is charged
        self._unheaded: Unheaded | None = None  # what lingers until a PROXY header has come
        self._lined_up: Link | None = None  # who it is that waits for its turn to come in

    @abstractmethod
    def _admit(self, link: Link) -> None:
        """The client asks for a session."""

    def _line_up(self, link: Link) -> None:
        """It does when it is its peer's turn (``net.arrivals``); until then it is not read."""
        if self._admission.arrivals.may_enter(self._key, self):
            self._admit(link)
            return
        self._lined_up = link
        self.pauses.hold(HOLD.LINE)

    def go_in(self) -> bool:
        """It is its turn."""
        link, self._lined_up = self._lined_up, None
        if link is None or not self.connected:
            return False
        if is_over(self.transport.getHandle()):
            self.abort()
            return False
        self.pauses.release(HOLD.LINE)
        self.enter(self._admit, link)
        return True

    @abstractmethod
    def _tell_lost(self, reason: str, why: ends.Reason) -> None:
        """The session hears that the connection is gone."""

    def _await_header(self, reader: HeaderReader) -> None:
        """It lingers until ``_settle_header``."""
        self._unheaded = Unheaded(self, reader)
        self._admission.ledger.linger(self._unheaded, self._key, LINE.DESCRIPTORS)

    def _charge(self, link: Link) -> bool:
        """Its descriptor is that peer's from now on; False where the peer may have no more."""
        ledger = self._admission.ledger
        key = ledger.whose(link.peer)
        if key != self._key:
            if self._key:
                self._give_back()
            short, left = ledger.ask(key, LINE.DESCRIPTORS), HURRIED
            while short is not None and left and self._admission.arrivals.hurry(key):
                short, left = ledger.ask(key, LINE.DESCRIPTORS), left - 1
            if short is not None:
                self._admission.crowd_out(self, link, short)
                return False
            self._key = key
        return True

    def _give_back(self) -> None:
        """It is closed, or somebody else's."""
        key, self._key = self._key, ""
        if key:
            ledger = self._admission.ledger
            ledger.settle(self)
            if self._unheaded is not None:
                self._settle_header()
            if self._lined_up is not None:
                self._lined_up = None
                self._admission.arrivals.leave(key, self)
            ledger.give(key, LINE.DESCRIPTORS)
            if self._shakes:
                self._stop_shaking(key)

    def _settle_header(self) -> None:
        unheaded, self._unheaded = self._unheaded, None
        if unheaded is not None:
            self._admission.ledger.settle(unheaded)

    def _begin_shaking(self) -> bool:
        """One more handshake; as long as it is not done, the connection has shown nothing."""
        ledger = self._admission.ledger
        if not self._key or self._shakes:
            return True
        short = ledger.ask(self._key, LINE.HANDSHAKES)
        if short is not None:
            what = What.HANDSHAKES_PER_PEER
            self._admission.log.tell(Resource(what, short.used, short.limit))
            return False
        self._shakes = True
        ledger.linger(self, self._key, LINE.HANDSHAKES, LINE.SESSIONS, LINE.DESCRIPTORS)
        return True

    def _stop_shaking(self, key: str) -> None:
        shakes, self._shakes = self._shakes, False
        if shakes:
            self._admission.ledger.give(key, LINE.HANDSHAKES)

    def lingers(self) -> None:
        if self._key:
            if self._shakes:
                self._stop_shaking(self._key)
            held = self._memory is not None and self._memory.amount > 0
            self._admission.ledger.linger(self, self._key, *DRAINS[held])

    def shed(self) -> None:
        self.abort()
        self._tell_lost("its peer's share of the limits was used up", ends.Reason.SHARE_USED_UP)
        super().shed()

    def _memory_grant(self) -> Grant:
        return Grant(self._admission.ledger, self._key, LINE.MEMORY)

    def crowded(self, short: Short) -> None:
        if self.driver is not None:
            self.driver.crowded(short)


def is_over(sock: socket.socket) -> bool:
    """Whether its peer has gone, and said nothing."""
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


class Unheaded:
    """A connection whose PROXY header has not come yet."""

    __slots__ = ("_control", "_reader")

    def __init__(self, control: Charged, reader: HeaderReader) -> None:
        self._control = control
        self._reader = reader

    def shed(self) -> None:
        """Reset it (``ledger.Lingering``)."""
        self._reader.cancel()
        self._control.shed()
