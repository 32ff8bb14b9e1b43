"""Standard error of C libraries, which some write to besides telling their caller.

glibc's ``stderr`` is a variable: libraries write to what it points to, Python and the log to the
descriptor below, which stays as it is.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_lock = threading.Lock()
"""One at a time: who ends puts back what was there at the beginning."""


@cache
def _pointers() -> tuple[ctypes.c_void_p, int] | None:
    """``stderr`` and a stream that leads nowhere; None where the variable is none (musl, others)."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return None
    libc.fopen.restype = ctypes.c_void_p
    nowhere = libc.fopen(os.devnull.encode(), b"we")
    return (ctypes.c_void_p.in_dll(libc, "stderr"), nowhere) if nowhere else None


@contextmanager
def unheard() -> Iterator[None]:
    """What C libraries write to standard error meanwhile is dropped."""
    found = _pointers()
    if found is None:
        yield
        return
    stderr, nowhere = found
    with _lock:
        before, stderr.value = stderr.value, nowhere
        try:
            yield
        finally:
            stderr.value = before
