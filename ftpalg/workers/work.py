"""The program of a worker: ``ftpalg run`` with what a supervisor has handed on."""

from __future__ import annotations

from twisted.logger import globalLogBeginner

from ftpalg.config import SettingsError
from ftpalg.life import garbage
from ftpalg.life.inherited import Inherited
from ftpalg.life.place import Place
from ftpalg.life.reactor import installed
from ftpalg.ops.log import LogFault
from ftpalg.ops.overheard import Overheard
from ftpalg.ops.settings import LogSettings
from ftpalg.workers.attached import Attached
from ftpalg.workers.board import Board
from ftpalg.workers.handed import Handed, read_from
from ftpalg.workers.serving import OwnLog, OwnService, Refusing


def work(handed: Handed) -> int:
    """Serve until the supervisor says otherwise; the exit status."""
    reactor = installed()
    terminal = Refusing(handed.channel)
    snapshot = read_from(handed.snapshot)
    attached = Attached(reactor, handed, snapshot)
    source = attached.source
    inherited = Inherited(handed.listeners, drained=handed.drained)
    try:
        settings = source.load()
        with source.telling():
            log = OwnLog(LogSettings.of(settings.log), attached.whole)
            globalLogBeginner.beginLoggingTo([Overheard(log.warned)], redirectStandardIO=False)
            service = attached.service = OwnService(
                reactor,
                settings,
                log,
                Board(handed.board, handed.workers, handed.worker),
                attached.channel,
                source=source,
                terminal=terminal,
                place=Place(handed.worker, handed.workers, snapshot.epoch, inherited),
            )
    except SettingsError as error:
        terminal.refuse("; ".join(error.faults))
    except (LogFault, ValueError) as error:
        terminal.refuse(str(error))
    garbage.settle()
    service.privilegedStartService()
    service.startService()
    attached.connect()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.addSystemEventTrigger("before", "shutdown", attached.last_word)
    reactor.run(False)
    return 0
