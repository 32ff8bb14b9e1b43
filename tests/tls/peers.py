"""TLS for the scripted peers of tests.wire, and the gateway as a child process."""

from __future__ import annotations

import atexit
import os
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.tls.certificates import authority, client_context, issued, server_context
from tests.wire.patience import shortened, waits
from tests.wire.peers import (
    PATIENT,
    TIMEOUT,
    Client,
    Control,
    FakeServer,
    Gateway,
    leave,
    listening_ports,
    sockets_of,
)

Script = Callable[[Control], Any]
TCP_CLOSE = 7  # the state that a RST leads to; a FIN leads to CLOSE_WAIT
REFUSED = (ssl.SSLError, ConnectionError)


class TlsGateway(Gateway):
    """ftpalg with the listeners that its settings name; ``words`` holds no --listen."""

    prefix = "ftpalg-tls-"

    def __init__(
        self, words: list[str], toml: str, listeners: int, interface: str = "127.0.0.1"
    ) -> None:
        self._start(words, toml, (interface,))
        self.ports = self._wait_for_ports(listeners)
        self.addresses = [(interface, port) for port in self.ports]
        self._own = sockets_of(self.process.pid)
        self.turns.begin()


# -- TLS on sockets --------------------------------------------------


def as_server(sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Shake hands as the TLS server.  A missing close_notify is told, not hidden."""
    sock.settimeout(TIMEOUT)
    return context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)


def as_client(
    sock: socket.socket,
    context: ssl.SSLContext,
    session: ssl.SSLSession | None = None,
    name: str = "localhost",
) -> ssl.SSLSocket:
    """Shake hands as the TLS client."""
    sock.settimeout(TIMEOUT)
    return context.wrap_socket(
        sock, server_hostname=name, session=session, suppress_ragged_eofs=False
    )


def ending(sock: socket.socket) -> tuple[bytes, str]:
    """Read to the end.  "end" is a clean one (under TLS: close_notify), else "cut" or "reset".

    Python's ssl tells RST and FIN by the same error: the socket below is looked at first.
    """
    parts: list[bytes] = []
    with socket.socket(fileno=os.dup(sock.fileno())) as twin:
        twin.settimeout(TIMEOUT)
        while True:
            try:
                if not isinstance(sock, ssl.SSLSocket) or not sock.pending():
                    twin.recv(1, socket.MSG_PEEK)
                sock.settimeout(0)
                data = sock.recv(1 << 16)
            except (ssl.SSLWantReadError, BlockingIOError):
                continue  # half a record, or a ticket
            except ConnectionError:
                return b"".join(parts), "reset"
            except ssl.SSLError:
                state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
                return b"".join(parts), "reset" if state == TCP_CLOSE else "cut"
            finally:
                sock.settimeout(TIMEOUT)
            if not data:
                return b"".join(parts), "end"
            parts.append(data)


def refusal(shake: Callable[[], object]) -> Exception:
    """The error of a handshake, which must fail; under TLS 1.3 the alert may come behind it."""
    try:
        shake()
    except REFUSED as error:
        return error
    raise AssertionError("the handshake went through")


def absorb(sock: socket.socket) -> None:
    """Take the tickets that came behind the handshake, so that they hide no RST later."""
    if isinstance(sock, ssl.SSLSocket):
        sock.settimeout(0)
        try:
            sock.recv(1)
        except ssl.SSLWantReadError:
            pass
        sock.settimeout(TIMEOUT)


def half_close(sock: socket.socket) -> None:
    """FIN; under TLS without close_notify.  The socket can still be read."""
    twin = socket.socket(fileno=os.dup(sock.fileno()))
    twin.shutdown(socket.SHUT_WR)
    twin.close()


def finish(sock: socket.socket) -> None:
    """End cleanly: under TLS close_notify and the wait for the peer's, as ftplib does."""
    if isinstance(sock, ssl.SSLSocket):
        sock = sock.unwrap()
    sock.close()


def notify(sock: ssl.SSLSocket) -> None:
    """Send close_notify without waiting for the peer's."""
    sock.settimeout(0)
    try:
        sock.unwrap()
    except ssl.SSLWantReadError:
        pass
    sock.settimeout(TIMEOUT)


# -- the server --------------------------------------------------


def secure(control: Control, context: ssl.SSLContext) -> None:
    """Shake hands on a server's control connection."""
    control.sock = as_server(control.sock, context)


def explicit(control: Control, context: ssl.SSLContext, greeting: bytes = b"220 Ready.") -> None:
    """Greet, agree to AUTH TLS."""
    control.say(greeting)
    assert control.answer(b"AUTH", b"234 Go on.") == b"TLS"
    secure(control, context)


def admit(control: Control) -> None:
    """USER and PASS."""
    control.answer(b"USER", b"331 Password, please.")
    control.answer(b"PASS", b"230 Welcome.")


def private(control: Control) -> None:
    """PBSZ and PROT as the gateway sends them before the first data command."""
    assert control.answer(b"PBSZ", b"200 PBSZ=0") == b"0"
    assert control.answer(b"PROT", b"200 Private.") == b"P"


def last_words(control: Control) -> list[bytes]:
    """All further lines, however the connection ends; what is no line, TLS records, too."""
    found = control.buffer + ending(control.sock)[0]
    control.buffer = b""
    return [line.rstrip(b"\r") for line in found.split(b"\n") if line]


def verbs(lines: list[bytes]) -> set[bytes]:
    """Their first words."""
    return {line.partition(b" ")[0].upper() for line in lines}


# -- the client --------------------------------------------------


class TlsClient(Client):
    """An FTP client driven by hand that can speak TLS."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext | None = None) -> None:
        super().__init__(address)
        self.context = context or client_context()
        self.level = b"C"
        self.reuse = False

    @property
    def tls(self) -> ssl.SSLSocket:
        """The control connection under TLS."""
        assert isinstance(self.sock, ssl.SSLSocket)
        return self.sock

    def secure(self, name: str = "localhost") -> None:
        """Shake hands on the control connection."""
        assert not self.buffer, self.buffer
        self.sock = as_client(self.sock, self.context, name=name)

    def auth(self, word: bytes = b"TLS") -> None:
        """AUTH and the handshake."""
        found = self.ask(b"AUTH " + word)
        assert found.code == 234, found
        self.secure()

    def protect(self, level: bytes = b"P") -> None:
        """PBSZ and PROT."""
        found = self.ask(b"PBSZ 0")
        assert found.code == 200, found
        found = self.ask(b"PROT " + level)
        assert found.code == 200, found
        self.level = level

    def wrapped(self, sock: socket.socket) -> socket.socket:
        """TLS on a data connection, where the level asks for it."""
        sock.settimeout(TIMEOUT)
        if self.level == b"C":
            return sock
        return as_client(sock, self.context, self.tls.session if self.reuse else None)

    def begin(self, command: bytes, *, active: bool = False) -> socket.socket:
        """Prepare the data connection, send the command, read its 150, shake hands."""
        if not active:
            sock = self.pasv()
            found = self.ask(command)
            assert found.code == 150, found
            return self.wrapped(sock)
        waiting = self.port()
        found = self.ask(command)
        assert found.code == 150, found
        sock, _ = waiting.accept()
        waiting.close()
        return self.wrapped(sock)


# -- the tests --------------------------------------------------


class Room:
    """A gateway with its fixed server, shared by the classes that want the same settings."""

    rooms: dict[tuple[str, ...], Room] = {}

    def __init__(
        self, scheme: str, host: str, mode: str, toml: str, listeners: int, interface: str
    ) -> None:
        v6 = ":" in host
        self.server = FakeServer(host if v6 else "0.0.0.0")  # several addresses of loopback
        words = ["--server-mode", mode]
        if scheme:
            shown = f"[{host}]" if v6 else host
            words += ["--server", f"{scheme}://{shown}:{self.server.port}"]
        toml = toml.replace("PORT", str(self.server.port))
        self.gateway = TlsGateway(words, toml, listeners, interface)
        atexit.register(self.gateway.stop)


class TlsTestCase(SynchronousTestCase):
    """A test between client and server; the class attributes choose the gateway's settings."""

    scheme = "ftp"
    """The fixed server's; empty where the client names it."""
    host = "127.0.0.1"
    interface = "127.0.0.1"
    mode = "passive"
    client_tls = ""
    """The lines of [client-tls]; the good certificate is added where there are any."""
    server_tls = ""
    """The lines of [server-tls]; our CA is added unless they speak of verify."""
    timers = PATIENT
    more = ""
    listeners = 1
    alone = ""
    """A name where the gateway must not be shared."""

    room: Room
    context: ssl.SSLContext | None = None
    """The fake server's; the plain one for a good certificate unless a test sets another."""

    def settings(self) -> str:
        """The gateway's TOML."""
        toml = self.timers
        if self.client_tls:
            pair = "" if "certificate" in self.client_tls else issued("good").toml
            toml += f"[client-tls]\n{self.client_tls}\n{pair}"
        trust = "" if "verify" in self.server_tls else f'ca = "{authority().file}"\n'
        return toml + f"[server-tls]\n{self.server_tls}\n{trust}" + self.more

    def setUp(self) -> None:
        """Have the gateway run."""
        toml = shortened(self.settings(), waits(self, self._testMethodName))
        key = (self.scheme, self.host, self.mode, toml, self.alone, self.interface)
        if key not in Room.rooms:
            Room.rooms[key] = Room(
                self.scheme, self.host, self.mode, toml, self.listeners, self.interface
            )
        self.room = Room.rooms[key]
        self.gateway, self.server = self.room.gateway, self.room.server
        self.gateway.begin()
        self.served: list[Future[Any]] = []
        self.clients: list[TlsClient] = []

    def tearDown(self) -> None:
        """Nothing may have gone wrong unseen."""
        for client in self.clients:
            client.sock.close()
        self.server.forget()
        for future in self.served:
            if not future.cancelled():
                future.exception(TIMEOUT)
        assert self.gateway.left(), "a session is left behind"
        log = self.gateway.new_log()
        assert "Traceback" not in log, log
        assert "Unhandled" not in log, log
        assert self.gateway.process.poll() is None, "the gateway has died"
        assert not self.gateway.turns.wrong, self.gateway.turns.wrong
        leave(Room.rooms, self.room, log)

    def serve(self, script: Script) -> Future[Any]:
        """The server's next connection runs this script."""

        def whole(control: Control) -> Any:
            try:
                return script(control)
            finally:
                control.sock.close()

        future = self.server.then(whole)
        self.served.append(future)
        return future

    def greet(self, control: Control) -> None:
        """The server's part up to the login, as the scheme has it."""
        context = self.context or server_context()
        if self.scheme == "ftpes":
            explicit(control, context)
        elif self.scheme == "ftps":
            secure(control, context)
            control.say(b"220 Ready.")
        else:
            control.say(b"220 Ready.")
        admit(control)

    def connect(self, context: ssl.SSLContext | None = None, which: int = 0) -> TlsClient:
        """A new client, nothing read yet."""
        client = TlsClient(self.gateway.addresses[which], context)
        self.clients.append(client)
        return client

    def enter(self, context: ssl.SSLContext | None = None, *, tls: bool = False) -> TlsClient:
        """A client that is logged in, with protected data where ``tls`` says so."""
        client = self.connect(context)
        found = client.reply()
        assert found.code == 220, found
        if tls:
            client.auth()
        client.login()
        if tls:
            client.protect()
        return client

    def talk(
        self, script: Script, context: ssl.SSLContext | None = None, *, tls: bool = False
    ) -> tuple[TlsClient, Future[Any]]:
        """A logged-in client, and a server that runs the script after the login."""

        def whole(control: Control) -> Any:
            self.greet(control)
            return script(control)

        future = self.serve(whole)
        return self.enter(context, tls=tls), future


def ports_of(gateway: Gateway) -> list[int]:
    """Where the gateway listens now, data ports included."""
    return [port for _, port in listening_ports(gateway.process.pid)]
