"""``[admin]`` over two workers: real processes, asked over the socket and by the commands."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from tests.admin.cases import Asking
from tests.wire.clients import Client
from tests.wire.gateways import BIN, STARTS, TREE
from tests.wire.sockets import TIMEOUT, bound, port_of
from tests.workers.companies import Company, WorkersCase


class SteeredCase(Asking, WorkersCase):
    """Two workers and a socket."""

    def setUp(self) -> None:
        super().setUp()
        self.path = self.scratch / "admin" / "s"

    def seen(self, rest: str = "", admin: str = "") -> Company:
        """One that can be asked."""
        gateway = self.company(f'{rest}\n[admin]\nsocket = "{self.path}"\n{admin}')
        self.assertTrue(gateway.until(self.path.exists))
        return gateway

    def does(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of ours."""
        return subprocess.run(
            [str(BIN / "ftpalg"), *words, "--socket", str(self.path)],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STARTS,
            check=False,
        )


class Asked(SteeredCase):
    """Sessions of both."""

    def test_who_and_kick(self) -> None:
        """All are seen, in the order of their time; one of either is ended by its name, and recorded once."""
        gateway = self.seen()
        found = self.spread(gateway)
        clients = [client for some in found.values() for client in some]
        rows = self.sessions()
        self.assertEqual(len(rows), len(clients))
        self.assertEqual(rows, sorted(rows, key=lambda row: row["session"]))
        self.assertEqual(self.ask("GET", "/names")[1]["sessions"], [row["session"] for row in rows])
        shown = self.does("who")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertEqual(len(re.findall(r"127\.0\.0\.1:\d+ +joe", shown.stdout)), len(clients))
        for client in (found[1][0], found[2][0]):
            port = client.sock.getsockname()[1]
            (one,) = [row for row in rows if row["client_port"] == port]
            (again,) = self.ask("GET", f"/sessions?filter={one['session']}")[1]["sessions"]
            self.assertEqual(again, one | {"age": ANY, "idle": ANY})
            answer = self.ask("POST", "/kick", {"filter": [one["session"]], "say": "Go."})
            self.assertEqual(answer, (200, {"kicked": 1, "marked": 0}))
            self.assertEqual(client.reply().text, b"421 Go.")
            words = f"(words filter={one['session']}; say=Go."
            self.assertTrue(gateway.logged(words), gateway.whole_log())
            self.assertEqual(gateway.whole_log().count(words), 1)
        self.assertEqual(self.ask("POST", "/kick", {"filter": ["nobody"]})[1]["kicked"], 0)

    def test_refused(self) -> None:
        """Wrong words are one refusal; so are names that there are not."""
        self.seen()
        self.assertEqual(self.ask("GET", "/sessions?filter=nonsense=1")[0], 400)
        status, found = self.ask("POST", "/drain", {"kind": "route", "name": "routes[7]"})
        self.assertEqual((status, list(found)), (404, ["error"]))
        status, found = self.ask("GET", "/ladder?client=127.0.0.1")
        self.assertEqual(status, 501)
        self.assertIn("log.ladder", found["error"])
        self.assertEqual(self.ask("GET", "/quotas")[0], 409)

    def test_shares(self) -> None:
        """What both hold."""
        gateway = self.seen()
        many = sum(map(len, self.spread(gateway).values()))
        rows = self.ask("GET", "/shares")[1]["shares"]
        (one,) = [row for row in rows if row["limit"] == "sessions-per-peer"]
        self.assertEqual((one["holder"], one["used"]), ("127.0.0.1", many))
        self.assertEqual([row["used"] for row in rows if row["limit"] == "sessions"], [many])


ANY: Any = type("Any", (), {"__eq__": lambda self, other: True, "__hash__": None})()


class Silent(SteeredCase):
    """A worker that says nothing."""

    def test_stopped(self) -> None:
        """It is named, and the other one's sessions are there; so they are once it goes on."""
        gateway = self.seen()
        found = self.spread(gateway)
        pid = gateway.pids[1]
        os.kill(pid, signal.SIGSTOP)
        try:
            shown = self.does("who")
            self.assertEqual(shown.returncode, 0)
            self.assertIn(f"worker 1 (PID {pid}) has said nothing", shown.stderr)
            listed = re.findall(r"127\.0\.0\.1:(\d+) +joe", shown.stdout)
            self.assertEqual(len(listed), len(found[2]))
            status, kicked = self.ask("POST", "/kick", {"filter": ["client=127.0.0.1"]})
            self.assertEqual((status, kicked["kicked"]), (200, len(found[2])))
            self.assertEqual(len(kicked["silent"]), 1)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertTrue(gateway.until(lambda: not self.sessions()))

    def test_killed(self) -> None:
        """Its successor is asked, and drains what was drained."""
        gateway = self.seen()
        self.assertEqual(self.ask("POST", "/drain", {"kind": "gateway"})[1]["sessions"], 0)
        pid = gateway.pids[2]
        os.kill(pid, signal.SIGKILL)
        self.assertTrue(gateway.logged("worker 2 serves", timeout=STARTS))
        found = self.ask("GET", "/drained")[1]
        self.assertEqual(found["ready"], False)
        self.assertEqual([row["kind"] for row in found["drained"]], ["gateway"])
        for _ in range(8):  # of both workers
            client = Client(gateway.address)
            self.assertEqual(client.code(), 421)
            client.close()
        self.assertEqual(self.ask("POST", "/undrain", {"kind": "gateway"})[0], 200)
        self.server.then(lambda control: control.say(b"220 Hi."))
        self.assertEqual(self.client(gateway).code(), 220)

    def client(self, gateway: Company) -> Client:
        """Another one."""
        made = Client(gateway.address)
        self.addCleanup(made.close)
        return made


class Whole(SteeredCase):
    """What the supervisor answers by itself, and what is added."""

    def test_reload(self) -> None:
        """What has changed is told by the one who asked, and what is wrong."""
        gateway = self.seen("idle = 700.0")
        text = gateway.file.read_text()
        gateway.file.write_text(text.replace("700.0", "800.0"))
        shown = self.does("reload")
        self.assertEqual((shown.returncode, shown.stdout), (0, "timeouts.idle 700.0 -> 800.0\n"))
        gateway.file.write_text(text.replace("700.0", "-1"))
        shown = self.does("reload")
        self.assertEqual((shown.returncode, shown.stdout), (1, ""))
        self.assertIn("timeouts.idle", shown.stderr)

    def test_bans(self) -> None:
        """A ban by an operator holds at both."""
        gateway = self.seen("[bans]\nmode = 'on'\nsafe = []")
        self.assertEqual(self.ask("POST", "/ban", {"peer": "127.0.0.1", "seconds": 60})[0], 200)
        self.assertEqual(len(self.ask("GET", "/bans")[1]["bans"]), 1)

        def refused() -> bool:
            client = Client(gateway.address)
            try:
                return client.code() == 421
            finally:
                client.close()

        self.server.then(lambda control: control.say(b"220 Hi."))
        self.assertTrue(gateway.until(refused))
        self.assertTrue(all(refused() for _ in range(12)))
        self.assertEqual(self.ask("POST", "/unban", {"peer": "127.0.0.1"})[0], 200)
        self.assertEqual(self.ask("GET", "/bans")[1]["bans"], [])

    def test_published(self) -> None:
        """Metrics are sums, readiness and the line for HAProxy of the whole."""
        with bound() as one, bound() as two:
            ports = port_of(one), port_of(two)
        admin = f'listen = "127.0.0.1:{ports[0]}"\nagent = "127.0.0.1:{ports[1]}"\n'
        gateway = self.seen(admin=admin)
        many = sum(map(len, self.spread(gateway).values()))

        def page(name: str) -> str:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{ports[0]}/{name}", timeout=TIMEOUT
            ) as told:
                found: bytes = told.read()
            return found.decode()

        idle = re.search(r'ftpalg_sessions\{.*state="idle"\} (\S+)', page("metrics"))
        assert idle is not None
        self.assertEqual(float(idle[1]), many)
        logins = re.findall(r'ftpalg_logins_total\{.*result="accepted".*\} (\S+)', page("metrics"))
        self.assertEqual(sum(map(float, logins)), many)
        self.assertEqual(page("ready"), "ready\n")
        with socket.create_connection(("127.0.0.1", ports[1]), TIMEOUT) as agent:
            self.assertTrue(agent.recv(99).startswith(b"up ready "))

    def test_one_worker(self) -> None:
        """Where there is one nothing of this is imported."""
        script = (
            "import sys\nfrom ftpalg.life import service, steering\n"
            "print(*[name for name in sys.modules if name.startswith('ftpalg.workers')])"
        )
        done = subprocess.run(
            [str(Path(BIN, "python")), "-c", script],
            cwd=TREE,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(done.stdout, "\n")
