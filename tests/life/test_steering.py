"""The admin socket over a gateway's life: its place, reloads, upgrades, the end."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.socket_file import make
from ftpalg.config import Settings, examine
from ftpalg.config.model import Admin
from ftpalg.core.ends import Moment
from ftpalg.core.events import Side
from ftpalg.core.facts import ProtocolError
from ftpalg.life.admin_socket import path_of
from ftpalg.life.observers import Observers
from ftpalg.life.steering import Steering
from tests.admin.cases import AdminCase
from tests.admin.test_accepting import Reactor
from tests.life.programs import Foreground
from tests.life.test_observers import ABOUT, Hearing
from tests.wire.gateways import STARTS
from tests.wire.peers import BIN, BLOCK, TREE, drained


class Places(AdminCase):
    """Where it is."""

    def test_path(self) -> None:
        """As the settings say, else in the first folder that systemd has made, else nowhere."""
        named = Settings(admin=Admin(socket=Path("/s")))
        for settings, environ, path in (
            (named, {"RUNTIME_DIRECTORY": "/run/a"}, Path("/s")),
            (Settings(), {"RUNTIME_DIRECTORY": "/run/a:/run/b"}, Path("/run/a/admin.sock")),
            (Settings(), {"RUNTIME_DIRECTORY": ""}, None),
            (Settings(), {}, None),
        ):
            self.assertEqual(path_of(settings, environ), path)
        nowhere = examine(None, {"admin": {"socket": ""}}, {}).settings
        self.assertIsNone(path_of(nowhere, {"RUNTIME_DIRECTORY": "/run/a"}))

    def test_nowhere(self) -> None:
        """Without a setting and without systemd there is none, and nothing of HTTP is imported."""
        gateway = self.run_it("", {"PYTHONPROFILEIMPORTTIME": "1", "RUNTIME_DIRECTORY": ""})
        self.assertNotIn("twisted.web", gateway.whole_log())
        self.assertNotIn("ftpalg.admin", gateway.whole_log())

    def test_systemd(self) -> None:
        """In systemd's folder, with its umask: 0660, removed at the end."""
        folder = self.scratch / "run"
        folder.mkdir(0o750)
        before = os.umask(0o077)
        try:
            gateway = self.run_it("", {"RUNTIME_DIRECTORY": str(folder)})
        finally:
            os.umask(before)
        self.path = folder / "admin.sock"
        self.assertEqual(stat.S_IMODE(os.lstat(self.path).st_mode), 0o660)
        self.assertEqual(self.sessions(), [])
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.status(), 0)
        self.assertEqual(list(folder.iterdir()), [])

    def test_all_is_imported(self) -> None:
        """What verbs need is there before it is ready: the files may be another version's later."""
        gateway = self.begin(
            self.text(f'[admin]\nsocket = "{self.path}"\n'), {"PYTHONPROFILEIMPORTTIME": "1"}
        ).serve()
        self.idle(gateway)
        self.ask("GET", "/sessions?filter=cleint%3D1")
        self.ask("GET", "/openapi.json")
        self.ask("GET", "/names")
        self.ask("POST", "/kick", {"filter": ["state=idle"]})
        before, _, after = gateway.whole_log().partition(" ready: ")
        self.assertIn("twisted.web.http", before)
        self.assertNotIn("import time:", after)

    def test_refused(self) -> None:
        """What cannot be had ends the start: status 1, one sentence at its place, nothing left open."""
        self.path.parent.mkdir()
        self.path.write_text("mine")
        gateway = self.begin(self.text(f'[admin]\nsocket = "{self.path}"\n'))
        status = gateway.status(STARTS)
        (line,) = gateway.whole_log().splitlines()
        self.assertEqual(status, 1)
        self.assertRegex(line, r"^ftpalg: .*ftpalg\.toml:\d+:\d+: admin\.socket = ")
        self.assertIn("something else than a socket is there; remove it", line)
        self.assertEqual(self.path.read_text(), "mine")

    def test_held(self) -> None:
        """Another gateway's is refused, and that one is still asked there."""
        first = self.seen()
        second = self.begin(self.text(f'[admin]\nsocket = "{self.path}"\n'))
        self.assertEqual(second.status(STARTS), 1)
        self.assertIn(f"PID {first.process.pid} ", second.whole_log())
        self.idle(first)
        self.assertEqual(len(self.sessions()), 1)

    def test_after_a_crash(self) -> None:
        """What a killed gateway has left is replaced."""
        first = self.seen()
        first.process.kill()
        first.process.wait()
        self.assertTrue(self.path.exists())
        second = self.seen()
        self.idle(second)
        self.assertEqual(len(self.sessions()), 1)

    def test_twistd(self) -> None:
        """Under twistd it is the same."""
        file = self.scratch / "f.toml"
        file.write_text(self.text(f'[admin]\nsocket = "{self.path}"\n'))
        process = subprocess.Popen(
            [str(BIN / "twistd"), "-n", "--pidfile=", "ftpalg", "--config", str(file)],
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        while b"ready: " not in process.stdout.readline():
            self.assertIsNone(process.poll())
        self.assertEqual(self.sessions(), [])
        process.terminate()
        self.assertEqual(process.wait(30), 0)
        self.assertFalse(self.path.exists())


class Again(SynchronousTestCase):
    """The next program has taken the path, and has failed then."""

    def test_again(self) -> None:
        """The path is taken back; where it stands nothing is done, and a fault is a warning."""
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-admin-")
        self.addCleanup(holder.cleanup)
        path = Path(holder.name) / "s"
        shared = SimpleNamespace(settings=Settings(admin=Admin(socket=path)))
        gateway: Any = SimpleNamespace(shared=shared)
        reactor: Any = Reactor()
        warned: list[str] = []
        log: Any = Observers(Hearing("log", []))
        log.warned = warned.append
        steering = Steering(
            reactor, gateway, log, lambda: None, lambda: True, mock.Mock(), mock.Mock()
        )
        steering.prepare()
        steering.socket.open()
        self.addCleanup(steering.close)
        stands = os.lstat(path).st_ino
        steering.again()
        self.assertEqual((os.lstat(path).st_ino, len(reactor.readers)), (stands, 1))
        successor = make(path, os.getpid())
        successor.take(os.getpid())
        successor.socket.close()
        steering.again()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        self.assertEqual(len(reactor.readers), 1)
        path.unlink()
        path.write_text("mine")
        steering.again()
        self.assertIn("something else than a socket is there", warned[0])
        self.assertEqual(path.read_text(), "mine")


class Kept(SynchronousTestCase):
    """What is kept of sessions to be asked for."""

    def test_only_where_it_can_be_asked_for(self) -> None:
        """Nothing without a socket; with the first one the last lines and the last errors, once."""
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-admin-")
        self.addCleanup(holder.cleanup)
        shared = SimpleNamespace(settings=Settings(), sessions=SimpleNamespace(open={}))
        gateway: Any = SimpleNamespace(shared=shared)
        reactor: Any = Reactor()
        log = Observers(Hearing("log", []))
        steering = Steering(
            reactor, gateway, log, lambda: None, lambda: True, mock.Mock(), mock.Mock()
        )
        self.addCleanup(steering.close)
        steering.prepare()
        log.see(ABOUT, ProtocolError(Side.SERVER, "before", Moment.LOGIN))
        self.assertIsNone(log.last_lines)
        self.assertEqual((*steering.errors, steering.followers), (0,))
        kept = None
        for name in ("a", "b"):
            with steering.renewed(Settings(admin=Admin(socket=Path(holder.name) / name))):
                pass
            kept = kept or log.last_lines
            self.assertIsNotNone(kept)
            self.assertIs(log.last_lines, kept)
            log.see(ABOUT, ProtocolError(Side.SERVER, name, Moment.LOGIN))
            self.assertEqual([one.fact.reason for one in steering.errors], [name])
        with steering.renewed(Settings()):
            pass
        self.assertIs(log.last_lines, kept)
        self.assertEqual(len(steering.errors), 1)

    def test_who_is_gone(self) -> None:
        """Has said nothing."""
        found = SimpleNamespace(about=ABOUT, last_lines=b"x")
        shared = SimpleNamespace(sessions=SimpleNamespace(open={"s1": found}))
        gateway: Any = SimpleNamespace(shared=shared)
        reactor: Any = Reactor()
        log = Observers(Hearing("log", []))
        steering = Steering(
            reactor, gateway, log, lambda: None, lambda: True, mock.Mock(), mock.Mock()
        )
        self.assertEqual((steering.about("s1"), steering.last_lines("s1")), (ABOUT, b"x"))
        self.assertEqual((steering.about("s2"), steering.last_lines("s2")), (None, b""))


class Lives(AdminCase):
    """Reloads, drains and upgrades."""

    def rewrite(self, gateway: Foreground, path: Path | None, rest: str = "") -> None:
        """Settings with another socket."""
        said = f'[admin]\nsocket = "{path}"\n' if path else ""
        gateway.file.write_text(self.text(said + rest))

    def reload(
        self, gateway: Foreground, path: Path | None, rest: str = ""
    ) -> tuple[int, str, str]:
        """By the command."""
        self.rewrite(gateway, path, rest)
        return self.command("reload")

    def test_moved(self) -> None:
        """The new place is there, the old one gone; whoever asked by the old one is answered."""
        gateway = self.seen()
        new = self.scratch / "new" / "s"
        status, out, err = self.reload(gateway, new)
        self.assertEqual((status, out, err), (0, f"admin.socket {self.path} -> {new}\n", ""))
        self.assertFalse(self.path.exists())
        self.path = new
        self.assertEqual(self.sessions(), [])
        self.assertEqual(self.reload(gateway, None)[0], 0)
        self.assertFalse(new.exists())
        self.rewrite(gateway, new)
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.until(new.exists))
        self.assertEqual(self.reload(gateway, new), (0, "nothing has changed\n", ""))

    def test_fault_of_the_socket(self) -> None:
        """Nothing changes where the new place cannot be had, neither the socket nor a limit."""
        gateway = self.seen()
        other = self.scratch / "file"
        other.write_text("mine")
        status, out, err = self.reload(gateway, other, "[limits]\nsessions = 7\n")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("something else than a socket is there", err)
        self.assertRegex(err, r"ftpalg\.toml:\d+:\d+: admin\.socket")
        self.idle(gateway)
        self.assertEqual([one["epoch"] for one in self.sessions()], [1])
        self.assertEqual(other.read_text(), "mine")

    def test_other_fault(self) -> None:
        """Where something else is wrong, the new place is given back."""
        gateway = self.seen()
        new = self.scratch / "new" / "s"
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = self.text(
            f'[admin]\nsocket = "{new}"\n',
            listen=f'"tcp:{taken.getsockname()[1]}:interface=127.0.0.1"',
        )
        gateway.file.write_text(text)
        status, _, err = self.command("reload")
        self.assertEqual(status, 1)
        self.assertIn("cannot listen on", err)
        self.assertEqual(list(new.parent.iterdir()), [])
        self.assertEqual(self.sessions(), [])

    def test_file_gone(self) -> None:
        """Somebody has removed the file: a reload makes it anew."""
        gateway = self.seen()
        self.path.unlink()
        gateway.begin()
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.until(self.path.exists))
        self.assertEqual(self.sessions(), [])

    def test_draining(self) -> None:
        """One can see who is left while it drains, and end them; to reload it is too late."""
        gateway = self.seen()
        client, data, more, _ = self.downloading(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertTrue(gateway.logged("draining: "))
        self.assertEqual([one["state"] for one in self.sessions()], ["data"])
        self.assertEqual(self.ask("POST", "/reload", {})[0], 409)
        self.assertEqual(self.command("kick", "state=data", "--after-transfer")[0], 0)
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(gateway.status(), 0)
        self.assertFalse(self.path.exists())

    def upgrade(self, gateway: Foreground) -> subprocess.CompletedProcess[str]:
        """By the command."""
        return subprocess.run(
            [str(BIN / "ftpalg"), "upgrade", str(gateway.process.pid)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def test_upgrade(self) -> None:
        """The next program takes the path over, and the old one leaves it alone when it ends."""
        gateway = self.seen()
        client, data, more, _ = self.downloading(gateway)
        done = self.upgrade(gateway)
        self.assertEqual(done.returncode, 0, done.stderr)
        successor = gateway.successor()
        self.addCleanup(os.kill, successor, signal.SIGKILL)
        self.assertEqual(self.sessions(), [], "the new one is asked")
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(gateway.status(), 0)
        self.assertEqual(self.sessions(), [])
        status, _, _ = self.command("reload")
        self.assertEqual(status, 0)

    def test_failed_upgrade(self) -> None:
        """A next program that is not to be started leaves the old one with its path."""
        gateway = self.seen()
        gateway.file.write_text("listen = [")
        self.assertEqual(self.upgrade(gateway).returncode, 1)
        self.idle(gateway)
        self.assertEqual(len(self.sessions()), 1)
        self.assertEqual([one.name for one in self.path.parent.iterdir()], [self.path.name])
