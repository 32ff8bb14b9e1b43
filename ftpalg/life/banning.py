"""Bans at work: facts become scores, scores become bans, the net asks (``net.bans.Bans``), operators too.

A peer that is banned is refused as it comes, and its sessions that have not logged in at a server end:
those of others behind the same address that have go on.  A ban of an account holds for strangers alone:
who has logged in with it rightly, from where it comes now, within ``bans.remember``, is let in; so nobody
locks its owner out by guessing.  Networks of ``bans.safe``, and balancers, are never counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Bans as BansSettings
from ftpalg.config import BansMode, Settings
from ftpalg.core.bans import Ban, Banned, Kind, Offence, Unbanned, Who, account_key
from ftpalg.core.ends import Reason
from ftpalg.core.facts import About, Fact, LoginRefused
from ftpalg.core.news import News, Refused
from ftpalg.core.wire.user_at_host import IsAccount
from ftpalg.life import ban_file
from ftpalg.life.ban_file import Kept
from ftpalg.life.observers import Observers
from ftpalg.life.state import folder_of
from ftpalg.life.state_file import Keeping
from ftpalg.net.advertised import holds
from ftpalg.net.gateway import Gateway
from ftpalg.net.guesses import key_of
from ftpalg.net.reactors import Timing
from ftpalg.policy.bans import Book, Scheme
from ftpalg.policy.offences import FIND, Offences

LONG = 86400.0
"""Seconds between two looks at what has ended: timers may have no more."""
AT_ONCE = 50
"""Sessions that are ended in one turn of the reactor."""
BEFORE_LOGIN = frozenset("NARL")
"""Moments of sessions that a ban ends."""
TEXT = "Your address is not admitted for a while."

OF_ACCOUNTS = frozenset((Offence.UNKNOWN_ACCOUNT, Offence.WRONG_PASSWORD))
"""What counts against the account, too: whether it exists nobody can tell by that."""


def scheme_of(bans: BansSettings) -> Scheme:
    """``[bans]`` as the policy has it."""
    return Scheme(
        {one: getattr(bans, one.word.replace("-", "_")) for one in Offence},
        bans.threshold,
        bans.account_threshold,
        bans.observation,
        bans.time,
        bans.longest,
        bans.remember,
        bans.most,
    )


class Banning:
    """An observer where there are bans, and whom the net asks; ``is_account`` gives what knows the
    accounts, if anything does."""

    def __init__(
        self,
        reactor: Timing,
        log: Observers,
        settings: Settings,
        is_account: Callable[[], IsAccount | None],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._reactor = reactor
        self._log = log
        self._settings = settings
        self._environ = environ
        self._book = Book(scheme_of(settings.bans))
        self._is_account = is_account
        self._offences = Offences(self._exists, lambda: self._servers)
        self._servers = servers_of(settings)
        self._gateway: Gateway | None = None
        self._end: IDelayedCall | None = None
        self._keeping = Keeping(reactor, log.warned, "bans", lambda: self._all, ban_file.write)
        self._listen()

    def _listen(self) -> None:
        """Where nothing is banned no fact comes here."""
        self._log.leave(self)
        if self.mode is not BansMode.OFF:
            self._log.join(self)

    def _exists(self, account: str) -> bool | None:
        is_account = self._is_account()
        return is_account(account.encode()) if is_account is not None else None

    # -- life -------------------------------------------------------------------------------------

    def attend(self, gateway: Gateway) -> None:
        """Whose ledger says who is one peer, and whose sessions end."""
        self._gateway = gateway

    def start(self) -> None:
        """Take up what was kept."""
        self._keeping.file = self._place(self._settings)
        kept = self._keeping.taken_up(ban_file.read)
        if kept is not None:
            self._take_up(kept)

    def renewed(self, settings: Settings) -> None:
        """New settings hold: bans stay, those of networks that are safe now do not."""
        self._settings = settings
        self._listen()
        self._servers = servers_of(settings)
        self._keeping.file = self._place(settings)
        kept, self._book = self._all, Book(scheme_of(settings.bans))
        self._take_up(kept)
        for ban in self._book.bans:
            if ban.who.kind is Kind.PEER and self.is_safe(_address(ban.who.name)):
                self._over(self._book.remove(ban.who), "safe")
        self._changed()

    def hand_on(self) -> None:
        """The next program has the file from now on."""
        self._keeping.hand_on()

    def stop(self) -> None:
        """The gateway ends."""
        self._keeping.write()
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _place(self, settings: Settings) -> Path | None:
        folder = folder_of(settings, self._environ)
        return None if folder is None else folder / ban_file.NAME

    def _take_up(self, kept: Kept) -> None:
        """Bans of peers hold for what is one peer now."""
        now = self._now
        self._book.restore(
            ban._replace(who=self._who(ban.who)) for ban in kept.bans if now < ban.until
        )
        for account, peer, at in kept.known:
            self._book.right(account_key(account), self._whose(_address(peer)), min(at, now))
        self._book.surplus()
        self._look_for_the_first()

    def _who(self, who: Who) -> Who:
        if who.kind is Kind.ACCOUNT:
            return who
        return who._replace(name=self._whose(_address(who.name)))

    @property
    def _now(self) -> float:
        return self._reactor.seconds()

    def _whose(self, peer: str) -> str:
        return self._gateway.ledger.whose(peer) if self._gateway is not None else peer

    # -- what the net asks ------------------------------------------------------------------------

    @property
    def mode(self) -> BansMode:
        """Whether they hold."""
        return self._settings.bans.mode

    def of_peer(self, peer: str) -> Ban | None:
        """The ban that stands against a peer."""
        if self.mode is not BansMode.ON or self._book.empty:
            return None
        ban = self._book.of(Who(Kind.PEER, self._whose(peer)), self._now)
        return None if ban is None or self.is_safe(peer) else ban

    def of_account(self, account: str, peer: str) -> Ban | None:
        """The same of an account, for strangers."""
        if self.mode is not BansMode.ON or self._book.empty:
            return None
        ban = self._book.of(Who(Kind.ACCOUNT, account_key(account)), self._now)
        return None if ban is None or self.is_safe(peer) or self.knows(account, peer) else ban

    def is_safe(self, peer: str) -> bool:
        """Whether it is never counted."""
        settings = self._settings
        return holds(settings.bans.safe, peer) or holds(settings.proxy_protocol.balancers, peer)

    def knows(self, account: str, peer: str) -> bool:
        """Whether it has logged in from there."""
        return self._book.knows(account_key(account), self._whose(peer), self._now)

    def right(self, account: str, peer: str) -> None:
        """It has, now."""
        if self._book.right(account_key(account), self._whose(peer), self._now):
            self._changed()

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many there are."""
        kinds = [ban.who.kind for ban in self._book.bans]
        return {kind: kinds.count(kind) for kind in Kind}

    # -- what is told -----------------------------------------------------------------------------

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""
        if type(fact) not in FIND:
            return
        peer = about.client.host
        offence = self._offences.of_session(self._whose(peer), about.name, fact)
        if offence is None or self.is_safe(peer):
            return
        self._offend(Who(Kind.PEER, self._whose(peer)), offence)
        if isinstance(fact, LoginRefused) and offence in OF_ACCOUNTS:
            if fact.user and not self.knows(fact.user, peer):
                self._offend(Who(Kind.ACCOUNT, account_key(fact.user)), offence)

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""
        if not isinstance(news, Refused):
            return
        offence, peer = self._offences.of_gateway(news), news.client.peer
        if offence is not None and not self.is_safe(peer):
            self._offend(Who(Kind.PEER, self._whose(peer)), offence)

    def _offend(self, who: Who, offence: Offence) -> None:
        ban = self._book.offend(who, offence, self._now)
        if ban is not None:
            self._begun(ban)

    # -- bans -------------------------------------------------------------------------------------

    def _begun(self, ban: Ban, uid: int | None = None) -> None:
        for last in self._book.surplus():
            self._over(last, "too-many")
        self._log.tell(Banned(ban, self.mode is not BansMode.ON, uid))
        self._changed()
        self._look_later(ban.until)
        if self.mode is BansMode.ON and ban.who.kind is Kind.PEER:
            self._reactor.callLater(0, self._end_sessions, ban.who.name)  # it may be handling one

    def _over(self, ban: Ban | None, why: str, uid: int | None = None) -> None:
        if ban is not None:
            self._log.tell(Unbanned(ban, why, uid))
            self._changed()

    def _look_later(self, until: float) -> None:
        """Be there when that one ends; an end that is awaited already is the earlier one, or looks again."""
        if self._end is not None:
            if self._end.getTime() <= until:
                return
            self._end.cancel()
        self._end = self._reactor.callLater(min(max(1.0, until - self._now), LONG), self._look)

    def _look(self) -> None:
        self._end = None
        for ban in self._book.over(self._now):
            self._over(ban, "ended")
        self._look_for_the_first()

    def _look_for_the_first(self) -> None:
        if not self._book.empty:
            self._look_later(min(ban.until for ban in self._book.bans))

    def _end_sessions(self, key: str) -> None:
        if self._gateway is None:
            return
        theirs = [
            one
            for one in self._gateway.shared.sessions.open.values()
            if one.key == key and one.standing.letter in BEFORE_LOGIN
        ]
        for one in theirs[:AT_ONCE]:
            one.end(TEXT, Reason.BANNED)
        if len(theirs) > AT_ONCE:
            self._reactor.callLater(0, self._end_sessions, key)

    # -- operators --------------------------------------------------------------------------------

    @property
    def bans(self) -> tuple[Ban, ...]:
        """Those that have not ended."""
        return tuple(ban for ban in self._book.bans if ban.until > self._now)

    def who(self, kind: Kind, name: str) -> Who:
        """The one that is meant: a peer by an address, or an account."""
        return Who(kind, self._whose(name) if kind is Kind.PEER else account_key(name))

    def ban(self, who: Who, seconds: float, uid: int | None = None) -> Ban:
        """Keep somebody out, so many seconds, 0 for as long as the first ban is."""
        ban = self._book.add(who, seconds or self._settings.bans.time, self._now)
        self._begun(ban, uid)
        return ban

    def unban(self, who: Who, uid: int | None = None) -> bool:
        """Let somebody in again, and forget what was wrong; False where there was nothing."""
        failed = False
        if self._gateway is not None:
            key = who.name if who.kind is Kind.PEER else key_of(who.name)
            guesses = self._gateway.guesses
            failed = guesses.failures(key) > 0
            guesses.forgive(key)
        ban = self._book.remove(who)
        self._over(ban, "operator", uid)
        return failed or ban is not None

    # -- the file ---------------------------------------------------------------------------------

    @property
    def _all(self) -> Kept:
        return Kept(self._book.bans, self._book.known)

    def _changed(self) -> None:
        self._keeping.changed()


def servers_of(settings: Settings) -> frozenset[str]:
    """Those of the settings, as facts spell them: that one is down is nobody's offence."""
    urls = (settings.server, *(url for rule in settings.routes for url in rule.server))
    return frozenset(str(url.server) for url in urls if url is not None)


def _address(key: str) -> str:
    """An address of a peer by its key."""
    return str(ip_network(key).network_address)
