"""A gateway that verbs are tried on, and real ones behind their sockets."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock

from ftpalg.admin.asking import Asked, Caller, Listed, Worked
from ftpalg.admin.steered import Observer
from ftpalg.config import Settings
from ftpalg.core.ends import Moment, Reason
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Fact, Peer
from ftpalg.core.news import News, Reloaded, ReloadFailed
from ftpalg.core.place import Place
from ftpalg.core.snapshots import Moving, Snapshot
from ftpalg.core.steering import Steered as Recorded
from ftpalg.core.wire.commands import Command
from ftpalg.ops.last_errors import LastError
from ftpalg.ops.trail import UNTOLD, Known, Size
from tests.life.programs import Foreground, LifeCase
from tests.wire.peers import BIN, TIMEOUT

CALLER = Caller(1000, 98)


def session(name: str, host: str = "192.0.2.7", moment: Moment = Moment.IDLE) -> Snapshot:
    """One at rest."""
    about = About(name, Peer(host, 50000), Peer("198.51.100.2", 21), "ftp.example:21")
    return Snapshot(about, moment, 90.0)


def transferring(name: str, moved: int = 50, host: str = "192.0.2.7") -> Snapshot:
    """One in the middle of a download."""
    return session(name, host, Moment.DATA)._replace(
        command=Command(b"RETR", b"file"), moving=Moving(Side.SERVER, moved, 2.0)
    )


def known(user: str = "joe", size: Size = UNTOLD, kind: str = "I", account: str = "") -> Known:
    """What the facts have told of a session that is 40 seconds old at 100."""
    return Known(60.0, account, user, "", Place(b"/pub"), kind, size, 3, 1000, 2000)


class Turns(Clock):
    """A clock that goes turn by turn, as a reactor does: what a call asks for comes in the next."""

    def turn(self) -> None:
        """What is due now."""
        due = [call for call in self.calls if call.time <= self.seconds()]
        for call in due:
            self.calls.remove(call)
            call.called = 1
            call.func(*call.args, **call.kw)


class Standing:
    """A gateway of snapshots (``steered.Steered``)."""

    is_ready = True
    drains: Any = None
    bans: Any = None
    ledger: Any = None
    days: Any = None
    published: Any = None

    def __init__(self, *snapshots: Snapshot) -> None:
        self.reactor = Clock()
        self.reactor.advance(100)
        self.settings = Settings()
        self.snapshots = {one.about.session: one for one in snapshots}
        self.knows = {name: known() for name in self.snapshots}
        self.ended: list[tuple[str, str, Reason]] = []
        self.told: list[News] = []
        self.observers: list[Observer] = []
        self.reloads: list[Reloaded | ReloadFailed | None] = []
        self.lines: dict[str, bytes] = {}
        self.broken: Sequence[LastError] = ()

    @property
    def sessions(self) -> tuple[str, ...]:
        return tuple(self.snapshots)

    def snapshot(self, session: str) -> Snapshot | None:
        return self.snapshots.get(session)

    def known(self, session: str) -> Known | None:
        return self.knows.get(session)

    def end(self, session: str, text: str, reason: Reason) -> None:
        self.ended.append((session, text, reason))
        del self.snapshots[session]

    def reload(self) -> Reloaded | ReloadFailed | None:
        return self.reloads.pop()

    def tell(self, news: News) -> None:
        self.told.append(news)

    def join(self, observer: Observer) -> None:
        self.observers.append(observer)

    def leave(self, observer: Observer) -> None:
        self.observers.remove(observer)

    def about(self, session: str) -> About | None:
        found = self.snapshots.get(session)
        return None if found is None else found.about

    def last_lines(self, session: str) -> bytes:
        return self.lines.get(session, b"")

    def follow(self, observer: Observer) -> None:
        self.observers.append(observer)

    @property
    def followers(self) -> int:
        return len(self.observers)

    @property
    def errors(self) -> Sequence[LastError]:
        return self.broken

    # -- for tests --------------------------------------------------------------------------------

    def happens(self, session: str, fact: Fact) -> None:
        """Let its company know."""
        for one in list(self.observers):
            one.see(About(session, Peer("192.0.2.7", 1)), fact)

    @property
    def recorded(self) -> list[Recorded]:
        """The changes."""
        return [one for one in self.told if isinstance(one, Recorded)]


def asked(**words: Any) -> Asked:
    """With these words."""
    return Asked(words, CALLER)


def worked(answer: Worked) -> tuple[int, Any]:
    """How many turns it takes, and what it answers."""
    turns = 0
    while True:
        try:
            next(answer.steps)
        except StopIteration as over:
            return turns, over.value
        turns += 1


def batches(answer: Listed) -> list[list[Any]]:
    """What is listed, turn by turn."""
    found: Iterator[Any] = answer.batches
    return [list(batch) for batch in found]


class Connection(http.client.HTTPConnection):
    """HTTP to a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))
        self.sock.settimeout(TIMEOUT)


class Asking:
    """Asks over the socket at ``path``."""

    path: Path

    def ask(self, method: str, path: str, said: Any = None) -> tuple[int, Any]:
        """Status and JSON."""
        connection = Connection(self.path)
        try:
            connection.request(method, path, None if said is None else json.dumps(said))
            answer = connection.getresponse()
            return answer.status, json.load(answer)
        finally:
            connection.close()

    def sessions(self) -> list[dict[str, Any]]:
        """Those that are seen."""
        status, found = self.ask("GET", "/sessions")
        assert status == 200, found
        listed: list[dict[str, Any]] = found["sessions"]
        return listed


class AdminCase(Asking, LifeCase):
    """Real gateways with a socket at ``path``."""

    def setUp(self) -> None:
        super().setUp()
        self.path = self.scratch / "admin" / "s"

    def seen(self, rest: str = "") -> Foreground:
        """A gateway that is ready and can be asked."""
        return self.run_it(f'[admin]\nsocket = "{self.path}"\n{rest}')

    def raw(self, data: bytes = b"") -> socket.socket:
        """A connection on which that was written."""
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.connect(str(self.path))  # waits where its queue is full
        sock.settimeout(TIMEOUT)
        sock.sendall(data)
        return sock

    def command(self, *words: str, **environment: str) -> tuple[int, str, str]:
        """Status, stdout and stderr of a real ``ftpalg``, which asks there."""
        return self.run_words(words[0], "--socket", str(self.path), *words[1:], **environment)

    def run_words(self, *words: str, **environment: str) -> tuple[int, str, str]:
        """The same with these words only."""
        done = subprocess.run(
            [str(BIN / "ftpalg"), *words],
            env={**os.environ, **environment},
            capture_output=True,
            timeout=60,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr
