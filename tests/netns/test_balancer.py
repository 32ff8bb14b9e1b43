"""Story (e): HAProxy balances control connections over two gateways; data go straight to each."""

from __future__ import annotations

from collections.abc import Callable

from tests.netns.processes import Process
from tests.netns.story import ACTIVE_MODES, Story, need
from tests.netns.world import Host, World, url

BALANCER = """
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend ftp
  bind :21
  bind :::21 v6only
  default_backend nodes
backend nodes
  balance roundrobin
  server one 10.13.0.2:1025 send-proxy-v2
  server two 10.14.0.2:1025 send-proxy
"""

DEMANDING = """
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  log stdout format raw local0
frontend ftp
  bind :2121 accept-proxy
  log-format "from %ci:%cp to %fi:%fp"
  default_backend server
backend server
  server it 10.5.0.2:21
"""
"""Before the FTP server: nobody gets in without a header."""

NODE = """
listen = ["tcp6:1025"]
server = "ftp://10.5.0.2"
[access]
clients = ["10.1.0.0/24", "10.6.0.0/24", "10.7.0.0/24", "fd01::/64"]
[proxy-protocol]
balancers = ["10.2.0.2"]
[data]
client-address = "{address}"
[[routes]]
clients = ["10.6.0.0/24"]
server = ["ftp://10.5.0.2:2121"]
proxy-protocol = 1
[[routes]]
clients = ["10.7.0.0/24"]
server = ["ftp://10.5.0.2:2121"]
proxy-protocol = 2
"""

BACKYARD = """
table ip street {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip saddr { 10.1.0.0/24, 10.6.0.0/24, 10.7.0.0/24 } ip daddr { 10.13.0.0/24, 10.14.0.0/24 } drop
  }
}
"""
"""Where the balancer calls the nodes no client gets to."""

CLIENT, STRANGER = "10.1.0.1", "10.8.0.1"
FIRST, SECOND = "10.6.0.1", "10.7.0.1"
"""The client's addresses; the server is told the last two, in headers of version 1 and 2."""


class Shared(World):
    """A client, the balancer, two nodes and the server, all on one street; data go any way."""

    def build(self) -> None:
        self.client, self.balancer, one, two, self.server, street = self.hosts(
            "client", "balancer", "one", "two", "server", "street"
        )
        more = ("10.6.0.0/24", "10.7.0.0/24", "10.8.0.0/24")
        self.link(self.client, street, "10.1.0.0/24", "fd01::/64", *more)
        for number, host in enumerate((self.balancer, one, two, self.server), 2):
            networks = (f"10.{number}.0.0/24", f"10.1{number}.0.0/24", f"fd0{number}::/64")
            self.link(street, host, *networks)
        street.rules(BACKYARD)
        street.forward()
        for host in (self.client, self.balancer, one, two, self.server):
            host.route(street)
        self.ftp = self.server.serve(promiscuous=True)
        self.demanding = self.balance(self.server, DEMANDING, 2121)
        self.nodes = [
            host.ftpalg(NODE.format(address=host.address()), ports=(1025,)) for host in (one, two)
        ]
        self.balance(self.balancer, BALANCER, 21)

    def balance(self, host: Host, settings: str, port: int) -> Process:
        """Start HAProxy."""
        path = host.folder / "haproxy.cfg"
        path.write_text(settings)
        return host.start("haproxy", "-db", "-f", str(path), ports=(port,))


