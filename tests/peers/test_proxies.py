"""Clients with the proxy settings of their own, before a gateway that wants accounts or none.

What carries no port in its proxy dialect names ``NAME``, which a route leads to the server.
"""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tests.peers.clients import Client, Curl, Lftp, NcftpBehind, NetFtp
from tests.peers.exchange import Exchange
from tests.peers.servers import (
    Account,
    Gateway,
    Pyftpdlib,
    Server,
    Vsftpd,
    free_port,
)
from tests.tls.certificates import issued

NAME = "ftp.peers.test"
GATE = Account("", 0, "gus", "Gate-w0rd")
"""The account at the gateway."""


class TwoDoors(Gateway):
    """A gateway with a listener for everybody, on ``port``, and one for accounts, on ``guarded``.

    Net::FTP wants port 21 of a firewall: that is open too, on addresses of loopback that nobody has,
    the second for accounts.
    """

    guarded = 0

    def __init__(self, server: Account, settings: str) -> None:
        super().__init__(None, "passive")
        self.behind, self.settings = server, settings
        net = f"127.{random.randint(10, 250)}.{random.randint(1, 250)}"
        self.classic = (f"{net}.1", f"{net}.2")

    def command(self) -> list[str]:
        self.guarded = free_port(self.host)
        path = self.folder / "two.toml"
        path.write_text(
            f"""
listen = ["tcp:{self.port}:interface={self.host}", "tcp:21:interface={self.classic[0]}"]
[[listeners]]
endpoint = "tcp:{self.guarded}:interface={self.host}"
accounts = true
[[listeners]]
endpoint = "tcp:21:interface={self.classic[1]}"
accounts = true
[accounts]
auth = ["memory:{GATE.user}:{GATE.password}"]
required = false
{self.settings}
[[routes]]
destinations = ["{NAME}"]
server = "ftp://{self.behind.authority}"
[log]
ladder = true
"""
        )
        twistd = super().command()
        return [*twistd[: twistd.index("--config")], "--config", str(path)]


class LftpBehind(Lftp):
    """lftp with settings of each test's own."""

    settings: list[bytes]  # type: ignore[misc]


class Booth:
    """A server and a gateway before it, kept for all the tests that want the same."""

    kept: ClassVar[dict[tuple[type[Server], str], Booth]] = {}

    def __init__(self, kind: type[Server], settings: str) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="ftpalg-peers-"))
        self.server = kind()
        atexit.register(self.stop)
        self.server.start()
        self.gateway = TwoDoors(self.server.account, settings)
        self.gateway.start()

    @classmethod
    def of(cls, kind: type[Server], settings: str) -> Booth:
        """The one for these."""
        if (kind, settings) not in cls.kept:
            cls.kept[kind, settings] = cls(kind, settings)
        return cls.kept[kind, settings]

    def stop(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "gateway"):
            self.gateway.stop()
        self.server.stop()
        shutil.rmtree(self.base, ignore_errors=True)


class Proxies(SynchronousTestCase):
    """Clients told of the gateway as their proxy."""

    server_type: ClassVar[type[Server]] = Pyftpdlib
    settings: ClassVar[str] = ""
    """What this gateway has beside the general settings."""
    lftp_tls: ClassVar[bytes] = b"ftp:ssl-allow no"

    def setUp(self) -> None:
        """Have the server and the gateway run."""
        why = self.server_type.missing()
        if why:
            raise SkipTest(why)
        self.booth = Booth.of(self.server_type, self.settings)

    def door(self, *, guarded: bool) -> Account:
        """The gateway as the client's settings have it; without an account where none is wanted."""
        gateway = self.booth.gateway
        if guarded:
            return Account(gateway.host, gateway.guarded, GATE.user, GATE.password)
        return Account(gateway.host, gateway.port, "", "")

    def goes(self, client: Client, account: Account) -> None:
        """The client does its whole exchange; no password is in the log."""
        why = client.missing()
        if why:
            raise SkipTest(why)
        gateway = self.booth.gateway
        before = len(gateway.said())
        name = self.id().rpartition(".")[2]
        base = self.booth.base / f"home-{name}"
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir()
        exchange = Exchange.prepare(account, name, self.booth.server.root, base)
        said = client.run(exchange)
        faults = exchange.faults(said)
        ladder = gateway.said()[before:]
        if "logged in as" not in ladder:
            faults.add("the gateway saw no login")
        for secret in (GATE.password, f"PASS {account.password}"):
            if secret in ladder:
                faults.add("a password is in the log")
        if faults:
            words = said.decode(errors="backslashreplace")
            self.fail(f"{sorted(faults)}\n--- the client:\n{words}\n--- the gateway:\n{ladder}")

    @property
    def named(self) -> Account:
        """The server by the name that only the gateway knows."""
        there = self.booth.server.account
        return Account(NAME, 21, there.user, there.password)

    def lftp_behind(self, kind: str, *, guarded: bool) -> LftpBehind:
        """lftp with ftp:proxy and ftp:proxy-auth-type."""
        door = self.door(guarded=guarded)
        login = f"{door.user}:{door.password}@" if guarded else ""
        client = LftpBehind()
        client.settings = [
            b"ftp:passive-mode yes",
            self.lftp_tls,
            b"ssl:verify-certificate no",
            f"ftp:proxy-auth-type {kind}".encode(),
            f"ftp:proxy ftp://{login}{door.authority}".encode(),
        ]
        return client

    def lftp(self, kind: str, *, guarded: bool = True) -> None:
        """The whole exchange through such a proxy."""
        self.goes(self.lftp_behind(kind, guarded=guarded), self.booth.server.account)

    def ncftp(self, kind: int, *, guarded: bool) -> None:
        """ncftp with firewall-type; only 8 and 9 tell a port."""
        account = self.booth.server.account if kind in (8, 9) else self.named
        self.goes(NcftpBehind(self.door(guarded=guarded), kind), account)

    def perl(self, kind: int, *, guarded: bool = True) -> None:
        """Net::FTP with FirewallType; it tells no port."""
        classic = self.booth.gateway.classic[guarded]
        door = replace(self.door(guarded=guarded), host=classic, port=21)
        self.goes(NetFtp(door, kind), self.named)

    def joined(self, *, guarded: bool, at: str = "@") -> Account:
        """The gateway, with the server in the user's name, and both accounts where it wants one."""
        there, door = self.booth.server.account, self.door(guarded=guarded)
        user, password = there.user, there.password
        if guarded:
            user, password = f"{user}@{door.user}", f"{password}{at}{door.password}"
        return Account(door.host, door.port, f"{user}@{there.authority}", password)

    def curl(self, *, guarded: bool) -> None:
        """curl, whose URL holds both users, both passwords and the server."""
        self.goes(Curl(), self.joined(guarded=guarded, at="%40"))


