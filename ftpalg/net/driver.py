"""Performs one session's actions and gives it its events.

The only place where the core meets sockets and clocks.  An action may cause an event at once (a
data port is open as soon as it is asked for): events wait in a queue and are handled one after
another, so that the core is never entered twice.  An exception ends the session, visibly, and no
other (rule 11).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.python.failure import Failure

from ftpalg.core import actions as do
from ftpalg.core.ends import Reason
from ftpalg.core.events import (
    AccountAccepted,
    AccountRefused,
    AccountsBusy,
    Busy,
    Event,
    ReplyReceived,
    RoomAnswered,
    SecretMissing,
    Side,
)
from ftpalg.core.facts import (
    CommandAnswered,
    CommandLine,
    Failed,
    LoggedIn,
    LoginRefused,
    Outcome,
    ReplyLines,
    SessionClosed,
    TransferOver,
)
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.core.wire.replies import Reply, reply
from ftpalg.net.backend import GONE
from ftpalg.net.call_all import call_all
from ftpalg.net.details import completed
from ftpalg.net.dialogues import part_of_reply
from ftpalg.net.ledger import Short
from ftpalg.net.parts import Parts
from ftpalg.net.shares import used_up
from ftpalg.net.stored_passwords import NoSecret, read_secret

TRANSFERS = (Kind.DOWNLOAD, Kind.UPLOAD)
"""Commands that ask for room before they begin."""
TOO_MUCH = {
    True: "Too much waits to be sent to your address; closing.",
    False: "Too much waits to be sent; closing.",
}
"""What a client hears whose peer's share of memory (True), or all there is, is used up."""


