"""What happens to the gateway, as the fields of its record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ftpalg.core.bans import Ban, Banned, Unbanned
from ftpalg.core.bans import Kind as BanKind
from ftpalg.core.certificates import CertificateDue
from ftpalg.core.drained import Drained, Undrained
from ftpalg.core.news import (
    Draining,
    GatewayTold,
    News,
    Ready,
    Refused,
    Reloaded,
    ReloadFailed,
    ServerDown,
    ServerUp,
    Stopped,
    WorkerLost,
    WorkerReady,
)
from ftpalg.core.steering import Steered
from ftpalg.ops.forms import stamp
from ftpalg.ops.record_fields import Value
from ftpalg.ops.values import certificate_of

Told = tuple[str, dict[str, Value | None]]
"""An event and its fields."""

WITH_PROBES = ("draining", "stopped")
"""Those that say how often somebody has looked whether the gateway is there."""


def told(news: News) -> Told:
    """The event and its fields."""
    return OF_GATEWAY[type(news)](news)


def _ready(news: Ready) -> Told:
    return "ready", {
        "version": news.version,
        "file": news.file,
        "epoch": news.epoch,
        "listeners": news.listeners,
        "servers": news.servers,
        "tls": news.client_tls,
        "ports": news.client_ports,
        "limit": news.sessions,
        "expiries": news.expiries,
        "pids": news.pids,
    }


def _worker_ready(news: WorkerReady) -> Told:
    return "worker_ready", {"worker": news.worker, "worker_pid": news.pid, "ports": news.ports}


def _worker_lost(news: WorkerLost) -> Told:
    return "worker_lost", {
        "worker": news.worker,
        "worker_pid": news.pid,
        "sessions": news.sessions,
        "status": news.status,
        "signal": news.signal,
        "why": news.why,
    }


def _reloaded(news: Reloaded) -> Told:
    return "reloaded", {"file": news.file, "epoch": news.epoch, "changes": news.changes}


def _reload_failed(news: ReloadFailed) -> Told:
    fields: dict[str, Value | None] = {"file": news.file, "epoch": news.epoch}
    return "reload_failed", fields | {"what": news.what, "why": news.reason}


def _draining(news: Draining) -> Told:
    return "draining", {"sessions": news.sessions, "transfers": news.transfers}


def _drained(news: Drained) -> Told:
    fields: dict[str, Value | None] = {"kind": news.part.kind.value, "name": news.part.name}
    within = news.within or None
    return "drained", fields | {"sessions": news.sessions, "within": within, "uid": news.uid}


def _undrained(news: Undrained) -> Told:
    fields: dict[str, Value | None] = {"kind": news.part.kind.value, "name": news.part.name}
    return "undrained", fields | {"sessions": news.sessions, "uid": news.uid, "why": news.reason}


def _stopped(news: Stopped) -> Told:
    return "stopped", {"sessions": news.sessions, "transfers": news.transfers}


def _refused(news: Refused) -> Told:
    return "refused", {
        "client_ip": news.client.peer,
        "client_port": news.client.peer_port,
        "rule": news.rule,
        "reason": news.why.word,
        "code": news.code or None,
        "why": news.reason,
        "until": None if news.ban is None else stamp(news.ban.until),
    }


def _whom(ban: Ban) -> dict[str, Value | None]:
    peer = ban.who.kind is BanKind.PEER
    return {"peer" if peer else "account": ban.who.name}


def _banned(news: Banned) -> Told:
    ban = news.ban
    return "banned", _whom(ban) | {
        "offence": ban.reason,
        "times": ban.times,
        "until": stamp(ban.until),
        "mode": "shadow" if news.shadow else "on",
        "uid": news.uid,
    }


def _unbanned(news: Unbanned) -> Told:
    return "unbanned", _whom(news.ban) | {"why": news.why, "uid": news.uid}


def _down(news: ServerDown) -> Told:
    fields: dict[str, Value | None] = {"server": news.server, "why": news.reason}
    return "server_down", fields | certificate_of(news.shown) | {"remedy": news.remedy}


def _up(news: ServerUp) -> Told:
    return "server_up", {"server": news.server}


def _due(news: CertificateDue) -> Told:
    return "certificate", {
        "setting": news.setting,
        "certificate_file": news.file,
        "problem": news.problem,
        "not_after": news.not_after,
        "days_left": news.days,
        "sentence": news.sentence,
    }


def _steered(news: Steered) -> Told:
    fields: dict[str, Value | None] = {"verb": news.verb, "words": news.words}
    uid = news.uid if news.uid >= 0 else None
    return "steered", fields | {"uid": uid, "pid": news.pid or None, "result": news.result}


def _told(news: GatewayTold) -> Told:
    return "warning" if news.warning else "notice", {"sentence": news.text}


OF_GATEWAY: dict[type, Callable[[Any], Told]] = {
    Ready: _ready,
    WorkerReady: _worker_ready,
    WorkerLost: _worker_lost,
    Reloaded: _reloaded,
    ReloadFailed: _reload_failed,
    Draining: _draining,
    Drained: _drained,
    Undrained: _undrained,
    Stopped: _stopped,
    Refused: _refused,
    Banned: _banned,
    Unbanned: _unbanned,
    ServerDown: _down,
    ServerUp: _up,
    CertificateDue: _due,
    Steered: _steered,
    GatewayTold: _told,
}
"""Which news make which record."""
