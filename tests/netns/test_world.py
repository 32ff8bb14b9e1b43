"""Firewalls and address families between client and server; no side is told of the other."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from unittest import SkipTest

from tests.netns.processes import unique
from tests.netns.story import CONTENT
from tests.netns.world import PASSIVE, World, skip_reason
from tests.peers.servers import Pyftpdlib, Server, Vsftpd
from tests.wire.peers import TestCase

TIMED_OUT = 28  # curl's exit status

CLIENT_FIREWALL = """
table inet client {
  chain input {
    type filter hook input priority filter; policy drop
    iif lo accept
    ct state established accept
    meta l4proto ipv6-icmp accept
    ip saddr 10.1.0.0/24 accept comment "our own network; the gateway is on it"
  }
}
"""

SERVER_FIREWALL = f"""
table inet server {{
  chain input {{
    type filter hook input priority filter; policy drop
    ct state established accept
    tcp dport {{ 21, {PASSIVE[0]}-{PASSIVE[-1]} }} accept
  }}
}}
"""


class Firewalls(TestCase):
    """Story (a): the client only speaks active mode, and its firewall lets in its own network only."""

    skip = skip_reason() or None

    def setUp(self) -> None:
        world = World(self)
        self.client, self.gateway, self.server = world.hosts("client", "gateway", "server")
        world.link(self.client, self.gateway, "10.1.0.0/24")
        world.link(self.gateway, self.server, "10.2.0.0/24")
        self.gateway.forward()
        self.client.route(self.gateway)
        self.server.route(self.gateway)
        self.client.rules(CLIENT_FIREWALL)
        self.server.rules(SERVER_FIREWALL)

    def stories(self, kind: type[Server]) -> None:
        """Passive and active mode directly, active mode through the gateway."""
        if kind.missing():
            raise SkipTest(kind.missing())
        ftp = self.server.serve(kind)
        (ftp.folder / "down").write_bytes(CONTENT)
        self.gateway.ftpalg('listen = ["tcp:1025"]', "--server", ftp.url())
        direct, through = ftp.url("pub/"), self.gateway.url(self.client, "pub/", port=1025)
        user = ("--user", ftp.user)
        active = (*user, "--ftp-port", "-")

        self.assertEqual(self.client.download(direct + "down", *user), CONTENT)
        alone = self.client.curl("--max-time", "2", *active, direct + "down")
        self.assertEqual((alone.returncode, alone.stdout), (TIMED_OUT, b""))

        self.assertEqual(self.client.download(through + "down", *active), CONTENT)
        self.client.upload(through + "up", CONTENT, *active)
        self.assertEqual((ftp.folder / "up").read_bytes(), CONTENT)

    def test_pyftpdlib(self) -> None:
        """An active client fails directly and succeeds through the gateway, both directions."""
        self.stories(Pyftpdlib)

    def test_vsftpd(self) -> None:
        """The same in front of vsftpd."""
        self.stories(Vsftpd)

    def test_ftplib(self) -> None:
        """Python's ftplib with PORT and with PASV."""
        ftp = self.server.serve()
        self.gateway.ftpalg('listen = ["tcp:1025"]', "--server", ftp.url())
        inside = self.gateway.address(self.client)
        for passive in (True, False):
            name = f"pub/passive-{passive}"
            self.client.ftplib(inside, "STOR", name, port=1025, passive=passive, content=CONTENT)
            found = self.client.ftplib(inside, "RETR", name, port=1025, passive=passive)
            self.assertEqual(found, CONTENT)


class Families(TestCase):
    """Story (c): the client has only IPv6, the server only IPv4."""

    skip = skip_reason() or None

    def test_six_to_four(self) -> None:
        """Passive (EPSV) and active (EPRT), both directions."""
        world = World(self)
        client, gateway, server = world.hosts("client", "gateway", "server")
        world.link(client, gateway, "fd01::/64")
        world.link(gateway, server, "10.2.0.0/24")
        ftp = server.serve()
        gateway.ftpalg('listen = ["tcp6:1025"]', "--server", ftp.url())
        through = gateway.url(client, "pub/file", port=1025)
        for mode in (), ("--ftp-port", "-"):
            client.upload(through, CONTENT, *mode)
            self.assertEqual((ftp.folder / "file").read_bytes(), CONTENT)
            self.assertEqual(client.download(through, *mode), CONTENT)

    def test_four_to_six(self) -> None:
        """The reverse: PASV and PORT in front of a server with IPv6 only."""
        world = World(self)
        client, gateway, server = world.hosts("client", "gateway", "server")
        world.link(client, gateway, "10.1.0.0/24")
        world.link(gateway, server, "fd02::/64")
        ftp = server.serve()
        gateway.ftpalg('listen = ["tcp:1025"]', "--server", ftp.url())
        through = gateway.url(client, "pub/file", port=1025)
        for mode in ("--disable-epsv",), ("--disable-eprt", "--ftp-port", "-"):
            client.upload(through, CONTENT, *mode)
            self.assertEqual((ftp.folder / "file").read_bytes(), CONTENT)
            self.assertEqual(client.download(through, *mode), CONTENT)


class Ends(TestCase):
    """What is left of a world."""

    skip = skip_reason() or None

    def test_close(self) -> None:
        """Nothing: no program, no namespace, no file."""
        world = World(self)
        (host,) = world.hosts("host")
        host.names(other="192.0.2.1")
        self.assertIn(b"192.0.2.1", host.run("getent", "hosts", "other").stdout)
        process = host.start("sleep", "1000")
        world.close()
        self.assertEqual(process.popen.returncode, -signal.SIGKILL)
        for path in (f"/run/netns/{host.namespace}", f"/etc/netns/{host.namespace}"):
            self.assertFalse(Path(path).exists())
        self.assertFalse(world.folder.exists())

    def test_killed(self) -> None:
        """The same where the process of the tests is killed."""
        (host,) = World(self).hosts("host")
        script = (
            "import os, sys; from tests.netns.processes import Keeper;"
            " kept = Keeper(sys.argv[1]); os.kill(os.getpid(), 9)"
        )
        name = unique("killed")
        killed = subprocess.run([sys.executable, "-c", script, name], cwd=Path(__file__).parents[2])
        self.assertEqual(killed.returncode, -signal.SIGKILL)
        path = Path("/run/netns") / name
        host.start("sleep", "1000").until(lambda: not path.exists(), "end of the namespace")