class EveryProxy:
    """Every kind of proxy that these clients know."""

    lftp: Callable[..., None]
    ncftp: Callable[..., None]
    perl: Callable[..., None]
    curl: Callable[..., None]

    def test_lftp_user(self) -> None:
        """B, and A where no account is wanted."""
        self.lftp("user")
        self.lftp("user", guarded=False)

    def test_lftp_joined(self) -> None:
        """E."""
        self.lftp("joined")

    def test_lftp_joined_acct(self) -> None:
        """G."""
        self.lftp("joined-acct")

    def test_lftp_open(self) -> None:
        """D behind an account."""
        self.lftp("open")

    def test_lftp_proxy_user_at_host(self) -> None:
        """F."""
        self.lftp("proxy-user@host")

    def test_ncftp_1(self) -> None:
        """A."""
        self.ncftp(1, guarded=False)

    def test_ncftp_2(self) -> None:
        """B."""
        self.ncftp(2, guarded=True)

    def test_ncftp_3(self) -> None:
        """C."""
        self.ncftp(3, guarded=True)

    def test_ncftp_4(self) -> None:
        """D."""
        self.ncftp(4, guarded=True)

    def test_ncftp_5(self) -> None:
        """E."""
        self.ncftp(5, guarded=True)

    def test_ncftp_6(self) -> None:
        """F."""
        self.ncftp(6, guarded=True)

    def test_ncftp_7(self) -> None:
        """G."""
        self.ncftp(7, guarded=True)

    def test_ncftp_8(self) -> None:
        """A with the port behind a colon."""
        self.ncftp(8, guarded=False)

    def test_ncftp_9(self) -> None:
        """I."""
        self.ncftp(9, guarded=False)

    def test_net_ftp_1(self) -> None:
        """A."""
        self.perl(1, guarded=False)

    def test_net_ftp_2(self) -> None:
        """B."""
        self.perl(2)

    def test_net_ftp_3(self) -> None:
        """C."""
        self.perl(3)

    def test_net_ftp_4(self) -> None:
        """D."""
        self.perl(4)

    def test_net_ftp_5(self) -> None:
        """E."""
        self.perl(5)

    def test_net_ftp_6(self) -> None:
        """F."""
        self.perl(6)

    def test_curl(self) -> None:
        """A, and E behind an account."""
        self.curl(guarded=False)
        self.curl(guarded=True)


class PyftpdlibProxies(EveryProxy, Proxies):
    """All of them before pyftpdlib."""


class VsftpdProxies(EveryProxy, Proxies):
    """All of them before vsftpd."""

    server_type = Vsftpd


class Authorizing(Proxies):
    """The dialect that must be asked for."""

    settings = '[login]\ndialects = ["AUTH account", "user@server"]'

    def test_net_ftp_7(self) -> None:
        """J."""
        self.perl(7)


class UnderTls(Proxies):
    """lftp begins TLS behind OPEN or the gateway's login, which count no more then.

    Without ftp:proxy it begins TLS first.
    """

    settings = f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
    lftp_tls = b"ftp:ssl-force yes"

    def test_login(self) -> None:
        """A, and E behind an account, said under TLS."""
        client = LftpBehind()
        client.settings = [self.lftp_tls, b"ssl:verify-certificate no"]
        for guarded in False, True:
            self.goes(client, self.joined(guarded=guarded))

    def told_in_clear(self, kind: str) -> None:
        """What was named before AUTH leads nowhere behind it; the server hears nothing."""
        client = self.lftp_behind(kind, guarded=True)
        there = self.booth.server.account
        script = [*(b"set " + setting for setting in client.settings), b"set net:max-retries 1"]
        script += [b"debug 4", f"open -u peer,secret -p {there.port} {there.host}".encode(), b"ls"]
        before = len(self.booth.gateway.said())
        said = client.process([b"--norc", b"-c", b"; ".join(script)], self.booth.base)
        ladder = self.booth.gateway.said()[before:]
        self.assertIn(b"Login failed: 530 Login incorrect.", said)
        self.assertIn("C <- P  234 ", ladder)
        self.assertNotIn("P -> S  USER", ladder)

    def test_lftp_open(self) -> None:
        """D."""
        self.told_in_clear("open")

    def test_lftp_proxy_user_at_host(self) -> None:
        """F."""
        self.told_in_clear("proxy-user@host")
