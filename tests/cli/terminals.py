"""Commands in a terminal of their own, as a person would see them."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from time import monotonic

from tests.wire.gateways import BIN, TREE
from tests.wire.sockets import TIMEOUT

PATIENCE = 6 * TIMEOUT
"""Seconds for a command on a busy machine: it has to be imported first."""


class Terminal:
    """``ftpalg`` with these words; Ctrl-C reaches it as from a keyboard."""

    def __init__(self, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "-c", str(BIN / "ftpalg"), *words],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE), "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._seen = b""

    @property
    def shown(self) -> str:
        """All that has come so far."""
        return self._seen.decode("utf-8", "backslashreplace").replace("\r\n", "\n")

    def shows(self, text: str, times: int = 1, timeout: float = PATIENCE) -> bool:
        """True as soon as it has shown that so often; False after that time, or where it has ended."""
        end = monotonic() + timeout
        while self.shown.count(text) < times:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, end - monotonic()))
            if not ready or not self._read():
                return False
        return True

    def _read(self) -> bool:
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # EIO: nobody is at the other end any more
            data = b""
        self._seen += data
        return bool(data)

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.write(self._ours, b"\x03")

    def ended(self) -> int:
        """Its exit status, once it has ended by itself, and all that it has shown."""
        while self._read():
            pass
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Be rid of it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
