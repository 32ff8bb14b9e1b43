"""Calls that can fail: they are counted, and one of them fails when it is told to.

Only calls in the reactor's thread are ours: the peers of a dialogue run in threads of their own.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from sys import _getframe
from typing import Any

from OpenSSL import SSL

from ftpalg.net.reach.dns import Dns
from ftpalg.net.tls.connection import TlsConnection


class Unforeseen(Exception):
    """An exception of a kind that nobody expects."""


def _system(code: int) -> Callable[[], Exception]:
    return lambda: OSError(code, os.strerror(code))


ERRORS: dict[str, Callable[[], Exception]] = {
    "EMFILE": _system(errno.EMFILE),
    "ENOBUFS": _system(errno.ENOBUFS),
    "ECONNRESET": _system(errno.ECONNRESET),
    "SSL.Error": lambda: SSL.Error([("SSL routines", "", "made to fail")]),
    "Unforeseen": lambda: Unforeseen("made to fail"),
}

NEW = ("EMFILE", "Unforeseen")
TOLD = ("ENOBUFS", "Unforeseen")
MOVED = ("ECONNRESET", "ENOBUFS", "Unforeseen")
SEALED = ("SSL.Error", "Unforeseen")

CALLS: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    "socket": (socket.socket, "__init__", NEW),
    "dup": (socket, "dup", NEW),
    "accept": (socket.socket, "accept", (*NEW, "ENOBUFS")),
    "pipe2": (os, "pipe2", NEW),
    "splice": (os, "splice", MOVED),
    "open": (io, "open", NEW),
    "builtin open": (builtins, "open", NEW),
    "look-up": (Dns, "begin", NEW),
    **{
        name: (socket.socket, name, TOLD)
        for name in (
            "bind",
            "listen",
            "connect",
            "setsockopt",
            "getsockopt",
            "getsockname",
            "getpeername",
            "shutdown",
        )
    },
    **{name: (socket.socket, name, MOVED) for name in ("recv", "recv_into", "send")},
    **{
        f"TLS {name}": (TlsConnection, name, SEALED)
        for name in (
            "__init__",
            "do_handshake",
            "recv",
            "recv_into",
            "send",
            "sendall",
            "bio_read",
            "bio_write",
            "shutdown",
            "set_shutdown",
            "get_session",
            "set_session",
        )
    },
}
"""Where each call is found, and how it fails."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The ``at``-th of those calls fails in that way, once; Twisted's own calls as a system's do."""

    call: str
    at: int
    error: str

    def __str__(self) -> str:
        return f"{self.call} #{self.at} {self.error}"


class Faults:
    """Stands before all of ``CALLS`` while a test has it patched in."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.stirs = 0
        self.struck = ""
        self._fault: Fault | None = None
        self._counting = False
        self._thread = threading.get_ident()

    def patch(self, patch: Callable[[Any, str, Any], object]) -> None:
        """Put it before all calls."""
        for name, (owner, attribute, _) in CALLS.items():
            patch(owner, attribute, self._before(name, getattr(owner, attribute)))

    def arm(self, fault: Fault | None) -> None:
        """Count from now on, and let that one fail."""
        self.seen.clear()
        self._fault, self._counting, self.struck = fault, True, ""

    def disarm(self) -> None:
        """Count no more."""
        self._fault, self._counting = None, False

    def _before(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **more: Any) -> Any:
            if threading.get_ident() == self._thread:
                self._meet(name, fresh=more.get("fileno") is None and len(given) < 5)
            return call(*given, **more)

        return called

    def _meet(self, name: str, *, fresh: bool) -> None:
        self.stirs += 1
        if not self._counting or (name == "socket" and not fresh):
            return  # a socket made of a descriptor that there is cannot be lacking one
        self.seen[name] += 1
        fault = self._fault
        if fault is not None and (fault.call, fault.at) == (name, self.seen[name]):
            self._counting = False
            self.struck = _getframe(2).f_globals.get("__name__", "")
            foreign = self.struck.startswith("twisted.")
            raise ERRORS["ENOBUFS" if foreign and fault.error == "Unforeseen" else fault.error]()
