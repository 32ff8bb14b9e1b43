"""What this machine lets this process do, found by trying and by reading /proc."""

from __future__ import annotations

import errno
import resource
import socket
import sys
from pathlib import Path

from ftpalg.life.capabilities import effective
from ftpalg.life.faults import holder_of
from ftpalg.life.upgrade_request import running

PROC = Path("/proc")


def has_capability(name: str) -> bool:
    """True where this process has it, or where there are none to have."""
    found = effective(PROC)
    return found is None or name in found


def most_descriptors() -> int:
    """How many this process may have, once the soft limit is raised to the hard one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def cannot_bind(host: str, port: int, *, both: bool = False, listen: bool = True) -> OSError | None:
    """Why an address cannot be had, as a server of Twisted's would ask for it; it is given back at once."""
    family = socket.AF_INET6 if both or ":" in host else socket.AF_INET
    try:
        found = socket.getaddrinfo(
            host or None, port, family, socket.SOCK_STREAM, 0, socket.AI_PASSIVE
        )
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(found[0][4])
            if listen:
                sock.listen(1)
    except OSError as error:
        return error
    return None


def gateway_at(error: OSError, port: int) -> str:
    """The running gateway that has a port which cannot be had therefore; nothing for all else."""
    holder = holder_of(port) if error.errno == errno.EADDRINUSE else ""
    ours = any(holder.startswith(f"PID {pid} ") for pid in running())
    return holder if ours else ""


def remedy_for(error: OSError, host: str, port: int) -> str:
    """One sentence: what the system says, and what helps against it."""
    why = error.strerror or str(error)
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        return f"{why}{f' (held by {holder})' if holder else ''}; choose another, or stop the other"
    if error.errno in (errno.EACCES, errno.EPERM) and port < 1024:
        return (
            f"{why}; ports below 1024 need CAP_NET_BIND_SERVICE (AmbientCapabilities= in the unit)"
            " or a socket unit"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{why}; this machine has no address {host}"
    if error.errno == errno.EAFNOSUPPORT:
        return f"{why}; write 0.0.0.0:{port} for IPv4 alone"
    return why
