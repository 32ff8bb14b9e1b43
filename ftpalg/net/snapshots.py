"""How a session stands, as its core and its connections tell."""

from __future__ import annotations

from typing import Protocol

from ftpalg.core.events import Side
from ftpalg.core.facts import About
from ftpalg.core.phases import moment_of
from ftpalg.core.routes import Server
from ftpalg.core.session import Session
from ftpalg.core.snapshots import Moving, Snapshot
from ftpalg.core.stages.transfer import passive
from ftpalg.net.backend import FtpBackend
from ftpalg.net.control.client import ClientControl
from ftpalg.net.control.line import Control
from ftpalg.net.legs.pair import Pair
from ftpalg.net.shared import Shared


class Shown(Protocol):
    """A session, as far as it is looked at here."""

    shared: Shared
    client: ClientControl
    backend: FtpBackend
    session: Session

    @property
    def about(self) -> About:
        """Whose facts are told."""


def snapshot_of(one: Shown, legs: Pair | None, heard: float) -> Snapshot:
    """The session now; ``legs`` are its data connections, if it has had any."""
    desk = one.session.desk
    return Snapshot(
        one.about,
        moment_of(desk.phase, desk.head, desk.logged_in),
        heard,
        desk.head,
        _tls(one.client),
        _tls(one.backend.control),
        None if legs is None else _moving(one.session, legs),
        one.shared.epoch,
        bool(one.shared.drained.parts_of(one.about, one.shared.settings)),
    )


def _tls(control: Control | None) -> str:
    """The version of a control connection's TLS, where it stands."""
    tls = control.tls if control is not None else None
    if tls is None or not tls.stood or tls.cleared:
        return ""
    return tls.connection.get_protocol_version_name()


def _moving(session: Session, legs: Pair) -> Moving | None:
    transfer = session.transfer.state
    if transfer is None or transfer.command is None:
        return None
    rest = transfer.rest.argument if transfer.rest is not None else None
    return Moving(
        transfer.source,
        legs.moved,
        legs.seconds,
        transfer.size,
        rest or b"",
        passive(transfer),
        frozenset(side for side in Side if session.protection.protects(side)),
    )


def in_words(snapshot: Snapshot) -> str:
    """A session in a few words: whose it is, what it does, what has moved."""
    about, head, moving = snapshot.about, snapshot.command, snapshot.moving
    doing = f"{head.shown}, {moving.moved if moving else 0} bytes moved" if head else "idle"
    client, server = (
        str(Server(one.host, one.port)) if one else "-" for one in (about.client, about.server)
    )
    return f"{about.session} {client} -> {server} {doing}"