class Balancer(Story):
    """Clients know the balancer's address only; version 2 goes to one node, version 1 to the other."""

    def setUp(self) -> None:
        need("haproxy")
        self.world = Shared.shared(self)
        self.client, self.ftp = self.world.client, self.world.ftp
        self.four, self.six = (self.world.balancer.address(version=v) for v in (4, 6))

    def both_nodes(self, exchange: Callable[[], object], client: str = CLIENT) -> None:
        """Something that takes two sessions: each node has one of them, of the real client."""
        before = [len(node.said()) for node in self.world.nodes]
        exchange()
        for node, begin in zip(self.world.nodes, before, strict=True):
            said = node.said()[begin:]
            self.assertIn(f" {client}:", said)
            self.assertNotIn("10.2.0.2", said)

    def test_passive(self) -> None:
        """curl, which asks for EPSV first, ftplib and lftp dial the node that the 227 names."""
        through, straight = url(self.four), "--no-ftp-skip-pasv-ip"
        self.both_nodes(lambda: self.curl(self.client, self.ftp, through, straight))
        self.both_nodes(lambda: self.ftplib(self.client, self.ftp, self.four, passive=True))
        self.both_nodes(lambda: self.lftp(self.client, self.ftp, self.four, passive=True))

    def test_active(self) -> None:
        """The nodes dial the client, not the balancer."""
        for mode in ACTIVE_MODES:
            self.both_nodes(lambda: self.curl(self.client, self.ftp, url(self.four), *mode))  # noqa: B023
        self.both_nodes(lambda: self.ftplib(self.client, self.ftp, self.four, passive=False))
        self.both_nodes(lambda: self.lftp(self.client, self.ftp, self.four, passive=False))

    def test_six(self) -> None:
        """An IPv6 client in active mode."""
        mode = ACTIVE_MODES[0]
        self.both_nodes(lambda: self.curl(self.client, self.ftp, url(self.six), *mode), "[fd01::1]")

    def test_epsv(self) -> None:
        """EPSV would lead to the balancer: it is refused, and PASV with curl's default too."""
        failed = self.client.curl("-v", "--ftp-skip-pasv-ip", "--max-time", "2", url(self.four))
        self.assertIn(b"< 522 EPSV would lead to another machine here", failed.stderr)
        self.assertNotEqual(failed.returncode, 0)

    def test_access(self) -> None:
        """The rules count for the real client."""
        for _ in self.world.nodes:
            self.assertIn(
                "421 Your address is not admitted here.", self.client.talk(STRANGER, self.four, 21)
            )
        for node in self.world.nodes:
            self.assertIn(f"{STRANGER} refused: Your address is not admitted here.", node.said())

    def test_unlisted(self) -> None:
        """Who is no balancer does not get to say who it is: PROXY is no verb of FTP's."""
        node = self.world.nodes[0]
        header = f"PROXY TCP4 {CLIENT} 10.3.0.2 4000 1025"
        said = self.client.talk(STRANGER, "10.3.0.2", 1025, header, "QUIT")
        self.assertEqual(said, "421 Your address is not admitted here.\r\n")
        before = len(node.said())
        header = f"PROXY TCP4 {STRANGER} 10.3.0.2 4000 1025"
        said = self.client.talk(CLIENT, "10.3.0.2", 1025, header, "QUIT")
        self.assertIn("220 ", said)
        self.assertIn("\r\n530 ", said)
        self.assertIn(f" {CLIENT}:", node.said()[before:])
        self.assertNotIn(STRANGER, node.said()[before:])

    def test_listed(self) -> None:
        """A balancer has to say who it is for."""
        said = self.world.balancer.talk("10.2.0.2", "10.3.0.2", 1025, "USER peer")
        self.assertEqual(said, "reset\n")
        self.assertIn(
            "10.2.0.2 refused: the connection does not begin with a PROXY header",
            self.world.nodes[0].said(),
        )

    def test_towards_server(self) -> None:
        """A server that demands the header gets it, of both versions, with the real client."""
        alone = self.client.talk(CLIENT, "10.5.0.2", 2121, "USER peer")
        self.assertNotIn("220", alone)
        for client in FIRST, SECOND:
            before = len(self.world.demanding.said())
            words = ("--interface", client, "--no-ftp-skip-pasv-ip")
            self.both_nodes(
                lambda: self.curl(self.client, self.ftp, url(self.four), *words),  # noqa: B023
                client,
            )
            said = self.world.demanding.said()[before:]
            self.assertEqual(said.count(f"from {client}:"), 2, said)
