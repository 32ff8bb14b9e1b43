"""Where the gateway keeps what outlives it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ftpalg.config import Settings


def folder_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> Path | None:
    """As the settings say, which may say nowhere, else the folder that systemd has made."""
    said = settings.state
    if said is not None or "state" in settings.origin.places:
        return said
    folder = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(folder) if folder else None
