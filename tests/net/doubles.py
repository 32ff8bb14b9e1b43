"""Stands in for what the network side is given: a reactor, a log, a client, policies."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.testing import MemoryReactorClock

from ftpalg.config import Listener
from ftpalg.core.facts import About, Fact
from ftpalg.core.last_lines import LastLines
from ftpalg.core.news import News, Refused, Reloaded, ReloadFailed, ServerDown, ServerUp
from ftpalg.core.session_settings import Rules
from ftpalg.net.control.flow_control import Pauses
from ftpalg.net.policies import Policies
from ftpalg.net.reach.names import Answered, LookUp, unknown
from ftpalg.policy.access import Access
from ftpalg.policy.balance import order
from ftpalg.policy.machine import Machine
from ftpalg.policy.ports import candidates

ACCESS = Access()
POLICIES = Policies(
    candidates, ACCESS.admits, ACCESS.refusal, ACCESS.by_name, Machine().refusal, order
)


class Resolver:
    """Looks up names when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given_up: list[str] = []

    def look_up(self, name: str, answered: Answered) -> LookUp:
        self.asked.append(name)
        self.answered = answered
        given_up = self.given_up

        class Asked:
            def cancel(self) -> None:
                given_up.append(name)

        return Asked()

    def answer(self, *hosts: str) -> None:
        """The name resolves to these."""
        self.answered(list(hosts), "" if hosts else unknown(self.asked[-1]))


class Reactor(MemoryReactorClock):
    """A clock, and descriptors that are ready when the test says so."""

    def write(self) -> None:
        """Whoever waits for writability has it."""
        for descriptor in list(self.getWriters()):
            descriptor.doWrite()


class Log:
    """Keeps what a gateway tells."""

    ladder = False
    last_lines: LastLines | None = None

    def __init__(self) -> None:
        self.words: list[tuple[str, str]] = []
        self.news: list[News] = []
        self.down: list[ServerDown] = []

    def see(self, about: About, fact: Fact) -> None:
        self.words.append((type(fact).__name__, about.session))

    def tell(self, news: News) -> None:
        match news:
            case Refused(link, reason):
                self.words.append((f"refused {link.peer}", reason))
            case ServerDown(server, reason):
                self.down.append(news)
                self.warned(f"server {server} is out of service: {reason}")
            case ServerUp(server):
                self.told(f"server {server} is back in service")
            case Reloaded():
                self.told("certificates reloaded")
            case ReloadFailed(reason):
                self.warned(f"certificates not reloaded: {reason}")
            case _:
                self.news.append(news)

    def told(self, text: str) -> None:
        self.words.append(("told", text))

    def warned(self, text: str) -> None:
        self.words.append(("warned", text))


class Client:
    """A client's control connection, as far as a gateway looks at it."""

    rules = Rules()
    pauses = Pauses(cast(Any, None))
    waits_for_room = False
    listener = Listener("127.0.0.1:21")
    balancer = ""

    def __init__(self) -> None:
        self.written = b""
        self.hung_up = False
        self.driver: Any = None

    def write(self, data: bytes) -> None:
        self.written += data

    def hang_up(self) -> None:
        self.hung_up = True

    def finish(self) -> None:
        self.hung_up = True