class Driver(Parts):
    """One session, its connections and what it waits for."""

    __slots__ = ()

    # -- events -----------------------------------------------------------------------------------

    def start(self) -> None:
        """The client is admitted."""
        self._guarded(self.session.start)
        if self._events and not self._busy:
            self._go_on(self._next())

    def _next(self) -> Event:
        event, self._events = self._events[0], self._events[1:]
        return event

    def handle(self, event: Event) -> None:
        """Give the session an event and do what it orders."""
        if self._released:
            return
        shared = self.shared
        if self._dialogues.own:
            event = self._dialogues.heard(event)
        log = shared.log
        if log.ladder or log.last_lines:
            self._dialogues.come(self, event)
        self._heard = shared.reactor.seconds()
        if self._busy:
            self._events += (event,)
        else:
            self._go_on(event)

    def _go_on(self, event: Event) -> None:
        """Handle it; what is caused meanwhile waits, and follows it."""
        self._busy = True
        try:
            while True:
                self.reply = event.reply if type(event) is ReplyReceived else None
                for action in self.session.handle(event):
                    if self._released:
                        break  # an exception in what was called meanwhile
                    PERFORM[type(action)](self, action)
                if not self._events:
                    break
                event = self._next()
        except Exception:
            self.broke()
        finally:
            self._busy = False
        self.reply = None
        if self.client.pauses.reasons and self.client.waits_for_room and self.client.driver is self:
            self.client.pump()

    def _guarded(self, order: Callable[..., list[do.Action]], *what: Reply | Reason) -> None:
        """Perform what is ordered; an exception, wherever it comes from, ends the session."""
        self._busy = True
        try:
            for action in order(*what):
                if self._released:
                    break  # an exception in what was called meanwhile
                PERFORM[type(action)](self, action)
        except Exception:
            self.broke()
        finally:
            self._busy = False

    def _perform(self, ordered: list[do.Action]) -> None:
        for action in ordered:
            if self._released:
                return
            PERFORM[type(action)](self, action)

    def broke(self) -> None:
        """An exception is being handled: legs reset, 421 to the client, everything released.

        Harmless where the session has ended.
        """
        failed = Failed("an exception ends the session", Failure().getTraceback())
        last = reply(421, "An internal error ends this session.")
        self._events = ()
        try:
            call_all(
                partial(self.observe, failed),
                self._let_go,
                lambda: self._perform(self.session.end(last, Reason.EXCEPTION)),
                partial(self._last_word, last),
                self._release,
            )
        except Exception:
            self.observe(Failed("an exception at its end", Failure().getTraceback()))

    def _last_word(self, last: Reply) -> None:
        """The core could not say it."""
        if not self._released:
            self.client.write(bytes(last))

    def end(self, text: str, reason: Reason = Reason.STOPPED) -> None:
        """End the session from outside, with 421 and that text."""
        self._guarded(self.session.end, reply(421, text), reason)

    def crowded(self, short: Short) -> None:
        """More waits for its peers than there may: it ends in the reactor's next turn."""
        self.shared.log.tell(used_up(short))
        end = partial(self.end, TOO_MUCH[short.of_one], Reason.SHARE_USED_UP)
        self.reactor.callLater(0, lambda: self._released or end())

    # -- what is told -----------------------------------------------------------------------------

    def _tell(self, action: do.Tell) -> None:
        fact = completed(self, action.fact)  # here the relay of a transfer stops that is over
        self.observe(fact)
        if isinstance(fact, LoggedIn):
            self._dialogues.logged_in()
            self.backend.settled()
        elif isinstance(fact, TransferOver):
            self._settle(fact.moved, complete=fact.outcome is Outcome.COMPLETE)
        elif isinstance(fact, CommandAnswered) and fact.command.kind in TRANSFERS:
            self.seats.end_transfer()
            self._settle()
        elif isinstance(fact, (LoginRefused, SessionClosed)) and self.shared.faults is not None:
            ours = bool(self.session.login.state.route.secret)
            self.shared.faults.seen(self.peer, fact, ours=ours)

    def _learned(self, action: do.Learned) -> None:
        if self.backend.server is not None:
            self.shared.reaching.traits.learn(self.backend.server, action.traits)

    def _report_progress(self, action: do.ReportProgress) -> None:
        verb = action.command.verb.decode("ascii")
        self._send_reply(do.SendReply(reply(213, f"{verb}: {self.legs.moved} bytes so far.")))

    # -- the client's control connection (``owners.Owner``) ---------------------------------------

    def shake(self) -> None:
        """Begin TLS with the client before the first word."""
        self.client.start_tls(self.for_clients())

    def pause_server(self) -> None:
        """The client does not read: take no more replies from the server."""
        self.backend.hold()

    def resume_server(self) -> None:
        """The client reads again."""
        self.backend.release()

    def _send_reply(self, action: do.SendReply) -> None:
        log = self.shared.log
        if log.ladder or log.last_lines:
            self._dialogues.go_by(self, ReplyLines(action.reply, sent=True))
        self.client.write(bytes(action.reply))

    def _send_line(self, action: do.SendLine) -> None:
        log = self.shared.log
        if log.ladder or log.last_lines:
            self._dialogues.go_by(self, part_of_reply(action.line, sent=True))
        self.client.write(action.line + b"\r\n")

    def _leave_account(self) -> None:
        """The account that it had is forgotten, if it had one."""
        if self._seats is not None:
            self._seats.leave_account()

    def _authenticate(self, action: do.Authenticate) -> None:
        self._leave_account()
        self.check = self.shared.accounts.check(
            action.account,
            action.password,
            self._accepted,
            lambda reason: self.handle(
                AccountRefused(reason, self.check is None or self.check.sure)
            ),
            lambda: self.handle(AccountsBusy()),
            self.session.desk.client.peer,
            lambda: self.handle(AccountsBusy(Busy.BARRED)),
        )

    def _accepted(self, account: str) -> None:
        short = self.seats.account(account)
        if short is None:
            self.handle(AccountAccepted(account))
        else:
            self.observe(used_up(short))
            self.handle(AccountsBusy(Busy.FULL))

    # -- the limits -------------------------------------------------------------------------------

    def _ask_room(self, action: do.AskRoom) -> None:
        missing = self.seats.transfer()
        if missing is not None:
            short, sentence = missing
            self.observe(used_up(short))
            self.handle(RoomAnswered(sentence))
            return
        refusal, code = self._allot(action.command)
        self.handle(RoomAnswered(refusal, code))

    def _allot(self, command: Command) -> tuple[str, int]:
        """Ask for what the transfer may move; what stands against it, or nothing."""
        quotas = self.shared.quotas
        if quotas is None:
            return "", 0
        account, route = self._whose()
        where = self.client.listener.endpoint
        self._allotment = quotas.allot(command, account, where, route, self.observe)
        return ("", 0) if self._allotment is None else self._allotment.begin()

    def _settle(self, moved: int | None = None, *, complete: bool = False) -> None:
        """Its transfer is over: what it was allotted and has not moved is others'."""
        allotment, self._allotment = self._allotment, None
        if allotment is not None:
            allotment.end(self.legs.moved if moved is None else moved, complete=complete)

    # -- the server's -----------------------------------------------------------------------------

    def _dial(self, action: do.Dial) -> None:
        self.backend.dial(action, self.session.desk.client, near=self.client.near)

    def _send_command(self, action: do.SendCommand, *, own: bool = False) -> None:
        log = self.shared.log
        if log.ladder or log.last_lines:
            self._dialogues.go_by(self, CommandLine(action.command, sent=True))
        self._dialogues.sent(action.command, own=own)
        self.backend.send(action.command, urgent=action.urgent)

    def _send_secret(self, action: do.SendSecret) -> None:
        try:
            command = Command(b"PASS", read_secret(action.source))
        except NoSecret as error:
            self.handle(SecretMissing(str(error)))
        else:
            self._send_command(do.SendCommand(command), own=True)

    def _start_tls(self, action: do.StartTls) -> None:
        if action.side is Side.CLIENT:
            self._leave_account()  # what was said in clear counts no more
            self.client.start_tls(self.for_clients())
        else:
            self.backend.shake()

    def _hang_up(self, action: do.HangUp) -> None:
        if action.side is Side.SERVER:
            self._dialogues.forget()
            self.backend.hang_up()
            return
        self._release()

    def _release(self) -> None:
        """Nothing of the session is left; a second time changes nothing."""
        if self._released:
            return
        self._released = True
        call_all(
            self.client.hang_up,
            partial(self.shared.timers.stop_all, self),
            self._let_go,
            self.backend.hang_up,
            *((self.check.cancel,) if self.check is not None else ()),
            *((self._seats.end,) if self._seats is not None else ()),
            self._settle,
            partial(self.shared.sessions.dismiss, self),
        )
        # what leads back here is let go, so that nothing is left for the collector of garbage
        self.backend, self._legs, self._around, self.check = GONE, None, None, None


