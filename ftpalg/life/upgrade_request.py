"""How another process of the same user asks this one for an upgrade: a name in Linux's abstract
namespace of Unix sockets, made of the PID.

No file is written and none can be left behind.  The name is open to everybody on the machine, so the
kernel says who asks: the same user, or root.  One line each way: the word, and ``ok`` or ``failed``
with a sentence.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from twisted.internet.interfaces import IAddress, IListeningPort, IReactorUNIX, ITransport
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver

NAME = "ftpalg-{}"
ASKED = re.compile(r"@ftpalg-([0-9]+)$", re.MULTILINE)
UPGRADE = b"upgrade"
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid
SECONDS = 60.0
"""For an answer: an upgrade takes half of that at most."""

Answer = Callable[[str], None]
"""Gets what is wrong, or nothing."""


class IConnection(ITransport):
    """What Twisted's Unix connections are to us."""

    def getHandle() -> socket.socket:
        """The socket itself."""


class Asked(LineOnlyReceiver):
    """One who asks."""

    transport: IConnection
    delimiter = b"\n"
    MAX_LENGTH = 64

    def __init__(self, upgrade: Callable[[Answer], None]) -> None:
        self._upgrade = upgrade
        self._ours = False

    def connectionMade(self) -> None:
        """Nobody else is waited for: each would hold a descriptor for as long as it likes."""
        sock = self.transport.getHandle()
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        self._ours = CREDENTIALS.unpack(raw)[1] in (0, os.geteuid())
        if not self._ours:
            self._answer("another user's gateway takes no orders")

    def lineReceived(self, line: bytes) -> None:
        if not self._ours:
            return
        if line != UPGRADE:
            self._answer("it knows no such order")
        else:
            self._upgrade(self._answer)

    def _answer(self, wrong: str) -> None:
        """At once: behind an upgrade without sessions the reactor does not come to it any more."""
        sock = self.transport.getHandle()
        try:
            sock.send(f"failed {wrong}\n".encode() if wrong else b"ok\n")
        except OSError:
            pass  # who asked has gone
        self.transport.loseConnection()


class Asking(Factory):
    """Makes them."""

    noisy = False

    def __init__(self, upgrade: Callable[[Answer], None]) -> None:
        self._upgrade = upgrade

    def buildProtocol(self, addr: IAddress | None) -> Asked:
        return Asked(self._upgrade)


def listen(reactor: IReactorUNIX, upgrade: Callable[[Answer], None]) -> IListeningPort | None:
    """Be there to be asked; the port, or None where this system or the name's owner is against it."""
    try:
        return reactor.listenUNIX("\0" + NAME.format(os.getpid()), Asking(upgrade))
    except Exception:  # CannotListenError; elsewhere than on Linux whatever bind makes of the name
        return None


def running(table: Path = Path("/proc/net/unix")) -> list[int]:
    """The PIDs of those that can be asked."""
    try:
        return sorted({int(found) for found in ASKED.findall(table.read_text("utf-8", "replace"))})
    except OSError:
        return []


def ask(pid: int, word: bytes = UPGRADE) -> str:
    """Ask, wait for the answer; what is wrong, or nothing."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(SECONDS)
        try:
            sock.connect("\0" + NAME.format(pid))
            with suppress(BrokenPipeError):  # it has answered already
                sock.sendall(word + b"\n")
            with sock.makefile("r", encoding="utf-8", errors="replace") as answer:
                said = answer.readline().rstrip("\n")
        except OSError as error:
            return f"the gateway with PID {pid} cannot be asked: {error.strerror or error}"
    if said == "ok":
        return ""
    return said.removeprefix("failed ") or "the gateway ended meanwhile"
