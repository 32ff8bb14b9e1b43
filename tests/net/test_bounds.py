"""Which wait bounds each state: a table for every enumeration of states, walked.

``design.md``, rule 10: whatever is awaited has a timer running.  A state that is new has to be put into
the table, with its bound, or these tests fail.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.core.actions import StartTimer, StopTimer
from ftpalg.core.ends import Reason
from ftpalg.core.events import (
    ClientLost,
    Link,
    ReplyReceived,
    ServerConnected,
    Side,
    Timer,
)
from ftpalg.core.phases import Phase
from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.core.session import Session
from ftpalg.core.session_settings import Rules
from ftpalg.core.stages.plan import At
from ftpalg.core.stages.transfer_states import (
    LEGS,
    LOST,
    Happening,
    Leg,
    Step,
    Transfer,
    Verdict,
)
from ftpalg.core.stages.transfer_steps import step
from ftpalg.core.wire.replies import reply
from ftpalg.net.control.state import State
from ftpalg.net.control.timers import Wait
from tests.core.ladder import Ladder, LadderTest
from tests.core.openings import GREETED, PASV_EPSV, RETR
from tests.core.scripts import READY
from tests.core.tls import AUTH, MATCH, OFFER
from tests.net.controls import ControlCase

BOUNDS: dict[Enum, str] = {
    # a session, by what its client is
    Phase.UNROUTED: "timeouts.login",
    Phase.CHECKING: "timeouts.login",
    Phase.DIALING: "timeouts.handshake",  # from the connection on; before: connect, resolve, login
    Phase.SERVED: "timeouts.idle",  # login until the client is in
    Phase.OPAQUE: "timeouts.idle",
    Phase.OVER: "timeouts.drain",
    # the login at the server
    At.AWAY: "timeouts.login",
    At.GREETING: "timeouts.handshake",
    At.AUTH: "timeouts.handshake",
    At.TLS: "timeouts.handshake",
    At.GREETED: "timeouts.login",
    At.READY: "timeouts.login",
    At.USER: "timeouts.login",
    At.NAMED: "timeouts.login",
    At.PASS: "timeouts.login",
    At.PASSLESS: "timeouts.idle",
    At.IN: "timeouts.idle",
    # a control connection
    State.HEADER: "timeouts.handshake",
    State.SHAKING: "timeouts.handshake",
    State.TALKING: "timeouts.idle",  # the session's own
    State.OPAQUE: "timeouts.idle",
    State.CLOSING: "timeouts.drain",
    # the legs; before the command the session's own wait holds them
    Leg.CLOSED: "timeouts.idle",
    Leg.LISTENING: "timeouts.data-open",
    Leg.DIALLING: "timeouts.data-open",
    Leg.STANDING: "timeouts.data-open",
    Leg.SHAKING: "timeouts.data-open",
    Leg.OPEN: "timeouts.data-open",
    Leg.MOVING: "timeouts.stalled",
    Leg.ENDING: "timeouts.delivery",
    Leg.ENDED: "timeouts.final-reply",
    Leg.MISSED: "timeouts.final-reply",
    Leg.FAILED: "timeouts.final-reply",
}
"""Each state and the setting that ends it at the latest, where nothing else does."""

OVER = {Step.FORWARD, Step.BROKEN, Step.UNCONFIRMED, Step.UNSAID, Step.GIVE_UP, Step.CONCLUDE}
"""Steps behind which the table has no more to say."""

LINK = Link("192.0.2.1", "192.0.2.254", 40000)
THERE = Link("192.0.2.2", "192.0.2.254", 21)
FIXED = Rules(choose=lambda *asked: Route(servers=(Server("192.0.2.2", 21),)))


class Tables(SynchronousTestCase):
    """The states of the enumerations."""

    def test_every_state(self) -> None:
        """Each has a bound, and each bound is a setting with a default above nothing."""
        timeouts: Any = Settings().timeouts
        for states in (Phase, At, State, Leg):
            for state in states:
                section, _, name = BOUNDS[state].partition(".")
                self.assertEqual(section, "timeouts", state)
                self.assertGreater(getattr(timeouts, name.replace("-", "_")), 0, state)
        for wait in (*Timer, *Wait):
            name = wait.value.removeprefix("timeouts.").replace("-", "_")
            if wait not in (Wait.TURN, Wait.RATE):  # a second's part
                self.assertGreater(getattr(timeouts, name), 0, wait)

    def test_transfers(self) -> None:
        """Wherever a transfer can come and wait, a wait runs, or one of another's does: nothing is asked
        yet or the server has still to speak (``idle``), or the relay runs (``stalled``)."""
        seen, ahead = set[Transfer](), [Transfer()]
        while ahead:
            transfer = ahead.pop()
            if transfer in seen:
                continue
            seen.add(transfer)
            moving = (transfer.client, transfer.server) == (Leg.MOVING, Leg.MOVING)
            idle = transfer.verdict in (Verdict.NONE, Verdict.AWAITED)
            self.assertTrue(transfer.wait is not None or moving or idle, transfer)
            ahead += after(transfer)
        self.assertGreater(len(seen), 100)
        self.assertIn(Verdict.CUT, {transfer.verdict for transfer in seen})


def after(transfer: Transfer) -> list[Transfer]:
    """The transfers that may follow and are not over."""
    found = []
    for happening in Happening:
        if happening is Happening.EXPIRED and transfer.wait is None:
            continue
        if happening is Happening.REPEATED and transfer.client not in LOST:
            continue  # told of a download that its client has left, and of no other
        if happening is Happening.SENT and transfer.verdict is not Verdict.NONE:
            continue  # the command goes once
        for side in Side if happening in LEGS else (None,):
            then, steps = step(transfer, happening, side)
            if not set(steps) & OVER:
                found.append(then._replace(reason=""))
    return found


class Sessions(SynchronousTestCase):
    """Waits that run in a session, by what it has ordered."""

    def setUp(self) -> None:
        self.running: set[Timer] = set()

    def take(self, actions: list[Any]) -> None:
        """Keep book."""
        for action in actions:
            if isinstance(action, StartTimer):
                self.running.add(action.timer)
            elif isinstance(action, StopTimer):
                self.running.discard(action.timer)

    def test_greeted_by_230(self) -> None:
        """A fixed server that lets the client in with its greeting: the session is bounded by idle."""
        session = Session(FIXED, LINK)
        self.take(session.start())
        self.take(session.handle(ServerConnected(THERE)))
        self.assertEqual(self.running, {Timer.LOGIN, Timer.HANDSHAKE})
        self.take(session.handle(ReplyReceived(reply(230, "Come in."))))
        self.assertIs(session.desk.phase, Phase.SERVED)
        self.assertTrue(session.desk.logged_in)
        self.assertEqual(self.running, {Timer.IDLE})


class Walked(LadderTest):
    """Every state of a session and of its login: exactly the waits run that bound it."""

    NOBODY = {Timer.LOGIN}
    GREETS = {Timer.LOGIN, Timer.HANDSHAKE}
    INSIDE = {Timer.IDLE}

    def setUp(self) -> None:
        super().setUp()
        self.seen: set[Enum] = set()

    def stands(self, made: Ladder, phase: Phase, at: At, running: set[Timer]) -> None:
        """The session is there, and these run: before the login its wait, else one that the table has."""
        self.assertEqual((made.session.desk.phase, made.session.login.state.at), (phase, at))
        self.assertEqual(made.running, running, at)
        bounds = {Timer(BOUNDS[state].removeprefix("timeouts.")) for state in (phase, at)}
        self.assertTrue(bounds & running or running == self.NOBODY, at)
        self.seen |= {phase, at}

    def test_every_state(self) -> None:
        """From the first word to the last, by the ways that lead to each."""
        named = Rules(accounts=True, server_tls=ServerTls.EXPLICIT)
        made = self.ladder(named)
        asked = "C -> P  USER bob@gus@one.example\nC <- P  331 Password required.\nC -> P  PASS secret@gp"
        for script, phase, at, running in (
            (READY, Phase.UNROUTED, At.AWAY, self.NOBODY),
            (f"{asked}\nP ..  checks gus gp", Phase.CHECKING, At.AWAY, self.NOBODY),
            (
                "P ..  accepts gus\nP ..  dials one.example:21",
                Phase.DIALING,
                At.GREETING,
                self.NOBODY,
            ),
            ("P ..  connected", Phase.DIALING, At.GREETING, self.GREETS),
            ("P <- S  220 One.\nP -> S  AUTH TLS", Phase.DIALING, At.AUTH, self.GREETS),
            (
                "P <- S  234 Go.\nP ..  begins TLS with the server",
                Phase.DIALING,
                At.TLS,
                self.GREETS,
            ),
            ("P ..  server secured\nP -> S  USER bob", Phase.SERVED, At.USER, self.NOBODY),
            ("P <- S  331 P.\nP -> S  PASS secret", Phase.SERVED, At.PASS, self.NOBODY),
            ("P <- S  530 No.\nC <- P  530 No.", Phase.SERVED, At.NAMED, self.NOBODY),
            ("C -> P  PASS s\nP -> S  PASS s", Phase.SERVED, At.PASS, self.NOBODY),
            ("P <- S  230 In.\nC <- P  230 In.", Phase.SERVED, At.IN, self.INSIDE),
        ):
            made.play(script)
            self.stands(made, phase, at, running)
        user = "C -> P  USER bob\nP -> S  USER bob\n"
        for rules, script, phase, at, running in (
            (OFFER, "", Phase.SERVED, At.GREETED, self.NOBODY),
            (OFFER, AUTH, Phase.SERVED, At.READY, self.NOBODY),
            (
                OFFER,
                f"{user}P <- S  230 In.\nC <- P  230 In.",
                Phase.SERVED,
                At.PASSLESS,
                self.INSIDE,
            ),
        ):
            self.stands(self.ladder(rules).play(GREETED, script), phase, at, running)
        self.assertEqual(self.seen, {*Phase, *At} - {Phase.OPAQUE, Phase.OVER})

    def test_patience(self) -> None:
        """A server that asks for patience is bounded by the login's wait alone."""
        made = self.ladder(OFFER).play("P ..  dials ftp.example:21\nP ..  connected")
        made.play("P <- S  120 Soon.\nC <- P  120 Soon.")
        self.stands(made, Phase.DIALING, At.GREETING, self.NOBODY)

    def test_implicit(self) -> None:
        """A server that shakes hands first and then never greets is waited for no longer than others."""
        made = self.ladder(Rules(server=Server("ftp.example"), server_tls=ServerTls.IMPLICIT))
        made.play(
            """
            P ..    dials ftp.example:21
            P ..    connected
            P ..    begins TLS with the server
            P ..    server secured
            """
        )
        self.stands(made, Phase.DIALING, At.GREETING, self.GREETS)
        made.play(
            """
            P ..    timer handshake
            C <- P  421 The server did not greet, TLS included, in time.
            P ..    hangs up
            """
        )

    def test_matched(self) -> None:
        """While the server shakes hands because the client asked: both."""
        made = self.ladder(MATCH).play(GREETED, "C -> P  AUTH TLS\nP -> S  AUTH TLS")
        self.assertEqual(made.running, self.NOBODY)
        made.play("P <- S  234 Go.\nP ..  begins TLS with the server")
        self.assertEqual(made.running, self.GREETS)

    def test_unanswered_transfer(self) -> None:
        """The transfer's command is sent and nothing comes: the session's own wait runs all the time,
        before the server's port stands (its wait runs beside it) and behind."""
        made = self.after_login(PASV_EPSV)
        self.assertEqual(made.running, self.INSIDE)
        made.play(RETR)
        self.assertEqual(made.running, self.INSIDE | {Timer.DATA_OPEN})
        made.play("P ..  server leg open")
        self.assertEqual(made.running, self.INSIDE)
        made.play(
            """
            P ..    timer idle
            C <- P  421 The server did not answer within the time that timeouts.idle allows.
            P ..    closes client leg
            P ..    aborts server leg
            P ..    hangs up
            """
        )


