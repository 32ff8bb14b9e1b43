"""Which commands a client may say to its server: a table of rules, of which the first that fits counts.

Where it is not sure what a command is about (its group, its names, its user), a rule that allows does not
fit and one that denies does.  With any rule here what none of them fits is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from fnmatch import fnmatchcase
from functools import cached_property
from ipaddress import ip_address
from typing import NamedTuple

from ftpalg.core.permits import Wanted
from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.week import Span
from ftpalg.core.wire.addresses import normal
from ftpalg.core.wire.command_groups import OTHER, groups_of
from ftpalg.policy.access import Network, within
from ftpalg.policy.globs import Glob, fits, fold, text_of, without_stream
from ftpalg.policy.path_arguments import paths_of
from ftpalg.policy.route_choice import leads_to

NAMES_A_FILE = frozenset(b"STOR STOU APPE RNTO".split())
"""What RFC 959 has 553 for: file name not allowed."""


class Asked:
    """One command, and what has been found out about it: each thing once, and only if a rule asks."""

    def __init__(self, wanted: Wanted, at: float) -> None:
        self.wanted = wanted
        self.at = at

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The command's groups."""
        return groups_of(self.wanted.command)

    @cached_property
    def paths(self) -> tuple[tuple[tuple[str, ...] | None, bool], ...]:
        """Each path that it may be about, and whether all below it is meant."""
        return tuple(
            (None if one.parts is None else tuple(map(text_of, one.parts)), one.tree)
            for one in paths_of(self.wanted.command, self.wanted.place)
        )

    @cached_property
    def folded(self) -> tuple[tuple[tuple[str, ...], bool], ...]:
        """Those that are known, as servers may compare them that know no case."""
        return tuple(
            ((*map(fold, one),), tree)
            for parts, tree in self.paths
            if parts is not None
            for one in {parts, (*map(without_stream, parts),)}
        )

    @property
    def unknown(self) -> bool:
        """Whether it may be about a file of which nobody knows where it is."""
        return any(parts is None for parts, _ in self.paths)


@value
class CommandRule(NamedTuple):
    """``[[access.commands]]``: allows or denies where every condition holds; an empty one does.

    ``commands`` are verbs and groups, ``read`` and ``write`` spread; one that allows and has none is for
    all but ``other``.  ``accounts``, ``users`` and ``destinations`` are shell patterns, ``times`` are by the
    clocks of ``zone``.  One that is a ``shadow`` decides nothing.
    """

    allow: bool = True
    clients: tuple[Network, ...] = ()
    accounts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    commands: frozenset[str] = frozenset()
    paths: tuple[Glob, ...] = ()
    times: tuple[Span, ...] = ()
    zone: tzinfo = UTC
    shadow: bool = False

    def lacks(self, asked: Asked) -> str:
        """The first condition that does not hold, by its key; empty where every one does."""
        wanted = asked.wanted
        if self.clients and not within(self.clients, ip_address(normal(wanted.client))):
            return "clients"
        if self.accounts and not self._named(self.accounts, wanted.account):
            return "accounts"
        if self.users and not self._named(self.users, wanted.user):
            return "users"
        if self.destinations and not self._leads(wanted):
            return "destinations"
        if not self._does(asked):
            return "commands"
        if self.paths and not (self._holds(asked) if self.allow else self._touches(asked)):
            return "paths"
        return "times" if self.times and not self._now(asked.at) else ""

    def _now(self, at: float) -> bool:
        """Whether one of the times holds that moment, by the clocks of the zone."""
        there = datetime.fromtimestamp(at, self.zone)
        minute = there.hour * 60 + there.minute
        return any(span.holds(there.weekday(), minute) for span in self.times)

    def _named(self, patterns: tuple[str, ...], name: str) -> bool:
        if self.allow:
            return name != "" and any(fnmatchcase(name, one) for one in patterns)
        plain = name.strip().casefold()  # servers on Windows know no case
        return name == "" or any(fnmatchcase(plain, one.casefold()) for one in patterns)

    def _leads(self, wanted: Wanted) -> bool:
        """Whether the server is one of them, by its name or by its address."""
        server = wanted.server
        if server is None:
            return not self.allow
        hosts = {server.host, wanted.address} - {""}
        return any(
            leads_to(one, Server(host, server.port)) for one in self.destinations for host in hosts
        )

    def _does(self, asked: Asked) -> bool:
        if self.allow and not self.commands:
            return OTHER not in asked.groups
        verb = asked.wanted.command.verb.decode("ascii")
        if not self.commands or verb in self.commands:
            return True
        found = (group in self.commands for group in asked.groups)
        return all(found) if self.allow else any(found)

    def _holds(self, asked: Asked) -> bool:
        """Whether every path that it may be about is within; of a tree all is where its root is."""
        return all(
            parts is not None and any(fits(glob.parts, parts) for glob in self.paths)
            for parts, _ in asked.paths
        )

    def _touches(self, asked: Asked) -> bool:
        """Whether some path that it may be about is."""
        return asked.unknown or any(
            glob.touches(parts, above=tree) for parts, tree in asked.folded for glob in self.paths
        )


@value
class Step(NamedTuple):
    """A rule was asked: its place in the list, None behind the last one.

    ``lacks`` is what does not hold, by its key.  ``says`` is the sentence that stands against the command,
    empty for none; None where the next one is asked.
    """

    at: int | None
    lacks: str = ""
    says: str | None = None


def walk(rules: tuple[CommandRule, ...], wanted: Wanted, at: float) -> Iterator[Step]:
    """Each rule that is no shadow, up to the one that decides; the last step does."""
    asked = Asked(wanted, at)
    for place, rule in enumerate(rules):
        if not rule.shadow:
            lacks = rule.lacks(asked)
            if not lacks:
                yield Step(place, says="" if rule.allow else _denied(asked, place))
                return
            yield Step(place, lacks)
    yield Step(None, says=_not_listed(asked))


def code_for(wanted: Wanted) -> int:
    """The code of a refusal."""
    return 553 if wanted.command.verb in NAMES_A_FILE else 550


def _denied(asked: Asked, place: int) -> str:
    return f"{_shown(asked)} is denied by rule {place + 1} of access.commands{_unknown(asked)}."


def _not_listed(asked: Asked) -> str:
    return f"{_shown(asked)} is not among access.commands{_unknown(asked)}."


def _shown(asked: Asked) -> str:
    return asked.wanted.command.verb.decode("ascii")


def _unknown(asked: Asked) -> str:
    return "; a name from / on can be judged better" if asked.unknown and asked.groups else ""
