"""``ftpalg upgrade``: the next program takes over, or nothing happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life import upgrade_request
from ftpalg.life.upgrade_request import CREDENTIALS, UPGRADE, ask, running
from ftpalg.life.upgrading import SECONDS, Upgrade
from tests.life.programs import Foreground, LifeCase
from tests.wire.gateways import STARTS, sockets_of
from tests.wire.peers import BIN, BLOCK, TIMEOUT, TREE, Client, drained


class Reactor(Clock):
    """A clock, and readers that a test calls."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers.remove(reader)


class NextProgram(SynchronousTestCase):
    """Any program in its place."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.done: list[tuple[str, int]] = []

    def start(self, code: str) -> Upgrade:
        """A Python program; ``status`` is where it says how its start went."""
        head = (
            "import json, os, signal\n"
            "status = json.loads(os.environ['FTPALG_INHERITED'])['status']\n"
            "def say(words): os.write(status, words)\n"
        )
        words = ("python3", "-c", head + code)
        made = Upgrade(
            self.reactor, words, "/", {}, lambda wrong, pid: self.done.append((wrong, pid))
        )
        self.addCleanup(made._child.wait)
        self.addCleanup(made._child.kill)
        return made

    def read(self, upgrade: Upgrade) -> None:
        """Until it is done."""
        os.set_blocking(upgrade.fileno(), True)
        while not self.done:
            upgrade.doRead()
        self.assertEqual(self.reactor.readers, [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_ready(self) -> None:
        """The one that is ready is let go on."""
        upgrade = self.start("say(b'rea'); say(b'dy\\n'); signal.pause()")
        self.read(upgrade)
        ((wrong, pid),) = self.done
        self.assertEqual(wrong, "")
        os.kill(pid, 0)
        os.kill(pid, signal.SIGKILL)
        upgrade._child.wait()

    def test_refuses(self) -> None:
        """What it says is why; it is ended."""
        self.read(self.start("say('limits: kühn\\n'.encode()); signal.pause()"))
        self.ended("limits: kühn")

    def test_ends(self) -> None:
        """One that ends without a word, or in the middle of one."""
        for code, why in (("", "it ended before it was ready"), ("say(b'ready')", "ready")):
            self.done.clear()
            self.read(self.start(code))
            self.ended(why)

    def test_endless(self) -> None:
        """Words without an end are taken up to a bound."""
        self.read(self.start("say(b'x' * 5000); signal.pause()"))
        self.assertEqual(set(self.done[0][0]), {"x"})

    def test_late(self) -> None:
        """After 30 seconds it is ended."""
        self.start("signal.pause()")
        self.reactor.advance(SECONDS - 0.1)
        self.assertEqual(self.done, [])
        self.reactor.advance(0.1)
        self.ended("it was not ready in 30 s")
        self.assertEqual(self.reactor.readers, [])

    def test_cancelled(self) -> None:
        """Given up twice it is done once."""
        upgrade = self.start("signal.pause()")
        upgrade.cancel("the gateway stops")
        upgrade.cancel("the gateway stops")
        self.ended("the gateway stops")

    def test_no_such_program(self) -> None:
        """It is told at once, and nothing is left open."""
        before = len(os.listdir("/proc/self/fd"))
        with self.assertRaises(OSError):
            Upgrade(self.reactor, ("/nonexistent",), "/", {}, lambda wrong, pid: None)
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)
        self.assertEqual(self.reactor.readers, [])

    def ended(self, why: str) -> None:
        """Done once, for that reason, and no such process is left."""
        ((wrong, pid),) = self.done
        self.assertEqual(wrong, why)
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)


class Asked(LifeCase):
    """From outside, with the real program."""

    upgrades = 0

    def upgrade(self, *words: str) -> tuple[int, str]:
        """The command's status and words."""
        done = subprocess.run(
            [str(BIN / "ftpalg"), "upgrade", *(str(word) for word in words)],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * STARTS,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def next_of(self, gateway: Foreground, which: int = 1) -> int:
        """The PID of the program that took over, the first time or a later one."""
        pid = gateway.successor(which)
        self.addCleanup(end, pid)
        return pid

    def test_takes_over(self) -> None:
        """The same address is served on by another process; the file that is on its way comes whole;
        the old one ends with status 0, the new one is upgraded in its turn."""
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.settimeout(TIMEOUT)
        manager.bind(str(self.scratch / "notify"))
        environment = {"NOTIFY_SOCKET": str(self.scratch / "notify")}
        gateway = self.run_it("[timeouts]\nrest = 0.2\n", environment)
        old = gateway.process.pid
        client, data, more, _ = self.downloading(gateway)
        idle = self.idle(gateway)
        self.assertEqual(self.upgrade(str(old)), (0, "ftpalg: upgraded"))
        pid = self.next_of(gateway)
        said = []
        while f"MAINPID={pid}\nWATCHDOG=1".encode() not in said:
            said.append(manager.recv(4096))
        self.assertFalse([words for words in said if b"STOPPING" in words])
        self.assertEqual(idle.code(), 421)
        new = self.idle(gateway)
        self.assertTrue(sockets_of(pid))
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(gateway.status(), 0)
        self.assertTrue(new.hears_nothing())
        self.assertNotIn(old, running())
        self.assertEqual(self.upgrade(str(pid))[0], 0)
        self.idle(gateway)
        self.assertNotEqual(self.next_of(gateway, 2), pid)

    def test_refused_settings(self) -> None:
        """The new program refuses the settings: the old one serves on, and says why."""
        gateway = self.run_it()
        idle = self.idle(gateway)
        gateway.file.write_text(self.text("[limits]\nsessions = 0\n"))
        status, words = self.upgrade(str(gateway.process.pid))
        self.assertEqual(status, 1)
        self.assertIn("limits.sessions = 0", words)
        self.assertTrue(gateway.logged("this program serves on"))
        self.assertTrue(idle.hears_nothing())
        self.idle(gateway)
        gateway.file.write_text(self.text())
        self.assertEqual(self.upgrade(str(gateway.process.pid))[0], 0)
        self.next_of(gateway)

    def test_listener_that_cannot_be_had(self) -> None:
        """So does one that cannot listen where it should, and the old listener stands."""
        gateway = self.run_it()
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        listen = f'"tcp:0:interface=127.0.0.1", "tcp:{taken.getsockname()[1]}:interface=127.0.0.1"'
        gateway.file.write_text(self.text(listen=listen))
        status, words = self.upgrade(str(gateway.process.pid))
        self.assertEqual(status, 1)
        self.assertIn("Address already in use", words)
        for _ in range(3):
            self.idle(gateway)

    def test_stopped_meanwhile(self) -> None:
        """SIGTERM while the next one starts ends both."""
        gateway = self.run_it()
        gateway.file.unlink()
        os.mkfifo(gateway.file)  # the next program waits for its settings
        with subprocess.Popen(
            [str(BIN / "ftpalg"), "upgrade", str(gateway.process.pid)],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stderr=subprocess.PIPE,
            text=True,
        ) as asking:
            writer = os.open(gateway.file, os.O_WRONLY)  # it is there, and reads
            self.addCleanup(os.close, writer)
            gateway.process.send_signal(signal.SIGTERM)
            self.assertEqual(gateway.status(), 0)
            assert asking.stderr is not None
            self.assertIn("the gateway stops", asking.stderr.read())
            self.assertEqual(asking.wait(STARTS), 1)

    def test_nobody(self) -> None:
        """No such gateway, and words that are no PID."""
        status, words = self.upgrade("1")
        self.assertEqual(status, 1)
        self.assertIn("PID 1 cannot be asked", words)
        self.assertEqual(self.upgrade("nonsense")[0], 2)

    def test_other_orders(self) -> None:
        """What it does not know it refuses; a flood without an end is hung up on."""
        gateway = self.run_it()
        pid = gateway.process.pid
        self.assertIn(pid, running())
        self.assertEqual(ask(pid, b"dance"), "it knows no such order")
        self.assertEqual(ask(pid, b"x" * 5000), "the gateway ended meanwhile")
        Client(gateway.address).close()


def end(pid: int) -> None:
    """End a process that is nobody's child here."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Connection:
    """As Twisted has it, of which one end is the test's."""

    disconnecting = False

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def getHandle(self) -> socket.socket:
        return self.sock

    def loseConnection(self) -> None:
        self.sock.close()


class Credentials:
    """The kernel says that somebody else is there."""

    size = CREDENTIALS.size

    def unpack(self, raw: bytes) -> tuple[int, int, int]:
        return 1, 2**31 - 9, 1


class Strangers(SynchronousTestCase):
    """Another user of the machine, who can connect as everybody can."""

    def test_at_once(self) -> None:
        """Is sent away before a word is said, and holds nothing; what comes all the same is no order."""
        self.patch(upgrade_request, "CREDENTIALS", Credentials())
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        theirs.setblocking(False)
        orders: list[Any] = []
        asked = upgrade_request.Asked(orders.append)
        made: Any = Connection(ours)
        asked.makeConnection(made)
        self.assertEqual(theirs.recv(99), b"failed another user's gateway takes no orders\n")
        self.assertEqual(ours.fileno(), -1)
        asked.dataReceived(UPGRADE + b"\n")
        self.assertEqual(orders, [])
