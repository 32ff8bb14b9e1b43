"""What systemd is told: sd_notify(3), a datagram to the socket that NOTIFY_SOCKET names.

Nothing is told where it names none, and nobody is waited for.  WATCHDOG_PID says whose watchdog it
is; an upgrade leaves it out, since the program that it starts becomes the main process.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

WATCHDOG_PID = "WATCHDOG_PID"


class Notify:
    """Tells the service manager; harmless where there is none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        ours = environ.get(WATCHDOG_PID, "") in ("", str(os.getpid()))
        self.watchdog = _seconds(environ.get("WATCHDOG_USEC", "")) if path and ours else 0.0
        """Within how many seconds it wants to hear from us, 0 for never."""

    def say(self, *lines: str) -> None:
        """Tell these assignments, like READY=1, together."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            try:
                sock.sendto("\n".join(lines).encode(), self._address)
            except OSError:
                return  # a manager that does not listen is no reason to stop


def _seconds(microseconds: str) -> float:
    return int(microseconds) / 1e6 if microseconds.isdecimal() else 0.0
