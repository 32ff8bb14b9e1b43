"""Story (d): a corporate edge that only a parent proxy gets through; names are the parent's to resolve."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from tests.netns.story import Story, need
from tests.netns.world import ACCOUNT, FtpServer, World
from tests.peers.servers import Vsftpd
from tests.tls.certificates import authority, issued
from tests.tls.servers import TlsVsftpd

USER, _, PASSWORD = ACCOUNT.partition(":")
PARENTS = {"dante": 1080, "microsocks": 1081, "tinyproxy": 3128, "squid": 3129, "ftpalg": 2121}
PASSIVE = range(50000, 50004)
FORBIDDEN = range(51000, 51004)
"""What the server's data ports may not be for one parent."""

SECURE = "secure.example"
"""The name of the server that insists on TLS."""

DANTE = """
logoutput: stderr
internal: 10.2.0.2 port = 1080
external: outside
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 10.2.0.0/24 to: 0.0.0.0/0 }}
socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = 2222 }}
socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port ge 51000 }}
socks pass {{ from: 10.2.0.0/24 to: 0.0.0.0/0 command: connect }}
"""

TINYPROXY = """
Port 3128
Listen 10.2.0.2
Timeout 60
BasicAuth {account}
ConnectPort 21
ConnectPort {ports}
"""

SQUID = """
http_port 10.2.0.2:3129
pid_filename {folder}/squid.pid
cache_log stdio:/dev/stderr
access_log none
cache_store_log none
netdb_filename none
coredump_dir {folder}
icon_directory {folder}
cache_mem 8 MB
cache deny all
pinger_enable off
shutdown_lifetime 0
hosts_file /etc/hosts
acl refused port 2222
http_access deny refused
http_access allow CONNECT
http_access deny all
"""

GATEWAY = """
listen = ["tcp:1025"]
server-mode = "passive"
[access]
clients = ["10.1.0.0/24"]
[[access.servers]]
names = ["*.example"]
ports = ["1-65535"]
[server-tls]
ca = "{ca}"
[[routes]]
destinations = ["secure.example"]
parent = "dante"
server-tls = "explicit"
[[parents]]
name = "dante"
url = "socks5://10.2.0.2:1080"
[[parents]]
name = "microsocks"
url = "socks5://10.2.0.2:1081"
user = "{user}"
password-file = "{secret}"
[[parents]]
name = "tinyproxy"
url = "http://10.2.0.2:3128"
user = "{user}"
password-file = "{secret}"
[[parents]]
name = "squid"
url = "http://10.2.0.2:3129"
[[parents]]
name = "ftpalg"
url = "ftp://10.2.0.2:2121"
[[parents]]
name = "stranger-socks"
url = "socks5://10.2.0.2:1081"
[[parents]]
name = "stranger-http"
url = "http://10.2.0.2:3128"
user = "{user}"
password-file = "{wrong}"
[[parents]]
name = "nobody"
url = "socks5://10.2.0.2:9"
"""

ROUTE = """
[[routes]]
destinations = ["{name}.example"]
parent = "{name}"
"""

REFUSALS = {
    "dante.example 2222": "the SOCKS parent refuses: connection not allowed by ruleset",
    "microsocks.example 9": "the SOCKS parent refuses: connection refused",
    "squid.example 2222": "the HTTP parent refuses: 403 Forbidden",
    "tinyproxy.example 2222": "the HTTP parent refuses: 403 Access violation",
    "stranger-socks.example": "the SOCKS parent refuses: no authentication method in common",
    "stranger-http.example": "the HTTP parent refuses: 401 Unauthorized",
    "nobody.example": "Connection refused",
}
"""The server that is asked for, by a parent of that name, and what the log says."""


class Certified(TlsVsftpd):
    """vsftpd that insists on TLS, with a certificate for the name that only the parent resolves."""

    def files(self) -> tuple[Path, Path, Path]:
        pair = issued(SECURE)
        return pair.certificate, pair.private_key, pair.certificate


