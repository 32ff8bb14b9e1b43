"""Client and server, each in a thread, who go on whatever becomes of the gateway.

Both go on as far as they can.  They tell what they have seen: ``Client.heard`` the codes of the
replies, and of each transfer the bytes that arrived and how the data connection ended.
"""

from __future__ import annotations

import select
import socket
import ssl
from dataclasses import dataclass, field

from tests.tls.certificates import client_context, server_context
from tests.tls.peers import as_client, as_server, ending
from tests.wire.peers import Client as WireClient
from tests.wire.peers import Closed, listener, pasv_port, port_of, six
from tests.wire.peers import Control as WireControl
from tests.wire.peers import Reply as WireReply

BODY = bytes(range(256)) * 600
PATIENCE = 30.0
BROKEN = (OSError, Closed, ValueError, AssertionError)
"""What ends a peer's part: timeouts and TLS errors are OSErrors."""


@dataclass(slots=True)
class Copy:
    """A file as it arrived, how its connection ended, and whether its receiver called it complete."""

    body: bytes = b""
    ending: str = "never"
    complete: bool = False
    promised: bool = False

    @property
    def whole(self) -> bool:
        return (self.body, self.ending) == (BODY, "end")

    @property
    def torn(self) -> bool:
        """A clean end of less than the file, of which something was said to come."""
        return self.promised and self.ending == "end" and self.body != BODY


@dataclass(slots=True)
class Seen:
    """What both have seen."""

    heard: list[int] = field(default_factory=list)
    ended: str = "never"
    down: Copy | None = None
    up: Copy | None = None
    done: bool = False
    complete: bool | None = None


# -- the server ------------------------------------------------------------------------------------


class Server:
    """Serves and stores BODY until its connection ends."""

    def __init__(self, control: WireControl, seen: Seen, *, tls: bool) -> None:
        control.sock.settimeout(PATIENCE)
        self.control, self.seen, self.tls = control, seen, tls
        self.port: socket.socket | None = None
        self.dials: tuple[str, int] | None = None

    def run(self) -> None:
        """The whole conversation."""
        try:
            self.control.say(b"220 Ready.")
            while True:
                verb, argument = self.control.command()
                self.carry_out(verb, argument or b"")
        except BROKEN:
            pass
        finally:
            self.forget()
            self.control.sock.close()

    def forget(self) -> None:
        if self.port is not None:
            self.port.close()
        self.port = self.dials = None

    def carry_out(self, verb: bytes, argument: bytes) -> None:
        control = self.control
        if verb == b"AUTH":
            control.say(b"234 Go on.")
            control.sock = as_server(control.sock, server_context())
            control.sock.settimeout(PATIENCE)
        elif verb in (b"EPSV", b"PASV"):
            self.forget()
            self.port = listener()
            number = port_of(self.port)
            control.say(
                b"229 Extended (|||%d|)" % number
                if verb == b"EPSV"
                else b"227 Passive (%b)." % six("127.0.0.1", number)
            )
        elif verb in (b"PORT", b"EPRT"):
            self.forget()
            parts = argument.split(b",")
            number = (
                int(argument.split(argument[:1])[3])
                if verb == b"EPRT"
                else int(parts[4]) * 256 + int(parts[5])
            )
            self.dials = ("127.0.0.1", number)
            control.say(b"200 Good.")
        elif verb in (b"RETR", b"STOR"):
            if argument == b"missing":
                self.forget()
                control.say(b"550 No such file.")
            else:
                self.transfer(verb, slow=argument == b"slow")
        elif verb == b"QUIT":
            control.say(b"221 Bye.")
            raise Closed
        else:
            control.say(ANSWERS.get(verb, b"200 Fine."))

    def transfer(self, verb: bytes, *, slow: bool) -> None:
        self.control.say(b"150 Go.")
        data = self.connection()
        if data is None:
            self.control.say(b"425 No data connection.")
            return
        copy = Copy(promised=True)
        with data:
            if verb == b"STOR":
                self.seen.up = copy
                copy.body, copy.ending = finished(data)
                copy.complete = copy.ending == "end"
            else:
                copy.complete = sent(data, BODY[:1000] if slow else BODY, hold=self.held(slow))
        self.control.say(b"226 Done." if copy.complete else b"426 Broken.")

    def held(self, slow: bool) -> socket.socket | None:
        return self.control.sock if slow else None

    def connection(self) -> socket.socket | None:
        """The data connection; none where the other connection says or does something first."""
        port, dials = self.port, self.dials
        try:
            if dials is not None:
                data = socket.create_connection(dials, PATIENCE)
            elif port is not None and first(port, self.control.sock) is port:
                data = port.accept()[0]
            else:
                return None
            data.settimeout(PATIENCE)
            return as_server(data, server_context()) if self.tls else data
        except OSError:
            return None
        finally:
            self.forget()


