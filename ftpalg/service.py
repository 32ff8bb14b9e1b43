"""Options and makeService: the way in for twistd and twist."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twisted.application.service import IServiceCollection, Service
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python import usage
from twisted.python.components import Componentized

from ftpalg.config import SettingsError
from ftpalg.life import garbage
from ftpalg.life.reactor import installed
from ftpalg.life.service import GatewayService
from ftpalg.life.signals import EARLY, Signals
from ftpalg.life.source import Source
from ftpalg.life.terminal import Terminal
from ftpalg.ops.log import LogFault, SessionLog
from ftpalg.ops.settings import LogSettings
from ftpalg.ops.twistd_log import take_over
from ftpalg.options import read_words
from ftpalg.words import CONFIG, WORDS

if TYPE_CHECKING:
    from ftpalg.workers.supervisor import Supervisor

__all__ = ["GatewayService", "Options", "makeService"]


class Options(usage.Options, AuthOptionMixin):
    """The command line of ``twistd ftpalg``; its words override the file's."""

    supportedInterfaces = (IUsernamePassword,)

    synopsis = "[options]"
    optParameters = [
        [word.name, None, None, word.meaning] for word in (CONFIG, *WORDS) if not word.many
    ]

    def __init__(self) -> None:
        super().__init__()
        self.many: dict[str, list[str]] = {word.name: [] for word in WORDS if word.many}

    def opt_listen(self, endpoint: str) -> None:
        self.many["listen"].append(endpoint)

    def opt_auth(self, description: str) -> None:
        self.many["auth"].append(description)

    opt_listen.__doc__, opt_auth.__doc__ = (word.meaning for word in WORDS if word.many)

    def parseArgs(self, *words: str) -> None:
        if words:
            raise usage.UsageError(f"{words[0]!r} is no option")

    def parseOptions(self, options: Any = None) -> None:
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise SystemExit(f"ftpalg: {error}; --help lists the options.") from None

    def source(self) -> Source:
        """The file with the environment and the command line over it, to be read again."""
        file = self["config"]
        return Source(lambda: read_words({**self, **self.many}, os.environ, file), file or "")


class HostedService(GatewayService):
    """One whose log twistd has; ``twistd`` are its options, None under others."""

    twistd: Mapping[str, Any] | None = None

    def setServiceParent(self, parent: IServiceCollection) -> None:
        super().setServiceParent(parent)
        if self.twistd is not None and isinstance(parent, Componentized):
            take_over(parent, self.twistd, installed())


def makeService(options: Options) -> Service:
    """The service for twistd and twist; ends the process with one sentence for each fault."""
    signals = Signals()
    signals.take(EARLY)
    source = options.source()
    twistd = getattr(options, "parent", None)
    try:
        settings = source.load()
        with source.telling():
            kind: type[HostedService] | type[Supervisor] = HostedService
            if settings.workers > 1:  # imported where there are several
                from ftpalg.workers.supervisor import Supervisor as kind
            made = kind(
                installed(),
                settings,
                SessionLog(LogSettings.of(settings.log), hosted=True),
                source=source,
                signals=signals,
                terminal=Terminal(twistd),
            )
            if isinstance(made, HostedService):
                made.twistd = twistd
    except SettingsError as error:
        raise SystemExit("\n".join(f"ftpalg: {fault}" for fault in error.faults)) from None
    except LogFault as error:
        raise SystemExit(f"ftpalg: {error}") from None
    garbage.settle()
    return made