class Shared(World):
    """A client, the gateway, the only machine with a way out, and a server outside."""

    names: ClassVar = (*PARENTS, "stranger-socks", "stranger-http", "nobody")

    def build(self) -> None:
        self.client, self.gateway, self.proxy, self.server = self.hosts(
            "client", "gateway", "inside", "outside"
        )
        self.link(self.client, self.gateway, "10.1.0.0/24")
        self.link(self.gateway, self.proxy, "10.2.0.0/24")
        self.link(self.proxy, self.server, "192.0.2.0/24")
        addresses = {f"{name}.example": "192.0.2.2" for name in self.names}
        self.proxy.names(**addresses, **{SECURE: "192.0.2.2"})
        self.ftp = self.server.serve(passive=PASSIVE)
        self.secret, wrong = self.folder / "secret", self.folder / "wrong"
        self.secret.write_text(PASSWORD)
        wrong.write_text("guess")
        for path in (self.secret, wrong):
            path.chmod(0o600)
        self.start_parents()
        settings = GATEWAY.format(
            ca=authority().file, user=USER, secret=self.secret, wrong=wrong
        ) + "".join(ROUTE.format(name=name) for name in self.names)
        self.log = self.gateway.ftpalg(settings)

    def start_parents(self) -> None:
        """All at once; what is not installed is left out."""
        ports = "\nConnectPort ".join(map(str, PASSIVE))
        files = {
            name: self.proxy.folder / f"{name}.conf" for name in ("dante", "tinyproxy", "squid")
        }
        files["dante"].write_text(DANTE.format())
        files["tinyproxy"].write_text(TINYPROXY.format(account=f"{USER} {PASSWORD}", ports=ports))
        files["squid"].write_text(SQUID.format(folder=self.proxy.folder))
        self.proxy.folder.chmod(0o777)
        self.proxy.start("danted", "-f", str(files["dante"]))
        self.proxy.start("microsocks", "-i", "10.2.0.2", "-p", "1081", "-u", USER, "-P", PASSWORD)
        self.proxy.start("tinyproxy", "-d", "-c", str(files["tinyproxy"]))
        squid = self.proxy.start("squid", "-N", "-f", str(files["squid"]))
        self.proxy.ftpalg(
            'listen = ["tcp:2121"]\n[access]\nclients = ["10.2.0.0/24"]\n', ports=(2121,)
        )
        squid.until(lambda: self.proxy.listening() >= {*PARENTS.values()}, "parents")


class Parents(Story):
    """Control and data through a real parent; the gateway's machine knows no name of the server."""

    def setUp(self) -> None:
        need("danted", "microsocks", "tinyproxy", "squid")
        self.world = Shared.shared(self)
        self.client, self.ftp = self.world.client, self.world.ftp

    def both_ways(self, name: str, ftp: FtpServer | None = None) -> None:
        """Up and down, with the client in passive and in active mode."""
        ftp = ftp or self.ftp
        user, _, password = ftp.user.partition(":")
        account = ("--user", f"{user}@{name}:{password}")
        through = self.world.gateway.url(self.client, port=1025)
        for mode in (), ("--ftp-port", "-"):
            self.curl(self.client, ftp, through, *account, *mode)

    def test_no_other_way(self) -> None:
        """Without its parent the gateway reaches neither the server nor its name."""
        self.assertEqual(self.world.gateway.reach("192.0.2.2", 21), {})
        known = self.world.gateway.run("getent", "hosts", "dante.example", check=False)
        self.assertNotEqual(known.returncode, 0)

    def test_dante(self) -> None:
        """SOCKS5 without an account."""
        self.both_ways("dante.example")

    def test_microsocks(self) -> None:
        """SOCKS5 with an account."""
        self.both_ways("microsocks.example")

    def test_tinyproxy(self) -> None:
        """HTTP CONNECT with Basic authorization."""
        self.both_ways("tinyproxy.example")

    def test_squid(self) -> None:
        """HTTP CONNECT without an account."""
        self.both_ways("squid.example")

    def test_ftpalg(self) -> None:
        """An FTP parent, which is another gateway."""
        self.both_ways("ftpalg.example")

    def test_tls(self) -> None:
        """TLS with the server through the parent, control and data, its certificate verified."""
        if Vsftpd.missing():
            self.skipTest(Vsftpd.missing())
        self.both_ways(f"{SECURE} 990", self.world.server.serve(Certified, port=990))

    def test_refused(self) -> None:
        """A parent that refuses: the log says why, the client that its server is out of reach."""
        through = self.world.gateway.url(self.client, port=1025)
        for name, reason in REFUSALS.items():
            before = len(self.world.log.said())
            failed = self.client.curl("-v", "--user", f"{USER}@{name}:{PASSWORD}", through)
            log = self.world.log.said()[before:]
            self.assertIn(b"< 434 The server cannot be reached.", failed.stderr, name)
            self.assertNotIn(b"10.2.0", failed.stderr, "the parent's address")
            self.assertIn(f"server unreachable: 10.2.0.2: {reason}", log)
            self.assertNotIn(PASSWORD, log)

    def test_data_refused(self) -> None:
        """A parent that lets control connections through and no data: no client takes it for an end."""
        self.world.server.serve(port=2122, passive=FORBIDDEN)
        through = self.world.gateway.url(self.client, "pub/", port=1025)
        before = len(self.world.log.said())
        failed = self.client.curl("--user", f"{USER}@dante.example 2122:{PASSWORD}", through)
        self.assertNotEqual(failed.returncode, 0)
        log = self.world.log.said()[before:]
        self.assertIn("LIST /pub: broken", log)
        self.assertIn("the SOCKS parent refuses: connection not allowed by ruleset", log)
