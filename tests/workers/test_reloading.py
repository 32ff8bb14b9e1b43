"""New settings for all workers or for none, and the next program in the place of all of them."""

from __future__ import annotations

import os
import signal
import subprocess

from tests.wire.gateways import BIN, STARTS, TREE, listening_ports
from tests.wire.peers import BLOCK, Client, drained, listener, port_of
from tests.workers.companies import KILL, MANY, STOP, Company, WorkersCase

OTHERS = "[access]\nclients = ['192.0.2.1']\n"
"""Settings by which nobody here is admitted."""


def hangup(gateway: Company) -> None:
    """SIGHUP to the supervisor."""
    gateway.process.send_signal(signal.SIGHUP)


class Reload(WorkersCase):
    """SIGHUP."""

    def test_good(self) -> None:
        """It is told once; every worker has the new settings, those that come later too."""
        gateway = self.company()
        for pid in (*gateway.pids.values(), gateway.process.pid):
            os.kill(pid, signal.SIGHUP)
        self.assertTrue(gateway.logged("settings reloaded"))
        gateway.file.write_text(self.company_text(OTHERS))
        hangup(gateway)
        self.assertTrue(gateway.logged("access.clients 0 -> 1 entries reloaded"))
        self.refused(gateway)
        self.assertEqual(gateway.whole_log().count(" reloaded"), 2)
        os.kill(gateway.pids[1], KILL)
        self.assertTrue(gateway.logged("worker 1 serves", timeout=STARTS))
        self.refused(gateway)

    def refused(self, gateway: Company) -> None:
        """So many clients that a worker with other settings would have let one in."""
        for _ in range(MANY):
            client = Client(gateway.address)
            self.addCleanup(client.sock.close)
            self.assertEqual(client.code(), 421)

    def test_listeners(self) -> None:
        """One that is new is served by all workers, one that is gone by none."""
        gateway = self.company()
        (first,) = gateway.ports
        with listener() as free:
            port = port_of(free)
        both = f'"127.0.0.1:0", "127.0.0.1:{port}"'
        gateway.file.write_text(self.company_text(listen=both))
        hangup(gateway)
        self.assertTrue(gateway.logged("listen 1 -> 2 entries reloaded"))
        gateway.addresses = [("127.0.0.1", port)]
        self.spread(gateway)
        gateway.file.write_text(self.company_text(listen=f'"127.0.0.1:{port}"'))
        hangup(gateway)
        self.assertTrue(gateway.logged("listen 2 -> 1 entries reloaded"))
        self.spread(gateway)
        gateway.addresses = [("127.0.0.1", first)]
        self.assertRaises(ConnectionRefusedError, self.idle, gateway)

    def test_bad(self) -> None:
        """Nothing changes, and it is told once why: by the supervisor, or by the first worker."""
        gateway = self.company()
        taken = listener("0.0.0.0")
        self.addCleanup(taken.close)
        port = port_of(taken)
        for text, why in (
            (self.company_text("colour = 1\n"), "timeouts.colour: no such setting"),
            (self.company_text(listen=f'"127.0.0.1:{port}"'), f"cannot listen on 127.0.0.1:{port}"),
            (self.company_text(f"[data]\nsource-port = {port}\n"), f"data.source-port = {port}"),
        ):
            gateway.file.write_text(text)
            hangup(gateway)
            self.assertTrue(gateway.logged(why), why)
        log = gateway.whole_log()
        self.assertEqual((log.count("not reloaded"), log.count("is gone")), (3, 0))
        self.assertEqual(gateway.listened_on(), set(gateway.ports))
        self.spread(gateway)
        gateway.file.write_text(self.company_text())
        hangup(gateway)
        self.assertTrue(gateway.logged("settings reloaded"))

    def test_successor_of_a_broken_file(self) -> None:
        """A worker that is lost while the file is at fault has the settings of the others."""
        gateway = self.company()
        gateway.file.write_text("[no toml")
        os.kill(gateway.pids[2], KILL)
        self.assertTrue(gateway.logged("worker 2 serves", timeout=STARTS))
        self.spread(gateway)

    def test_number(self) -> None:
        """How many workers there are is said to wait."""
        gateway = self.company()
        gateway.file.write_text(self.company_text(workers=3))
        hangup(gateway)
        self.assertTrue(
            gateway.logged("workers 2 -> 3 (only after a restart or an upgrade) reloaded")
        )
        self.assertEqual(len(gateway.pids), 2)

    def test_starting_meanwhile(self) -> None:
        """A successor that has begun with the old settings gets the new ones once it is ready."""
        gateway = self.company()
        lost = gateway.pids[2]
        os.kill(lost, KILL)
        self.assertTrue(gateway.logged(f"(PID {lost}) is gone"))
        with listener() as free:
            port = port_of(free)
        listen = f'"127.0.0.1:0", "127.0.0.1:{port}"'
        gateway.file.write_text(self.company_text(OTHERS, listen))
        hangup(gateway)
        self.assertTrue(gateway.logged("access.clients 0 -> 1 entries", timeout=STARTS))
        self.assertTrue(gateway.logged("worker 2 serves", timeout=STARTS))
        second = gateway.pids[2]
        self.assertTrue(gateway.until(lambda: len(listening_ports(second)) == 2, STARTS))
        gateway.addresses = [("127.0.0.1", port)]
        self.refused(gateway)

    def test_lost_meanwhile(self) -> None:
        """A worker that does not take the settings is replaced by one that has them."""
        gateway = self.company(bound=2.0)
        os.kill(gateway.pids[2], STOP)
        gateway.file.write_text(self.company_text(OTHERS, bound=2.0))
        hangup(gateway)
        self.assertTrue(gateway.logged("access.clients 0 -> 1 entries reloaded", timeout=STARTS))
        self.assertTrue(gateway.logged("worker 2 serves", timeout=STARTS))
        self.refused(gateway)


class Upgrades(WorkersCase):
    """``ftpalg upgrade``: the next program has all sockets, whatever its number of workers is."""

    def test_numbers(self) -> None:
        """From two to three, to one, to two: each serves on the same port, all sockets are read."""
        gateway = self.company()
        pid = gateway.process.pid
        for at, workers in enumerate((3, 1, 2), 1):
            gateway.file.write_text(self.company_text(workers=workers))
            self.upgrade(pid)
            before, pid = pid, gateway.successor(at)
            self.addCleanup(self.end, pid, gateway) if workers == 2 else None
            self.assertTrue(gateway.dies(before))
            gateway.serve()
            self.idle(gateway)
            if workers == 1:
                self.assertEqual(len(listening_ports(pid)), 3)
            else:
                self.spread(gateway)
                self.assertEqual(len(gateway.pids), workers)

    def test_drains(self) -> None:
        """Sessions of the old workers run to their end."""
        gateway = self.company()
        client, data, more, _ = self.downloading(gateway)
        self.upgrade(gateway.process.pid)
        pid = gateway.successor()
        self.addCleanup(self.end, pid, gateway)
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(gateway.status(), 0)
        self.idle(gateway)

    def test_fault(self) -> None:
        """The next one's worker cannot start: the command says why, and this one serves on."""
        gateway = self.company()
        gateway.file.write_text(self.company_text("colour = 1\n"))
        done = subprocess.run(
            [str(BIN / "ftpalg"), "upgrade", str(gateway.process.pid)],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * STARTS,
            check=False,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("timeouts.colour: no such setting", done.stdout + done.stderr)
        self.spread(gateway)