PERFORM: dict[type, Callable[[Driver, Any], None]] = {
    do.SendReply: Driver._send_reply,
    do.SendLine: Driver._send_line,
    do.SendCommand: Driver._send_command,
    do.SendSecret: Driver._send_secret,
    do.Authenticate: Driver._authenticate,
    do.Dial: Driver._dial,
    do.HangUp: Driver._hang_up,
    do.StartTls: Driver._start_tls,
    do.StopTls: lambda driver, action: driver.client.stop_tls(),
    do.GoOpaque: lambda driver, action: driver.backend.copy(driver.client),
    do.AskRoom: Driver._ask_room,
    do.Listen: lambda driver, action: driver.legs.side(action.side).listen(),
    do.Connect: lambda driver, action: driver.legs.side(action.side).connect(action.port),
    do.SecureLeg: lambda driver, action: driver.legs.side(action.side).secure(again=action.again),
    do.Relay: lambda driver, action: driver.legs.relay(action.source),
    do.GiveTime: lambda driver, action: driver.legs.give_time(),
    do.EndLeg: lambda driver, action: driver.legs.side(action.side).finish_sink(),
    do.CloseLeg: lambda driver, action: driver.legs.close(action.side),
    do.AbortLeg: lambda driver, action: driver.legs.abort(action.side),
    do.StartTimer: lambda driver, action: driver.shared.timers.start(driver, action.timer),
    do.StopTimer: lambda driver, action: driver.shared.timers.stop(driver, action.timer),
    do.ReportProgress: Driver._report_progress,
    do.Learned: Driver._learned,
    do.Tell: Driver._tell,
}
