"""The script's addresses and ports, and the real ones that they stand for."""

from __future__ import annotations

import re
import socket

from ftpalg.core.events import Side
from tests.core.ladder import CLIENT, SERVER
from tests.net.ladders.peers import listener

HOSTS = {"192.0.2.": "127.0.2.", "198.51.100.": "127.51.100."}
HOST_AND_PORT = re.compile(rb"((?:\d+,){4})(\d{1,3}),(\d{1,3})(?!\d)")
PORT_ALONE = re.compile(rb"(?<=[|!])(\d{4,5})(?=[|!])")


def real_host(host: str) -> str:
    """The loopback address that one of the script's stands for."""
    for written, real in HOSTS.items():
        if host.startswith(written):
            return host.replace(written, real)
    return host


class Names:
    """``waiting`` are the peers' own data ports, by the script's number."""

    def __init__(self) -> None:
        self.waiting: dict[int, socket.socket] = {}
        self._ports: dict[int, int] = {}

    def port(self, number: int) -> int:
        """The real one."""
        return self._ports.get(number, number)

    def learn(self, number: int, real: int) -> None:
        """The gateway has opened that one."""
        self._ports[number] = real

    def real(self, text: bytes, told_by: Side | None = None) -> bytes:
        """A line with real addresses and ports; a peer that tells of a port opens it."""
        tells = told_by is Side.CLIENT and text[:4].upper() in (b"PORT", b"EPRT")
        tells = tells or (told_by is Side.SERVER and text[:3] in (b"227", b"229"))

        def port(number: int) -> int:
            if tells and 1024 <= number < 65536 and told_by is not None:
                self._open(number, told_by)
            return self.port(number)

        def both(found: re.Match[bytes]) -> bytes:
            high, low = int(found[2]), int(found[3])
            if max(high, low) > 255:
                return found[0]
            return b"%b%d,%d" % (found[1], *divmod(port(high * 256 + low), 256))

        for written, real in HOSTS.items():
            for dot in (".", ","):
                text = text.replace(
                    written.replace(".", dot).encode(), real.replace(".", dot).encode()
                )
        text = HOST_AND_PORT.sub(both, text)
        return PORT_ALONE.sub(lambda found: b"%d" % port(int(found[1])), text)

    def _open(self, number: int, side: Side) -> None:
        """That peer's port is open, anew where it was before."""
        if number in self.waiting:
            self.waiting[number].close()
        peer = CLIENT if side is Side.CLIENT else SERVER
        self.waiting[number] = listener(real_host(peer.peer))
        self.learn(number, self.waiting[number].getsockname()[1])

    def close(self) -> None:
        """Close what was opened."""
        for port in self.waiting.values():
            port.close()
