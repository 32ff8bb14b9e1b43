"""HAProxy, whose protocol it is, takes our headers and hands on its own; both of us refuse the same."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.addresses import HostPort
from ftpalg.core.wire.proxy_header import BLOCK_HEAD, Ends, header, read_block, read_line
from tests.core.test_proxy_header import checked
from tests.net.proxyheaders import (
    ADDRESSES4,
    BEHIND,
    CLIENT4,
    CLIENT6,
    LINE4,
    SERVER4,
    SERVER6,
    block,
    tlv,
)

PROGRAM = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")

SETTINGS = """
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen lines
  bind fd@{lines} accept-proxy
  server next 127.0.0.1:{port} send-proxy
listen blocks
  bind fd@{blocks} accept-proxy
  server next 127.0.0.1:{port} send-proxy-v2
listen checked
  bind fd@{checked} accept-proxy
  server next 127.0.0.1:{port} send-proxy-v2 proxy-v2-options crc32c,unique-id
  unique-id-format %ci-%cp
listen direct
  bind fd@{direct}
  server next 127.0.0.1:{port} send-proxy-v2 proxy-v2-options crc32c
"""
WAYS = ("lines", "blocks", "checked", "direct")

GOOD = (
    LINE4,
    block(0x21, 0x11, ADDRESSES4),
    block(0x21, 0x11, ADDRESSES4 + tlv(0xE0, b"more") + tlv(0x04, b"")),
    checked(0x11, ADDRESSES4, tlv(0x02, b"ftp.example")),
)
BAD = (
    b"PROXY TCP4 192.0.2.7 198.51.100.1 50123\r\n",
    b"PROXY UDP4 192.0.2.7 198.51.100.1 50123 21\r\n",
    block(0x21, 0x11, ADDRESSES4[:-1]),
    block(0x11, 0x11, ADDRESSES4),
    block(0x22, 0x11, ADDRESSES4),
    block(0x21, 0x11, ADDRESSES4 + tlv(0x04, b"abc")[:-1]),
    checked(0x11, ADDRESSES4)[:-1] + b"!",
)


def read(data: bytes) -> Ends | None:
    """A header of either version, and what is behind it is left out."""
    if data.startswith(b"PROXY"):
        return read_line(data[: data.index(b"\n") + 1])
    size = BLOCK_HEAD.unpack_from(data)[-1]
    return read_block(data[: BLOCK_HEAD.size + size])


class HAProxy(SynchronousTestCase):
    """One that listens where we do not have to choose, and connects to us."""

    if not PROGRAM:
        skip = "haproxy is not installed"

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-haproxy-")
        self.addCleanup(holder.cleanup)
        self.behind = self.listening()
        self.ways = {name: self.listening() for name in WAYS}
        files = {name: sock.fileno() for name, sock in self.ways.items()}
        settings = Path(holder.name) / "haproxy.cfg"
        port = self.behind.getsockname()[1]
        settings.write_text(SETTINGS.format(port=port, **files), "utf-8")
        self.process = subprocess.Popen(
            [str(PROGRAM), "-db", "-f", settings],
            pass_fds=list(files.values()),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)

    def listening(self) -> socket.socket:
        """A socket that the kernel chose the port of; whoever connects waits in its queue."""
        made = socket.create_server(("127.0.0.1", 0))
        made.settimeout(20)
        self.addCleanup(made.close)
        return made

    def calling(self, way: str, data: bytes) -> socket.socket:
        """A connection to HAProxy that has sent this."""
        made = socket.create_connection(self.ways[way].getsockname(), 20)
        self.addCleanup(made.close)
        made.sendall(data)
        return made

    def handed_on(self, way: str, data: bytes) -> tuple[bytes, HostPort]:
        """What HAProxy sends on for a connection that begins so, to its end; and who called."""
        client = self.calling(way, data + BEHIND)
        client.shutdown(socket.SHUT_WR)
        server, _ = self.behind.accept()
        with server:
            server.settimeout(20)
            taken = b"".join(iter(lambda: server.recv(4096), b""))
        return taken, client.getsockname()

    def test_through(self) -> None:
        """What we write it understands; what it writes of that, in each form, we understand."""
        for way in WAYS[:3]:
            for version in (1, 2):
                for ends in ((CLIENT4, SERVER4), (CLIENT6, SERVER6)):
                    taken, _ = self.handed_on(way, header(version, *ends))
                    self.assertTrue(taken.endswith(BEHIND), (way, ends, taken))
                    self.assertEqual(read(taken), ends, (way, version))

    def test_its_own(self) -> None:
        """A header that it makes up itself, with a checksum, names the true client."""
        taken, caller = self.handed_on("direct", b"")
        ends = read(taken)
        self.assertIsNotNone(ends)
        self.assertEqual(ends, (caller, self.ways["direct"].getsockname()))

    def test_accepts(self) -> None:
        """What both take."""
        for data in GOOD:
            taken, _ = self.handed_on("blocks", data)
            self.assertEqual((read(taken), read(data)), ((CLIENT4, SERVER4),) * 2, data)

    def test_refuses(self) -> None:
        """What both refuse: it closes without having called anybody."""
        for data in BAD:
            self.assertRaises(ValueError, read, data)
            self.assertEqual(self.answer(data), b"", data)
        self.behind.setblocking(False)
        self.assertRaises(BlockingIOError, self.behind.accept)

    def answer(self, data: bytes) -> bytes:
        """What comes back, until it closes or resets."""
        client = self.calling("blocks", data + BEHIND)
        try:
            return client.recv(100)
        except ConnectionResetError:
            return b""
