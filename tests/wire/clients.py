"""An FTP client that reads replies strictly and is driven by hand."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

from tests.wire.sockets import TIMEOUT, Wire, listener, six


@dataclass(frozen=True)
class Reply:
    """A reply as a careful client reads it: its code and its raw lines."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> bytes:
        """All lines in one."""
        return b"\n".join(self.lines)


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

    def passive(self) -> int:
        """PASV, over IPv6 EPSV: the port."""
        if ":" in self.address[0]:
            return epsv_port(self.ask(b"EPSV"))
        return pasv_port(self.ask(b"PASV"))

    def pasv(self) -> socket.socket:
        """The same, and the data connection."""
        return self.reach(self.passive())

    def reach(self, port: int, source: str = "") -> socket.socket:
        """A connection to a data port at the gateway."""
        host = str(self.sock.getpeername()[0])
        mine = source or str(self.sock.getsockname()[0])
        return socket.create_connection((host, port), TIMEOUT, (mine, 0))

    def active(self, waiting: socket.socket) -> None:
        """PORT, over IPv6 EPRT, accepted: the address that a socket of ours is bound to."""
        host, port = waiting.getsockname()[:2]
        line = b"EPRT |2|%b|%d|" % (host.encode(), port) if ":" in host else b""
        found = self.ask(line or b"PORT " + six(host, port))
        assert found.code == 200, found

    def port(self) -> socket.socket:
        """The same of a new socket, which listens."""
        waiting = listener(str(self.sock.getsockname()[0]))
        self.active(waiting)
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
