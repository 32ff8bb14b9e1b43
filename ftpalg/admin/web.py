"""HTTP for the admin socket: twisted.web's parser under bounds, and the table of verbs behind it.

Everything that is refused is refused with ``{"error": SENTENCE}``.  Imported only where ``[admin]`` asks
for it: twisted.web takes its time.
"""

from __future__ import annotations

import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from http import HTTPStatus
from importlib import import_module
from io import BytesIO

from twisted.internet.interfaces import IAddress, IDelayedCall, ITransport
from twisted.internet.protocol import Factory, connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request

from ftpalg.admin.asking import (
    Answer,
    Asked,
    Caller,
    Flow,
    Json,
    Listed,
    Refusal,
    Text,
    Waited,
    Worked,
    not_taken,
)
from ftpalg.admin.flows import Flowing
from ftpalg.admin.openapi import openapi
from ftpalg.admin.pages import answered
from ftpalg.admin.slices import Slices, encoded, listed
from ftpalg.admin.steered import Steered, Told
from ftpalg.admin.verbs import VERBS, Verb
from ftpalg.admin.words import words_of
from ftpalg.core.news import GatewayTold

LONGEST_BODY = 65536
"""Bytes of a request's JSON: a kick of a thousand names has a quarter of it."""
IDLE = 30
"""Seconds for a whole request, and between two."""
MOST = 32
"""Connections at a time; for one more the one goes that has been silent longest."""
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid
DESCRIPTION = "/openapi.json"
Does = Callable[[Steered, Asked], Answer]
JSON = [b"application/json"]
LINES = [b"application/x-ndjson"]


class Call(Request):
    """One request."""

    channel: Connection
    content: BytesIO
    _site: Bounded
    _too_long = _gone = False

    def gotLength(self, length: int | None) -> None:
        """The header is whole; ``length`` is the body's, None where it comes in chunks."""
        self._too_long = length is not None and length > LONGEST_BODY
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        """A piece of the body."""
        if self._too_long or self.content.tell() + len(data) > LONGEST_BODY:
            self.channel.refuse(413, f"a request has at most {LONGEST_BODY} bytes")
        else:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """It is whole.  Forms are not looked for in the body."""
        self.channel.answering = True
        self._site = self.channel.site
        self.content.seek(0)
        self.method, self.uri, self.clientproto = command, path, version
        self.process()

    def connectionLost(self, reason: Failure) -> None:
        """Its client has gone."""
        self._gone = True
        super().connectionLost(reason)

    def process(self) -> None:
        """Answer it."""
        self.setHeader(b"cache-control", b"no-store")
        try:
            self._answer(self.channel.site.answer(self))
        except Exception:
            self._failed(Failure())

    def _failed(self, failure: Failure) -> None:
        """An exception is the answer, which a client that has gone meanwhile needs no more."""
        refusal = failure.value
        if not isinstance(refusal, Refusal):
            self._site.failed(failure)
            refusal = Refusal(500, "an exception; the log of the gateway has a traceback")
        if not self._gone:
            self.refuse(refusal)

    def refuse(self, refusal: Refusal) -> None:
        """Say no."""
        self.setResponseCode(refusal.status, HTTPStatus(refusal.status).phrase.encode("ascii"))
        if refusal.allow:
            self.setHeader(b"allow", ", ".join(refusal.allow).encode("ascii"))
        self._whole({"error": refusal.sentence})

    def _answer_late(self, answer: Answer) -> None:
        if not self._gone:
            self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        if isinstance(answer, Waited):
            answer.answer.addCallback(self._answer_late).addErrback(self._failed)
            return
        self.responseHeaders.setRawHeaders(b"content-type", JSON)
        reactor = self.channel.site.gateway.reactor
        if isinstance(answer, Listed):
            Slices(reactor, self, listed(answer))
        elif isinstance(answer, Worked):
            Slices(reactor, self, _worked(answer))
        elif isinstance(answer, Text):
            self.setResponseCode(answer.status)
            self.responseHeaders.setRawHeaders(b"content-type", [answer.kind.encode("ascii")])
            Slices(reactor, self, answer.pieces)
        elif isinstance(answer, Flow):
            self.responseHeaders.setRawHeaders(b"content-type", LINES)
            self.write(b"")  # the header: the first line may be long in coming
            Flowing(reactor, self, answer)
        else:
            self._whole(answer)

    def _whole(self, what: Json) -> None:
        text = encoded(what) + b"\n"
        self.responseHeaders.setRawHeaders(b"content-type", JSON)
        self.setHeader(b"content-length", b"%d" % len(text))
        if self.method != b"HEAD":
            self.write(text)
        self.finish()

    def give_up(self) -> None:
        """The client does not read."""
        self.channel.forceAbortClient()


def _worked(what: Worked) -> Iterator[bytes]:
    """Nothing after each step but the last."""
    answer: Json = {}

    def steps() -> Iterator[None]:
        nonlocal answer
        answer = yield from what.steps

    for _ in steps():
        yield b""
    yield encoded(answer) + b"\n"


