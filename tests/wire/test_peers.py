"""The peers themselves: what a test may rely on before it says that nothing came."""

from __future__ import annotations

import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from threading import Event

from tests.wire.gateways import runs
from tests.wire.patience import PATIENT, impatient, shortened, waits
from tests.wire.peers import (
    TIMEOUT,
    Control,
    FakeServer,
    TestCase,
    WireTestCase,
    drained,
    echo_site,
    listener,
    untouched,
)

BAD = b"CWD a\nb\r\n"
"""A line that the gateway refuses by itself."""


class GatewayTests(WireTestCase):
    """When the gateway has done what it was asked, and what its log is good for."""

    alone = "peers"

    def test_rests(self) -> None:
        """Once it rests the answer to what was sent has come; a peer that heard it is not quiet."""
        for _ in range(10):
            client, _ = self.talk(echo_site)
            for _ in range(5):  # more of them would end the session
                client.send(BAD)
                self.assertTrue(self.gateway.rests())
                self.assertFalse(client.hears_nothing())
                self.assertFalse(self.gateway.quiet(client))
                self.assertEqual(client.code(), 500)
                self.assertTrue(self.gateway.quiet(client))
            self.assertTrue(client.in_step())
            client.close()

    def test_left(self) -> None:
        """Once all have left nothing is open, and each session's last line can be read."""

        def script(control: Control) -> None:
            control.expect(b"QUIT")
            assert go.wait(TIMEOUT)
            control.say(b"221 Bye.")

        for _ in range(3):
            go = Event()
            client, _ = self.talk(script)
            self.assertFalse(self.gateway.is_empty())
            self.gateway.new_log()
            client.send(b"QUIT\r\n")
            self.assertTrue(self.gateway.rests())
            self.assertFalse(self.gateway.is_empty())
            go.set()
            self.assertTrue(self.gateway.left())
            self.assertTrue(self.gateway.is_empty())
            self.assertEqual(self.gateway.new_log().count(" closed\n"), 1)

    def test_not_accepted_yet(self) -> None:
        """A connection counts from the client's first packet on, before the gateway knows of it."""
        for _ in range(10):
            self.serve(lambda control: control.say(b"421 Not now."))
            client = self.connect()
            self.assertFalse(self.gateway.is_empty())
            client.close()
            self.assertTrue(self.gateway.left())

    def test_log_begins_anew(self) -> None:
        """A test does not find what was logged before it; what comes afterwards it does."""
        self.talk(echo_site)[0].close()
        self.assertTrue(self.gateway.left())
        self.assertTrue(self.gateway.logged(" closed"))
        self.gateway.begin()
        self.assertFalse(self.gateway.logged(" closed", timeout=0))
        self.assertEqual(self.gateway.new_log(), "")
        self.assertIn(" closed\n", self.gateway.whole_log())


class FakeServerTests(TestCase):
    """Scripts and connections find each other, in one test."""

    def setUp(self) -> None:
        self.server = FakeServer()
        self.addCleanup(self.server.close)

    def connect(self) -> socket.socket:
        """A connection to the server."""
        sock = socket.create_connection((self.server.host, self.server.port), TIMEOUT)
        self.addCleanup(sock.close)
        return sock

    def test_either_first(self) -> None:
        """A script waits for its connection, and a connection for its script."""
        early = self.server.then(lambda control: control.say(b"early"))
        self.assertEqual(drained(self.connect()), (b"early\r\n", "end"))
        late = self.connect()
        self.assertTrue(self.server.met(2))
        self.server.then(lambda control: control.say(b"late"))
        self.assertEqual(drained(late), (b"late\r\n", "end"))
        self.assertTrue(early.done())

    def test_forget(self) -> None:
        """What is left of a test ends with it: the next test's script is for its own connection."""
        left = self.connect()
        self.assertTrue(self.server.met(1))
        self.server.forget()
        self.assertEqual(drained(left), (b"", "end"))
        given_up = self.server.then(lambda control: control.say(b"old"))
        self.server.forget()
        self.assertTrue(given_up.cancelled())
        self.server.then(lambda control: control.say(b"new"))
        self.assertEqual(drained(self.connect()), (b"new\r\n", "end"))


class SocketTests(TestCase):
    """Whether anything has come to a socket."""

    def test_untouched(self) -> None:
        """A connection, a byte and an end are each something."""
        waiting = listener()
        self.addCleanup(waiting.close)
        self.assertTrue(untouched(waiting))
        near = socket.create_connection(waiting.getsockname(), TIMEOUT)
        self.addCleanup(near.close)
        self.assertFalse(untouched(waiting))
        far, _ = waiting.accept()
        self.assertTrue(untouched(waiting))
        self.assertTrue(untouched(near))
        far.sendall(b"x")
        self.assertFalse(untouched(near))
        self.assertEqual(near.recv(9), b"x")
        self.assertTrue(untouched(near))
        far.close()
        self.assertFalse(untouched(near))


SAY = "print(flush=True)"
"""Where nothing makes Python write at once, as PYTHONUNBUFFERED does."""


class ProcessTests(TestCase):
    """Whether a process rests."""

    def test_other_thread(self) -> None:
        """One that waits for its own other thread does not; one that waits for its peer does."""
        for last, wanted in (("lock.acquire()", True), ("sys.stdin.read()", False)):
            script = (
                f"import sys, threading\nlock = threading.Lock()\nlock.acquire()\n{SAY}\n{last}"
            )
            process = subprocess.Popen(
                [sys.executable, "-Sc", script],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            assert process.stdout is not None
            process.stdout.readline()
            stat = Path(f"/proc/{process.pid}/stat")
            while (state := stat.read_text("ascii").rpartition(")")[2].split()[0]) != "S":
                self.assertIsNone(process.poll(), state)
            self.assertEqual(runs(process.pid), wanted, last)


class PatienceTests(TestCase):
    """What an impatient test's gateway is told."""

    def test_shortened(self) -> None:
        """The wait has its new seconds, once, in its own table; the others keep theirs."""
        toml = "listen = []\n" + PATIENT + "idle = 9.0\n[health]\nquit = 5.0\n[[routes]]\n"
        found = tomllib.loads(shortened(toml, {"quit": 1.0}, data_open=0.5, idle=2.0, login=3.0))
        wanted = tomllib.loads(toml)
        wanted["timeouts"] |= {"quit": 1.0, "data-open": 0.5, "idle": 2.0, "login": 3.0}
        self.assertEqual(found, wanted)

    def test_marked(self) -> None:
        """What a method is marked with; nothing where it is not."""
        self.assertEqual((waits(self, "marked"), waits(self, "test_marked")), ({"quit": 1.0}, {}))

    @impatient(quit=1.0)
    def marked(self) -> None:
        """No test."""
