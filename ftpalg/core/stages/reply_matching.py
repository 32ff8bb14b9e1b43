"""Which command a reply of the server answers (rule 3 of the design).

A 1xx leaves its command open, anything else settles it.  A reply that may be of something before is
held for a moment: what follows it tells.  One that comes while nothing is asked changes nothing, but
is learned from; and behind a verb that this server has answered twice, a sure answer is asked for
before anything else goes on.
"""

from __future__ import annotations

from ftpalg.core.desk import Await, Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import (
    CaughtUp,
    ReplyGoesOn,
    ReplyReceived,
    ReplyUnderWay,
    Side,
    TextPassedOver,
    Timer,
)
from ftpalg.core.phases import Phase
from ftpalg.core.stage import Stage
from ftpalg.core.stages.resync import SURE, Resync
from ftpalg.core.stages.transfer import TransferStage
from ftpalg.core.wire.commands import KINDS, Kind
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import Reply, reply

MOVING = tuple(
    verb for verb, kind in KINDS.items() if kind in (Kind.DOWNLOAD, Kind.UPLOAD, Kind.ABORT)
)
"""The verbs of a transfer, and ABOR."""

BELONGS: dict[int, tuple[bytes, ...]] = {
    220: (b"HOST", b"REIN"),
    221: (b"QUIT", b"STAT"),
    **dict.fromkeys((225, 226, 426), MOVING),
    425: (*MOVING, b"PASV", b"EPSV", b"PORT", b"EPRT"),
    **dict.fromkeys((227, 228, 229), (b"PASV", b"EPSV", b"LPSV")),
    **dict.fromkeys((230, 232), (b"USER", b"PASS", b"ACCT", b"SITE", b"AUTH")),
    234: (b"AUTH",),
    331: (b"USER",),
    332: (b"USER", b"PASS", b"ACCT"),
    350: (b"REST", b"RNFR"),
}
"""Codes that answer certain verbs only.  Behind another verb one may be of something before; and a
331 to PASS has been seen before a 530."""

PASSING = (Await.FORWARD, Await.TRANSFER)
"""Replies whose text is the client's and decides nothing here."""

ENDING_ANYWHERE = (
    *PASSING,
    Await.FEATURES,
    Await.STATUS,
    Await.RESTART,
    Await.RESTORED,
    Await.ABOR,
    Await.QUIT,
)
"""Replies that may end with another code: neither the greeting, nor a login, nor what TLS and data ports
depend on."""

NEVER_GREETED = (Await.USER, Await.AUTH, Await.MATCHED)
"""What no 220 answers, however long nothing else comes: a late line of a greeting would let somebody
in, or let a password go in clear."""

NOT_HELD = (Await.GREETING, Await.ABORTED, Await.RESYNC, Await.PASSIVE)
"""Replies that are judged where they are taken."""


