"""``ftpalg run`` and ``ftpalg upgrade``: what twistd has no part in."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from twisted.logger import globalLogBeginner

from ftpalg.config import SettingsError
from ftpalg.life import garbage, upgrade_request
from ftpalg.life.inherited import inherited
from ftpalg.life.place import Program
from ftpalg.life.reactor import installed
from ftpalg.life.service import GatewayService
from ftpalg.life.signals import WORKER, Signals
from ftpalg.life.source import Source
from ftpalg.life.waking import wake
from ftpalg.ops.log import LogFault, SessionLog
from ftpalg.ops.overheard import Overheard
from ftpalg.ops.settings import LogSettings

if TYPE_CHECKING:
    from ftpalg.workers.supervisor import Supervisor


def run(source: Source, signals: Signals) -> int:
    """Serve in the foreground until a signal; the exit status.  ``signals`` are taken already.

    Raise SettingsError.
    """
    if WORKER in os.environ:
        return _work()
    reactor = installed()
    came = inherited()
    words = (sys.executable, *sys.orig_argv[1:])
    try:
        settings = source.load()
        with source.telling():
            log = SessionLog(LogSettings.of(settings.log), hosted=False)
            globalLogBeginner.beginLoggingTo([Overheard(log.warned)], redirectStandardIO=False)
            kind: type[GatewayService] | type[Supervisor] = GatewayService
            if (
                settings.workers > 1
            ):  # what several processes need is imported where there are several
                from ftpalg.workers.supervisor import Supervisor as kind
            service = kind(
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
    garbage.settle()
    service.privilegedStartService()
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    wake(reactor)
    reactor.run(False)  # the signals are ours
    return 0


def _work() -> int:
    from ftpalg.workers.handed import handed
    from ftpalg.workers.work import work

    found = handed()
    if found is None:
        print(
            f"ftpalg: {WORKER} is set, which is for ftpalg's own workers: unset it.",
            file=sys.stderr,
        )
        return 2
    return work(found)


def upgrade(pid: int | None = None) -> tuple[int, str]:
    """Have the running gateway start the installed program in its place; exit status, sentence."""
    found = upgrade_request.running() if pid is None else [pid]
    if len(found) != 1:
        shown = ", ".join(map(str, found))
        which = f"several run, name one: PID {shown}" if found else "no gateway runs that can be"
        return 1, f"not upgraded: {which}"
    wrong = upgrade_request.ask(found[0])
    return (1, f"not upgraded: {wrong}") if wrong else (0, "upgraded")
