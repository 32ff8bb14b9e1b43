"""Sessions that end by a wait, by an account, by an operator or by a fault within."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

from tests.wire import test_ends as outer
from tests.wire.breaking import BROKEN
from tests.wire.cases import TestCase
from tests.wire.clients import Client
from tests.wire.ends import CLOSED, ENDS, PLAIN, EndsTestCase, todo
from tests.wire.gateways import TREE, Gateway
from tests.wire.patience import PATIENT, impatient
from tests.wire.servers import Control, FakeServer


class Gone(EndsTestCase):
    """A server that is not there."""

    def test_server_unreachable(self) -> None:
        """Nobody listens."""
        self.servers[0].close()
        self.read_out(self.connect(PLAIN))
        self.ended()


class Accounts(EndsTestCase):
    """Accounts at the gateway."""

    @classmethod
    def settings(cls) -> str:
        return '[accounts]\nauth = ["memory:gus:right"]\ndelay = 0.01\n[limits]\nbad-logins = 2\n'

    def test_bad_logins_here(self) -> None:
        """Wrong passwords here."""
        client = self.greeted()
        self.assertEqual(client.ask(b"USER gus").code, 331)
        self.assertEqual(client.ask(b"PASS wrong").code, 530)
        self.assertEqual(client.ask(b"USER gus").code, 331)
        client.send(b"PASS wrong\r\n")
        self.read_out(client)
        self.ended()


class Waits(EndsTestCase):
    """Waits that are over."""

    @impatient(handshake=0.3)
    def test_no_greeting(self) -> None:
        """A server that accepts and says nothing."""
        self.read_out(self.known(Control.until_end))
        self.ended()

    @impatient(login=2.5)
    def test_login_timeout(self) -> None:
        """A client that does not log in."""
        self.read_out(self.known(lambda control: control.say(b"220 Ready.").until_end()))
        self.ended()

    @impatient(idle=2.5)
    def test_idle(self) -> None:
        """One that does nothing more."""
        self.read_out(self.inside(Control.until_end))
        self.ended()

    @impatient(idle=2.5)
    def test_server_silent(self) -> None:
        """A server that leaves a command without an answer."""
        client = self.inside(Control.until_end)
        client.send(b"SITE x\r\n")
        self.read_out(client)
        self.ended()


class Operators(TestCase):
    """What whoever runs the gateway does, and what is its own fault."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="ftpalg-ends-")
        self.addCleanup(self.folder.cleanup)
        self.server = FakeServer()
        self.addCleanup(self.server.close)

    def gateway(self, environment: dict[str, str]) -> Gateway:
        """A gateway of this test's own with its one server."""
        words = ["--server", f"ftp://127.0.0.1:{self.server.port}"]
        made = Gateway(words, PATIENT, ("127.0.0.1",), environment=environment)
        self.addCleanup(made.stop)
        return made

    def inside(self, gateway: Gateway) -> Client:
        """A client that is logged in."""
        self.server.then(lambda control: control.login().until_end())
        client = Client(gateway.address)
        self.addCleanup(client.sock.close)
        self.assertEqual(client.code(), 220)
        client.login()
        return client

    def assertEnded(self, gateway: Gateway) -> str:
        """The one session has ended as the table says; the log."""
        self.assertTrue(gateway.logged(": closed"))
        log = gateway.whole_log() if gateway.process.poll() is None else gateway.log.read_text()
        name = self.id().rpartition(".test_")[2]
        self.assertEqual(CLOSED.findall(log), [ENDS[name]], log)
        return log

    def test_stopped(self) -> None:
        """A second SIGTERM, which waits for nobody."""
        gateway = self.gateway({"FTPALG_TIMEOUTS_REST": "30"})
        client = self.inside(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertTrue(gateway.logged("draining: "))
        gateway.process.send_signal(signal.SIGTERM)
        client.rest()
        self.assertTrue(gateway.until(lambda: gateway.process.poll() is not None))
        self.assertEnded(gateway)

    def test_exception(self) -> None:
        """A fault of the gateway: one session ends, with a traceback, and the next works."""
        (Path(self.folder.name) / "sitecustomize.py").write_text(BROKEN, encoding="utf-8")
        gateway = self.gateway({"PYTHONPATH": f"{self.folder.name}:{TREE}"})
        client = self.inside(gateway)
        client.send(b"STAT\r\n")
        self.assertIn(b"421 ", client.rest())
        log = self.assertEnded(gateway)
        self.assertIn("RuntimeError: something that cannot be", log)
        self.inside(gateway)

    def test_drained(self) -> None:
        """SIGTERM: a gateway that drains puts idle sessions out."""
        gateway = self.gateway({})
        client = self.inside(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        client.rest()
        self.assertTrue(gateway.until(lambda: gateway.process.poll() is not None))
        self.assertEnded(gateway)

    @todo("nobody can be put out yet")
    def test_kicked(self) -> None:
        """An operator puts one out."""
        self.fail("end a session by its name")


class Table(TestCase):
    """The table itself."""

    CASES = (
        outer.Clients,
        outer.ClientsTls,
        outer.Servers,
        outer.ServersTls,
        Gone,
        Accounts,
        Waits,
        Operators,
    )

    def test_distinct(self) -> None:
        """Every way has its own letters and reason, and each has its test."""
        tests = {
            name.removeprefix("test_")
            for case in self.CASES
            for name in vars(case)
            if name.startswith("test_")
        }
        self.assertEqual(tests, set(ENDS))
        self.assertEqual(len(set(ENDS.values())), len(ENDS))
        self.assertGreaterEqual(len(ENDS) - 2, 22)
