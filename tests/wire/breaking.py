"""A gateway in which something breaks."""

from __future__ import annotations

BROKEN = """\
from ftpalg.core.phases import Phase
from ftpalg.core.session import WHO
from ftpalg.core.stages.forwarding import Forwarding
from ftpalg.core.wire.commands import Kind


def broken(stage, command):
    raise RuntimeError("something that cannot be")


WHO[Phase.SERVED][Kind.STATUS] = (Forwarding, broken)
"""
