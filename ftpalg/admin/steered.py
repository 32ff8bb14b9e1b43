"""The gateway, as its verbs see it: a Protocol, so that nothing names what owns it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from ftpalg.admin.asking import Waited
from ftpalg.config import BansMode, Settings
from ftpalg.core.bans import Ban, Who
from ftpalg.core.bans import Kind as BanKind
from ftpalg.core.drained import Kind, Part, Standing
from ftpalg.core.ends import Reason
from ftpalg.core.facts import About, Fact
from ftpalg.core.news import News, Reloaded, ReloadFailed
from ftpalg.core.quotas import Counted
from ftpalg.core.snapshots import Snapshot
from ftpalg.net.ledger import Ledger
from ftpalg.net.reactors import Timing
from ftpalg.ops.last_errors import LastError
from ftpalg.ops.trail import Known


class Observer(Protocol):
    """One who is told what the log is told."""

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""


class Drains(Protocol):
    """What takes no new sessions.  Each raises NoSuchPart."""

    def part(self, kind: Kind, name: str = "") -> Part:
        """The one that is meant."""

    def drain(self, part: Part, within: float = 0.0, uid: int | None = None) -> Standing:
        """No new sessions; the old ones end when they rest, and all within that time if it is not 0."""

    def undrain(self, part: Part, uid: int | None = None) -> Standing:
        """New sessions come again."""

    @property
    def standing(self) -> list[Standing]:
        """What is drained."""


class Bans(Protocol):
    """Who is kept out."""

    @property
    def mode(self) -> BansMode:
        """Whether bans are found, and hold."""

    @property
    def bans(self) -> tuple[Ban, ...]:
        """Those that have not ended."""

    def who(self, kind: BanKind, name: str) -> Who:
        """The one that is meant: a peer by an address in normal spelling."""

    def is_safe(self, peer: str) -> bool:
        """Whether that address is never banned."""

    def ban(self, who: Who, seconds: float, uid: int | None = None) -> Ban:
        """Keep somebody out; 0 seconds are as many as the settings say."""

    def unban(self, who: Who, uid: int | None = None) -> bool:
        """Let somebody in again; False where nothing stood against it."""


class Used(Protocol):
    """How much of something an account has used today."""

    @property
    def account(self) -> str:
        """Its key."""

    @property
    def counted(self) -> Counted:
        """What was used."""

    @property
    def used(self) -> int:
        """How much."""


class Days(Protocol):
    """What accounts have used today."""

    @property
    def rows(self) -> Sequence[Used]:
        """All of it."""

    def reset(self, account: str) -> bool:
        """Its day begins anew; False where it has used nothing."""


class Told(Protocol):
    """What answers requests."""

    @property
    def reactor(self) -> Timing:
        """Its clock."""

    def tell(self, news: News) -> None:
        """Let the log know, and its company."""


class Published(Told, Protocol):
    """What anybody may know who can reach it."""

    @property
    def ready(self) -> bool:
        """Whether clients that come get sessions."""

    @property
    def names(self) -> Iterable[str]:
        """Names of hosts by which it is asked, lower case."""

    def scrape(self) -> tuple[str, Iterator[bytes]] | Waited:
        """The metrics: their media type, and the text in steps; of others, later.  Raise NoMetrics."""


class NoMetrics(Exception):
    """There are none; the sentence says why, and what to do."""


class Steered(Told, Protocol):
    """What is asked of it.  Sessions are known by their names; one that is over is None."""

    @property
    def published(self) -> Published:
        """What the port for everybody serves is served here, too."""

    @property
    def settings(self) -> Settings:
        """Those of the sessions that come."""

    @property
    def sessions(self) -> tuple[str, ...]:
        """The names of those that are open now, in the order of their time."""

    @property
    def bans(self) -> Bans:
        """Who is kept out, and the orders for it."""

    @property
    def ledger(self) -> Ledger:
        """What is held of the limits."""

    @property
    def days(self) -> Days | None:
        """What accounts have used today; None where nobody counts."""

    @property
    def drains(self) -> Drains:
        """What is drained, and the orders for it."""

    @property
    def is_ready(self) -> bool:
        """Whether clients that come get sessions."""

    def snapshot(self, session: str) -> Snapshot | None:
        """How that one stands."""

    def about(self, session: str) -> About | None:
        """Whose facts those of that one are."""

    def last_lines(self, session: str) -> bytes:
        """What its dialogues have said last, as ``core.last_lines`` reads it."""

    def known(self, session: str) -> Known | None:
        """What its facts have told."""

    def end(self, session: str, text: str, reason: Reason) -> None:
        """End it, with 421 and that text."""

    def reload(self) -> Reloaded | ReloadFailed | None:
        """Read the settings again; None where there is nothing to read, or it cannot be done now."""

    def join(self, observer: Observer) -> None:
        """Tell this one, too, what the log is told."""

    def follow(self, observer: Observer) -> None:
        """The same, and the lines of all dialogues too."""

    @property
    def followers(self) -> int:
        """How many do."""

    def leave(self, observer: Observer) -> None:
        """Tell it no more."""

    @property
    def errors(self) -> Sequence[LastError]:
        """What broke the protocol last, the newest first."""
