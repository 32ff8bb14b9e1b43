"""Control connections over real sockets, with the owners and the clock of the test."""

from __future__ import annotations

import socket
from collections.abc import Callable
from sys import exc_info
from typing import Any

from twisted.internet.task import Clock

from ftpalg.config import ClientTlsSettings, Listener, ServerTlsSettings, Settings
from ftpalg.core.ends import Reason, Refusal
from ftpalg.core.events import Event, Link
from ftpalg.core.facts import Peer, What
from ftpalg.core.news import News
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.net.arrivals import Arrivals, Waiting
from ftpalg.net.control.attached import adopt
from ftpalg.net.control.client import ClientControl
from ftpalg.net.control.line import Control
from ftpalg.net.control.server import ServerControl
from ftpalg.net.ledger import OwnLedger, Short
from ftpalg.net.tls.towards_clients import ClientSide, ForClients
from ftpalg.net.tls.towards_servers import ForServer, ServerSide
from ftpalg.net.turns import Turns
from tests.net.pairs import REACTOR, SocketCase
from tests.net.tls_sides import TlsCase

NAME = "a.example"


class Timers(Clock):
    """The test's time; sockets are watched by the real reactor."""

    def __getattr__(self, name: str) -> Any:
        return getattr(REACTOR, name)

    def step(self) -> None:
        """Run the next call alone, however soon another would follow."""
        call = self.calls.pop(0)
        call.called = 1
        call.func(*call.args, **call.kw)


class Owner:
    """Keeps what a session is told."""

    def __init__(self) -> None:
        self.wants_commands = True
        self.heard: list[Event] = []
        self.words: list[str] = []
        self.does: Callable[[Event], object] = lambda event: None
        self.shake: Callable[[], None] = lambda: None

    def start(self) -> None:
        self.words.append("start")

    def handle(self, event: Event) -> None:
        self.heard.append(event)
        self.does(event)

    def end(self, text: str, reason: Reason = Reason.STOPPED) -> None:
        self.words.append(text)

    def server_met(self, link: Link) -> None:
        self.words.append("met")

    skips_text = asks_nothing = ends_anywhere = transfers = False

    def broke(self) -> None:
        self.words.append(f"broke: {exc_info()[1]!r}")

    def pause_server(self) -> None:
        self.words.append("pause")

    def resume_server(self) -> None:
        self.words.append("resume")

    def crowded(self, short: Short) -> None:
        self.words.append(f"crowded: {short.line.word}")

    @property
    def names(self) -> list[str]:
        """The kinds of events."""
        return [type(event).__name__ for event in self.heard]


class Always(Arrivals):
    """Where everybody comes in at once."""

    def may_enter(self, key: str, who: Waiting) -> bool:
        return True


class Door:
    """Lets in whom the test lets in."""

    pierces = False

    def __init__(self, reactor: Any, settings: Settings, owner: Owner) -> None:
        self.reactor: Any = reactor
        self.settings = settings
        self.log = self
        self.ledger = OwnLedger({})
        self.arrivals = Always(self.reactor)
        self.turns = Turns(reactor)
        self.owner = owner
        self.balancers: set[str] = set()
        self.refusals: list[str] = []
        self.links: list[Link] = []
        self.drained: dict[str, str] = {}
        self.news: list[News] = []
        self.shaken: list[tuple[Refusal, What]] = []

    def tell(self, news: News) -> None:
        """What happened to the gateway."""
        self.news.append(news)

    def refused(self, link: Link, reason: str) -> None:
        self.refusals.append(reason)

    def turns_away(self, there: object) -> bool:
        return False

    def is_balancer(self, peer: str) -> bool:
        return peer in self.balancers

    def closed(self, listener: str) -> str:
        return self.drained.get(listener, "")

    def admits(self, link: Link) -> bool:
        return True

    def shown_to(self, peer: str) -> str:
        return ""

    def misdirected(self, link: Link, destination: object) -> str:
        return ""

    def broke(self, peer: Peer) -> None:
        self.refusals.append(f"broke: {exc_info()[1]!r}")

    def may_shake(self, key: str) -> tuple[Refusal, What] | None:
        return self.shaken.pop() if self.shaken else None

    def crowd_out(self, client: ClientControl, link: Link, short: Short) -> None:
        self.refusals.append(f"crowded out: {short.line.word}")
        client.finish()

    def admit(self, client: ClientControl, link: Link) -> Owner:
        self.links.append(link)
        return self.owner


class ControlCase(TlsCase, SocketCase):
    """One control connection, its owner, and the socket at its far end."""

    timeout = 20.0

    def setUp(self) -> None:
        super().setUp()
        self.clock = Timers()
        self.addCleanup(lambda: self.assertEqual(self.clock.getDelayedCalls(), []))
        self.owner = Owner()
        self.settings = Settings()
        self.door = Door(self.clock, self.settings, self.owner)

    def adopted(self, control: Control, *, small: bool = False) -> socket.socket:
        """Give it a connection; the far end's socket.  It is gone when the test is over."""
        near, far = self.pair(small=small)
        adopt(REACTOR, near, control)
        self.addCleanup(self.gone, control)
        return far

    async def gone(self, control: Control) -> None:
        """Have it lost, if it is not."""
        transport: Any = control.transport
        transport.abortConnection()
        await self.until(lambda: transport.disconnected)

    def client(
        self, tls: ClientTls = ClientTls.OFF, *, small: bool = False
    ) -> tuple[ClientControl, socket.socket]:
        """A client's."""
        control = ClientControl(self.door, Rules(client_tls=tls), Listener("", tls))
        if tls is ClientTls.IMPLICIT:
            self.owner.shake = lambda: control.start_tls(self.for_clients())
        return control, self.adopted(control, small=small)

    def server(self, *, small: bool = False) -> tuple[ServerControl, socket.socket]:
        """A server's."""
        control = ServerControl(self.owner, self.clock, self.settings, self.door.turns)
        return control, self.adopted(control, small=small)

    def for_clients(self) -> ForClients:
        """Connections that show our certificate."""
        files = self.issue(NAME)
        return ClientSide(
            ClientTlsSettings(certificate=files.certificate, private_key=files.private_key)
        ).for_session()

    def for_server(self) -> ForServer:
        """Connections that trust it."""
        return ServerSide(ServerTlsSettings(ca=self.ca)).for_server(NAME)
