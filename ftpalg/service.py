"""Options and makeService: the way in for twistd and twist."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python import usage

from ftpalg.config import SettingsError
from ftpalg.life import garbage
from ftpalg.life.reactor import installed
from ftpalg.life.service import GatewayService
from ftpalg.life.signals import EARLY, Signals
from ftpalg.life.source import Source
from ftpalg.life.terminal import Terminal
from ftpalg.ops.log import LogFault, SessionLog
from ftpalg.ops.settings import LogSettings
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


def makeService(options: Options) -> Service:
    """The service for twistd and twist; ends the process with one sentence for each fault."""
    signals = Signals()
    signals.take(EARLY)
    source = options.source()
    try:
        settings = source.load()
        with source.telling():
            kind: type[GatewayService] | type[Supervisor] = GatewayService
            if (
                settings.workers > 1
            ):  # what several processes need is imported where there are several
                from ftpalg.workers.supervisor import Supervisor as kind
            made = kind(
                installed(),
                settings,
                SessionLog(LogSettings.of(settings.log), hosted=True),
                source=source,
                signals=signals,
                terminal=Terminal(getattr(options, "parent", None)),
            )
    except SettingsError as error:
        raise SystemExit("\n".join(f"ftpalg: {fault}" for fault in error.faults)) from None
    except LogFault as error:
        raise SystemExit(f"ftpalg: {error}") from None
    garbage.settle()
    return made
