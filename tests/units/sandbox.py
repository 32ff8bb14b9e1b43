"""Runs a program under what a unit forbids, as far as a process can do that to itself.

``python -m tests.units.sandbox VARIANT PROGRAM WORD...``: the system calls, memory that is writable and
executable, the families of addresses, and capabilities.  What systemd does with mounts is left out.
Each is a filter of its own, as systemd has it, by libseccomp.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

from ftpalg.life.capabilities import NUMBERS
from tests.units.files import UNPACKED, Unit, system_calls, variant

ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # linux/seccomp.h: SCMP_ACT_ALLOW, SCMP_ACT_ERRNO
EQUAL, GREATER, MASKED = 4, 6, 7  # seccomp.h: SCMP_CMP_EQ, _GT, _MASKED_EQ
LIBRARY = "libseccomp.so.2"
FIRST = 3  # SD_LISTEN_FDS_START
SOCKETS = "SANDBOX_SOCKETS"
"""The variable with what is handed on."""
DROP_IN = "SANDBOX_DROP_IN"
"""The variable with a further file of the unit."""
FAMILIES = 45
"""Families of addresses that a kernel may know."""
SHM_EXEC = 0o100000
DROP_BOUNDING, AMBIENT, AMBIENT_RAISE = 24, 47, 2  # linux/prctl.h
NO_NEW_PRIVILEGES = 38

WRITE_EXECUTE = (
    ("mmap", 2, mmap.PROT_WRITE | mmap.PROT_EXEC),
    ("mprotect", 2, mmap.PROT_EXEC),
    ("pkey_mprotect", 2, mmap.PROT_EXEC),
    ("shmat", 2, SHM_EXEC),
)
"""What MemoryDenyWriteExecute= refuses: a call, which of its arguments, these bits together."""


class Compared(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = [
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    ]


class Filter:
    """One seccomp filter."""

    def __init__(self, otherwise: int) -> None:
        self._library = library()
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action: int, call: str, *compared: Compared) -> None:
        """Another rule; calls that this machine does not have are passed over."""
        number = self._library.seccomp_syscall_resolve_name(call.encode("ascii"))
        if number >= 0:
            array = (Compared * len(compared))(*compared)
            wrong = self._library.seccomp_rule_add_array(
                self._context, ctypes.c_uint32(action), number, len(compared), array
            )
            if wrong:
                raise OSError(-wrong, f"seccomp: {call}: {os.strerror(-wrong)}")

    def load(self) -> None:
        """It holds from now on, for children too."""
        wrong = self._library.seccomp_load(self._context)
        if wrong:
            raise OSError(-wrong, f"seccomp: {os.strerror(-wrong)}")


def library() -> ctypes.CDLL:
    """libseccomp.  Raise OSError where it is not there."""
    unpacked = [str(file) for file in UNPACKED.glob(f"usr/lib/*/{LIBRARY}")]
    found = ctypes.CDLL((unpacked or [LIBRARY])[0])
    found.seccomp_init.restype = ctypes.c_void_p
    return found


def confine(unit: Unit) -> None:
    """Be under what the unit forbids."""
    _keep(unit.words("CapabilityBoundingSet"), unit.words("AmbientCapabilities"))
    families = Filter(ALLOW)
    known = {int(getattr(socket, name)) for name in unit.words("RestrictAddressFamilies")}
    for number in set(range(FAMILIES)) - known:
        families.add(REFUSE | errno.EAFNOSUPPORT, "socket", Compared(0, EQUAL, number))
    families.add(REFUSE | errno.EAFNOSUPPORT, "socket", Compared(0, GREATER, FAMILIES - 1))
    families.load()
    if unit.value("MemoryDenyWriteExecute") == "yes":
        memory = Filter(ALLOW)
        for call, argument, bits in WRITE_EXECUTE:
            memory.add(REFUSE | errno.EPERM, call, Compared(argument, MASKED, bits, bits))
        memory.load()
    allowed = Filter(REFUSE | getattr(errno, unit.value("SystemCallErrorNumber")))
    for call in system_calls(unit.words("SystemCallFilter")):
        allowed.add(ALLOW, call)
    allowed.load()


def _keep(bounding: Iterable[str], ambient: Iterable[str]) -> None:
    """Have these capabilities and no others; only root has any to give up."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text("ascii"))
    for number in set(range(last + 1)) - {NUMBERS[name] for name in bounding}:
        if prctl(DROP_BOUNDING, number, 0, 0, 0) and os.geteuid() == 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_CAPBSET_DROP)")
    prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    assert set(ambient) <= set(bounding)  # root has what is in the bounding set, once it executes


def hand_on(sockets: str) -> None:
    """Give descriptors to the program as systemd gives sockets: NAME=DESCRIPTOR, between commas."""
    named = [one.partition("=")[::2] for one in sockets.split(",")]
    for at, (_, number) in enumerate(named):
        os.dup2(int(number), FIRST + at, inheritable=True)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = str(len(named))
    os.environ["LISTEN_FDNAMES"] = ":".join(name for name, _ in named)


def main() -> None:
    name, *words = sys.argv[1:]
    more = os.environ.get(DROP_IN)
    confine(variant(name, *([Path(more)] if more else [])))
    if sockets := os.environ.pop(SOCKETS, ""):
        hand_on(sockets)
    if "WATCHDOG_USEC" in os.environ:
        os.environ["WATCHDOG_PID"] = str(os.getpid())
    os.execvp(words[0], words)


if __name__ == "__main__":
    main()
