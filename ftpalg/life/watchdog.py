"""systemd's watchdog, fed from the reactor at half its time: a reactor that is stuck feeds none.

The manager counts from READY, and from MAINPID as the last program says it; so the first food comes
half a time later, and a program that is not the main one yet says nothing that would be refused.
"""

from __future__ import annotations

from ftpalg.life.notify import Notify
from ftpalg.net.reactors import Timing

FOOD = "WATCHDOG=1"


class Watchdog:
    """Is fed from when it is made; harmless where there is none."""

    def __init__(self, reactor: Timing, notify: Notify) -> None:
        self._reactor = reactor
        self._notify = notify
        self._wait()

    def stop(self) -> None:
        """Feed it no more; it may be another program's by now."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _wait(self) -> None:
        seconds = self._notify.watchdog / 2
        self._call = self._reactor.callLater(seconds, self._feed) if seconds else None

    def _feed(self) -> None:
        self._notify.say(FOOD)
        self._wait()
