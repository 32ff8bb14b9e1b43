"""Fake FTP servers: what a connection does is a script, whose result the test takes from a future."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tests.wire.sockets import LONG, TIMEOUT, Closed, Wire, bound, listener, port_of, six


class DataPort:
    """A server's side of one data connection, in whichever mode the gateway asked for."""

    def __init__(self, host: str, port: int = 0, *, closed: bool = False) -> None:
        """``closed``: nobody can connect to it, not even somebody who dials at once."""
        self.host, self.port = host, port
        self.listener = None if port else listener(host)
        if self.listener is not None and closed:
            self.listener.close()
            self.listener = bound(host)

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

    def data(self, *, closed: bool = False) -> DataPort:
        """Agree to the gateway's next EPSV, PASV, PORT or EPRT; ``closed`` where nobody listens."""
        verb, argument = self.command()
        host = str(self.sock.getsockname()[0])
        if verb == b"EPSV":
            port = DataPort(host, closed=closed)
            assert port.listener is not None
            self.say(b"229 Extended (|||%d|)" % port_of(port.listener))
        elif verb == b"PASV":
            port = DataPort(host, closed=closed)
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
        """All further commands up to the end of the connection, which may be a while."""
        self.sock.settimeout(LONG)
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
    """Accepts control connections; each takes the next script.

    A connection that finds no script waits for one, but only as long as its test runs: ``forget``
    ends it, so that it cannot take the next test's script.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.listener = listener(host, port)
        self.listener.settimeout(None)
        self.host, self.port = host, port_of(self.listener)
        self.accepted = 0
        self._met: deque[tuple[str, int]] = deque(maxlen=3)
        self._scripts: deque[tuple[Script, Future[Any]]] = deque()
        self._round = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def then(self, script: Script) -> Future[Any]:
        """The next connection runs this; its result comes in the future."""
        future: Future[Any] = Future()
        with self._changed:
            self._scripts.append((script, future))
            self._changed.notify_all()
        return future

    def forget(self) -> None:
        """Drop the scripts nobody connected for, and the connections nobody had a script for."""
        with self._changed:
            self._round += 1
            for _, future in self._scripts:
                future.cancel()
            self._scripts.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Listen no more: the next connection is refused."""
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def situation(self) -> str:
        """Who has come, and how many scripts wait for the next ones."""
        with self._changed:
            return f"{self.accepted} have come, of late {list(self._met)}, {len(self._scripts)} scripts wait"

    def _accept(self) -> None:
        while True:
            try:
                sock, peer = self.listener.accept()
            except OSError:
                return
            with self._changed:
                self.accepted += 1
                self._met.append(peer[:2])
                round = self._round
                self._changed.notify_all()
            threading.Thread(target=self._run, args=(sock, round), daemon=True).start()

    def met(self, times: int) -> bool:
        """True as soon as that many connections have come."""
        with self._changed:
            return self._changed.wait_for(lambda: self.accepted >= times, TIMEOUT)

    def _next(self, round: int) -> tuple[Script, Future[Any]] | None:
        """The script of a connection; none where its test is over before there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._scripts or self._round != round)
            if self._round != round:
                return None
            return self._scripts.popleft()

    def _run(self, sock: socket.socket, round: int) -> None:
        found = self._next(round)
        if found is None:
            sock.close()
            return
        script, future = found
        try:
            result = script(Control(sock))
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            sock.close()


def echo_site(control: Control) -> Control:
    """Answer the ``SITE here`` of ``Client.in_step``."""
    return control.say(b"200 " + control.expect(b"SITE"))
