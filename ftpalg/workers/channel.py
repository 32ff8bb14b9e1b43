"""The way between the supervisor and one worker: AMP over a pair of sockets, the same at both ends.

A message has a topic, a word of the receiver's table ``hears``, and a body, whatever JSON can say:

- ``tell(topic, body)`` wants no answer;
- ``ask(topic, body, within)`` gives a Deferred of the answer.  It fails with ``Refused`` (the other side's
  sentence), ``Late`` (no answer in that time) or ``Gone`` (there is no other side any more);
- ``hand(name, descriptor)`` gives a copy of a descriptor to an end that ``takes`` them.

A function of ``hears`` gets the body and returns the answer, or a Deferred of it; what it raises becomes the
asker's ``Refused``, and the channel lives on.  Whoever has a new kind of message adds its topic to the table
at either end: ``Worker.channel.hears`` and ``Attached.channel.hears``.

Messages arrive in the order in which they were sent, descriptors among them; answers come when they come.

AMP's values end at 65,535 bytes: of a longer body the pieces go ahead of the message in ``More``, under a
number of the sender's, and the message has the last of them (``joined``).  All that waits for its end is
bounded by ``MOST`` bytes and ``PAGES`` numbers.  What breaks AMP, a bound, or JSON loses the channel:
``lost`` is called, once, with a sentence, and each end does what it does when the other one has died.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, MutableMapping
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IReactorSocket
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.protocols.amp import AMP, Boolean, Box, Command, Descriptor, Integer, String, Unicode
from twisted.python.failure import Failure

from ftpalg.net.reactors import Timing

CLOSED = "its end of the channel is closed"
PIECE = 60_000
"""Bytes of a body in one value of AMP's."""
MOST = 64 << 20
"""Bytes of pieces whose last has not come."""
PAGES = 256
"""Bodies whose last piece has not come."""
SECONDS = 10.0
"""For an answer, where the asker does not say."""

Hear = Callable[[Any], Any]
Hears = MutableMapping[str, Hear]
Takes = Callable[[str, int], None]
"""Gets the name of a descriptor that is the receiver's own from then on."""


class ChannelFault(Exception):
    """Why there is no answer: a sentence."""


class Refused(ChannelFault):
    """The other side says no."""


class Late(ChannelFault):
    """It has not answered in time."""


class Gone(ChannelFault):
    """It is not there any more."""


class More(Command):
    """A piece of something longer."""

    arguments = [(b"page", Integer()), (b"data", String())]
    requiresAnswer = False


class Tell(Command):
    """A message; ``page`` is that of its pieces, 0 where this is all of it."""

    arguments = [(b"topic", Unicode()), (b"page", Integer()), (b"data", String())]
    requiresAnswer = False


class Ask(Command):
    """The same, and its answer; ``refused`` has a sentence in the place of one."""

    arguments = Tell.arguments
    response = [(b"refused", Boolean()), (b"page", Integer()), (b"data", String())]


class Hand(Command):
    """A descriptor."""

    arguments = [(b"name", Unicode()), (b"descriptor", Descriptor())]
    requiresAnswer = False


OURS = frozenset(one.commandName for one in (More, Tell, Ask, Hand))
SPEECH = "what it says is not what is spoken here"


class Broken(Exception):
    """A page of which nothing has come."""