class ISocket(ITransport):
    """What a client's connection is asked beside what every transport is."""

    def getHandle() -> socket.socket:
        """The socket itself."""

    def abortConnection() -> None:
        """Reset it."""


class Connection(HTTPChannel):
    """One client."""

    requestFactory = Call
    transport: ISocket
    site: Bounded
    timeOut = IDLE
    answering = False
    _refused = False
    _gone = False

    def callLater(self, delay: float, call: Callable[..., object], *args: object) -> IDelayedCall:
        """By the gateway's clock."""
        return self.site.gateway.reactor.callLater(delay, call, *args)

    def connectionMade(self) -> None:
        """It is there."""
        super().connectionMade()
        self.site.came(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It has gone."""
        self._gone = True
        self.site.went(self)
        super().connectionLost(reason)

    @property
    def caller(self) -> Caller:
        """Whose it is."""
        try:
            handle = self.transport.getHandle()
            raw = handle.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        except (AttributeError, OSError):
            return Caller()  # it has gone, or this system does not tell
        pid, uid, _ = CREDENTIALS.unpack(raw)
        return Caller(uid, pid)

    def requestDone(self, request: Request) -> None:
        """It is answered.  The next of those that came with it is for the next turn of the reactor."""
        self.answering = False
        self.callLater(0, self._go_on, request)

    def _go_on(self, request: Request) -> None:
        if request in self.requests and not self._gone:
            super().requestDone(request)

    def resetTimeout(self) -> None:
        """Bytes give no more time: it is for a whole request, and begins behind the one before."""

    def dataReceived(self, data: bytes) -> None:
        """Some of a request."""
        if not self._refused:
            super().dataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line of the header is longer than the whole may be."""
        self.refuse(431, "the header is too long")

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Twisted's name for: that is no HTTP, or too much of it."""
        self.refuse(400, "that is no request of HTTP/1.1, or one with too long a header")

    def refuse(self, status: int, sentence: str) -> None:
        """Say no to a request that is not whole, and be rid of the rest."""
        text = encoded({"error": sentence}) + b"\n"
        head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        self._refused = True
        self.transport.write(head.encode("ascii") + text)
        self.loseConnection()


class Bounded(Factory, ABC):
    """Makes connections, at most ``MOST`` at a time."""

    noisy = False

    def __init__(self, gateway: Told) -> None:
        self.gateway = gateway
        self._connections: dict[Connection, None] = {}

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """What is answered.  Raise Refusal."""

    def buildProtocol(self, addr: IAddress | None) -> Connection | None:
        if len(self._connections) >= MOST and not self._made_room():
            return None
        connection = Connection()
        connection.site = self
        connection.factory = self
        return connection

    def _made_room(self) -> bool:
        """Whether one could go that is not being answered."""
        for one in self._connections:
            if not one.answering:
                self.went(one)  # not before the next turn, and another newcomer may come first
                one.transport.abortConnection()
                return True
        return False

    def came(self, connection: Connection) -> None:
        """One more."""
        self._connections[connection] = None

    def went(self, connection: Connection) -> None:
        """One less."""
        self._connections.pop(connection, None)

    def log(self, request: Request) -> None:
        """What changes something is recorded, nothing else."""

    def failed(self, failure: Failure) -> None:
        """An exception of an answer."""

        text = f"admin: {failure.getTraceback()}"
        self.gateway.tell(GatewayTold(text, warning=True))

    def close(self) -> None:
        """The gateway ends."""
        for one in list(self._connections):
            one.loseConnection()


class Site(Bounded):
    """Knows which verb answers what."""

    gateway: Steered

    def __init__(self, gateway: Steered) -> None:
        super().__init__(gateway)
        self._verbs: dict[bytes, dict[bytes, tuple[Verb, Does]]] = {}
        for one in VERBS:
            methods = self._verbs.setdefault(one.path.encode(), {})
            methods[one.method.encode()] = one, function_of(one)

    def answer(self, call: Call) -> Answer:
        """What the verb answers.  Raise Refusal."""
        path, _, query = call.uri.partition(b"?")
        page = answered(self.gateway.published, call.method, path)
        if page is not None:
            return page
        if path == DESCRIPTION.encode():
            if call.method not in (b"GET", b"HEAD"):
                raise not_taken(("GET",))
            return openapi()
        methods = self._verbs.get(path)
        if methods is None:
            raise Refusal(404, "there is no such path; GET /openapi.json lists them")
        method = b"GET" if call.method == b"HEAD" else call.method
        if method not in methods:
            raise not_taken([one.decode() for one in methods])
        one, does = methods[method]
        asked = Asked(words_of(one, query, call.content.read()), call.channel.caller)
        return self.done(one, does, asked)

    def done(self, one: Verb, does: Does, asked: Asked) -> Answer:
        """The verb, done.  Raise Refusal."""
        return does(self.gateway, asked)


def function_of(one: Verb) -> Does:
    """Its function.  Imported before it is asked for: the files may be another version's by then."""
    module, _, function = one.does.partition(":")
    found: Does = getattr(import_module(f"ftpalg.admin.{module}"), function)
    return found
