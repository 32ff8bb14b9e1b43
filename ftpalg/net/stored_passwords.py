"""Passwords of the gateway's own at servers and parents: read when needed, never kept or logged."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ftpalg.net.unreadable import because

LONGEST = 4096  # bytes


class NoSecret(Exception):
    """The password cannot be had; the words name its place, never its content."""


def read_secret(source: str) -> bytes:
    """The password in ``file:PATH`` or in the systemd credential ``credential:NAME``.

    One line end at its end does not count.  Raise NoSecret.
    """
    kind, _, name = source.partition(":")
    path = Path(name)
    if kind == "credential":
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise NoSecret(f"credential {name}: systemd has given no credentials to this service")
        path = Path(folder, name)
    try:
        with open(path, "rb", opener=_unblocked) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NoSecret(f"{path}: is no regular file")
            text = file.read(LONGEST + len(b"\r\n") + 1)
    except OSError as error:
        raise NoSecret(f"{path}: {because(error, path)}") from None
    text = text.removesuffix(b"\n").removesuffix(b"\r")
    if not text or len(text) > LONGEST or any(byte < 32 or byte == 127 for byte in text):
        raise NoSecret(f"{path}: must hold one line with the password")
    return text


def _unblocked(path: str, flags: int) -> int:
    """A pipe would hold the reactor until somebody writes."""
    return os.open(path, flags | os.O_NONBLOCK)
