"""The tables of one transfer.

Two legs and the server's replies, each with a state; one joint table says what to do in every
combination of the three.  The invariants that a test walks the table for:

- a leg that failed leaves no live leg beside it;
- a refusal leaves no live leg;
- a leg ends cleanly only after the other has ended cleanly;
- success is told only when both legs have ended cleanly.
"""

from __future__ import annotations

from enum import Enum
from itertools import product

from ftpalg.core.events import Side


class Leg(Enum):
    """One data connection."""

    CLOSED = "not begun"
    OPENING = "listening or connecting"
    OPEN = "established"
    ENDING = "a sink that has been told to end and still has bytes on their way"
    ENDED = "ended cleanly"
    FAILED = "could not be opened, broke, or was aborted"


class Verdict(Enum):
    """What the server has said of the transfer."""

    NONE = "no transfer command sent yet"
    AWAITED = "the transfer command is sent"
    STARTED = "a 1xx has come"
    LATE = "the data has ended and the final reply has had its time to come with it"
    SUCCEEDED = "the final reply is 2xx"
    REFUSED = "the final reply is anything else"


class Step(Enum):
    """What to do in a joint state."""

    WAIT = "nothing; the next event decides"
    RELAY = "move the bytes"
    SETTLE = "the server's leg has ended: give its final reply a moment before the end is passed on"
    END_CLIENT = "pass the clean end on to the client"
    END_SERVER = "pass the clean end on to the server"
    ABORT_CLIENT = "make the client's leg fail"
    ABORT_SERVER = "make the server's leg fail"
    LINGER = "both legs are at rest: wait for the final reply, with a timer"
    FORWARD = "tell the client the server's final reply"
    BROKEN = "the server believes in success, a leg says otherwise: 426 to the client"


LIVE = (Leg.OPENING, Leg.OPEN, Leg.ENDING)
REST = (Leg.CLOSED, Leg.ENDED, Leg.FAILED)
ANY = tuple(Leg)
UNDECIDED = (Verdict.AWAITED, Verdict.STARTED, Verdict.LATE)
BEGUN = (*UNDECIDED, Verdict.SUCCEEDED)
SETTLED = (Verdict.LATE, Verdict.SUCCEEDED)
F, E, O = (Leg.FAILED,), (Leg.ENDED,), (Leg.OPEN,)  # noqa: E741 - O as in the table's heading

# client leg, server leg, verdict, step; the first row that fits holds
ROWS: tuple[tuple[tuple[Leg, ...], tuple[Leg, ...], tuple[Verdict, ...], Step], ...] = (
    (ANY, ANY, (Verdict.NONE,), Step.WAIT),
    (LIVE, ANY, (Verdict.REFUSED,), Step.ABORT_CLIENT),
    (REST, LIVE, (Verdict.REFUSED,), Step.ABORT_SERVER),
    (REST, REST, (Verdict.REFUSED,), Step.FORWARD),
    (F, LIVE, BEGUN, Step.ABORT_SERVER),
    (LIVE, F, BEGUN, Step.ABORT_CLIENT),
    (O, O, BEGUN, Step.RELAY),
    # download: a server that dies ends its data with a clean FIN too, so its reply is asked first
    (O, E, (Verdict.AWAITED, Verdict.STARTED), Step.SETTLE),
    (O, E, SETTLED, Step.END_CLIENT),
    (E, O, BEGUN, Step.END_SERVER),
    (E, E, (Verdict.SUCCEEDED,), Step.FORWARD),
    (REST, REST, (Verdict.SUCCEEDED,), Step.BROKEN),
    # legs not begun yet are opened by the transfer command and by the 1xx, not by the table
    (E, E, UNDECIDED, Step.LINGER),
    (F, REST, UNDECIDED, Step.LINGER),
    (REST, F, UNDECIDED, Step.LINGER),
    (ANY, ANY, BEGUN, Step.WAIT),
)

STEPS: dict[tuple[Leg, Leg, Verdict], Step] = {}
for _client, _server, _verdict in product(Leg, Leg, Verdict):
    STEPS[_client, _server, _verdict] = next(
        step for c, s, v, step in ROWS if _client in c and _server in s and _verdict in v
    )


class Transfer:
    """One transfer, from the PORT or PASV that prepares it to its final reply.

    ``ports`` holds the peer's data port for each side that we dial; a side without one dials us.
    """

    __slots__ = ("code", "legs", "opened", "ports", "reasons", "relaying", "source", "verdict")

    def __init__(self) -> None:
        self.legs = {Side.CLIENT: Leg.CLOSED, Side.SERVER: Leg.CLOSED}
        self.ports: dict[Side, int] = {}
        self.reasons: dict[Side, str] = {}
        self.verdict = Verdict.NONE
        self.source = Side.SERVER
        self.relaying = False
        self.code = 0
        self.opened: dict[Side, bool] = {}  # True where it was opened under TLS

    @property
    def step(self) -> Step:
        """What the joint table says now."""
        return STEPS[self.legs[Side.CLIENT], self.legs[Side.SERVER], self.verdict]

    def fail(self, side: Side, reason: str) -> None:
        """The leg is lost; the first reason told is the one kept."""
        self.legs[side] = Leg.FAILED
        self.reasons.setdefault(side, reason)

    @property
    def broken(self) -> str:
        """Why a leg failed, for a reply: the first reason known, or nothing."""
        return next(iter(self.reasons.values()), "")

    @property
    def live(self) -> list[Side]:
        """The sides whose data connection is being opened or stands."""
        return [side for side, leg in self.legs.items() if leg in LIVE]
