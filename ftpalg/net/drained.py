"""What takes no new sessions: asked before a session begins, and before its server is dialled.

A part is drained under the name that it has in the settings that hold now.  Sessions keep the settings
they began with, in which another route may have that name: routes are told apart by their rules.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ftpalg.config import Settings
from ftpalg.config.tables import RouteRule
from ftpalg.core.drained import WHOLE, Kind, Part
from ftpalg.core.ends import Reason, Refusal
from ftpalg.core.facts import About
from ftpalg.core.routes import Server
from ftpalg.core.wire.addresses import plain_name

SENTENCES = {
    Kind.SERVER: "The server is being drained; try again later.",
    Kind.ROUTE: "This way is being drained; try again later.",
    Kind.LISTENER: "This listener is being drained; try again later.",
    Kind.GATEWAY: "The gateway is being drained; try again later.",
}
"""What clients are told, those that come and those that have to go."""

ROUTE = re.compile(r"routes\[([0-9]{1,6})\]")


def server_part(server: Server) -> Part:
    """A server as a part, its name in one spelling."""
    return Part(Kind.SERVER, str(Server(plain_name(server.host), server.port)))


def rule_of(settings: Settings, route: str) -> RouteRule | None:
    """The rule that has that name in these settings."""
    match = ROUTE.fullmatch(route)
    at = int(match[1]) if match else len(settings.routes)
    return settings.routes[at] if at < len(settings.routes) else None


class DrainedParts:
    """``parts`` is a value of its own after each change: who looks at it may keep it.

    It is one for all settings that a gateway has had.
    """

    def __init__(self) -> None:
        self.parts: frozenset[Part] = frozenset()
        self._rules: dict[str, frozenset[RouteRule]] = {}

    # -- changes ----------------------------------------------------------------------------------

    def drain(self, part: Part, settings: Settings) -> None:
        """It takes no new sessions; a route is that of these settings."""
        self.parts |= {part}
        if part.kind is Kind.ROUTE and (rule := rule_of(settings, part.name)) is not None:
            self._rules[part.name] = self._rules.get(part.name, frozenset()) | {rule}

    def undrain(self, part: Part) -> None:
        """It takes them again."""
        self.parts -= {part}
        self._rules.pop(part.name, None)

    def rename(self, names: dict[str, str], settings: Settings) -> None:
        """Drained routes have these names in new settings; the rules that they were go on."""
        before, self._rules = self._rules, {}
        self.parts = frozenset(part for part in self.parts if part.kind is not Kind.ROUTE)
        for old, new in names.items():
            self._rules[new] = self._rules.get(new, frozenset()) | before[old]
            self.drain(Part(Kind.ROUTE, new), settings)

    # -- questions --------------------------------------------------------------------------------

    def closed(self, listener: str) -> Refusal | None:
        """Why a client that comes there is turned away."""
        if not self.parts:
            return None
        if WHOLE in self.parts:
            return Refusal.DRAINED
        drained = Part(Kind.LISTENER, listener) in self.parts
        return Refusal.LISTENER_DRAINED if drained else None

    def left(self, servers: tuple[Server, ...]) -> tuple[Server, ...]:
        """Those of the servers that take new sessions."""
        if not self.parts:
            return servers
        return tuple(server for server in servers if server_part(server) not in self.parts)

    def barred(
        self, settings: Settings, route: str, servers: tuple[Server, ...]
    ) -> tuple[Reason, str] | None:
        """Why a session may not go that way, and the sentence; fail closed, no other way is looked for."""
        if self._is_drained(settings, route):
            return Reason.ROUTE_DRAINED, SENTENCES[Kind.ROUTE]
        if not self.left(servers):
            return Reason.SERVER_DRAINED, SENTENCES[Kind.SERVER]
        return None

    def parts_of(self, about: About, settings: Settings) -> list[Part]:
        """The drained parts that a session with these settings uses, the narrowest first."""
        if not self.parts:
            return []
        return [part for part in _ordered(self.parts) if self.uses(part, about, settings)]

    def uses(self, part: Part, about: About, settings: Settings) -> bool:
        """Whether a session with these settings uses that part; a server it uses once it is reached."""
        if part.kind is Kind.SERVER:
            return about.server is not None and part_named(about.name).name == part.name
        if part.kind is Kind.ROUTE:
            return self._is(part.name, settings, about.route)
        return part.kind is Kind.GATEWAY or about.listener == part.name

    def _is_drained(self, settings: Settings, route: str) -> bool:
        rules = self._rules
        return bool(rules) and any(self._is(name, settings, route) for name in rules)

    def _is(self, name: str, settings: Settings, route: str) -> bool:
        """Whether what is drained under a name has been that route of those settings."""
        return rule_of(settings, route) in self._rules.get(name, ())


KINDS = tuple(Kind)


@lru_cache(maxsize=1)
def _ordered(parts: frozenset[Part]) -> tuple[Part, ...]:
    """The narrowest first; they are asked for each session, and seldom change."""
    return tuple(sorted(parts, key=lambda part: (KINDS.index(part.kind), part.name)))


@lru_cache(maxsize=256)
def part_named(name: str) -> Part:
    """The part that is a server, by its name in facts: ``host:port``."""
    host, _, port = name.rpartition(":")
    return server_part(Server(host, int(port or 0)))
