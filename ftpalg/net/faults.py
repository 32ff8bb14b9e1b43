"""What clients do wrong beside passwords of the gateway, charged to their peer until it is forgotten.

Logins that a server refused, and sessions that spoke no FTP or broke TLS.  It is counted, and refuses nobody:
bans are for that (``life.banning``), and wrong passwords here have a line of their own (``guesses``), which
nothing of this can push out.
"""

from __future__ import annotations

from collections import deque

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.ends import CLIENTS_FAULT
from ftpalg.core.events import Side
from ftpalg.core.facts import LoginRefused, SessionClosed
from ftpalg.net.bans import Bans
from ftpalg.net.ledger import Ledger, Line
from ftpalg.net.reactors import Timing

WRONG = frozenset((430, 530))
"""Replies of a server by which a login was wrong; others tell of its own troubles."""
MOST = 10_000
"""Faults that are remembered, of all peers; the oldest is forgotten first."""


class Faults:
    """``forget`` is after how many seconds."""

    def __init__(self, reactor: Timing, ledger: Ledger, bans: Bans, forget: float) -> None:
        self._reactor = reactor
        self._ledger = ledger
        self._bans = bans
        self._faults: deque[tuple[float, str]] = deque()
        self._call: IDelayedCall | None = None
        self.forget = forget

    def seen(self, peer: str, fact: LoginRefused | SessionClosed, *, ours: bool) -> None:
        """Charge it where it is the client's fault: not that of a login of ``ours`` at its server."""
        if isinstance(fact, SessionClosed):
            guilty = fact.reason in CLIENTS_FAULT
        else:
            guilty = fact.side is Side.SERVER and fact.code in WRONG and not ours
        if not guilty or self._bans.is_safe(peer):
            return
        key = self._ledger.whose(peer)
        self._ledger.ask(key, Line.FAULTS)
        self._faults.append((self._reactor.seconds(), key))
        if len(self._faults) > MOST:
            self._give_oldest()
        self._look_later()

    def _give_oldest(self) -> None:
        self._ledger.give(self._faults.popleft()[1], Line.FAULTS)

    def _look_later(self) -> None:
        if self._call is None and self._faults:
            due = self._faults[0][0] + self.forget - self._reactor.seconds()
            self._call = self._reactor.callLater(max(1.0, due), self._look)

    def _look(self) -> None:
        self._call = None
        last = self._reactor.seconds() - self.forget
        while self._faults and self._faults[0][0] <= last:
            self._give_oldest()
        self._look_later()

    def stop(self) -> None:
        """The gateway ends."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
