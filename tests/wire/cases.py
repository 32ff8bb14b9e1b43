"""What a test on sockets stands in: a room or a scene with its gateway, its servers, its clients."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, ClassVar

from tests.wire.clients import Client
from tests.wire.gateways import Gateway
from tests.wire.patience import PATIENT, shortened, waits
from tests.wire.servers import Control, FakeServer, Script
from tests.wire.sockets import TIMEOUT

if TYPE_CHECKING:  # trial's assertions have no types; these are the same
    from unittest import TestCase as TestCase
else:
    from twisted.trial.unittest import SynchronousTestCase as TestCase


class Room:
    """A gateway with its fixed server, shared by the classes that want the same settings."""

    _rooms: dict[tuple[str, ...], Room] = {}

    def __init__(self, words: list[str], toml: str, interfaces: tuple[str, ...], host: str) -> None:
        self.server = FakeServer(host or "127.0.0.1")
        if host:
            shown = f"[{host}]" if ":" in host else host
            words = [*words, "--server", f"ftp://{shown}:{self.server.port}"]
        self.gateway = Gateway(words, toml, interfaces)
        atexit.register(self.gateway.stop)

    @classmethod
    def take(cls, mode: str, toml: str, interfaces: tuple[str, ...], host: str, name: str) -> Room:
        """The room with these settings, furnished at the first call."""
        key = (mode, toml, *interfaces, host, name)
        if key not in cls._rooms:
            cls._rooms[key] = cls(["--server-mode", mode], toml, interfaces, host)
        return cls._rooms[key]


LEARNED = "answers no command"
"""What a gateway logs as it learns that its server answers some verb twice."""


def leave(rooms: dict[Any, Any], room: Any, log: str) -> None:
    """End a test's stay.  A gateway that has learned that its server answers twice asks it more than
    other tests' servers expect: nobody enters that room again."""
    if LEARNED in log:
        for key in [key for key, one in rooms.items() if one is room]:
            del rooms[key]
            room.gateway.stop()


class WireTestCase(TestCase):
    """A test that stands between client and server; the class attributes choose the gateway."""

    mode = "passive"
    toml = PATIENT
    interfaces: tuple[str, ...] = ("127.0.0.1",)
    fixed = "127.0.0.1"
    alone = ""  # a name where the gateway must not be shared with another class

    room: Room
    served: list[Future[Any]]
    clients: list[Client]

    def setUp(self) -> None:
        toml = shortened(self.toml, waits(self, self._testMethodName))
        self.room = Room.take(self.mode, toml, self.interfaces, self.fixed, self.alone)
        self.gateway, self.server = self.room.gateway, self.room.server
        self.gateway.begin()
        self.served, self.clients = [], []

    def tearDown(self) -> None:
        for client in self.clients:
            client.sock.close()
        self.server.forget()
        for future in self.served:
            if not future.cancelled():
                future.exception(TIMEOUT)
        self.assertTrue(self.gateway.left(), "a session is left behind")
        log = self.gateway.new_log()
        self.assertNotIn("Traceback", log)
        self.assertNotIn("Unhandled", log)
        self.assertIsNone(self.gateway.process.poll(), "the gateway has died")
        self.assertEqual(self.gateway.turns.wrong, "")
        self.leave(log)

    def leave(self, log: str) -> None:
        """Let the next test in, or not."""
        leave(Room._rooms, self.room, log)

    def serve(self, script: Script) -> Future[Any]:
        """The server's next connection runs this script."""
        future = self.server.then(script)
        self.served.append(future)
        return future

    def connect(self, source: str = "", which: int = 0) -> Client:
        """A new client, nothing read yet."""
        client = Client(self.gateway.addresses[which], source)
        client.situation = self.situation
        self.clients.append(client)
        return client

    def situation(self) -> str:
        """Where the gateway and its server are."""
        return f"The server: {self.server.situation()}; {self.gateway.situation()}"

    def enter(self, source: str = "", which: int = 0) -> Client:
        """A client that has read the greeting and logged in."""
        client = self.connect(source, which)
        self.assertEqual(client.code(), 220)
        client.login()
        return client

    def talk(self, script: Script) -> tuple[Client, Future[Any]]:
        """A logged-in client, and a server that runs the script after the login."""

        def whole(control: Control) -> Any:
            control.login()
            return script(control)

        future = self.serve(whole)
        return self.enter(), future


