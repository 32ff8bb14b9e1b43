"""What an administrator should read in the log at each start and reload."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ftpalg.config import Settings
from ftpalg.life.capabilities import superfluous
from ftpalg.life.descriptors import descriptors
from ftpalg.life.files import every_warning


def to_be_known(settings: Settings, allowed: int) -> Iterator[str]:
    """Each a sentence; ``allowed`` are the file descriptors of a process that serves."""
    for one in every_warning(settings, superfluous(settings, os.geteuid())):
        yield f"{one.sentence} [{one.id}]"
    warning = descriptors(settings.limits, allowed).warning
    if warning:
        yield warning
