"""What a session is given while a script is played: all of it real but the look-up of its server, the
judgement of accounts, and the waits, which are over when the script says so."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attrs import fields

from ftpalg.config import Limits, Listener, Settings, Timeouts
from ftpalg.core.actions import Dial
from ftpalg.core.events import Link, Traits
from ftpalg.core.facts import About, CommandLine, Fact, ReplyLines
from ftpalg.core.last_lines import LastLines, Rung, arrow_of, texts_of
from ftpalg.core.routes import Server
from ftpalg.core.session_settings import Rules
from ftpalg.net.control.client import ClientControl
from ftpalg.net.driver import Driver
from ftpalg.net.gateway import Gateway
from ftpalg.net.reach.attempt import Way
from tests.net.doubles import POLICIES, Log

LONG, OTHER_END = 100_000, 1000
"""Seconds of every wait, and of the one that only the control connection knows."""
WAITS = Timeouts(
    **{one.name: LONG for one in fields(Timeouts) if one.init and one.name != "keepalive"}
    | {"other_end": OTHER_END}
)


class Facts(Log):
    """Keeps what observers are told of the session."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[Fact] = []
        self.lines: list[Rung] = []
        self.ladder = True
        self.last_lines = LastLines(lambda: 0)

    def see(self, about: About, fact: Fact) -> None:
        if isinstance(fact, CommandLine | ReplyLines):
            self.lines += [Rung(0, arrow_of(fact), text) for text in texts_of(fact)]
        else:
            self.facts.append(fact)


@dataclass
class Dialling:
    """A server that is being reached, until the script says what came of it."""

    dial: Dial
    reached: Callable[[socket.socket, Server, Way], None]
    failed: Callable[[str, str], None]
    tried: tuple[str, ...] = ()

    def start(self) -> None:
        """It has been."""

    def cancel(self) -> None:
        """Nobody asks any more."""

    def calls_from(self, host: str, port: int) -> bool:
        """It has no socket."""
        return False


class Known:
    """What is known of the one server."""

    def __init__(self, traits: Traits) -> None:
        self._traits = traits

    def of(self, server: Server) -> Traits:
        return self._traits

    def learn(self, server: Server, traits: Traits) -> None:
        self._traits = traits


class Reaching:
    """Reaches nobody by itself."""

    def __init__(self, real: Any, traits: Traits) -> None:
        self.adopt = real.adopt
        self.traits = Known(traits)
        self.asked: list[Dialling] = []

    def reach(
        self,
        reactor: object,
        dial: Dial,
        client: Link,
        near: bool,
        reached: Callable[[socket.socket, Server, Way], None],
        failed: Callable[[str, str], None],
        tell: Callable[[Fact], None],
        *granted: object,
    ) -> Dialling:
        self.asked.append(Dialling(dial, reached, failed))
        return self.asked[-1]

    def barred(self, dial: Dial) -> None:
        """Nothing is drained."""

    def _nothing(self, *told: object) -> None:
        """Who comes and goes is not counted."""

    came = left = settled = _nothing


@dataclass
class Question:
    """An account that is being checked, until the script says what it is."""

    account: bytes
    password: bytes
    accepted: Callable[[str], None]
    refused: Callable[[str], None]
    busy: Callable[[], None]
    peer: str
    barred: Callable[[], None]
    answered: tuple[int, ...] = ()
    sure: bool = True

    def cancel(self) -> None:
        """Nobody asks any more."""


class Accounts:
    """Judges nobody by itself."""

    def __init__(self) -> None:
        self.asked: list[Question] = []

    def check(self, *told: Any) -> Question:
        self.asked.append(Question(*told))
        return self.asked[-1]


class Entrance:
    """Admits the one client of a script."""

    pierces = False

    def __init__(self, reactor: Any, rules: Rules, traits: Traits) -> None:
        self.reactor = reactor
        self.settings = Settings(timeouts=WAITS, limits=Limits())
        self.log = Facts()
        real = Gateway(reactor, self.settings, self.log, POLICIES).shared
        self.reaching = Reaching(real.reaching, traits)
        self.accounts = Accounts()
        doubles: dict[str, Any] = {"reaching": self.reaching, "accounts": self.accounts}
        self.shared = real._replace(**doubles)
        self.ledger = real.ledger
        self.arrivals = real.arrivals
        self.turns = real.turns
        self.rules = rules
        self.driver: Driver | None = None
        self.broken: list[object] = []

    def adopt(self, sock: socket.socket) -> None:
        """The client has connected."""
        entrance: Any = self
        control = ClientControl(entrance, self.rules, Listener(endpoint="tcp:0"))
        self.shared.reaching.adopt(sock, control)

    def admit(self, client: ClientControl, link: Link) -> Driver:
        self.driver = Driver(self.shared, client, self.rules, link, "1")
        return self.driver

    def is_balancer(self, peer: str) -> bool:
        return False

    def may_shake(self, key: str) -> None:
        """Nothing stands against a handshake."""

    def closed(self, listener: str) -> str:
        return ""

    def shown_to(self, peer: str) -> str:
        return ""

    def misdirected(self, link: Link, destination: Server | None) -> str:
        return ""

    def broke(self, peer: object) -> None:
        self.broken.append(peer)
