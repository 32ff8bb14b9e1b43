"""Options, makeService, run and upgrade: the ways in."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any, cast

from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.logger import globalLogBeginner
from twisted.python import usage

from ftpalg.config import SettingsError
from ftpalg.life import upgrade_request
from ftpalg.life.inherited import inherited
from ftpalg.life.service import GatewayService, IWhole, Program
from ftpalg.life.signals import EARLY, Signals
from ftpalg.life.source import Source
from ftpalg.life.terminal import Terminal
from ftpalg.ops.log import LogFault, SessionLog
from ftpalg.ops.overheard import Overheard
from ftpalg.ops.settings import LogSettings
from ftpalg.options import read_words
from ftpalg.words import CONFIG, WORDS

__all__ = ["GatewayService", "Options", "Source", "makeService", "run", "upgrade"]


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


def installed() -> IWhole:
    """The reactor, which is installed with the first import of it."""
    from twisted.internet import reactor

    return cast(IWhole, reactor)


def makeService(options: Options) -> GatewayService:
    """The service for twistd and twist; ends the process with one sentence for each fault."""
    signals = Signals()
    signals.take(EARLY)
    source = options.source()
    try:
        settings = source.load()
        with source.telling():
            made = GatewayService(
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
    gc.freeze()  # what a start has made stays: nobody looks it through for garbage again
    return made


def run(source: Source, signals: Signals) -> int:
    """Serve in the foreground until a signal; the exit status.  ``signals`` are taken already.

    Raise SettingsError.
    """
    reactor = installed()
    came = inherited()
    words = (sys.executable, *sys.orig_argv[1:])
    try:
        settings = source.load()
        with source.telling():
            log = SessionLog(LogSettings.of(settings.log), hosted=False)
            globalLogBeginner.beginLoggingTo([Overheard(log.warned)], redirectStandardIO=False)
            service = GatewayService(
                reactor,
                settings,
                log,
                source=source,
                signals=signals,
                program=Program(words, os.getcwd(), came),
            )
    except SettingsError as error:
        came.tell("; ".join(error.faults))
        raise
    except LogFault as error:
        came.tell(str(error))
        print(f"ftpalg: {error}", file=sys.stderr)
        return 1
    gc.freeze()
    gc.enable()
    service.privilegedStartService()
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.run(False)  # the signals are ours
    return 0


def upgrade(pid: int | None = None) -> tuple[int, str]:
    """Have the running gateway start the installed program in its place; exit status, sentence."""
    found = upgrade_request.running() if pid is None else [pid]
    if len(found) != 1:
        shown = ", ".join(map(str, found))
        which = f"several run, name one: PID {shown}" if found else "no gateway runs that can be"
        return 1, f"not upgraded: {which}"
    wrong = upgrade_request.ask(found[0])
    return (1, f"not upgraded: {wrong}") if wrong else (0, "upgraded")