ANSWERS = {
    b"USER": b"331 Password, please.",
    b"PASS": b"230 Welcome.",
    b"ABOR": b"226 Aborted.",
    b"NOOP": b"200 Still here.",
}


def first(wanted: socket.socket, other: socket.socket) -> socket.socket | None:
    """Which of them is ready, the wanted one if both are."""
    ready = select.select([wanted, other], [], [], PATIENCE)[0]
    return wanted if wanted in ready else other if ready else None


def sent(data: socket.socket, body: bytes, hold: socket.socket | None) -> bool:
    """Whether all of it went, with its clean end; with ``hold`` not before that one stirs."""
    try:
        data.sendall(body)
        if hold is not None:
            first(data, hold)
            return False
        if isinstance(data, ssl.SSLSocket):
            data.unwrap()
        return True
    except OSError:
        return False


def finished(data: socket.socket) -> tuple[bytes, str]:
    """What comes up to its end, and which; a client of TLS hears our close_notify."""
    try:
        body, how = ending(data)
        if how == "end" and isinstance(data, ssl.SSLSocket):
            data.settimeout(0)
            try:
                data.unwrap()
            except OSError:
                pass
        return body, how
    except OSError:
        return b"", "broken"


# -- the client ------------------------------------------------------------------------------------


class Client(WireClient):
    """Goes through a dialogue as far as the gateway lets it."""

    def __init__(self, address: tuple[str, int], seen: Seen, server_port: int) -> None:
        super().__init__(address)
        self.sock.settimeout(PATIENCE)
        self.seen = seen
        self.server_port = server_port
        self.level = b"C"
        self.context = client_context()

    def reply(self) -> WireReply:
        found = super().reply()
        self.seen.heard.append(found.code)
        return found

    def must(self, line: bytes, code: int) -> WireReply:
        """A command without whose success nothing that follows makes sense."""
        found = self.ask(line)
        if found.code != code:
            raise Closed
        return found

    def secure(self) -> None:
        self.must(b"AUTH TLS", 234)
        self.sock = as_client(self.sock, self.context)
        self.sock.settimeout(PATIENCE)

    def enter(self, user: bytes = b"joe", *, tls: bool = False) -> None:
        if self.reply().code != 220:
            raise Closed
        if tls:
            self.secure()
        self.must(b"USER " + user.replace(b"PORT", b"%d" % self.server_port), 331)
        self.must(b"PASS secret", 230)
        if tls:
            self.must(b"PBSZ 0", 200)
            self.must(b"PROT P", 200)
            self.level = b"P"

    def leave(self) -> None:
        self.must(b"QUIT", 221)
        self.seen.done = True

    # -- transfers

    def transfer(self, command: bytes, *, active: bool) -> None:
        """One transfer and its reply; ``seen`` tells how it went."""
        down = command.startswith(b"RETR")
        copy = Copy()
        if down:
            self.seen.down = copy
        data, port = (None, self.port_()) if active else (self.pasv_(), None)
        try:
            found = self.ask(command)
            copy.promised = found.code == 150
            if port is not None and copy.promised and first(port, self.sock) is port:
                data = port.accept()[0]
            if data is not None:
                self.move(command, data, copy)
            if found.code == 150:
                found = self.reply()
            copy.complete = found.code == 226
            if not down:
                self.complete = copy.complete
        finally:
            for sock in (data, port):
                if sock is not None:
                    sock.close()

    complete: bool | None = None
    """Whether the upload was called complete."""

    def move(self, command: bytes, data: socket.socket, copy: Copy) -> None:
        data.settimeout(PATIENCE)
        try:
            if self.level == b"P" and copy.promised:
                assert isinstance(self.sock, ssl.SSLSocket)
                data = as_client(data, self.context)
            if command == b"RETR slow":
                data.recv(1)
                self.send(b"ABOR\r\n")
            if command.startswith(b"RETR"):
                copy.body, copy.ending = finished(data)
            elif copy.promised and sent(data, BODY, None):
                data.close()
        except OSError:
            copy.ending = "broken"
        finally:
            data.close()

    def port_(self) -> socket.socket:
        waiting = listener()
        try:
            self.must(b"PORT " + six("127.0.0.1", port_of(waiting)), 200)
        except BROKEN:
            waiting.close()
            raise
        return waiting

    def pasv_(self) -> socket.socket | None:
        port = pasv_port(self.must(b"PASV", 227))
        try:
            return self.reach(port)
        except OSError:
            return None  # the reply to its command tells why
