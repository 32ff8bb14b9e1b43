"""Who follows the dialogues of some sessions: lines wait for a reader up to a bound, then they are counted.

What a session has said before is asked for when its turn comes.  Until then its new lines are left
out: they are in its buffer, which is read then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.facts import (
    About,
    CommandLine,
    Fact,
    Failed,
    Peer,
    ReplyLines,
    SessionClosed,
    SessionOpened,
)
from ftpalg.core.last_lines import arrow_of, rungs, texts_of
from ftpalg.core.news import News
from ftpalg.core.wire.printing import printable
from ftpalg.net.reactors import Timing
from ftpalg.ops.forms import stamp

MOST = 10_000
"""Lines that wait for a reader."""
MOST_BYTES = 1 << 20
"""Bytes of them."""
TURN = 100
"""Lines written in one turn of the reactor, some 3 ms."""
NOTE = "P .."
"""The arrow of what is no line of a dialogue, in the notation of the tests."""

Waiting = tuple[float, About, str, bytes | str]
"""A line: its second, whose it is, its arrow, its text, or that of a note."""


class Followed(Protocol):
    """The sessions that there are."""

    @property
    def reactor(self) -> Timing:
        """Its clock."""

    def about(self, session: str) -> About | None:
        """Whose facts those of that session are; None where it is over."""

    def last_lines(self, session: str) -> bytes:
        """What its dialogues have said last."""


class Follower:
    """``fits`` says of whom; ``one`` is the one session that is followed until it is over, or empty.

    ``before`` are the sessions whose last lines are to come first.
    """

    def __init__(
        self,
        gateway: Followed,
        fits: Callable[[About], bool],
        *,
        one: str = "",
        before: Iterable[str] = (),
    ) -> None:
        self._gateway = gateway
        self._fits = fits
        self._write: Callable[[dict[str, Any]], bool]
        self._end: Callable[[], None]
        self._one = one
        self._before = dict.fromkeys(before)
        self._waiting: deque[Waiting] = deque()
        self._bytes = self._dropped = 0
        self._full = self._ending = self._over = False
        self._call: IDelayedCall | None = None

    def begin(self, write: Callable[[dict[str, Any]], bool], end: Callable[[], None]) -> None:
        """There is a reader.  ``write`` returns whether it goes on reading: if not, nothing is written
        before ``go_on``.  ``end`` is called once there is nothing more to come."""
        self._write, self._end = write, end
        self._wake()

    # -- what happens -----------------------------------------------------------------------------

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session, maybe in one of these."""
        if type(fact) not in SEEN or not self._fits(about):
            return
        if isinstance(fact, CommandLine | ReplyLines):
            if about.session not in self._before:
                now, arrow = self._gateway.reactor.seconds(), arrow_of(fact).value
                self._take([(now, about, arrow, text) for text in texts_of(fact)])
        elif isinstance(fact, SessionOpened):
            self._note(about, "the session begins")
        elif isinstance(fact, SessionClosed):
            if about.session in self._before:
                self._look_back(about)
            reason = fact.reason
            self._note(about, f"the session is over ({fact.letters}): {reason.sentence}")
            self._ending = self._ending or about.session == self._one
        else:  # an exception: maybe it is over without another word
            self._gateway.reactor.callLater(0, self._look_for, about)

    def tell(self, news: News) -> None:
        """Nothing of the gateway matters here."""

    def _note(self, about: About, text: str) -> None:
        self._take([(self._gateway.reactor.seconds(), about, NOTE, text)])

    def _look_for(self, about: About) -> None:
        if about.session == self._one and self._gateway.about(about.session) is None:
            self._ending = True
            self._wake()

    def _take(self, lines: list[Waiting]) -> None:
        """Lines come, of which those are dropped that there is no room for."""
        for line in lines:
            size = len(line[3])
            if len(self._waiting) >= MOST or self._bytes + size > MOST_BYTES:
                self._dropped += 1
                continue
            if self._dropped:
                self._tell_of_gap(line[0])
            self._waiting.append(line)
            self._bytes += size
        self._wake()

    def _tell_of_gap(self, now: float) -> None:
        dropped, self._dropped = self._dropped, 0
        text = f"{dropped} lines are dropped here: they came faster than they were read"
        self._waiting.append((now, NOBODY, NOTE, text))
        self._bytes += len(text)

    # -- what is written --------------------------------------------------------------------------

    def go_on(self) -> None:
        """The reader reads again."""
        self._full = False
        self._wake()

    def stop(self) -> None:
        """The reader has gone."""
        self._over = True
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _wake(self) -> None:
        if self._call is None and not self._full and not self._over:
            self._call = self._gateway.reactor.callLater(0, self._turn)

    def _turn(self) -> None:
        self._call = None
        for _ in range(TURN):
            if self._over or self._full:
                return
            if not self._step():
                break
        else:
            self._wake()
            return
        if self._ending:
            self._over = True
            self._end()

    def _step(self) -> bool:
        """Write a line or look at a session; False where there is neither."""
        if self._waiting:
            line = self._waiting.popleft()
            self._bytes -= len(line[3])
            self._full = not self._write(as_json(line))
            return True
        if self._dropped:
            self._tell_of_gap(self._gateway.reactor.seconds())
            return True
        if self._before:
            about = self._gateway.about(next(iter(self._before)))
            if about is None or not self._fits(about):
                del self._before[next(iter(self._before))]
            else:
                self._look_back(about)
            return True
        return False

    def _look_back(self, about: About) -> None:
        """What a session has said so far; from now on its lines are told as they come."""
        del self._before[about.session]
        now = self._gateway.reactor.seconds()
        self._take(list(_said(about, self._gateway.last_lines(about.session), now)))


NOBODY = About("", Peer("", 0))
SEEN = frozenset((CommandLine, ReplyLines, SessionOpened, SessionClosed, Failed))


def _said(about: About, lines: bytes, now: float) -> Iterator[Waiting]:
    for rung in rungs(lines, now):
        yield rung.second, about, rung.arrow.value, rung.text


def as_json(line: Waiting) -> dict[str, Any]:
    """One line, printable."""
    second, about, arrow, text = line
    return {
        "time": stamp(second),
        "session": about.session,
        "client_ip": about.client.host,
        "client_port": about.client.port,
        "arrow": arrow,
        "text": printable(text),
    }
