"""Names that the settings hold: each is looked up by one at a time, and an old answer serves."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ftpalg.net.reach.names import MOST, Answered, LookUp, Source, begun, late

FRESH = 5.0
"""Seconds for which an answer about a name of the settings is good: a burst of logins is one look-up."""
STALE_AFTER = 1.8
"""Seconds after which an old answer is used while a new one is awaited (RFC 8767 section 5)."""


class _Waiter:
    """Somebody who wants to know a name of the settings."""

    def __init__(self, answered: Answered) -> None:
        self.answered: Answered | None = answered
        self.timer: IDelayedCall | None = None

    def cancel(self) -> None:
        self.answered = None
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def tell(self, addresses: list[str], fault: str) -> None:
        answered = self.answered
        self.cancel()
        if answered is not None:
            answered(addresses, fault)


class Known:
    """Names of the settings: each is looked up by one at a time, whoever waits for it.

    An old answer serves where no new one comes.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        source: Source,
        seconds: float,
        warned: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._source = source
        self._seconds = seconds
        self._warned = warned
        self._found: dict[str, tuple[list[str], float]] = {}
        self._asking: dict[str, list[_Waiter]] = {}
        self._failing: set[str] = set()

    def look_up(self, name: str, answered: Answered) -> LookUp:
        """The addresses of a name; those that are known are told before this returns."""
        waiter = _Waiter(answered)
        found, when = self._found.get(name, ([], 0.0))
        if found and self._reactor.seconds() - when < FRESH:
            waiter.tell(found, "")
            return waiter
        seconds = min(self._seconds, STALE_AFTER) if found else self._seconds
        waiter.timer = self._reactor.callLater(seconds, self._late, name, waiter)
        if name in self._asking:
            self._asking[name].append(waiter)
        else:
            self._asking[name] = [waiter]

            def heard(addresses: list[str], fault: str) -> None:
                self._heard(name, addresses, fault)

            begun(self._source, name, heard, lambda: None, self._warned)
        return waiter

    def _heard(self, name: str, addresses: list[str], fault: str) -> None:
        addresses = addresses[:MOST]
        if addresses:
            self._found[name] = addresses, self._reactor.seconds()
            self._failing.discard(name)
        for waiter in self._asking.pop(name):
            self._tell(name, waiter, addresses, fault)

    def _late(self, name: str, waiter: _Waiter) -> None:
        waiter.timer = None
        if waiter in self._asking.get(name, ()):
            self._asking[name].remove(waiter)
        self._tell(name, waiter, [], late(name))

    def _tell(self, name: str, waiter: _Waiter, addresses: list[str], fault: str) -> None:
        if not addresses and name in self._found:
            addresses, fault = self._found[name][0], self._fail(name, fault)
        waiter.tell(addresses, fault)

    def _fail(self, name: str, fault: str) -> str:
        """An old answer serves; that is said once, until there is a new one."""
        if name not in self._failing:
            self._failing.add(name)
            self._warned(f"{fault}; the addresses it had are used")
        return ""
