"""The real HAProxy with the gateway behind it: its agent-check decides state and weight of the server."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from ftpalg.__main__ import main
from tests.life.programs import Foreground, LifeCase
from tests.wire.gateways import listening_ports
from tests.wire.peers import TIMEOUT

PROGRAM = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")

SETTINGS = """
global
  stats socket {folder}/stats level admin
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen ftp
  bind unix@{folder}/front
  server gateway 127.0.0.1:{port} weight 100 check inter 100ms rise 1 fall 2 \
agent-check agent-port {agent} agent-inter 50ms agent-send "how are you?\\n"
"""


class Agent(LifeCase):
    """``[admin] agent``, by a socket and by HAProxy."""

    def setUp(self) -> None:
        super().setUp()
        self.sock = str(self.scratch / "admin.sock")

    def settings(self, agent: str = "127.0.0.1:0", more: str = "") -> str:
        """Four sessions fit."""
        text = f'[admin]\nsocket = "{self.sock}"\nagent = "{agent}"\n'
        return self.text(f"{text}[limits]\nsessions = 4\n[timeouts]\nrest = 0.1\n{more}")

    def gateway(self) -> Foreground:
        """One that is ready, and asked."""
        return self.begin(self.settings()).serve()

    def order(self, *words: str) -> None:
        """A command."""
        with redirect_stdout(io.StringIO()):
            self.assertEqual(main([*words, "--socket", self.sock]), 0)

    def port(self, gateway: Foreground) -> int:
        """The agent's: the newest of the two."""
        (found,) = gateway.listened_on() - set(gateway.ports)
        return found

    def line(self, port: int, said: bytes = b"") -> bytes:
        """What somebody hears who says that."""
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as sock:
            sock.settimeout(TIMEOUT)
            sock.sendall(said)
            heard = b""
            while piece := sock.recv(100):
                heard += piece
        return heard


class Lines(Agent):
    """By a socket."""

    def test_states(self) -> None:
        """Free sessions, drained, every listener drained, taken back, full."""
        gateway = self.gateway()
        port = self.port(gateway)
        self.assertEqual(self.line(port), b"up ready 100%\n")
        held = [self.idle(gateway)]
        self.assertEqual(self.line(port, b"how are you?\n"), b"up ready 75%\n")
        self.order("drain", "listener", "tcp:0:interface=127.0.0.1")
        self.assertRegex(self.line(port), rb"\Aup drain \d+%\n\Z")
        self.assertEqual(held[0].code(), 421)
        self.order("undrain", "listener", "tcp:0:interface=127.0.0.1")
        self.assertTrue(gateway.until(lambda: self.line(port) == b"up ready 100%\n"))
        self.order("drain", "--all")
        self.assertEqual(self.line(port), b"up drain 100%\n")
        self.order("undrain", "--all")
        held = [self.idle(gateway) for _ in range(4)]
        self.assertEqual(self.line(port), b"up ready 0%\n")

    def test_ends(self) -> None:
        """While transfers run to their end it is no server any more; then nobody answers."""
        gateway = self.gateway()
        port = self.port(gateway)
        _, _, more, _ = self.downloading(gateway)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertTrue(gateway.logged("draining: "))
        self.assertRegex(self.line(port), rb"\Astopped # .*\n\Z")
        more.set()
        self.assertEqual(gateway.status(), 0)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), TIMEOUT)

    def test_busy(self) -> None:
        """A port that somebody has: one sentence with the setting and its place, and status 1."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
            gateway = self.begin(self.settings(endpoint))
            self.assertEqual(gateway.status(60), 1)
        (said,) = [line for line in gateway.whole_log().splitlines() if "ftpalg: " in line]
        self.assertRegex(
            said, rf"ftpalg\.toml:\d+.*: admin\.agent = '{endpoint}': Address already in use"
        )

    def reload(self, gateway: Foreground, text: str, word: str) -> None:
        """Other settings, and what is said of them."""
        gateway.file.write_text(text, "utf-8")
        gateway.begin()
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged(word), gateway.whole_log())

    def test_reload(self) -> None:
        """Another port, one that cannot be had, none."""
        gateway = self.gateway()
        old = self.port(gateway)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
            self.reload(gateway, self.settings(endpoint), "not reloaded")
            self.assertEqual(self.line(old), b"up ready 100%\n")
        self.reload(gateway, self.settings(endpoint), f"admin.agent 127.0.0.1:0 -> {endpoint}")
        self.assertEqual(self.line(int(endpoint.partition(":")[2])), b"up ready 100%\n")
        self.assertNotIn(old, gateway.listened_on())
        self.reload(gateway, self.settings(""), " reloaded\n")
        self.assertEqual(gateway.listened_on(), set(gateway.ports))

    def test_upgrade(self) -> None:
        """The next program has the very socket: nobody is refused in between.  What is drained stays so."""
        gateway = self.gateway()
        port = self.port(gateway)
        _, _, more, _ = self.downloading(gateway)
        with redirect_stdout(io.StringIO()):
            self.assertEqual(main(["upgrade", str(gateway.process.pid)]), 0)
        successor = gateway.successor()
        self.addCleanup(end, successor)
        self.assertIn(port, [found for _, found in listening_ports(successor)])
        for _ in range(5):
            self.assertEqual(self.line(port), b"up ready 100%\n")
        more.set()
        self.assertEqual(gateway.status(), 0)
        self.order("drain", "--all")
        with redirect_stdout(io.StringIO()):
            self.assertEqual(main(["upgrade", str(successor)]), 0)
        self.addCleanup(end, gateway.successor(2))
        self.assertTrue(gateway.until(lambda: self.line(port) == b"up drain 100%\n"))


def end(pid: int) -> None:
    """End a program that took over; it may have gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


