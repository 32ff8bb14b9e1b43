"""The tables of one transfer.

Two legs and the server's word, each with a state; one joint table says in every combination of the
three what to do, and which wait runs.  The invariants that a test walks the tables for:

- a leg that failed leaves no live leg beside it (but the server's for a moment behind ABOR, and the
  client's while a server whose port cannot be had has not spoken: nothing has moved then);
- a refusal leaves no live leg;
- a leg ends cleanly only after the other has ended cleanly;
- success is told only when both legs have ended cleanly;
- wherever something is awaited of a peer, a wait runs.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from ftpalg.core.events import SIDE, SIDES, Side, Timer
from ftpalg.core.keys import Key, at_hand
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply


class Leg(Key):
    """One data connection."""

    CLOSED = "not begun"
    LISTENING = "our data port is open for the peer"
    DIALLING = "the peer is being connected to"
    STANDING = "connected; the transfer has not begun"
    SHAKING = "TLS is being begun on it"
    OPEN = "established, and nothing moves yet"
    MOVING = "its bytes are relayed"
    ENDING = "a sink that has been told to end and still has bytes on their way"
    ENDED = "ended cleanly"
    MISSED = "could not be opened"
    FAILED = "broke, or was aborted"


class Verdict(Key):
    """What the server has said of the transfer, and what it owes."""

    NONE = "no transfer command sent yet"
    AWAITED = "the transfer command is sent"
    SILENT = "it is not answered, though both data connections stand: some servers say nothing"
    STARTED = "a 1xx has come"
    LATE = "the data has ended and the final reply has had its time to come with it"
    REPEATED = "a second 1xx, on a download that its client has left: Pure-FTPd's last word"
    EARLY = "a 2xx came before its 1xx: whether another follows is not known yet"
    SUCCEEDED = "the final reply is 2xx"
    REFUSED = "the final reply is anything else"
    ABORTING = "ABOR is sent, and the legs stand a moment longer"
    CUT = "ABOR is sent, the legs are down, and the replies to both commands are awaited"


class Happening(Key):
    """What can happen to a transfer."""

    LISTENED = "our data port is open"
    REACHED = "a data connection stands"
    SHAKES = "a data connection stands and goes under TLS"
    SECURED = "TLS on it stands"
    ENDED = "a leg ended cleanly"
    FAILED = "a leg could not be opened or broke"
    SENT = "the transfer command goes out"
    PREPARED = "both sides are ready for its command"
    PRELIMINARY = "a 1xx came"
    REPEATED = "another 1xx came, and the client of the download has left"
    POSITIVE = "a 2xx came"
    NEGATIVE = "any other final reply came"
    ABORT = "ABOR goes out"
    EXPIRED = "the wait is over"


class Step(Key):
    """What to do in a joint state; those behind FORWARD end the table's part of it.

    OPEN_CLIENT and OPEN_SERVER change states only: nothing is done to the connection.
    """

    WAIT = "nothing; the next event decides"
    OPEN_CLIENT = "the transfer has begun: the client's connection serves as it is"
    OPEN_SERVER = "the same of the server's"
    DIAL_CLIENT = "the server has agreed: connect to the client"
    DIAL_SERVER = "connect to the server"
    RELAY = "move the bytes"
    END_CLIENT = "pass the clean end on to the client"
    END_SERVER = "pass the clean end on to the server"
    ABORT_CLIENT = "make the client's leg fail"
    ABORT_SERVER = "make the server's leg fail"
    FORWARD = "tell the client the server's final reply"
    BROKEN = "the server believes in success, a leg says otherwise: 426 to the client"
    UNCONFIRMED = "the data has passed and the server never said so: 426, and the session ends"
    UNSAID = "the same, but the server is there: bring it back into step with NOOP"
    GIVE_UP = "answer the client now, and bring the server back into step with ABOR"
    CONCLUDE = "the replies behind ABOR have come, or will not"


LEG, VERDICT, HAPPENING = at_hand(Leg), at_hand(Verdict), at_hand(Happening)

L = Leg
COMING = (L.LISTENING, L.DIALLING, L.STANDING, L.SHAKING)
REACHED = (L.STANDING, L.SHAKING, L.OPEN)
LIVE = (*COMING, L.OPEN, L.MOVING, L.ENDING)
DOWN = (L.CLOSED, L.ENDED, L.MISSED, L.FAILED)
LOST = (L.MISSED, L.FAILED)
ANY = tuple(Leg)

V = Verdict
UNDECIDED = (V.AWAITED, V.SILENT, V.STARTED, V.LATE, V.REPEATED, V.EARLY)
IN_FORCE = (*UNDECIDED, V.SUCCEEDED)  # the command is sent, and neither refused nor aborted
AGREED = (V.STARTED, V.LATE, V.EARLY, V.SUCCEEDED)
ABORTED = (V.ABORTING, V.CUT)

T = Timer
S = Step
NO = None

# client leg, server leg, verdict, step, wait; the first row that fits holds
Row = tuple[tuple[Leg, ...], tuple[Leg, ...], tuple[Verdict, ...], Step, Timer | None]
ROWS: tuple[Row, ...] = (
    # before the command the server is dialled as early as a direct client would: Twisted's FTP
    # server reads no command before; a dial that fails is tried again with the command
    (LOST, LIVE, (V.NONE,), S.ABORT_SERVER, NO),
    ((L.CLOSED, *REACHED), (L.CLOSED,), (V.NONE,), S.DIAL_SERVER, NO),
    (ANY, ANY, (V.NONE,), S.WAIT, NO),  # the session's own waits run: timeouts.idle
    # ABOR: Pure-FTPd discards the one it is reading when its data connection breaks, so that stands
    # a moment longer, even where the client's is lost
    (LIVE, LOST, (V.ABORTING,), S.ABORT_CLIENT, NO),
    (DOWN, DOWN, (V.ABORTING,), S.WAIT, T.ABORT_REPLY),
    (ANY, ANY, (V.ABORTING,), S.WAIT, T.ABORT_PAUSE),
    (LIVE, ANY, (V.CUT,), S.ABORT_CLIENT, NO),
    (DOWN, LIVE, (V.CUT,), S.ABORT_SERVER, NO),
    (DOWN, DOWN, (V.CUT,), S.WAIT, T.ABORT_REPLY),
    # a refusal is told first, then the legs go: a client reads it before its data connection ends
    (ANY, ANY, (V.REFUSED,), S.FORWARD, NO),
    # a server's port that cannot be had: nothing has moved, so its word is waited for first, which
    # the client hears before its own leg goes; after a 1xx it waits for what cannot come
    (ANY, (L.MISSED,), (V.AWAITED,), S.WAIT, T.FINAL_REPLY),
    (ANY, (L.MISSED,), (V.STARTED,), S.WAIT, T.SETTLE),
    (ANY, (L.MISSED,), (V.LATE,), S.GIVE_UP, NO),
    # a leg that is lost takes the other with it
    (LOST, LIVE, IN_FORCE, S.ABORT_SERVER, NO),
    (LIVE, LOST, IN_FORCE, S.ABORT_CLIENT, NO),
    # a client's that cannot be had as well: a server sees its own reset, and may say nothing of it
    ((L.MISSED,), DOWN, (V.STARTED,), S.WAIT, T.SETTLE),
    ((L.MISSED,), DOWN, (V.LATE,), S.GIVE_UP, NO),
    # opening
    ((L.STANDING,), ANY, IN_FORCE, S.OPEN_CLIENT, NO),
    (ANY, (L.STANDING,), IN_FORCE, S.OPEN_SERVER, NO),
    (ANY, (L.CLOSED,), (V.AWAITED,), S.DIAL_SERVER, NO),
    # an active client only where there is something to connect it with: 150, then 425, never is
    ((L.CLOSED,), (L.OPEN,), AGREED, S.DIAL_CLIENT, NO),
    # nothing moves before the server has agreed: a refusal would find a part of a file on its way
    ((L.OPEN,), (L.OPEN,), (V.AWAITED,), S.WAIT, T.UNANNOUNCED),
    ((L.OPEN,), (L.OPEN,), IN_FORCE, S.RELAY, NO),
    # a server that is to dial or to shake hands may take its time, before its 1xx (the session's own
    # wait runs) and behind it: job output comes after minutes
    (ANY, (L.DIALLING,), IN_FORCE, S.WAIT, T.DATA_OPEN),
    (COMING, ANY, AGREED, S.WAIT, T.DATA_OPEN),
    (ANY, (L.LISTENING, L.SHAKING), AGREED, S.WAIT, T.STALLED),
    # moving: a server that dies ends its data with a clean FIN too, so its reply is asked first
    ((L.MOVING,), (L.ENDED,), (V.SILENT, V.STARTED, V.EARLY), S.WAIT, T.SETTLE),
    ((L.MOVING,), (L.ENDED,), (V.LATE, V.SUCCEEDED), S.END_CLIENT, NO),
    ((L.ENDED,), (L.MOVING,), IN_FORCE, S.END_SERVER, NO),
    ((L.ENDING,), (L.ENDED,), IN_FORCE, S.WAIT, T.DELIVERY),
    ((L.ENDED,), (L.ENDING,), IN_FORCE, S.WAIT, T.DELIVERY),
    # both are down
    ((L.ENDED,), (L.ENDED,), (V.SUCCEEDED,), S.FORWARD, NO),
    ((L.ENDED,), (L.ENDED,), (V.EARLY,), S.WAIT, T.EARLY_REPLY),
    (DOWN, DOWN, (V.SUCCEEDED,), S.BROKEN, NO),
    (DOWN, DOWN, (V.REPEATED,), S.WAIT, T.LAST_WORD),
    (DOWN, DOWN, UNDECIDED, S.WAIT, T.FINAL_REPLY),
    # the relay runs, and bounds itself: Relay._check, timeouts.stalled; or the command's reply is
    # awaited, and the session's own waits run
    (ANY, ANY, IN_FORCE, S.WAIT, NO),
)

STEPS: dict[tuple[Leg, Leg, Verdict], tuple[Step, Timer | None]] = {}
for _clients, _servers, _verdicts, _step, _wait in ROWS:
    for _one in product(_clients, _servers, _verdicts):
        STEPS.setdefault(_one, (_step, _wait))

H = Happening
LEGS: dict[Happening, dict[Leg, Leg]] = {
    H.LISTENED: {L.CLOSED: L.LISTENING},
    H.REACHED: {L.LISTENING: L.STANDING, L.DIALLING: L.STANDING},
    H.SHAKES: {L.LISTENING: L.SHAKING, L.DIALLING: L.SHAKING, L.STANDING: L.SHAKING},
    H.SECURED: {L.SHAKING: L.OPEN},
    H.ENDED: {L.MOVING: L.ENDED, L.ENDING: L.ENDED},
    H.FAILED: {
        **dict.fromkeys((L.LISTENING, L.DIALLING, L.SHAKING), L.MISSED),
        **dict.fromkeys((L.STANDING, L.OPEN, L.MOVING, L.ENDING), L.FAILED),
    },
}
"""What becomes of a leg; in states that are not named it has no meaning."""

WORDS: dict[Happening, dict[Verdict, Verdict]] = {
    H.SENT: {V.NONE: V.AWAITED},
    H.PREPARED: {},
    H.PRELIMINARY: {V.AWAITED: V.STARTED, V.SILENT: V.STARTED, V.SUCCEEDED: V.EARLY},
    H.REPEATED: {V.STARTED: V.REPEATED},
    H.POSITIVE: dict.fromkeys(UNDECIDED, V.SUCCEEDED),
    H.NEGATIVE: dict.fromkeys(UNDECIDED, V.REFUSED),
    H.ABORT: dict.fromkeys(IN_FORCE, V.ABORTING),
}
"""What becomes of the verdict."""

OVERDUE: dict[tuple[Timer, Verdict], Verdict | Step] = {
    (T.UNANNOUNCED, V.AWAITED): V.SILENT,
    (T.SETTLE, V.SILENT): V.LATE,
    (T.SETTLE, V.STARTED): V.LATE,
    (T.SETTLE, V.EARLY): V.SUCCEEDED,  # 226, then 150, then the data and nothing more: it was meant
    (T.EARLY_REPLY, V.EARLY): V.SUCCEEDED,
    (T.LAST_WORD, V.REPEATED): S.UNSAID,
    (T.ABORT_PAUSE, V.ABORTING): V.CUT,
    (T.DATA_OPEN, V.STARTED): S.GIVE_UP,
    (T.STALLED, V.STARTED): S.GIVE_UP,
    **{(T.FINAL_REPLY, v): S.UNCONFIRMED for v in UNDECIDED if v is not V.REPEATED},
    **{(wait, verdict): S.CONCLUDE for wait in (T.ABORT_REPLY, T.ABORT) for verdict in ABORTED},
}
"""What a wait that is over means for the verdict, or the step that it brings."""

LATECOMERS: dict[Timer, dict[Side, tuple[Leg, ...]]] = {
    T.DATA_OPEN: {Side.CLIENT: COMING, Side.SERVER: (L.DIALLING,)},
    T.STALLED: {Side.CLIENT: (), Side.SERVER: (L.LISTENING, L.SHAKING)},
    T.DELIVERY: {Side.CLIENT: (L.ENDING,), Side.SERVER: (L.ENDING,)},
}
"""The legs that have failed when a wait is over."""

ASKED_ONLY: dict[Side, tuple[Leg, ...]] = {
    Side.CLIENT: (L.DIALLING,),
    Side.SERVER: (L.DIALLING,),
}
"""Of them, while the transfer command is not answered yet: nobody else is late."""


@value
class Transfer(NamedTuple):
    """One transfer, from the PORT or PASV that prepares it to its last reply.

    ``client_port`` and ``server_port`` are those of the peers that we dial, 0 for one that dials
    us.  ``command`` is the client's while it waits for its answer, ``rest`` the REST before it, and
    ``retried`` is True where both go for the second time.  ``relayed`` is True once bytes may have
    moved, ``promised`` once the client has heard a 1xx.  ``reason`` is why a leg was lost, the first
    one told, and ``blame`` whose that was; ``code`` the reply's where we refused it.  ``final`` is
    the server's final reply, an early one too; ``replies`` those that came behind ABOR, of ``owed``;
    ``heard`` is True once anything came; ``size`` is the file's, where the 1xx tells it.
    """

    client: Leg = Leg.CLOSED
    server: Leg = Leg.CLOSED
    verdict: Verdict = Verdict.NONE
    wait: Timer | None = None
    relayed: bool = False
    client_port: int = 0
    server_port: int = 0
    source: Side = Side.SERVER
    command: Command | None = None
    promised: bool = False
    rest: Command | None = None
    retried: bool = False
    reason: str = ""
    blame: Side | None = None
    code: int = 0
    final: Reply | None = None
    replies: tuple[Reply, ...] = ()
    owed: int = 0
    heard: bool = False
    size: int = 0

    def leg(self, side: Side) -> Leg:
        """That side's leg."""
        return self.client if side is SIDE.CLIENT else self.server

    def with_leg(self, side: Side, leg: Leg) -> Transfer:
        """The same with another state of that side's leg."""
        return self._replace(client=leg) if side is SIDE.CLIENT else self._replace(server=leg)

    @property
    def live(self) -> tuple[Side, ...]:
        """The sides whose data connection is being opened or stands."""
        return tuple(side for side in SIDES if self.leg(side) in LIVE)

    @property
    def lost(self) -> bool:
        """True where a leg has failed or could not be had."""
        return self.client in LOST or self.server in LOST

    @property
    def running(self) -> bool:
        """True from the client's command until the last reply that belongs to it."""
        return self.command is not None or self.verdict is not VERDICT.NONE

    @property
    def confirmed(self) -> bool:
        """True while data is still on its way that the server has already called complete."""
        return self.verdict is Verdict.SUCCEEDED


CHANGES: dict[Step, tuple[tuple[Side, ...], Leg]] = {
    Step.OPEN_CLIENT: ((Side.CLIENT,), Leg.OPEN),
    Step.OPEN_SERVER: ((Side.SERVER,), Leg.OPEN),
    Step.DIAL_CLIENT: ((Side.CLIENT,), Leg.DIALLING),
    Step.DIAL_SERVER: ((Side.SERVER,), Leg.DIALLING),
    Step.RELAY: ((Side.CLIENT, Side.SERVER), Leg.MOVING),
    Step.END_CLIENT: ((Side.CLIENT,), Leg.ENDING),
    Step.END_SERVER: ((Side.SERVER,), Leg.ENDING),
    Step.ABORT_CLIENT: ((Side.CLIENT,), Leg.FAILED),
    Step.ABORT_SERVER: ((Side.SERVER,), Leg.FAILED),
}
"""What a step makes of the legs; an aborted one that never was open is MISSED."""