class Channel(AMP):
    """One end; ``lost`` gets why there is no other one."""

    log = Logger(namespace="ftpalg")
    transport: Any  # ITCPTransport and IUNIXTransport both

    def __init__(
        self,
        reactor: Timing,
        hears: Hears,
        lost: Callable[[str], None],
        takes: Takes | None = None,
    ) -> None:
        super().__init__()
        self.hears = hears
        self._reactor = reactor
        self._lost = lost
        self._takes = takes
        self._numbers = count(1)
        self._pages: dict[int, list[bytes]] = {}
        self._paged = 0
        self._why = ""
        self.is_open = False

    # -- what is said -----------------------------------------------------------------------------

    def tell(self, topic: str, body: Any = None) -> None:
        """Say it; nothing where nobody is there any more."""
        if self.is_open:
            page, data = self._pieces(json.dumps(body))
            self.callRemote(Tell, topic=topic, page=page, data=data)

    def ask(self, topic: str, body: Any = None, within: float = SECONDS) -> Deferred[Any]:
        """The answer.  It fails with ChannelFault."""
        answer: Deferred[Any] = Deferred()
        if not self.is_open:
            answer.errback(Gone(self._why))
            return answer
        page, data = self._pieces(json.dumps(body))
        late = self._reactor.callLater(within, self._late, answer, topic, within)

        def came(box: dict[str, Any]) -> None:
            text = self._joined(box["page"], box["data"])
            if answer.called:
                return
            late.cancel()
            if box["refused"]:
                answer.errback(Refused(json.loads(text)))
            else:
                answer.callback(json.loads(text))

        def failed(reason: Failure) -> None:
            if reason.check(Broken, ValueError, RecursionError):
                self.lose(f"its answer to {topic!r} cannot be read")
            if not answer.called:
                late.cancel()
                answer.errback(Gone(self._why or reason.getErrorMessage()))

        self.callRemote(Ask, topic=topic, page=page, data=data).addCallback(came).addErrback(failed)
        return answer

    def hand(self, name: str, descriptor: int) -> None:
        """Give a copy of it to the other side; nothing where nobody is there any more.

        It must stay open until something that is asked behind it is answered.
        """
        if self.is_open:
            self.callRemote(Hand, name=name, descriptor=descriptor)

    def lose(self, why: str = "") -> None:
        """Be done with it: nothing is said or heard any more."""
        self._why = self._why or why
        if self.is_open:
            self.is_open = False
            self.transport.abortConnection()

    def _late(self, answer: Deferred[Any], topic: str, within: float) -> None:
        answer.errback(Late(f"it has not answered {topic!r} in {within:.0f} s"))

    def _pieces(self, text: str) -> tuple[int, bytes]:
        """The page and the last piece of a body; the others are sent."""
        *pieces, last = pieces_of(text.encode("ascii"))
        page = next(self._numbers) if pieces else 0
        for piece in pieces:
            self.callRemote(More, page=page, data=piece)
        return page, last

    # -- what is heard ----------------------------------------------------------------------------

    @More.responder
    def _more(self, page: int, data: bytes) -> dict[str, Any]:
        pieces = self._pages.setdefault(page, [])
        pieces.append(data)
        self._paged += len(data)
        if self._paged > MOST or len(self._pages) > PAGES:
            self._pages.clear()
            self.lose("it says more than there is room for")
        return {}

    def _joined(self, page: int, last: bytes) -> bytes:
        """A whole body.  Raise Broken."""
        if not page:
            return last
        pieces = self._pages.pop(page, None)
        if pieces is None:
            raise Broken
        self._paged -= sum(map(len, pieces))
        return b"".join((*pieces, last))

    @Tell.responder
    def _told(self, topic: str, page: int, data: bytes) -> dict[str, Any]:
        self._heard(topic, page, data).addErrback(self._refused_a_tale, topic)
        return {}

    def _refused_a_tale(self, reason: Failure, topic: str) -> None:
        text = reason.getErrorMessage()
        self.log.error("the message {topic!r} was refused: {text}", topic=topic, text=text)

    @Ask.responder
    def _asked(self, topic: str, page: int, data: bytes) -> Deferred[dict[str, Any]]:
        def answered(body: Any) -> dict[str, Any]:
            page, data = self._pieces(json.dumps(body))
            return {"refused": False, "page": page, "data": data}

        def refused(reason: Failure) -> dict[str, Any]:
            page, data = self._pieces(json.dumps(reason.getErrorMessage() or str(reason.type)))
            return {"refused": True, "page": page, "data": data}

        return self._heard(topic, page, data).addCallback(answered).addErrback(refused)

    def _heard(self, topic: str, page: int, data: bytes) -> Deferred[Any]:
        """What the one who hears it says to it."""
        try:
            body = json.loads(self._joined(page, data))
        except (Broken, ValueError, RecursionError):
            self.lose(f"its message {topic!r} cannot be read")
            return maybeDeferred(lambda: None)
        return maybeDeferred(self.hears.get(topic, _unheard(topic)), body)

    @Hand.responder
    def _handed(self, name: str, descriptor: int) -> dict[str, Any]:
        assert self._takes is not None  # else none is kept
        self._takes(name, descriptor)
        return {}

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """One that nobody takes is closed: whoever sends many would leave us none."""
        if self._takes is None:
            os.close(descriptor)
            self.lose("it hands on descriptors")
        else:
            super().fileDescriptorReceived(descriptor)

    # -- its life ---------------------------------------------------------------------------------

    def makeConnection(self, transport: Any) -> None:
        self.is_open = True
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        try:
            super().dataReceived(data)
        except Exception:  # AMP raises what it likes: KeyError, AssertionError, UnicodeError
            self.lose(SPEECH)

    def ampBoxReceived(self, box: Box) -> None:
        """What comes behind the one that was the last is not heard."""
        if self.is_open:
            super().ampBoxReceived(box)

    def lengthLimitExceeded(self, length: int) -> None:
        self.lose(SPEECH)

    def locateResponder(self, name: bytes) -> Callable[[Box], Deferred[Box]] | None:
        """AMP's own StartTLS is none of ours."""
        return super().locateResponder(name) if name in OURS else None

    def unhandledError(self, failure: Failure) -> None:
        """A command that there is not, or with other words."""
        self.lose(SPEECH)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_open = False
        self._why = self._why or CLOSED
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        super().connectionLost(reason)
        self._lost(self._why)


def told(topic: str, body: Any) -> bytes:
    """What ``tell`` sends for a short body, for an end whose reactor does not run."""
    words = {b"_command": Tell.commandName, b"topic": topic.encode(), b"page": b"0"}
    made: bytes = Box({**words, b"data": json.dumps(body).encode()[:PIECE]}).serialize()
    return made


def _unheard(topic: str) -> Hear:
    def hear(body: Any) -> Any:
        raise Refused(f"nobody here hears of {topic!r}")

    return hear


def pieces_of(data: bytes) -> Iterator[bytes]:
    """One at least."""
    for begin in range(0, max(len(data), 1), PIECE):
        yield data[begin : begin + PIECE]


class _Once(ServerFactory):
    """Makes of the one connection what it was given."""

    noisy = False

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def buildProtocol(self, addr: IAddress | None) -> Channel:
        return self._channel


def connect(reactor: IReactorSocket, descriptor: int, channel: Channel) -> None:
    """Have the channel speak over that end of a pair, which is the channel's from now on."""
    os.set_blocking(descriptor, False)
    try:
        reactor.adoptStreamConnection(descriptor, socket.AF_UNIX, _Once(channel))
    finally:
        os.close(descriptor)
