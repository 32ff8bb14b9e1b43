"""Where the gateway is asked and told things, beside its listeners: all that ``[admin]`` says, as one.

The Unix socket is another one with each program; the ports of the agent and of the pages are handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ftpalg.config import Settings
from ftpalg.life import agent
from ftpalg.life.beside import Beside
from ftpalg.life.drains import Drains
from ftpalg.life.observers import Observers
from ftpalg.life.publishing import Publishing
from ftpalg.life.reactor import IWhole
from ftpalg.life.steering import Reload, Steering
from ftpalg.net.gateway import Gateway


class Doors:
    """``socket`` is the Unix socket, ``agent`` the port of HAProxy's agent-check, ``pages`` that of
    metrics and health.

    ``serves`` tells whether the gateway listens; ``reload`` and ``parent`` are as ``Steering`` has them.
    """

    def __init__(
        self,
        reactor: IWhole,
        gateway: Gateway,
        log: Observers,
        drains: Drains,
        serves: Callable[[], bool],
        reload: Reload,
        parent: int,
    ) -> None:
        self._gateway = gateway
        self._drains = drains
        self._serves = serves
        self.pages = Publishing(reactor, gateway, log, lambda: self.is_ready)
        self.socket = Steering(reactor, gateway, log, reload, self.pages, parent)
        self.agent = Beside(reactor, "admin.agent", agent.Agent(reactor, self._agent_says))

    @property
    def is_ready(self) -> bool:
        """Whether clients that come get sessions: it listens, and is not drained."""
        return self._serves() and not self._drains.closed

    def _agent_says(self) -> bytes:
        shared = self._gateway.shared
        most = min(shared.sessions.fitting, shared.settings.limits.sessions)
        return agent.line(
            serves=self._serves(),
            drained=self._drains.closed,
            free=most - len(shared.sessions.open),
            sessions=most,
        )

    def listen(self, settings: Settings, inherited: dict[str, int]) -> None:
        """Have the ports; what was handed on for them is taken from ``inherited``.  Raise CannotStart."""
        self.agent.open(settings.admin.agent, inherited)
        self.pages.open(inherited)

    @contextmanager
    def renewed(self, settings: Settings) -> Iterator[None]:
        """Go on by these settings, where nothing is raised meanwhile.  Raise CannotStart."""
        with (
            self.socket.renewed(settings),
            self.agent.renewed(settings.admin.agent),
            self.pages.renewed(settings),
        ):
            yield

    @property
    def descriptors(self) -> dict[str, int]:
        """What is handed on."""
        return self.agent.descriptors | self.pages.descriptors

    def hand_on(self) -> None:
        """The next program is there from now on."""
        self.socket.close()
        self.agent.hand_on()
        self.pages.hand_on()

    def close(self) -> None:
        """The gateway ends."""
        self.socket.close()
        self.agent.close()
        self.pages.close()