class Opaque(ControlCase):
    """Control connections that are copied untouched: the session sees nothing of them."""

    async def test_nothing(self) -> None:
        """Where nothing follows, it ends too."""
        client, _ = self.client()
        server, _ = self.server()
        await self.until(lambda: "start" in self.owner.words and "met" in self.owner.words)
        client.go_opaque(server)
        self.clock.advance(self.settings.timeouts.idle)
        self.assertEqual(self.owner.names, ["ClientLost"])
        client.hang_up()
        server.hang_up()

    async def test_silence(self) -> None:
        """Both are silent for as long as a session may be: it ends.  Each word begins the wait anew."""
        client, far = self.client()
        server, away = self.server()
        await self.until(lambda: "start" in self.owner.words and "met" in self.owner.words)
        client.go_opaque(server)
        idle = self.settings.timeouts.idle
        for said, heard in ((far, away), (away, far)):
            self.clock.advance(idle - 1)
            said.send(b"word")
            await self.until(lambda heard=heard: _came(heard))  # type: ignore[misc]
        self.clock.advance(idle - 1)
        self.assertEqual(self.owner.heard, [])
        self.clock.advance(1)
        lost = ClientLost("nothing was said within timeouts.idle", Reason.IDLE_TIMEOUT)
        self.assertEqual(self.owner.heard, [lost])
        client.hang_up()
        server.hang_up()


def _came(sock: Any) -> bool:
    try:
        return bool(sock.recv(100))
    except BlockingIOError:
        return False
