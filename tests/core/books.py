"""The books of a driver around one ``Session``: what it has ordered decides what can happen.

A leg opens only after it was ordered, ends only when it relays, a timer expires only when it runs, an
account is judged only when it is checked; and a leg is never ended before the other has ended (rule
1).  Whatever is ordered waits to be asserted before anything else happens.
"""

from __future__ import annotations

from collections import deque
from typing import NoReturn, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import actions as do
from ftpalg.core import events as ev
from ftpalg.core.ends import Reason
from ftpalg.core.events import Link, Side, Timer, Traits
from ftpalg.core.session import Session
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.replies import Reply

ANSWERED = (do.Authenticate, do.SendSecret, do.StartTls)
A = TypeVar("A")
Asserted = do.StartTimer | do.StopTimer | do.GiveTime | do.Tell | do.Learned


OF_TRANSFERS = {
    Timer.DATA_OPEN,
    Timer.UNANNOUNCED,
    Timer.SETTLE,
    Timer.EARLY_REPLY,
    Timer.LAST_WORD,
    Timer.STALLED,
    Timer.DELIVERY,
    Timer.FINAL_REPLY,
    Timer.ABORT_PAUSE,
    Timer.ABORT_REPLY,
    Timer.ABORT,
    Timer.RESYNC,
}
"""Waits that belong to one transfer."""


