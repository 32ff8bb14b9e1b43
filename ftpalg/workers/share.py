"""What of a gateway's settings is one worker's: its data ports; what only one process can do is nobody's.

The ports and sockets of ``[admin]`` and the state are the supervisor's: a worker has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from ftpalg.config import Settings
from ftpalg.workers.slices import slice_of

SUPERVISORS = (
    *("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "RUNTIME_DIRECTORY"),
    *("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "STATE_DIRECTORY"),
)
"""Variables of systemd's that say something to one process."""


def share_of(settings: Settings, worker: int, workers: int, lines: bool = False) -> Settings:
    """The settings of ``worker``, of 1 to ``workers``; with ``lines`` its records go to the supervisor, in
    JSON, where no other place is named.  Raise ValueError, a sentence, where there are too few data ports."""
    data, admin, more = settings.data, settings.admin, dict[str, Any]()
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
        state=None,
        **more,
    )


def environment_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a worker, from the supervisor's."""
    return {name: value for name, value in environ.items() if name not in SUPERVISORS}
