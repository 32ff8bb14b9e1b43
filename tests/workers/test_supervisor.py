"""Several workers as one gateway, seen from outside: its start, its losses and its end."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from tests.cli.terminals import Terminal
from tests.life.test_starting import caught
from tests.wire.gateways import STARTS, unaccepted
from tests.wire.peers import BLOCK, Client, Control, drained, listener, port_of
from tests.workers.companies import KILL, MANY, STOP, WorkersCase

PATIENT = STARTS


def one_data_port(control: Control) -> None:
    """The server agrees to a data connection, and to nothing behind it."""
    control.data()
    control.until_end()


def greeting(control: Control) -> None:
    """The server greets, and waits."""
    control.say(b"220 Ready.")
    control.until_end()


class Start(WorkersCase):
    """All or nothing."""

    def ended(self, text: str) -> tuple[int, list[str]]:
        """Status and lines of a gateway that must end by itself."""
        gateway = self.begun(text)
        status = gateway.status(STARTS)
        return status, gateway.whole_log().splitlines()

    def test_ready(self) -> None:
        """Ready is told once, with whole data ports and all PIDs; both serve, and no two names are alike."""
        gateway = self.company()
        count = sum(map(len, self.spread(gateway).values()))
        self.assertTrue(gateway.logged(" opened", count))
        log = gateway.whole_log()
        self.assertEqual(log.count(" ready: "), 1)
        self.assertIn("ports 49152-65534", gateway.ready())
        names = re.findall(r"info (\w{9}) .* opened", log)
        self.assertEqual((len(names), len(set(names))), (count, count))
        self.assertNotIn("worker_", log)
        for pid in gateway.pids.values():
            self.assertEqual(os.getsid(pid), pid)

    def test_environment(self) -> None:
        """The number may come from there, as any setting."""
        gateway = self.begun(self.text(), {"FTPALG_WORKERS": "3"}).joined()
        self.assertEqual(len(gateway.pids), 3)

    def test_data_ports(self) -> None:
        """Each has its own: a worker's passive ports are in its slice."""
        gateway = self.company("[data]\nclient-ports = '50000-50099'\n")
        slices = {1: range(50000, 50050), 2: range(50050, 50100)}
        for number, (client, *_) in self.spread(gateway, one_data_port).items():
            self.assertIn(client.passive(), slices[number])

    def test_busy_port(self) -> None:
        """Status 1, one sentence, and who holds it."""
        taken = listener()
        self.addCleanup(taken.close)
        endpoint = f'"127.0.0.1:{port_of(taken)}"'
        status, lines = self.ended(self.company_text(listen=endpoint))
        self.assertEqual((status, len(lines)), (1, 1), lines)
        self.assertRegex(lines[0], rf"^ftpalg: cannot listen on .*held by PID {os.getpid()} ")

    def test_fault_in_a_worker(self) -> None:
        """What only workers find is one sentence at its place, too; no process is left."""
        taken = listener("0.0.0.0")
        self.addCleanup(taken.close)
        port = port_of(taken)
        status, lines = self.ended(self.company_text(f"[data]\nsource-port = {port}\n"))
        told = [line for line in lines if not re.match(r"\S+Z warn ", line)]
        self.assertEqual((status, len(told)), (1, 1), lines)
        self.assertRegex(told[0], rf"^ftpalg: .*toml:\d+:15: data\.source-port = {port}: ")

    def test_faults_of_settings(self) -> None:
        """Numbers that cannot be, fewer data ports than workers: status 2, at their place."""
        for text, why in (
            (self.text("workers = 0"), r"workers = 0: must be a whole number from 1"),
            (self.text("workers = -1"), r"workers = -1: must be"),
            (
                self.text("workers = 3\n[data]\nclient-ports = '50000-50001'"),
                r"workers: 3 processes want data ports of their own, and data.client-ports has 2",
            ),
            (
                self.company_text("[accounts]\nauth = ['file:/nonexistent']"),
                r"^\S+ftpalg\.toml:\d+:8: accounts\.auth: file:/nonexistent: cannot be read: .*$",
            ),
        ):
            status, lines = self.ended(text)
            self.assertEqual(status, 2, lines)
            self.assertRegex("\n".join(lines), why)

    def test_terminal(self) -> None:
        """Ctrl-C reaches the supervisor alone, which drains: a download runs to its end."""
        file = Path(self.scratch, "f.toml")
        file.write_text(self.company_text())
        terminal = Terminal("run", "--config", str(file))
        self.addCleanup(terminal.process.wait)
        self.addCleanup(terminal.process.kill)
        self.assertTrue(terminal.shows(" ready: ", timeout=STARTS))
        terminal.interrupt()
        self.assertTrue(terminal.shows("stopped: 0 sessions"))
        self.assertEqual(terminal.ended(), 0)
        self.assertNotIn("is gone", terminal.shown)
        self.assertNotIn("Traceback", terminal.shown)