class Scene:
    """A gateway whose settings tell of several fake servers: ``PORT0`` in them is the first's."""

    current: ClassVar[Scene | None] = None
    """Of the class whose tests run now; trial knows no setUpClass."""

    def __init__(self, case: type[SceneTestCase], seconds: Mapping[str, float]) -> None:
        self.case, self.seconds = case, seconds
        self.servers = [FakeServer(host) for host in case.hosts]
        toml = ("" if case.interfaces else "listen = []\n") + case.head
        toml = shortened(toml + case.timers + case.settings(), seconds)
        for at, server in enumerate(self.servers):
            toml = toml.replace(f"PORT{at}", str(server.port))
        self.gateway = Gateway([], toml, case.interfaces, case.listeners, case.environment())

    @classmethod
    def of(cls, case: type[SceneTestCase], seconds: Mapping[str, float]) -> Scene:
        """The scene of a class, or of an impatient test in it; the last one is cleared away first."""
        last = cls.current
        if last is None or last.case is not case or last.seconds != seconds:
            cls.clear()
            last = cls.current = cls(case, seconds)
        return last

    @classmethod
    def clear(cls) -> None:
        """End the last one."""
        last, cls.current = cls.current, None
        if last is not None:
            last.gateway.stop()
            for server in last.servers:
                server.close()


atexit.register(Scene.clear)


class SceneTestCase(WireTestCase):
    """A test between a client and several servers, with settings that the class writes."""

    hosts: ClassVar[tuple[str, ...]] = ("127.0.0.1",)
    listeners: ClassVar[tuple[str, ...]] = ()
    head: ClassVar[str] = ""
    """What stands in the settings before the first table."""
    timers: ClassVar[str] = PATIENT
    secrets: ClassVar[tuple[str, ...]] = ()
    """Words that must not be in the log."""

    @classmethod
    def settings(cls) -> str:
        """The gateway's TOML behind its timeouts."""
        return ""

    @classmethod
    def environment(cls) -> dict[str, str]:
        """What the gateway's environment has beside our own."""
        return {}

    def setUp(self) -> None:
        scene = Scene.of(type(self), waits(self, self._testMethodName))
        self.gateway, self.servers, self.server = scene.gateway, scene.servers, scene.servers[0]
        self.gateway.begin()
        self.served, self.clients = [], []

    def leave(self, log: str) -> None:
        """A scene is its class's own; one that has learned ends with the test."""

    def tearDown(self) -> None:
        for server in self.servers:
            server.forget()
        super().tearDown()
        log = self.gateway.log.read_text("utf-8", "replace")
        for secret in self.secrets:
            self.assertNotIn(secret, log)
        if LEARNED in log:
            Scene.clear()

    def serve_at(self, which: int, script: Script) -> Future[Any]:
        """The next connection of one of the servers runs this script."""
        future = self.servers[which].then(script)
        self.served.append(future)
        return future

    def greeted(self, source: str = "", which: int = 0) -> Client:
        """A client that has read its 220."""
        client = self.connect(source, which)
        found = client.reply()
        self.assertEqual(found.code, 220, found)
        return client

    def codes(self, client: Client, *lines: bytes) -> list[int]:
        """The codes that these commands get, one after the other."""
        return [client.ask(line).code for line in lines]


if TYPE_CHECKING:  # cases that several classes run; trial itself must not collect them
    SharedCases = WireTestCase
else:
    SharedCases = object
