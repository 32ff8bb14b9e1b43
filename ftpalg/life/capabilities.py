"""What this process may do beyond others, and what of that its settings have no use for."""

from __future__ import annotations

from pathlib import Path

from ftpalg.config import Intercept, Settings
from ftpalg.config.endpoints import socket_of
from ftpalg.config.faults import Warning
from ftpalg.config.warnings import of_process

PROC = Path("/proc")
BIND, ADMIN = "CAP_NET_BIND_SERVICE", "CAP_NET_ADMIN"

NAMES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE"
    " NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO"
    " SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME"
    " SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG"
    " WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
NUMBERS = {f"CAP_{name}": number for number, name in enumerate(NAMES.split())}
"""linux/capability.h."""

FIRST_FREE_PORT = 1024
"""The first one that needs no capability; net.ipv4.ip_unprivileged_port_start may be lower."""
WHOLE = ["0", "0", str(2**32 - 1)]
"""The map of user IDs outside of every user namespace."""

AS_ROOT = (
    "the process runs as root: whoever finds a way in has the whole machine; give it a user of its own"
    " (User= in a unit, USER in a container file, --uid of twistd)"
)
TAKE = "take it from AmbientCapabilities= and CapabilityBoundingSet= of the unit"


def effective(proc: Path = PROC) -> frozenset[str] | None:
    """What this process has; None where that cannot be known.  Those without a name here are left out."""
    try:
        text = (proc / "self" / "status").read_text("ascii")
    except OSError:
        return None
    bits = 0
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key in ("CapEff", "CapAmb"):
            bits |= int(value, 16)
    return frozenset(name for name, number in NUMBERS.items() if bits >> number & 1)


def needed(settings: Settings) -> frozenset[str]:
    """What these settings need, for the start and for reloads; sockets of systemd's need none."""
    return frozenset(
        name
        for name, needs in ((BIND, _needs_low_ports(settings)), (ADMIN, _needs_admin(settings)))
        if needs
    )


def _needs_low_ports(settings: Settings) -> bool:
    named = [socket_of(one.endpoint) for one in settings.all_listeners]
    ports = [one.port for one in named if one is not None]
    return any(0 < port < FIRST_FREE_PORT for port in (*ports, settings.data.source_port))


def _needs_admin(settings: Settings) -> bool:
    addresses = (settings.source_address, *(rule.source_address for rule in settings.routes))
    return (
        bool(settings.pinholes.table)
        or "client" in addresses
        or any(one.intercept is Intercept.TPROXY for one in settings.all_listeners)
    )


def superfluous(settings: Settings, user: int, proc: Path = PROC) -> list[Warning]:
    """What a process of this user has and these settings do not need: one sentence, or none.

    Root of a user namespace is an ordinary user of the machine: nothing is said of it.
    """
    place = of_process(settings)[0]
    if user == 0:
        return [Warning(place, AS_ROOT, id="runs-as-root")] if _is_root(proc) else []
    more = sorted((effective(proc) or frozenset()) - needed(settings))
    if not more:
        return []
    sentence = f"the process has {', '.join(more)}, which these settings do not need; {TAKE}"
    return [Warning(place, sentence, id="unneeded-capability")]


def _is_root(proc: Path) -> bool:
    """Whether user 0 is the machine's."""
    try:
        return (proc / "self" / "uid_map").read_text("ascii").split() == WHOLE
    except OSError:
        return True
