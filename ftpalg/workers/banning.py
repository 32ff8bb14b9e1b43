"""Bans of all workers: the supervisor keeps them, workers tell it of offences and have a copy.

An offence that one worker sees is told at once, with others of the same turn; a ban that it brings about is
told once, in the log, and known to all workers some milliseconds later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import BansMode, Settings
from ftpalg.core.bans import Ban, Kind, Offence, Who, account_key
from ftpalg.core.wire.user_at_host import IsAccount
from ftpalg.life.ban_file import KINDS, OFFENCES, Kept, body_of, kept_of
from ftpalg.life.banning import Banning
from ftpalg.life.observers import Observers
from ftpalg.net.guesses import key_of
from ftpalg.net.ledger import Line, network_of
from ftpalg.net.reactors import Timing
from ftpalg.workers.board import Board
from ftpalg.workers.ledger import text_of

HOUR = 3600.0
"""Seconds in which a right login from the same place is told once."""
MOST = 1000
"""Offences of one kind that count of those told at a time."""

Tell = Callable[[str, Any], None]
Hears = Mapping[str, Callable[[Any], Any]]


class KeptBans(Banning):
    """The supervisor's; ``tell`` tells all workers."""

    def __init__(
        self, reactor: Timing, log: Observers, settings: Settings, board: Board, tell: Tell
    ) -> None:
        super().__init__(reactor, log, settings, lambda: None)
        self._board = board
        self._tell = tell
        self.hears: Hears = {"offences": self._offences_of, "right": self._right}

    def _listen(self) -> None:
        """Facts are the workers'."""

    def _whose(self, peer: str) -> str:
        return network_of(peer, self._settings.limits.ipv6_prefix) if ":" in peer else peer

    @property
    def kept(self) -> dict[str, Any]:
        """All of it, for a worker that begins."""
        return body_of(self._all)

    def _offences_of(self, body: Any) -> None:
        for kind, name, word, times in body:
            who = Who(KINDS[kind], name)
            for _ in range(min(times, MOST)):
                self._offend(who, OFFENCES[word])

    def _right(self, body: Any) -> None:
        kept = kept_of(body)
        for account, peer, at in kept.known:
            self._book.right(account, peer, at)
        self._changed()
        self._tell("bans", body)

    def _begun(self, ban: Ban, uid: int | None = None) -> None:
        super()._begun(ban, uid)
        self._tell("bans", body_of(Kept((ban,))))

    def _over(self, ban: Ban | None, why: str, uid: int | None = None) -> None:
        super()._over(ban, why, uid)
        if ban is not None:
            self._tell("unbanned", [ban.who.kind.value, ban.who.name])

    def unban(self, who: Who, uid: int | None = None) -> bool:
        found = super().unban(who, uid)
        key = who.name if who.kind is Kind.PEER else key_of(who.name)
        self._tell("forgiven", key)
        return found or self._held(key, Line.FAILURES) > self._held(key, Line.ASKED)

    def _held(self, key: str, line: Line) -> int:
        """How much of it all workers hold."""
        row = self._board.keys.found(self._board.digest(text_of(line, key)))
        return 0 if row is None else self._board.sum(row)


class OwnBans(Banning):
    """A worker's; ``tell`` tells the supervisor."""

    def __init__(
        self,
        reactor: Timing,
        log: Observers,
        settings: Settings,
        is_account: Callable[[], IsAccount | None],
        tell: Tell,
    ) -> None:
        super().__init__(reactor, log, settings, is_account, {})
        self._tell = tell
        self._seen: Counter[tuple[Who, Offence]] = Counter()
        self._soon: IDelayedCall | None = None
        self.hears: Hears = {
            "bans": self.know,
            "unbanned": self._unbanned,
            "forgiven": self._forgiven,
        }

    def _place(self, settings: Settings) -> None:
        """The supervisor has the file."""

    # -- what is told -----------------------------------------------------------------------------

    def _offend(self, who: Who, offence: Offence) -> None:
        if self._book.of(who, self._now) is not None:
            return
        self._seen[who, offence] += 1
        if self._soon is None:
            self._soon = self._reactor.callLater(0, self._tell_seen)

    def _tell_seen(self) -> None:
        self._soon = None
        seen, self._seen = self._seen, Counter()
        self._tell(
            "offences",
            [[who.kind.value, who.name, one.word, times] for (who, one), times in seen.items()],
        )

    def right(self, account: str, peer: str) -> None:
        key, there, now = account_key(account), self._whose(peer), self._now
        last = self._book.since(key, there)
        if last is None or not 0 <= now - last < HOUR:
            self._book.right(key, there, now)
            self._tell("right", body_of(Kept(known=((key, there, now),))))

    # -- what is heard ----------------------------------------------------------------------------

    def know(self, body: Any) -> None:
        """These hold."""
        kept = kept_of(body)
        self._book.restore(kept.bans)
        for account, peer, at in kept.known:
            self._book.right(account, peer, at)
        for ban in kept.bans:
            self._look_later(ban.until)
            if self.mode is BansMode.ON and ban.who.kind is Kind.PEER:
                self._reactor.callLater(0, self._end_sessions, ban.who.name)

    def _unbanned(self, body: Any) -> None:
        kind, name = body
        self._book.remove(Who(KINDS[kind], name))

    def _forgiven(self, key: Any) -> None:
        if self._gateway is not None:
            self._gateway.guesses.forgive(key)

    def _over(self, ban: Ban | None, why: str, uid: int | None = None) -> None:
        """The supervisor tells it."""

    def stop(self) -> None:
        super().stop()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
