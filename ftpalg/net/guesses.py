"""Wrong passwords for accounts at the gateway, over all sessions: slowed, then refused (attacks.md, row 9).

A login is charged to its peer and to its account as it comes (``ledger``, ``FAILURES``) and given back where
it was right: so a hundred guesses at once are a hundred, and hanging up before the answer saves nothing.
Behind a quarter of what there may be, each more waits twice as long before anybody looks at its password,
right or wrong; behind all of it nobody looks.

A stranger's guesses at an account are nothing to the owner: who comes from where the account has logged in
rightly lately is not asked what is charged to it, nor charged.  Of safe networks nothing is counted.
"""

from __future__ import annotations

from collections import deque

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Settings
from ftpalg.core.bans import account_key
from ftpalg.core.wire.printing import printable
from ftpalg.net.bans import Bans
from ftpalg.net.ledger import Bound, Ledger, Line
from ftpalg.net.reactors import Timing
from ftpalg.net.threads import Busy

DOUBLINGS = 20
ACCOUNT = "account "
"""What the ledger's keys of accounts begin with: no address does."""


class Barred(Exception):
    """Too many were wrong: nobody looks at this one."""


class Guess:
    """A login that is charged under ``keys``; it begins after ``wait`` seconds."""

    __slots__ = ("_guesses", "_keys", "_who", "wait")

    def __init__(
        self, guesses: Guesses, keys: tuple[str, ...], who: tuple[str, str], wait: float
    ) -> None:
        self._guesses = guesses
        self._keys = keys
        self._who = who
        self.wait = wait

    @property
    def banned(self) -> bool:
        """Whether its peer or its account is banned by now: others that were under way were too many."""
        name, peer = self._who
        bans = self._guesses.bans
        return bans.of_peer(peer) is not None or bans.of_account(name, peer) is not None

    def right(self) -> None:
        """It was right."""
        self.nothing()
        self._guesses.bans.right(*self._who)

    def wrong(self) -> None:
        """It was wrong, or nobody waited to hear."""
        keys, self._keys = self._keys, ()
        self._guesses.fail(keys)

    def nothing(self) -> None:
        """Nobody has looked at it, or could tell; harmless behind an end."""
        keys, self._keys = self._keys, ()
        self._guesses.give(keys)


class Guesses:
    """``limits`` are ``[accounts]``: they hold from the next login on where they are new."""

    def __init__(self, reactor: Timing, ledger: Ledger, settings: Settings, bans: Bans) -> None:
        self._reactor = reactor
        self._ledger = ledger
        self.limits = settings.accounts
        self.bans = bans
        self._failed: deque[tuple[float, str]] = deque()
        self._call: IDelayedCall | None = None

    def begin(self, peer: str, account: bytes) -> Guess:
        """One more login.  Raise Barred, or Busy where those that are asked may be too many."""
        name = printable(account)
        who = name, peer
        if self.bans.is_safe(peer):
            return Guess(self, (), who, 0.0)
        if self.bans.of_account(name, peer) is not None:
            raise Barred
        self._forget()
        limits = self.limits
        charged = [(self._ledger.whose(peer), limits.failures_per_peer)]
        if not self.bans.knows(name, peer):
            charged.append((key_of(name), limits.failures_per_account))
        keys: tuple[str, ...] = ()
        wait = 0.0
        for key, limit in charged:
            short = self._ledger.ask(key, Line.FAILURES, bound=Bound(limit))
            if short is not None:
                self.give(keys)
                raise Barred if short.used - self._ledger.held(key, Line.ASKED) >= limit else Busy
            self._ledger.ask(key, Line.ASKED)
            keys += (key,)
            wait = max(wait, self._wait(key, limit))
        return Guess(self, keys, who, wait)

    def _wait(self, key: str, limit: int) -> float:
        over = self._ledger.held(key, Line.FAILURES) - 1 - max(1, limit // 4)
        delay, longest = self.limits.delay, self.limits.longest_delay
        return 0.0 if over < 0 else float(min(delay * 2 ** min(over, DOUBLINGS), longest))

    def failures(self, key: str) -> int:
        """How many are not forgotten."""
        return self._ledger.held(key, Line.FAILURES) - self._ledger.held(key, Line.ASKED)

    def forgive(self, key: str) -> None:
        """Forget those of one key now."""
        kept = deque(one for one in self._failed if one[1] != key)
        for _ in range(len(self._failed) - len(kept)):
            self._ledger.give(key, Line.FAILURES)
        self._failed = kept

    # -- for a guess ------------------------------------------------------------------------------

    def give(self, keys: tuple[str, ...]) -> None:
        """They were no failures."""
        self._answered(keys)
        for key in keys:
            self._ledger.give(key, Line.FAILURES)

    def fail(self, keys: tuple[str, ...]) -> None:
        """They were: charged until they are forgotten."""
        self._answered(keys)
        now = self._reactor.seconds()
        self._failed.extend((now, key) for key in keys)
        while len(self._failed) > self.limits.failures:
            self._give_oldest()
        self._look_later()

    def _answered(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._ledger.give(key, Line.ASKED)

    # -- what is forgotten ------------------------------------------------------------------------

    def _give_oldest(self) -> None:
        self._ledger.give(self._failed.popleft()[1], Line.FAILURES)

    def _forget(self) -> None:
        last = self._reactor.seconds() - self.limits.forget
        while self._failed and self._failed[0][0] <= last:
            self._give_oldest()

    def _look_later(self) -> None:
        if self._call is None and self._failed:
            due = self._failed[0][0] + self.limits.forget - self._reactor.seconds()
            self._call = self._reactor.callLater(max(1.0, due), self._look)

    def _look(self) -> None:
        self._call = None
        self._forget()
        self._look_later()

    def stop(self) -> None:
        """The gateway ends."""
        if self._call is not None:
            self._call.cancel()
            self._call = None


def key_of(account: str) -> str:
    """The ledger's key of an account, which is no address."""
    return ACCOUNT + account_key(account)
