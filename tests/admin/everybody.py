"""What is published, as a test says; and connections to the site that serves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.open_site import OpenSite
from ftpalg.admin.steered import NoMetrics
from ftpalg.core.news import News

METRICS = (b"# HELP a_total A.\n", b"", b"a_total 1.0\n")


class Everybody:
    """``admin.steered.Published``."""

    def __init__(self) -> None:
        self.reactor = Clock()
        self.ready = True
        self.names = frozenset(("gw.example.net",))
        self.missing = ""
        self.steps = 0
        self.news: list[News] = []

    def tell(self, news: News) -> None:
        self.news.append(news)

    def scrape(self) -> tuple[str, Iterator[bytes]]:
        if self.missing:
            raise NoMetrics(self.missing)
        return "text/plain; version=0.0.4; charset=utf-8", self._text()

    def _text(self) -> Iterator[bytes]:
        for piece in METRICS:
            self.steps += 1
            yield piece


class Client(StringTransport):
    """One end of a connection; ``gone`` is True once the other has aborted it."""

    gone = False

    def abortConnection(self) -> None:
        self.gone = True
        super().abortConnection()

    def registerProducer(self, producer: object, streaming: bool) -> None:
        self.producer, self.streaming = producer, streaming

    def unregisterProducer(self) -> None:
        self.producer = None

    def go(self) -> None:
        """It goes; transports say so to who produces for them."""
        producer: Any = self.producer
        producer.stopProducing()

    @property
    def over(self) -> bool:
        """Whether the site wants no more of it."""
        return self.gone or self.disconnecting


class SiteCase(SynchronousTestCase):
    """A site, its clock, and clients."""

    def setUp(self) -> None:
        self.gateway = Everybody()
        self.site = OpenSite(self.gateway)

    def connect(self) -> tuple[Client, Any]:
        """A client, and the site's end of its connection, None where there is no room."""
        client = Client()
        made = self.site.buildProtocol(None)
        if made is not None:
            made.makeConnection(client)
        return client, made

    def said(self, request: bytes) -> bytes:
        """All that is answered to these bytes."""
        client, made = self.connect()
        made.dataReceived(request)
        for _ in range(20):
            self.gateway.reactor.advance(0)
        said: bytes = client.value()
        return said

    def ask(self, path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
        """What is answered to such a request; without a word of the host that is an address."""
        said = headers or ("Host: 127.0.0.1:8021",)
        lines = (f"{method} {path} HTTP/{version}", *said, "", "")
        return self.said("\r\n".join(lines).encode("latin-1"))

    def status(self, path: str, *headers: str, method: str = "GET", version: str = "1.1") -> int:
        """Its number."""
        return int(self.ask(path, *headers, method=method, version=version).split()[1])
