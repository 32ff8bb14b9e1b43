"""Scripted peers around a real gateway: a child process, a fake server and a client on sockets.

Everything blocks with a timeout, so a test that waits for what never comes fails by itself.  A
server's script runs in a thread and returns what it has seen; the test takes it from a future.
FTPALG_TREE names another tree to take the gateway from.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:  # trial's assertions have no types; these are the same
    from unittest import TestCase as TestCase
else:
    from twisted.trial.unittest import SynchronousTestCase as TestCase

TREE = Path(os.environ.get("FTPALG_TREE") or Path(__file__).parents[2])
BIN = Path(sys.executable).parent
TIMEOUT = 10.0
LINGER_RESET = struct.pack("ii", 1, 0)
BLOCK = bytes(range(256)) * 256  # 64 KiB

QUICK = """\
[timeouts]
connect = 2.0
data-open = 0.6
final-reply = 1.0
abort = 0.4
quit = 1.0
drain = 1.0
"""


class Closed(Exception):
    """The peer ended the connection cleanly where more was expected."""


@dataclass(frozen=True)
class Reply:
    """A reply as a careful client reads it: its code and its raw lines."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> bytes:
        """All lines in one."""
        return b"\n".join(self.lines)


class Wire:
    """A blocking socket read by lines."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.buffer = b""

    def send(self, data: bytes) -> None:
        """Write all of it."""
        self.sock.sendall(data)

    def line(self) -> bytes:
        """Read one line without its CR LF; Closed at the end."""
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise Closed(self.buffer)
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        assert line.endswith(b"\r"), f"line without CR: {line[:80]!r}"
        return line[:-1]

    def silent(self, seconds: float) -> bool:
        """True where nothing, not even an end, comes in that time."""
        if self.buffer:
            return False
        self.sock.settimeout(seconds)
        try:
            self.buffer += self.sock.recv(65536)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        finally:
            self.sock.settimeout(TIMEOUT)
        return False

    def rest(self) -> bytes:
        """All that comes up to the end, however it ends."""
        found = self.buffer + drained(self.sock)[0]
        self.buffer = b""
        return found

    def close(self) -> None:
        """Close cleanly."""
        self.sock.close()

    def reset(self) -> None:
        """Close with a RST."""
        reset(self.sock)


def reset(sock: socket.socket) -> None:
    """Close a socket with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    sock.close()


def drained(sock: socket.socket, timeout: float = TIMEOUT) -> tuple[bytes, str]:
    """Read to the end: the bytes, and "end" or "reset"."""
    sock.settimeout(timeout)
    parts: list[bytes] = []
    while True:
        try:
            data = sock.recv(1 << 20)
        except ConnectionError:
            return b"".join(parts), "reset"
        if not data:
            return b"".join(parts), "end"
        parts.append(data)


def exactly(sock: socket.socket, size: int) -> bytes:
    """Read that many bytes, no more."""
    found = bytearray()
    while len(found) < size:
        data = sock.recv(min(size - len(found), 65536))
        assert data, "ended early"
        found += data
    return bytes(found)


def die(*socks: socket.socket) -> None:
    """Let a process that holds these sockets be killed: the kernel closes them all at once."""
    handles = tuple(s.fileno() for s in socks)
    holder = subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=handles
    )
    for sock in socks:
        sock.close()
    holder.kill()
    holder.communicate()


