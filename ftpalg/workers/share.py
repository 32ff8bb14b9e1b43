"""What of a gateway's settings is one worker's: its data ports; what only one process can do is nobody's.

The ports and sockets of ``[admin]`` are the supervisor's: a worker opens none.  The state is kept by the
first worker alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from ftpalg.config import Settings
from ftpalg.workers.slices import slice_of

SUPERVISORS = (
    *("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "RUNTIME_DIRECTORY"),
    *("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"),
)
"""Variables of systemd's that say something to one process."""
STATE = "STATE_DIRECTORY"


def share_of(settings: Settings, worker: int, workers: int, lines: bool = False) -> Settings:
    """The settings of ``worker``, of 1 to ``workers``; with ``lines`` its records go to the supervisor, in
    JSON, where no other place is named.  Raise ValueError, a sentence, where there are too few data ports."""
    data, admin, more = settings.data, settings.admin, dict[str, Any]()
    if worker > 1:
        more["state"] = None
    if lines and settings.log.to == "stderr":
        more["log"] = evolve(settings.log, format=type(settings.log.format)("json"))
    return evolve(
        settings,
        data=evolve(
            data,
            client_ports=slice_of(data.client_ports, data.excluded_ports, worker, workers),
            server_ports=slice_of(data.server_ports, data.excluded_ports, worker, workers),
        ),
        admin=evolve(admin, socket=None, listen="", agent=""),
        **more,
    )


def environment_of(environ: Mapping[str, str], worker: int) -> dict[str, str]:
    """The environment of ``worker``, from the supervisor's."""
    others = (*SUPERVISORS, STATE) if worker > 1 else SUPERVISORS
    return {name: value for name, value in environ.items() if name not in others}