class HAProxy(Agent):
    """By HAProxy."""

    if not PROGRAM:
        skip = "haproxy is not installed"

    def balanced(self) -> Foreground:
        """A gateway behind HAProxy."""
        gateway = self.gateway()
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-agent-")
        self.addCleanup(holder.cleanup)
        self.holder = Path(holder.name)
        text = SETTINGS.format(folder=holder.name, port=gateway.ports[0], agent=self.port(gateway))
        (self.holder / "cfg").write_text(text, "utf-8")
        process = subprocess.Popen(
            [str(PROGRAM), "-db", "-f", self.holder / "cfg"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return gateway

    def asked(self, command: str) -> str:
        """HAProxy's answer, or nothing before it is there."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(TIMEOUT)
            try:
                sock.connect(str(self.holder / "stats"))
                sock.sendall(command.encode() + b"\n")
                heard = b""
                while piece := sock.recv(65536):
                    heard += piece
            except (FileNotFoundError, ConnectionRefusedError):
                return ""
        return heard.decode()

    def state(self) -> tuple[str, int]:
        """The server's status and its weight."""
        rows = csv.DictReader(io.StringIO(self.asked("show stat").removeprefix("# ")))
        for row in rows:
            if row["svname"] == "gateway":
                return row["status"], int(row["weight"])
        return "", 0

    def becomes(self, gateway: Foreground, status: str, weight: int) -> None:
        """HAProxy sees it so, after a while."""
        pattern = re.compile(status)

        def is_so() -> bool:
            found, heavy = self.state()
            return bool(pattern.fullmatch(found)) and heavy == weight

        self.assertTrue(gateway.until(is_so), (status, weight, self.state()))

    def test_states(self) -> None:
        """DRAIN with the gateway drained, UP again, the weight with the sessions, DOWN at its end, before
        its process has gone."""
        gateway = self.balanced()
        self.becomes(gateway, "UP", 100)
        self.idle(gateway).close()
        self.becomes(gateway, "UP", 100)
        _, _, more, _ = self.downloading(gateway)
        self.becomes(gateway, "UP", 75)
        self.order("drain")
        self.becomes(gateway, r"DRAIN.*", 75)
        self.assertIn(" gateway ", self.asked("show servers state"))
        self.order("undrain")
        self.becomes(gateway, "UP", 75)
        self.order("drain")
        self.becomes(gateway, r"DRAIN.*", 75)
        gateway.process.send_signal(signal.SIGTERM)
        self.becomes(gateway, r"DOWN.*", 75)
        self.assertIsNone(gateway.process.poll())
        more.set()
        self.assertEqual(gateway.status(), 0)

    def test_full(self) -> None:
        """Where no session is free it gets no new one."""
        gateway = self.balanced()
        self.becomes(gateway, "UP", 100)
        for _ in range(4):
            self.idle(gateway)
        self.becomes(gateway, "UP|DRAIN.*", 0)
        before = gateway.whole_log().count(" refused: ")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(str(self.holder / "front"))
            self.assertEqual(client.recv(100), b"")
        self.assertEqual(gateway.whole_log().count(" refused: "), before)