class Books:
    """One session, and what can happen to it."""

    def __init__(
        self,
        case: SynchronousTestCase,
        rules: Rules,
        client: Link,
        server: Link,
        traits: Traits | None,
        sni: str | None,
    ) -> None:
        self.case = case
        self.session = Session(rules, client)
        self.server = server
        self.traits = Traits() if traits is None else traits
        self.running: set[Timer] = set()
        self.legs: dict[Side, str] = {}
        self.told: list[do.Action] = []
        self._pending: set[type[do.Action]] = set()
        self._waiting: deque[do.Action] = deque()
        self._aside: list[do.Action] = []
        self._lines: deque[bytes] = deque()
        self._line = "start"
        if sni is not None:  # implicit TLS: the handshake comes before the session begins
            self._take(self.session.handle(ev.ClientSecured(sni)))
        self._take(self.session.start())

    # -- inputs ---------------------------------------------------------------------------------

    def feed(self, event: ev.Event) -> None:
        """Give the session an event; everything before it must have been asserted."""
        self._nothing_left()
        self._aside.clear()
        self._take(self.session.handle(event))

    def end(self, last: Reply) -> None:
        """The gateway ends the session."""
        self._nothing_left()
        self._aside.clear()
        self._take(self.session.end(last))

    def _take(self, ordered: list[do.Action]) -> None:
        for action in ordered:
            self._keep_books(action)
            if isinstance(action, Asserted):
                self._aside.append(action)
            else:
                self._waiting.append(action)
            self.told.append(action)
            if isinstance(action, do.Learned):
                self.traits = action.traits

    def _keep_books(self, action: do.Action) -> None:
        if isinstance(action, do.StartTimer):
            self.running.add(action.timer)
        elif isinstance(action, do.StopTimer):
            self.running.discard(action.timer)
        elif isinstance(action, ANSWERED) and action != do.StartTls(Side.SERVER):
            self._pending.add(type(action))
        elif isinstance(action, do.HangUp):
            self._pending.clear()
        elif isinstance(action, do.Connect):
            self.legs[action.side] = "opening"
        elif isinstance(action, do.AbortLeg | do.CloseLeg):
            self.legs.pop(action.side, None)
        elif isinstance(action, do.EndLeg):
            self.case.assertEqual(
                self.legs.get(action.side.other), "ended", f"{self._line}: a clean end from nowhere"
            )
        elif isinstance(action, do.Relay):
            self.legs = dict.fromkeys(self.legs, "relaying")

    def secured(self) -> None:
        """The server's certificate is accepted."""
        self.feed(ev.ServerSecured())

    def client_secured(self, name: str | None) -> None:
        """TLS with the client stands."""
        self._answers(do.StartTls)
        self.feed(ev.ClientSecured(name or ""))

    def accepts(self, account: str) -> None:
        """The password for the account at the gateway was right."""
        self._answers(do.Authenticate)
        self.feed(ev.AccountAccepted(account))

    def refuses_account(self, reason: str) -> None:
        """It was not."""
        self._answers(do.Authenticate)
        self.feed(ev.AccountRefused(reason))

    def too_busy(self) -> None:
        """Nobody can look at it now."""
        self._answers(do.Authenticate)
        self.feed(ev.AccountsBusy())

    def account_full(self) -> None:
        """It may have no session more."""
        self._answers(do.Authenticate)
        self.feed(ev.AccountsBusy(ev.Busy.FULL))

    def full(self, what: str) -> None:
        """The way has no room for one more."""
        why = {"route": Reason.ROUTE_FULL, "server": Reason.SERVER_FULL}[what]
        self.feed(ev.ServerUnreachable("full", "Too many sessions there.", why))

    def secret_missing(self, reason: str) -> None:
        """The password for the server cannot be read."""
        self._answers(do.SendSecret)
        self.feed(ev.SecretMissing(reason))

    def _answers(self, kind: type[do.Action]) -> None:
        if kind not in self._pending:
            self._fail("answers what was not ordered")
        self._pending.remove(kind)

    def insecure(self, reason: str) -> None:
        """TLS with the server failed."""
        self.feed(ev.ServerInsecure(reason))

    def connected(self) -> None:
        """The server's control connection stands."""
        self.feed(ev.ServerConnected(self.server, self.traits))

    def lost(self, who: str) -> None:
        """A control connection is gone."""
        reason = "Connection was closed cleanly."
        self.feed(ev.ClientLost(reason) if who == "client" else ev.ServerLost(reason))

    def unreachable(self, reason: str | None) -> None:
        """The server could not be dialled."""
        self.feed(ev.ServerUnreachable(reason or "refused"))

    def forbidden(self, sentence: str) -> None:
        """The access rules stand against the server."""
        self.feed(ev.ServerUnreachable("forbidden", sentence))

    def drained(self, what: str) -> None:
        """The way that the session was to go takes no new ones."""
        why = {"route": Reason.ROUTE_DRAINED, "server": Reason.SERVER_DRAINED}[what]
        self.feed(ev.ServerUnreachable("drained", f"The {what} is drained.", why))

    def expires(self, name: str) -> None:
        """A timer that runs is over."""
        timer = Timer(name)
        if timer not in self.running:
            self._fail("tells of a timer that does not run")
        self.running.discard(timer)
        self.feed(ev.TimerExpired(timer))

    def opens(self, side: str, tls: str | None) -> None:
        """A data connection stands."""
        self._leg(side, "opening")
        self.legs[Side(side)] = "open"
        self.feed(ev.LegReached(Side(side)))
        if tls is not None:
            self.shakes(side)
            besides, self._waiting = self._waiting, deque()  # a dial of the other side, say
            self.feed(ev.LegSecured(Side(side)))
            self._waiting.extendleft(reversed(besides))

    def leg_secured(self, side: str) -> None:
        """TLS on a data connection stands."""
        self._leg(side, "open")
        self.feed(ev.LegSecured(Side(side)))

    def moves(self, side: str) -> None:
        """A leg that is ending takes bytes."""
        self.feed(ev.LegMoved(Side(side)))

    def shakes(self, side: str) -> None:
        """TLS begins on a data connection."""
        self._same(self._next(do.SecureLeg, "secure").side.value.encode(), side.encode())

    def ends(self, side: str) -> None:
        """A leg that relays has ended cleanly."""
        self._leg(side, "relaying")
        self.legs[Side(side)] = "ended"
        self.feed(ev.LegEnded(Side(side)))

    def fails(self, side: str, reason: str | None) -> None:
        """A leg broke or could not be opened."""
        self._leg(side, "opening", "open", "relaying")
        del self.legs[Side(side)]
        self.feed(ev.LegFailed(Side(side), reason or "Connection reset by peer"))

    def refuses(self, side: str, code: str, reason: str) -> None:
        """A data connection stood that the gateway itself does not want, or not any more."""
        self._leg(side, "opening", "open", "relaying")
        del self.legs[Side(side)]
        self.feed(ev.LegFailed(Side(side), reason, int(code)))

    def half_closes(self) -> None:
        """The client will send nothing more."""
        self.feed(ev.ClientDone())

    def _leg(self, side: str, *states: str) -> None:
        if self.legs.get(Side(side)) not in states:
            self._fail(f"tells of a leg that is {self.legs.get(Side(side))}")

    # -- what is ordered -----------------------------------------------------------------------------

    def _next(self, kind: type[A], text: str) -> A:
        if self._lines:
            self._fail(f"but the reply goes on: {list(self._lines)}")
        if not self._waiting:
            self._fail("but nothing more is ordered")
        action = self._waiting.popleft()
        if not isinstance(action, kind):
            self._fail(f"but the session orders {action}")
        return action

    def _same(self, found: bytes, wanted: bytes) -> None:
        if wanted.endswith("…".encode()):
            wanted = wanted.removesuffix("…".encode())
            found = found[: len(wanted)]
        self.case.assertEqual(found, wanted, self._line)

    def _nothing_left(self) -> None:
        if self._lines:
            self._fail(f"comes before the rest of a reply was read: {list(self._lines)}")
        if self._waiting:
            self._fail(f"comes before these actions were asserted: {list(self._waiting)}")

    def _fail(self, why: str) -> NoReturn:
        self.case.fail(f"{self._line!r} {why}")
        raise AssertionError  # pragma: no cover - for the type checker