class ReplyMatching(Stage):
    """What is awaited and what is held stands on the desk."""

    __slots__ = ("_resync", "_transfer")

    def __init__(self, desk: Desk, resync: Resync, transfer: TransferStage) -> None:
        super().__init__(desk, None)
        self._resync = resync
        self._transfer = transfer

    def received(self, event: ReplyReceived) -> None:
        """A whole reply."""
        desk, message, awaited = self.desk, event.reply, self.desk.awaited
        stale, desk.more = desk.stale, event.more
        desk.stale = stale and event.more
        desk.doubt = desk.doubt or event.doubtful
        self._supersede()
        if awaited is None or stale or (message.code == 220 and awaited in NEVER_GREETED):
            self._take_surplus(message)
        elif message.preliminary:
            desk.give(awaited, message)
        elif message.code == 421 and desk.phase is Phase.SERVED and not self._transfer.running:
            # goodbye, or pyftpdlib's word on an unused data port: what follows tells which
            self._hold(message, Timer.GOODBYE)
        elif belongs_elsewhere(message.code, desk.sent, awaited):
            self._hold(message, Timer.SECOND_REPLY)
        else:
            desk.awaited = None
            desk.got = message.code if desk.unswept else 0
            desk.give(awaited, message)

    def caught_up(self, event: CaughtUp) -> None:
        """What had come behind a reply has been taken: the queue may go on."""
        self.desk.more = self.desk.stale = False

    def goes_on(self, event: ReplyGoesOn) -> None:
        """A 1xx that takes its time (z/OS waits for a data set): the client hears each line."""
        desk = self.desk
        self._supersede()
        self._works()
        passes = desk.awaited in PASSING
        if desk.awaited is Await.TRANSFER:
            passes = bool(desk.begun) or not self._transfer.lost
            if passes:
                self._transfer.promise()
        if passes:
            desk.tell_line(Reply(event.code, (event.line,)))

    def under_way(self, event: ReplyUnderWay) -> None:
        """Another reply that takes its time: it passes when it is whole."""
        if self.desk.held is not None and self.desk.held.code != 421:
            self._supersede()
        self._works()

    def _works(self) -> None:
        """The server is heard: what waits for it has its time anew."""
        if self.desk.logged_in and not self._transfer.has_own_waits:
            self.desk.start(Timer.IDLE)
        self._transfer.works()

    def text(self, event: TextPassedOver) -> None:
        """Text that is no reply.  Behind a login it may hold what nobody should read."""
        shown = f": {printable(event.line[:80])}" if self.desk.phase is Phase.DIALING else ""
        self.desk.note(f"the server sends text that is no reply; it is passed over{shown}")

    def _hold(self, message: Reply, timer: Timer) -> None:
        """Another reply may follow, and be the one that counts."""
        self.desk.held = message
        self.desk.start(timer)

    def _supersede(self) -> None:
        """Another reply follows the one that is held, or begins: that one was of something before.

        A 1xx, too: as the answer to a transfer, what was held would call it over before its data is.
        """
        desk = self.desk
        if desk.held is not None:
            desk.held = None
            desk.stop(Timer.GOODBYE)
            desk.stop(Timer.SECOND_REPLY)

    def held_over(self, timer: Timer) -> None:
        """Nothing followed: the reply that was held is the answer."""
        desk, held, awaited = self.desk, self.desk.held, self.desk.awaited
        if held is not None and awaited is not None:
            desk.held = desk.awaited = None
            self.desk.give(awaited, held)

    def _take_surplus(self, message: Reply) -> None:
        if self._transfer.takes_surplus(message):
            return
        if message.code == 421:
            self.desk.held = message
        else:
            self._drop(message)

    def _drop(self, message: Reply) -> None:
        """A reply that answers nobody.  Too many of them behind one command end the session (rule 7)."""
        desk = self.desk
        desk.note(f"reply {message.code} answers no command")
        desk.surplus += 1
        if desk.surplus > desk.rules.surplus_replies:
            text = "The server sends replies that answer no command; closing."
            desk.offended(Side.SERVER, "too many replies that answer no command")
            desk.leave(Reason.SERVER_SURPLUS, reply(421, text))
        elif desk.sent not in desk.traits.surplus:
            desk.learn(desk.traits._replace(surplus=desk.traits.surplus | {desk.sent}))

    def sweep(self) -> None:
        """Behind a verb that this server has answered twice before, or a reply that was whole only by
        its silence: ask for a sure answer before anything else.

        Before the login only behind a refusal, since another 331 or 332 is recognised by its code.
        """
        desk = self.desk
        if not desk.unswept or desk.head or desk.awaited or self._transfer.running:
            return
        surplus = desk.sent in desk.traits.surplus and (desk.logged_in or desk.refused)
        wanted = (surplus or desk.doubt) and desk.phase is Phase.SERVED
        taken = desk.got, desk.doubt
        desk.unswept = False
        desk.got = desk.doubt = 0
        if wanted:
            sure = next(verb for verb, code in SURE.items() if code not in taken)
            self._resync.begin(1 if surplus else 0, sure if desk.logged_in else b"FEAT")


def belongs_elsewhere(code: int, sent: bytes, awaited: Await) -> bool:
    """Whether a reply with that code is probably not to the verb that was sent."""
    verbs = BELONGS.get(code)
    return verbs is not None and sent not in verbs and awaited not in NOT_HELD