class Losses(WorkersCase):
    """Workers that die, and the supervisor."""

    def test_killed(self) -> None:
        """The others are unharmed; it has a successor, which has the same data ports."""
        gateway = self.company("[data]\nclient-ports = '50000-50099'\n")
        spread, (lost, kept) = self.spread(gateway), gateway.pids.values()
        os.kill(lost, KILL)
        for client in spread[1]:
            client.rest()
        self.assertTrue(gateway.logged("worker 1 serves", timeout=STARTS))
        log = gateway.whole_log()
        self.assertRegex(log, rf"error worker 1 \(PID {lost}\) is gone, \d+ sessions .*SIGKILL")
        self.assertRegex(log, r"worker 1 serves \(PID \d+, ports 50000-50049\)")
        self.assertEqual(gateway.pids[2], kept)
        for client in spread[2]:
            self.assertTrue(client.in_step())
        self.idle(gateway)

    def test_backlog(self) -> None:
        """Who waits to be accepted by a worker that dies is served by its successor."""
        gateway = self.company()
        lost = gateway.pids[1]
        os.kill(lost, STOP)
        clients: list[Client] = []
        for _ in range(MANY):
            self.server.then(greeting)
            client = Client(gateway.address)
            self.addCleanup(client.sock.close)
            clients.append(client)
            if unaccepted(lost):
                break
        self.assertEqual(unaccepted(lost), 1)
        os.kill(lost, KILL)
        for client in clients:
            self.assertEqual(client.code(), 220)
        self.assertTrue(gateway.logged("worker 1 serves"))

    def test_silent(self) -> None:
        """A worker that gives no sign of life is killed, and has a successor."""
        gateway = self.company(bound=2.0)
        lost = gateway.pids[1]
        os.kill(lost, STOP)
        self.assertTrue(gateway.logged("worker 1 serves", timeout=STARTS))
        self.assertRegex(
            gateway.whole_log(),
            rf"worker 1 \(PID {lost}\) is gone, .*no sign of life for 2 s \(timeouts.worker\)",
        )
        self.idle(gateway)

    def test_supervisor_killed(self) -> None:
        """No worker is left, and none of its clients waits."""
        gateway = self.company()
        spread, pids = self.spread(gateway), gateway.pids
        gateway.process.kill()
        for number, pid in pids.items():
            self.assertTrue(gateway.dies(pid))
            for client in spread[number]:
                client.rest()


class End(WorkersCase):
    """Signals to the supervisor; workers hear of none."""

    def test_drains(self) -> None:
        """SIGTERM, to all processes as systemd sends it: a download runs to its end, and the status is 0."""
        gateway = self.company()
        client, data, more, _ = self.downloading(gateway)
        for pid in (*gateway.pids.values(), gateway.process.pid):
            os.kill(pid, signal.SIGTERM)
        self.assertTrue(gateway.logged("draining: 1 sessions, 1 transfers"))
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(gateway.status(), 0)
        log = gateway.whole_log()
        self.assertEqual((log.count("draining: "), log.count("stopped: ")), (1, 1))
        self.assertIn("stopped: 0 sessions", log)
        self.assertNotIn("is gone", log)

    def test_at_once(self) -> None:
        """A second SIGTERM resets what still runs."""
        gateway = self.company()
        _, data, _, _ = self.downloading(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertTrue(gateway.logged("draining: 1 sessions"))
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(gateway.status(), 0)
        self.assertIn("stopped: 1 sessions", gateway.whole_log())

    def test_hangs(self) -> None:
        """A worker that does not come to it is not waited for."""
        gateway = self.company(bound=2.0)
        lost = gateway.pids[1]
        os.kill(lost, STOP)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.status(STARTS), 0)
        log = gateway.whole_log()
        self.assertRegex(log, rf"worker 1 \(PID {lost}\) is gone, .*no sign of life")
        self.assertIn("stopped: ", log)
        self.assertNotIn("serves (PID", log)

    def test_signals_before_it_is_ready(self) -> None:
        """A SIGHUP and a SIGTERM in the middle of the start are remembered, in their order."""
        gateway = self.begun(self.company_text())
        self.assertTrue(gateway.until(lambda: caught(gateway.process.pid, signal.SIGTERM)))
        self.assertNotIn("ready: ", gateway.whole_log())
        gateway.process.send_signal(signal.SIGHUP)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.status(STARTS), 0)
        log = gateway.whole_log()
        places = [log.index(word) for word in ("ready: ", "draining: ", "stopped: ")]
        self.assertEqual(places, sorted(places))

    def test_signals(self) -> None:
        """SIGUSR2 writes each session down once; SIGUSR1 has every process open its files anew."""
        file = self.scratch / "records"
        text = self.company_text().replace("[log]\n", f'[log]\nto = "file:{file}"\n')
        gateway = self.begun(text)
        records = gateway.log = file
        self.assertTrue(
            gateway.until(lambda: file.exists() and " ready: " in file.read_text(), STARTS)
        )
        gateway.serve()
        spread = self.spread(gateway)
        sessions = sum(map(len, spread.values()))
        moved = file.rename(self.scratch / "old")
        gateway.process.send_signal(signal.SIGUSR1)
        self.assertTrue(gateway.until(file.exists))
        gateway.process.send_signal(signal.SIGUSR2)
        self.assertTrue(
            gateway.until(lambda: records.read_text().count(" info session ") == sessions),
            records.read_text() + moved.read_text(),
        )
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.status(), 0)
        self.assertIn("stopped: ", records.read_text())
        self.assertNotIn("stopped: ", moved.read_text())
