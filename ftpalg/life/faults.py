"""Why a start, or a listener of a reload, fails: one sentence, with the remedy that fits."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from twisted.internet.error import CannotListenError


class CannotStart(Exception):
    """The sentence."""


REMEDIES = {
    errno.EACCES: "ports below 1024 need the capability CAP_NET_BIND_SERVICE"
    " (AmbientCapabilities= in a unit) or a socket unit",
    errno.EADDRNOTAVAIL: "this machine has no such address now; choose one that it has",
    errno.EAFNOSUPPORT: "IPv6 is off on this machine; choose an IPv4 address",
    errno.EINVAL: "a link-local address needs its interface, as in [fe80::1%eth0]:21",
    errno.EMFILE: "raise the limit of file descriptors",
}
"""By errno; of EADDRINUSE it depends on who holds the port."""


def listening(error: BaseException | None, endpoint: str, key: str = "") -> CannotStart:
    """Why nobody can listen there, where that ``key`` wants it; clients' listeners have several."""
    cause = getattr(error, "socketError", error) if isinstance(error, CannotListenError) else error
    code = getattr(cause, "errno", None)
    why = getattr(cause, "strerror", None) or "it does not let itself be used"
    remedy = REMEDIES.get(code or 0, "choose another endpoint")
    if code == errno.EADDRINUSE:
        port = getattr(error, "port", None)
        holder = holder_of(port) if isinstance(port, int) else ""
        remedy = "end what holds it, or choose another port"
        if holder.startswith(f"PID {os.getpid()} "):  # by another endpoint of the same settings
            holder += ", this gateway itself"
            remedy = "choose another port"
        why += f" (held by {holder})" if holder else ""
    head = f"{key} = {endpoint!r}" if key else f"cannot listen on {endpoint}"
    return CannotStart(f"{head}: {why}; {remedy}.")


def transparent(error: OSError, endpoint: str) -> CannotStart:
    """Why connections to other machines' addresses cannot be taken there."""
    remedy = 'intercept = "tproxy" needs the capability CAP_NET_ADMIN'
    return CannotStart(f"cannot listen on {endpoint}: {error.strerror}; {remedy}.")


def holder_of(port: int, proc: Path = Path("/proc")) -> str:
    """Who listens on that TCP port, like "PID 98 vsftpd"; nothing where it cannot be seen."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            words = row.split()
            if words[3] == "0A" and int(words[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{words[9]}]")
    found = next(filter(None, (_holds(entry, inodes) for entry in _processes(proc))), None)
    return f"PID {found.name} {_name(found)}".strip() if found else ""


def _processes(proc: Path) -> list[Path]:
    try:
        return sorted((one for one in proc.iterdir() if one.name.isdecimal()), key=_pid)
    except OSError:
        return []


def _pid(entry: Path) -> int:
    return int(entry.name)


def _holds(entry: Path, inodes: set[str]) -> Path | None:
    try:
        for descriptor in (entry / "fd").iterdir():
            if os.readlink(descriptor) in inodes:
                return entry
    except OSError:
        return None  # it is another user's, or gone
    return None


def _name(entry: Path) -> str:
    try:
        return (entry / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""
