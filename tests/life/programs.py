"""A gateway in the foreground, ``ftpalg run``, with its settings file, beside a scripted server."""

from __future__ import annotations

import re
import socket
import tempfile
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from tests.wire.gateways import STARTS, Gateway
from tests.wire.peers import (
    BLOCK,
    TIMEOUT,
    Client,
    Control,
    FakeServer,
    Script,
    TestCase,
    exactly,
)


class Foreground(Gateway):
    """``ftpalg run`` with a file that a test can write anew; ``text`` has its listeners too."""

    probed = False  # its start is a subject, too
    prefix = "ftpalg-run-"
    program: tuple[str, ...] = ("ftpalg", "run")

    def __init__(self, text: str, environment: Mapping[str, str] = {}) -> None:
        self._start([], text, (), environment)
        self.file = Path(self.folder.name) / "ftpalg.toml"

    def serve(self) -> Foreground:
        """Wait until it is ready."""
        if not self.logged(" ready: ", timeout=STARTS):
            raise AssertionError(f"the gateway is not ready: {self.log.read_text()[-2000:]}")
        listeners = self.ready().partition(", servers ")[0]
        self.ports = list(map(int, re.findall(r"127\.0\.0\.1:(\d+)", listeners)))
        self.addresses = [("127.0.0.1", port) for port in self.ports]
        if self.probed:
            self.turns.begin()
        return self

    def ready(self) -> str:
        """The newest of those lines."""
        return [line for line in self.whole_log().splitlines() if " ready: " in line][-1]

    def whole_log(self) -> str:
        """All of it; whether the process rests is no matter here."""
        return self._log_from(0).decode("utf-8", "replace")

    def successor(self, which: int = 1) -> int:
        """The PID of the program that took over, the first time or a later one.

        It may say so a moment after the one that was asked; this process may have ended by then.
        """
        end = monotonic() + TIMEOUT
        found: list[str] = []
        while len(found) < which and monotonic() < end:
            Event().wait(0.01)
            found = re.findall(r"upgraded: PID (\d+) serves", self.whole_log())
        return int(found[which - 1])

    def status(self, timeout: float = 30.0) -> int:
        """Its exit status, once it has ended by itself."""
        return self.process.wait(timeout)


class Probed(Foreground):
    """One whose reactor has a probe."""

    probed = True


class LifeCase(TestCase):
    """A server, and gateways of a kind that lead to it."""

    kind = Foreground

    def setUp(self) -> None:
        self.server = FakeServer()
        self.addCleanup(self.server.close)
        self.addCleanup(self.server.forget)
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-life-")
        self.addCleanup(holder.cleanup)
        self.scratch = Path(holder.name)

    def text(self, rest: str = "", listen: str = '"tcp:0:interface=127.0.0.1"') -> str:
        """Settings of a gateway to the server."""
        head = f'listen = [{listen}]\nserver = "ftp://127.0.0.1:{self.server.port}"\n'
        return f'{head}{rest}\n[log]\nformat = "text"\n'

    def begin(self, text: str, environment: Mapping[str, str] = {}) -> Foreground:
        """A gateway that has been started, and may not be ready yet."""
        gateway = self.kind(text, environment)
        self.addCleanup(gateway.stop)
        return gateway

    def run_it(self, rest: str = "", environment: Mapping[str, str] = {}) -> Foreground:
        """A gateway that is ready."""
        return self.begin(self.text(rest), environment).serve()

    def enter(self, gateway: Foreground, script: Script, which: int = -1) -> Client:
        """A client that is logged in; the server runs the script behind the login."""

        def whole(control: Control) -> Any:
            control.login()
            return script(control)

        self.server.then(whole)
        client = Client(gateway.addresses[which])
        self.addCleanup(client.sock.close)
        assert client.code() == 220
        client.login()
        return client

    def idle(self, gateway: Foreground) -> Client:
        """A client that is logged in and does nothing."""
        return self.enter(gateway, lambda control: control.until_end())

    def downloading(self, gateway: Foreground) -> tuple[Client, socket.socket, Event, Future[Any]]:
        """A client in the middle of a download, its data, what lets the server go on, and its end."""
        more, ended = Event(), Future[Any]()

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            data.sendall(BLOCK)
            more.wait(60)
            data.sendall(BLOCK)
            data.close()
            control.say(b"226 All of it.")
            ended.set_result(control.until_end())

        client = self.enter(gateway, script)
        data = client.pasv()
        data.settimeout(TIMEOUT)
        self.addCleanup(data.close)
        self.addCleanup(more.set)
        self.assertEqual(client.ask(b"RETR file").code, 150)
        self.assertEqual(exactly(data, len(BLOCK)), BLOCK)
        return client, data, more, ended
