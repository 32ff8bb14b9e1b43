"""``POST /reload``: the settings read again, and what came of it."""

from __future__ import annotations

from ftpalg.admin.asking import Asked, Json, Refusal
from ftpalg.admin.recording import record
from ftpalg.admin.steered import Steered, Told
from ftpalg.core.news import Reloaded, ReloadFailed


def reload(gateway: Steered, asked: Asked) -> Json:
    """What has changed, or why nothing has."""
    return told(gateway, asked, gateway.reload())


def told(gateway: Told, asked: Asked, done: Reloaded | ReloadFailed | None) -> Json:
    """The same, of what was done.  Raise Refusal."""
    if done is None:
        record(gateway, asked, "reload", result="refused")
        raise Refusal(
            409, "it cannot reload now: it starts, is upgraded, stops, or has no settings file"
        )
    good = isinstance(done, Reloaded)
    record(gateway, asked, "reload", result="reloaded" if good else "failed")
    return {
        "reloaded": good,
        "file": done.file,
        "epoch": done.epoch,
        "changes": list(done.changes) if isinstance(done, Reloaded) else [],
        "why": "" if isinstance(done, Reloaded) else done.reason,
    }
