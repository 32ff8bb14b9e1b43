"""The drain, with a clock and sessions of the test's own, and from outside."""

from __future__ import annotations

import signal
import socket
from types import SimpleNamespace
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings, Timeouts
from ftpalg.core.ends import Reason
from ftpalg.core.events import Link
from ftpalg.core.news import Draining, Stopped
from ftpalg.life.draining import LEAVES, Drain
from ftpalg.net.sessions import AT_ONCE, Sessions
from tests.life.programs import LifeCase
from tests.net.doubles import Client, Log
from tests.wire.peers import BLOCK, TIMEOUT, Closed, drained


class Notified:
    """What systemd would hear."""

    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []

    def say(self, *lines: str) -> None:
        self.said.append(lines)


class Leaving(SynchronousTestCase):
    """Who is told to go, and when."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.log: Any = Log()
        self.settings = Settings(timeouts=Timeouts(stop=20.0, rest=1.0))
        self.sessions: Sessions[Any, Any] = Sessions(
            self.settings, self.log, lambda peer: True, self.session
        )
        self.notify = Notified()
        self.over = 0
        self.ended: list[tuple[str, str, Reason]] = []

    def session(self, client: Client, link: Link, name: str) -> Any:
        """One that does something, until its test says otherwise."""
        made = SimpleNamespace(name=name, peer=link.peer, rests_since=None, transfers=False)

        def end(text: str, reason: Reason = Reason.STOPPED) -> None:
            self.ended.append((link.peer, text, reason))
            self.sessions.dismiss(made)

        made.end = end
        return made

    def come(self, peer: str) -> Any:
        """A session from there."""
        return self.sessions.admit(Client(), Link(peer, "192.0.2.254", 40000))

    def drain(self) -> Drain:
        """Begin."""

        def over() -> None:
            self.over += 1

        shared: Any = SimpleNamespace(sessions=self.sessions, settings=self.settings, log=self.log)
        notify: Any = self.notify
        return Drain(self.clock, shared, notify, over)

    def run_for(self, seconds: float) -> None:
        """In small steps."""
        self.clock.pump([0.05] * round(seconds / 0.05))

    def test_nobody(self) -> None:
        """Without sessions it is over at once."""
        self.drain()
        self.clock.advance(0)
        self.assertEqual(self.over, 1)
        self.assertEqual(self.log.news, [Draining(0, 0), Stopped(0)])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_at_rest(self) -> None:
        """Who has rested long enough goes at once; who has not, as soon as it has."""
        long, short = self.come("192.0.2.1"), self.come("192.0.2.2")
        long.rests_since, short.rests_since = 999.0, 999.5
        self.drain()
        self.clock.advance(0)
        self.assertEqual(self.ended, [("192.0.2.1", LEAVES, Reason.DRAINED)])
        self.run_for(0.4)
        self.assertEqual(len(self.ended), 1)
        self.run_for(0.4)
        self.assertEqual([peer for peer, _, _ in self.ended], ["192.0.2.1", "192.0.2.2"])
        self.assertEqual((self.over, self.log.news[-1]), (1, Stopped(0)))

    def test_bound(self) -> None:
        """A transfer goes on up to timeouts.stop, and is cut then; systemd hears how it stands."""
        self.come("192.0.2.1").transfers = True
        self.drain()
        self.run_for(19.8)
        self.assertEqual((self.ended, self.over), ([], 0))
        said = [line for lines in self.notify.said for line in lines]
        self.assertIn("STATUS=draining, 1 sessions, 1 transfers, 20 s", said)
        self.assertIn("STATUS=draining, 1 sessions, 1 transfers, 1 s", said)
        self.assertIn("EXTEND_TIMEOUT_USEC=10000000", said)
        self.run_for(0.4)
        self.assertEqual(self.ended, [("192.0.2.1", LEAVES, Reason.STOPPED)])
        self.assertEqual(self.log.news, [Draining(1, 1), Stopped(1, 1)])
        self.assertEqual((self.over, self.clock.getDelayedCalls()), (1, []))

    def test_many(self) -> None:
        """So many leave in each turn of the reactor, at rest or not."""
        for which in range(2 * AT_ONCE + 1):
            self.come(f"192.0.2.{which}").rests_since = 0.0
        drain = self.drain()
        drain._call.reset(5.0)
        drain._step()
        self.assertEqual(len(self.ended), AT_ONCE)
        drain.stop()
        drain.stop()
        self.assertEqual((len(self.ended), self.over), (2 * AT_ONCE, 0))
        self.clock.advance(0)
        self.assertEqual((len(self.ended), self.over), (2 * AT_ONCE + 1, 1))
        self.assertEqual(self.log.news[-1], Stopped(AT_ONCE + 1))

    def test_at_once(self) -> None:
        """Asked for the end it waits for nobody; nothing runs on."""
        self.come("192.0.2.1")
        drain = self.drain()
        drain.stop()
        self.assertEqual((len(self.ended), self.over), (1, 1))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Outside(LifeCase):
    """What clients see of it."""

    def test_transfers_go_on(self) -> None:
        """The listener is closed and the idle one leaves with 421; the file comes whole, then the
        process ends with status 0."""
        gateway = self.run_it("[timeouts]\nrest = 0.2\n")
        idle = self.idle(gateway)
        client, data, more, _ = self.downloading(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(idle.reply().lines, (b"421 " + LEAVES.encode(),))
        self.assertEqual(idle.rest(), b"")
        with self.assertRaises(OSError):
            socket.create_connection(gateway.address, TIMEOUT).close()
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(client.code(), 421)
        self.assertEqual(gateway.status(), 0)
        log = gateway.whole_log()
        self.assertIn("draining: 2 sessions, 1 transfers", log)
        self.assertIn("complete", log)
        self.assertIn("stopped: 0 sessions", log)

    def test_cut(self) -> None:
        """At timeouts.stop a transfer fails visibly, and the log has the true reason."""
        gateway = self.run_it("[timeouts]\nstop = 0.3\n")
        client, data, _, _ = self.downloading(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(client.code(), 421)
        self.assertEqual(gateway.status(), 0)
        log = gateway.whole_log()
        self.assertRegex(log, "RETR.*broken.*the gateway was stopped")
        self.assertIn("stopped: 1 sessions", log)

    def test_second_signal(self) -> None:
        """Nothing is waited for after it."""
        gateway = self.run_it("[timeouts]\nstop = 3000\n")
        client, data, _, _ = self.downloading(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertTrue(gateway.logged("draining: "))
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(client.code(), 421)
        with self.assertRaises((Closed, ConnectionError)):
            client.code()
        self.assertEqual(gateway.status(), 0)

    def test_systemd(self) -> None:
        """READY, RELOADING and READY again, the watchdog's food, STOPPING with an extension."""
        path = str(self.scratch / "notify")
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.settimeout(TIMEOUT)
        manager.bind(path)
        environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "40000"}
        gateway = self.run_it("[timeouts]\nrest = 0.2\n", environment)
        client, _, more, _ = self.downloading(gateway)

        def until(wanted: bytes) -> bytes:
            while True:
                said = manager.recv(4096)
                if wanted in said:
                    return said

        self.assertIn(b"STATUS=serving", until(b"READY=1"))
        until(b"WATCHDOG=1")
        until(b"WATCHDOG=1")
        gateway.process.send_signal(signal.SIGHUP)
        self.assertIn(b"MONOTONIC_USEC=", until(b"RELOADING=1"))
        until(b"READY=1")
        gateway.process.send_signal(signal.SIGTERM)
        until(b"STOPPING=1")
        self.assertIn(b"EXTEND_TIMEOUT_USEC=", until(b"STATUS=draining, 1 sessions, 1 transfers"))
        until(b"WATCHDOG=1")
        more.set()
        self.assertEqual(client.code(), 226)
        self.assertEqual(gateway.status(), 0)
