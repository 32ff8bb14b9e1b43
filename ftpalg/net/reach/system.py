"""The system's resolver: what nsswitch.conf says, in a thread for each look-up.

getaddrinfo cannot be stopped: a look-up that is given up goes on until the system has had enough.
Whoever asks bounds their number.  The threads are daemons, so that none holds the process back.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread

from twisted.internet.interfaces import IReactorFromThreads

from ftpalg.net.reach.names import Answered, LookUp, unknown


class _Asking:
    """One look-up in its thread."""

    def __init__(self, answered: Answered) -> None:
        self.answered: Answered | None = answered

    def cancel(self) -> None:
        self.answered = None


class System:
    """Answers in the order of the system (RFC 6724), the zone of a link-local address included."""

    def __init__(self, reactor: IReactorFromThreads) -> None:
        self._reactor = reactor

    def begin(self, name: str, answered: Answered, ended: Callable[[], None]) -> LookUp:
        asking = _Asking(answered)

        def told(addresses: list[str], fault: str) -> None:
            if asking.answered is not None:
                asking.answered(addresses, fault)
            ended()

        def ask() -> None:
            self._reactor.callFromThread(told, *addresses_of(name))

        try:
            Thread(target=ask, name=f"look-up of {name}", daemon=True).start()
        except RuntimeError:
            told([], f"{unknown(name)}: the system has no thread left for its resolver")
        return asking


def addresses_of(name: str) -> tuple[list[str], str]:
    """The addresses of a name, or none and why.  Blocks."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # ValueError: labels that are empty or too long
        why = getattr(error, "strerror", None)
        return [], unknown(name) + (f": {why}" if why else "")
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)), ""