def listener(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening socket on a free port, or on one that was ours before."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    if port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen(20)
    sock.settimeout(TIMEOUT)
    return sock


def port_of(sock: socket.socket) -> int:
    """The local port."""
    return int(sock.getsockname()[1])


def six(host: str, port: int) -> bytes:
    """The argument of PORT."""
    return b"%b,%d,%d" % (host.replace(".", ",").encode(), port >> 8, port & 255)


class DataPort:
    """A server's side of one data connection, in whichever mode the gateway asked for."""

    def __init__(self, host: str, port: int = 0) -> None:
        self.host, self.port = host, port
        self.listener = None if port else listener(host)

    def open(self) -> socket.socket:
        """Accept or dial."""
        if self.listener is None:
            sock = socket.create_connection((self.host, self.port), TIMEOUT)
        else:
            sock, _ = self.listener.accept()
            self.listener.close()
        sock.settimeout(TIMEOUT)
        return sock

    def refuse(self) -> DataPort:
        """Let nobody connect."""
        if self.listener is not None:
            self.listener.close()
        return self


class Control(Wire):
    """The server's end of a control connection."""

    name = b""
    """Whom a client asked for, where a parent proxy is played."""

    def command(self) -> tuple[bytes, bytes | None]:
        """The next command, Telnet interrupts left out."""
        line = self.line().lstrip(b"\xff\xf4\xf2")
        verb, space, argument = line.partition(b" ")
        return verb, argument if space else None

    def expect(self, verb: bytes) -> bytes:
        """The argument of the next command, which must be this one."""
        found, argument = self.command()
        assert found == verb, f"expected {verb!r}, got {found!r} {argument!r}"
        return argument or b""

    def answer(self, verb: bytes, *replies: bytes) -> bytes:
        """Expect a command, send these replies in one write."""
        argument = self.expect(verb)
        self.send(b"".join(r + b"\r\n" for r in replies))
        return argument

    def say(self, *replies: bytes) -> Control:
        """Send replies in one write."""
        self.send(b"".join(r + b"\r\n" for r in replies))
        return self

    def login(self, greeting: bytes = b"220 Ready.") -> Control:
        """Greet and let the client in."""
        self.say(greeting)
        self.answer(b"USER", b"331 Password, please.")
        self.answer(b"PASS", b"230 Welcome.")
        return self

    def data(self) -> DataPort:
        """Agree to the gateway's next EPSV, PASV, PORT or EPRT."""
        verb, argument = self.command()
        host = str(self.sock.getsockname()[0])
        if verb == b"EPSV":
            port = DataPort(host)
            assert port.listener is not None
            self.say(b"229 Extended (|||%d|)" % port_of(port.listener))
        elif verb == b"PASV":
            port = DataPort(host)
            assert port.listener is not None
            self.say(b"227 Passive (%b)." % six(host, port_of(port.listener)))
        else:
            port = DataPort(str(self.sock.getpeername()[0]), dialled(verb, argument or b""))
            self.say(b"200 Good.")
        return port

    def aborted(self) -> None:
        """Read the ABOR that follows, with whatever Telnet comes before it."""
        self.expect(b"ABOR")

    def until_end(self) -> list[bytes]:
        """All further commands up to the end of the connection."""
        found = []
        try:
            while True:
                found.append(self.line())
        except (Closed, ConnectionError):
            return found


def dialled(verb: bytes, argument: bytes) -> int:
    """The port named by PORT or EPRT."""
    if verb == b"EPRT":
        return int(argument.split(argument[:1])[3])
    assert verb == b"PORT", f"no address command: {verb!r} {argument!r}"
    high, low = argument.split(b",")[4:]
    return int(high) * 256 + int(low)


Script = Callable[[Control], Any]


class FakeServer:
    """Accepts control connections; each takes the next script."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.listener = listener(host, port)
        self.listener.settimeout(None)
        self.host, self.port = host, port_of(self.listener)
        self.scripts: Queue[tuple[Script, Future[Any]]] = Queue()
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def then(self, script: Script) -> Future[Any]:
        """The next connection runs this; its result comes in the future."""
        future: Future[Any] = Future()
        self.scripts.put((script, future))
        return future

    def forget(self) -> None:
        """Drop the scripts nobody connected for."""
        try:
            while True:
                self.scripts.get_nowait()[1].cancel()
        except Empty:
            return

    def close(self) -> None:
        """Listen no more: the next connection is refused."""
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock: socket.socket) -> None:
        try:
            script, future = self.scripts.get(timeout=TIMEOUT)
        except Empty:
            sock.close()
            return
        control = Control(sock)
        try:
            result = script(control)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            sock.close()


class Client(Wire):
    """An FTP client that a test drives by hand."""

    def __init__(self, address: tuple[str, int], source: str = "") -> None:
        bound = (source, 0) if source else None
        super().__init__(socket.create_connection(address, TIMEOUT, bound))
        self.address = address

    def reply(self) -> Reply:
        """Read one reply strictly: interior lines begin with a space or the code and a hyphen."""
        first = self.line()
        assert re.match(rb"[1-6][0-9][0-9][ -]", first), f"not a reply: {first[:80]!r}"
        lines = [first]
        code = first[:3]
        if first[3:4] == b"-":
            while True:
                line = self.line()
                lines.append(line)
                if line[:4] == code + b" ":
                    break
                assert line[:1] == b" " or line[:4] == code + b"-", f"interior {line[:80]!r}"
        return Reply(int(code), tuple(lines))

    def code(self) -> int:
        """The code of the next reply."""
        return self.reply().code

    def ask(self, line: bytes) -> Reply:
        """Send a command, read one reply."""
        self.send(line + b"\r\n")
        return self.reply()

    def login(self, user: bytes = b"joe") -> None:
        """USER and PASS; the greeting has been read."""
        found = self.ask(b"USER " + user)
        assert found.code == 331, found
        found = self.ask(b"PASS secret")
        assert found.code == 230, found

    def pasv(self) -> socket.socket:
        """PASV and the data connection."""
        return self.reach(pasv_port(self.ask(b"PASV")))

    def reach(self, port: int, source: str = "") -> socket.socket:
        """A connection to a data port at the gateway."""
        host = str(self.sock.getpeername()[0])
        mine = source or str(self.sock.getsockname()[0])
        return socket.create_connection((host, port), TIMEOUT, (mine, 0))

    def port(self) -> socket.socket:
        """PORT, accepted; returns the listening socket."""
        host = str(self.sock.getsockname()[0])
        waiting = listener(host)
        found = self.ask(b"PORT " + six(host, port_of(waiting)))
        assert found.code == 200, found
        return waiting

    def in_step(self) -> bool:
        """True where a command gets its own answer: the server echoes its argument."""
        return self.ask(b"SITE here").lines == (b"200 here",)


def pasv_port(found: Reply) -> int:
    """The port in the gateway's own 227, which must have the strict form."""
    match = re.fullmatch(
        rb"227 Entering Passive Mode \((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)\.?", found.text
    )
    assert match, found
    return int(match[5]) * 256 + int(match[6])


def epsv_port(found: Reply) -> int:
    """The port in the gateway's own 229."""
    match = re.fullmatch(rb"229 [^(]*\(\|\|\|(\d+)\|\)\.?", found.text)
    assert match, found
    return int(match[1])


def echo_site(control: Control) -> Control:
    """Answer the ``SITE here`` of ``Client.in_step``."""
    return control.say(b"200 " + control.expect(b"SITE"))


class Gateway:
    """ftpalg as a child process on free ports."""

    def __init__(
        self,
        words: list[str],
        toml: str,
        interfaces: tuple[str, ...],
        listeners: tuple[str, ...] = (),
        environment: Mapping[str, str] = {},
    ) -> None:
        """``listeners`` are the hosts of ``[[listeners]]`` in the settings, behind the interfaces."""
        self.folder = tempfile.TemporaryDirectory(prefix="ftpalg-wire-")
        folder = Path(self.folder.name)
        for interface in interfaces:
            words = [*words, "--listen", "tcp:0:interface=" + interface.replace(":", r"\:")]
        if toml:
            (folder / "ftpalg.toml").write_text(toml, encoding="utf-8")
            words = [*words, "--config", str(folder / "ftpalg.toml")]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(BIN / "twistd"), "-n", "--pidfile=", "ftpalg", *words],
                cwd=TREE,
                env={**os.environ, "PYTHONPATH": str(TREE), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._read = 0
        hosts = (*interfaces, *listeners)
        self.ports = self._wait_for_ports(len(hosts))
        self.addresses = list(zip(hosts, self.ports, strict=True))

    def _wait_for_ports(self, wanted: int) -> list[int]:
        for _ in range(1000):
            found = listening_ports(self.process.pid)
            if len(found) >= wanted:
                return [port for _, port in found]
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            break
        raise AssertionError(f"the gateway does not listen: {self.log.read_text()[-2000:]}")

    @property
    def address(self) -> tuple[str, int]:
        """Its first endpoint."""
        return self.addresses[0]

    @property
    def rss(self) -> int:
        """Resident bytes now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert match
        return int(match[1]) * 1024

    def new_log(self) -> str:
        """What was logged since the last call."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            found = log.read()
        self._read += len(found)
        return found.decode("utf-8", "replace")

    def logged(self, words: str, times: int = 1) -> bool:
        """True as soon as the whole log holds these words that often; False after TIMEOUT."""
        until = monotonic() + TIMEOUT
        while monotonic() < until:
            if self.log.read_text("utf-8", "replace").count(words) >= times:
                return True
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            break
        return False

    def stop(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.folder.cleanup()


def descriptors(pid: int) -> list[str]:
    """What the process has open."""
    folder = Path(f"/proc/{pid}/fd")
    found = []
    for entry in folder.iterdir():
        try:
            found.append(os.readlink(entry))
        except OSError:
            continue
    return found


def listening_ports(pid: int) -> list[tuple[int, int]]:
    """(inode, port) of every socket the process listens on, oldest first."""
    try:
        mine = {int(name[8:-1]) for name in descriptors(pid) if name.startswith("socket:[")}
    except OSError:
        return []
    found = []
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            words = row.split()
            if words[3] == "0A" and int(words[9]) in mine:
                found.append((int(words[9]), int(words[1].rpartition(":")[2], 16)))
    return sorted(found)


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


class WireTestCase(TestCase):
    """A test that stands between client and server; the class attributes choose the gateway."""

    mode = "passive"
    toml = QUICK
    interfaces: tuple[str, ...] = ("127.0.0.1",)
    fixed = "127.0.0.1"
    alone = ""  # a name where the gateway must not be shared with another class

    room: Room
    served: list[Future[Any]]
    clients: list[Client]

    def setUp(self) -> None:
        if not self.fixed:
            self.room = Room.take(self.mode, self.toml, self.interfaces, "", self.alone)
        else:
            self.room = Room.take(self.mode, self.toml, self.interfaces, self.fixed, self.alone)
        self.gateway, self.server = self.room.gateway, self.room.server
        self.gateway.new_log()
        self.served, self.clients = [], []

    def tearDown(self) -> None:
        for client in self.clients:
            client.sock.close()
        self.server.forget()
        for future in self.served:
            if not future.cancelled():
                future.exception(TIMEOUT)
        log = self.gateway.new_log()
        self.assertNotIn("Traceback", log)
        self.assertNotIn("Unhandled", log)
        self.assertIsNone(self.gateway.process.poll(), "the gateway has died")

    def serve(self, script: Script) -> Future[Any]:
        """The server's next connection runs this script."""
        future = self.server.then(script)
        self.served.append(future)
        return future

    def connect(self, source: str = "", which: int = 0) -> Client:
        """A new client, nothing read yet."""
        client = Client(self.gateway.addresses[which], source)
        self.clients.append(client)
        return client

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

    def __init__(self, case: type[SceneTestCase]) -> None:
        self.case = case
        self.servers = [FakeServer(host) for host in case.hosts]
        toml = ("" if case.interfaces else "listen = []\n") + case.head
        toml += case.timers + case.settings()
        for at, server in enumerate(self.servers):
            toml = toml.replace(f"PORT{at}", str(server.port))
        self.gateway = Gateway([], toml, case.interfaces, case.listeners, case.environment())

    @classmethod
    def of(cls, case: type[SceneTestCase]) -> Scene:
        """The scene of a class; another class's is cleared away first."""
        if cls.current is None or cls.current.case is not case:
            cls.clear()
            cls.current = cls(case)
        return cls.current

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
    timers: ClassVar[str] = QUICK
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
        scene = Scene.of(type(self))
        self.gateway, self.servers, self.server = scene.gateway, scene.servers, scene.servers[0]
        self.gateway.new_log()
        self.served, self.clients = [], []

    def tearDown(self) -> None:
        for server in self.servers:
            server.forget()
        super().tearDown()
        log = self.gateway.log.read_text("utf-8", "replace")
        for secret in self.secrets:
            self.assertNotIn(secret, log)

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
