"""A worker's process, as the supervisor has it: started, listened to, killed, reaped.

It lives as long as it gives signs of life: its end of the channel says ``beat`` a few times in the bound
of ``timeouts.worker``, and one that says nothing for all of it is killed.  Silence is counted in looks of
ours and not in seconds: a supervisor that was itself stopped for a while has not looked meanwhile.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple, Protocol

from twisted.internet.error import ProcessTerminated
from twisted.internet.interfaces import IDelayedCall, IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from ftpalg.core.value import value
from ftpalg.life.reactor import IWhole
from ftpalg.workers.channel import CLOSED, Channel, Hears, connect
from ftpalg.workers.handed import VARIABLE, Handed, Snapshot, written
from ftpalg.workers.share import environment_of

STARTS = 30.0
"""Seconds until it must be ready, and as many times more as there are ``TOGETHER`` that may start at once."""
TOGETHER = 16
LOOKS = 4
"""In the time within which there must be a sign of life."""
GRACE = 5.0
"""Seconds for the end of a process that has closed its channel."""
FIRST = 3
"""The number of the first descriptor behind standard error."""


@value
class Words(NamedTuple):
    """What a worker is started with."""

    program: tuple[str, ...]
    folder: str
    workers: int
    board: int
    drained: tuple[tuple[str, str], ...] = ()
    lines: bool = False
    """Whether its standard error is read here."""


@value
class Ready(NamedTuple):
    """What a worker says of itself once it serves: its data ports, and how many sessions fit."""

    client_ports: str
    server_ports: str
    sessions: int
    epoch: int


class Stage(Enum):
    """Where a process stands."""

    STARTING = "it has been started"
    SERVING = "it is ready"
    GONE = "it has ended"


class Owner(Protocol):
    """Who has it started."""

    def ready(self, worker: Worker) -> None:
        """It serves."""

    def gone(self, worker: Worker) -> None:
        """It has ended; ``status``, ``signal``, ``why`` say how."""

    def line(self, text: bytes) -> None:
        """A line of its standard error, where that is read."""


class Worker(ProcessProtocol):
    """``number`` counts from 1; ``bound`` is the seconds within which there must be a sign of life.

    ``channel.hears`` may get more topics than these: ``ready``, ``refused``, ``beat``, ``stopped``.
    """

    transport: IProcessTransport

    def __init__(
        self, reactor: IWhole, owner: Owner, number: int, bound: float, hears: Hears
    ) -> None:
        self.number = number
        self.pid = 0
        self.stage = Stage.STARTING
        self.facts: Ready | None = None
        self.epoch = 0
        """That of the settings it has."""
        self.sessions = self.transfers = 0
        self.left = (0, 0)
        """The sessions and transfers that still ran when it ended by itself."""
        self.status: int | None = None
        self.signal = self.why = ""
        self.refusal = ""
        self.began = reactor.seconds()
        self.bound = bound
        self._reactor = reactor
        self._owner = owner
        self._silent = 0
        self._rest = b""
        topics = {
            "ready": self._ready,
            "refused": self._refused,
            "beat": self._beat,
            "stopped": self._stopped,
        }
        self.channel = Channel(reactor, {**hears, **topics}, self._channel_lost)
        self._call: IDelayedCall | None = None

    # -- its start --------------------------------------------------------------------------------

    def start(self, words: Words, listeners: Mapping[str, int], snapshot: Snapshot) -> None:
        """Start it.  Raise OSError."""
        ours, theirs = socket.socketpair()
        file = written(snapshot)
        nothing = os.open(os.devnull, os.O_RDWR)
        handed = (theirs.fileno(), file, words.board, *listeners.values())
        numbers = range(FIRST, FIRST + len(handed))
        there = dict(zip(listeners, numbers[3:], strict=True))
        said = Handed(
            *(numbers[0], numbers[1], numbers[2], there, self.number),
            *(words.workers, words.drained, words.lines),
        )
        descriptors: dict[int, Any] = {0: nothing, **dict(zip(numbers, handed, strict=True))}
        for number in (1, 2):
            descriptors[number] = number if _is_open(number) else nothing
        if words.lines:
            descriptors[2] = "r"
        environ = {**environment_of(os.environ), VARIABLE: str(said)}
        try:
            self._reactor.spawnProcess(
                *(self, words.program[0], words.program, environ, words.folder),
                childFDs=descriptors,
            )
            assert self.transport.pid is not None
            self.pid = self.transport.pid
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(file)
            os.close(nothing)
        seconds = STARTS * max(1.0, words.workers / TOGETHER)
        self._call = self._reactor.callLater(seconds, self._late, seconds)
        connect(self._reactor, ours.detach(), self.channel)

    def _late(self, seconds: float) -> None:
        self._call = None
        self.kill(f"it was not ready in {seconds:.0f} s")

    def _ready(self, body: Any) -> None:
        facts = Ready(*body)
        if self.stage is not Stage.STARTING:
            raise ValueError("it is ready already")
        self.facts = facts
        self.epoch = facts.epoch
        self.stage = Stage.SERVING
        self._stop_looking()
        self._look_later()
        self._owner.ready(self)

    def _refused(self, body: Any) -> None:
        """It cannot start, and ends by itself."""
        self.refusal = str(body)

    # -- its life ---------------------------------------------------------------------------------

    def _beat(self, body: Any) -> None:
        sessions, transfers = body
        self.sessions, self.transfers = int(sessions), int(transfers)
        self._silent = 0

    def _stopped(self, body: Any) -> None:
        sessions, transfers = body
        self.left = int(sessions), int(transfers)

    def _look_later(self) -> None:
        self._call = self._reactor.callLater(self.bound / LOOKS, self._look)

    def _look(self) -> None:
        self._silent += 1
        if self._silent > LOOKS:
            self._call = None
            self.kill(f"no sign of life for {self.bound:g} s (timeouts.worker)")
        else:
            self._look_later()

    def _stop_looking(self) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None

    # -- its end ----------------------------------------------------------------------------------

    def kill(self, why: str) -> None:
        """End it at once, whatever it does."""
        self.why = self.why or why
        if self.stage is not Stage.GONE and self.pid:
            os.kill(self.pid, signal.SIGKILL)  # it is not reaped yet: nobody else has that PID

    def _channel_lost(self, why: str) -> None:
        """Its process ends; where it has broken the channel it is ended."""
        if self.stage is Stage.GONE:
            return
        self._stop_looking()
        if why != CLOSED:
            self.kill(why)
        else:
            self._call = self._reactor.callLater(GRACE, self.kill, why)

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._owner.line(line)

    def processExited(self, reason: Failure) -> None:
        """It is reaped."""
        self.stage = Stage.GONE
        self._stop_looking()
        error = reason.value
        self.status = 0
        if isinstance(error, ProcessTerminated):
            self.status = error.exitCode
            if error.signal is not None:
                self.signal = _name_of(error.signal)
        self._owner.gone(self)
        self.channel.lose(self.why)


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one for real-time use
        return f"signal {number}"


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
