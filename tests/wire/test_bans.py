"""Guesses and bans over real sockets: peers are addresses of loopback."""

from __future__ import annotations

import contextlib
import signal
import socket

from tests.admin.cases import AdminCase
from tests.life.programs import Foreground
from tests.wire.peers import TIMEOUT

EVE, ANN = "127.0.0.9", "127.0.0.8"
ACCOUNTS = '[accounts]\nauth = ["memory:gus:Gate-w0rd"]\ndelay = 0.1\n'
BANNED = b"421 Your address is not admitted for a while.\r\n"
BARRED = b"421 Too many wrong passwords; try again later.\r\n"


class BansCase(AdminCase):
    """Clients of several addresses."""

    def dial(self, gateway: Foreground, peer: str = EVE, which: int = 0) -> socket.socket:
        """One more connection."""
        sock = socket.create_connection(gateway.addresses[which], TIMEOUT, (peer, 0))
        self.addCleanup(sock.close)
        return sock

    def heard(self, sock: socket.socket) -> bytes:
        """All that comes until it is closed."""
        found = b""
        with contextlib.suppress(ConnectionError):
            while piece := sock.recv(65536):
                found += piece
        return found

    def first(self, gateway: Foreground, peer: str = EVE, which: int = 0) -> bytes:
        """The greeting."""
        with self.dial(gateway, peer, which) as sock:
            return sock.recv(1000)

    def bans(self, verb: str, *words: str) -> tuple[int, str, str]:
        """The command, which asks there."""
        return self.run_words("bans", verb, "--socket", str(self.path), *words)

    def log_in(self, gateway: Foreground, word: bytes, peer: str = EVE, head: bytes = b"") -> bytes:
        """What a login at the gateway is told, until the client's QUIT."""
        with self.dial(gateway, peer) as sock:
            sock.sendall(head + b"USER gus\r\nPASS %b\r\nQUIT\r\n" % word)
            return self.heard(sock)


class Guessing(BansCase):
    """Row 9 of the attacks."""

    settings = (
        f"{ACCOUNTS}failures-per-peer = 8\nfailures-per-account = 1000\nlongest-delay = 0.2\n"
    )

    def test_hundred_connections(self) -> None:
        """Of 500 guesses over 100 connections eight are looked at; other peers log in meanwhile."""
        gateway = self.seen(self.settings)
        socks = [self.dial(gateway) for _ in range(100)]
        for sock in socks:
            sock.sendall(b"USER gus\r\nPASS wrong\r\n" * 5)
        self.assertIn(b"230", self.log_in(gateway, b"Gate-w0rd", ANN))
        told = [self.heard(sock) for sock in socks]
        self.assertEqual(sum(one.count(b"530 Login incorrect.") for one in told), 8)
        self.assertTrue(all(b"\r\n421 " in one for one in told))
        self.assertTrue(self.log_in(gateway, b"Gate-w0rd").endswith(BARRED))
        self.assertTrue(gateway.logged("GA too-many-wrong"))

    def test_hanging_up(self) -> None:
        """Who does not wait for the answer has guessed nevertheless."""
        gateway = self.seen(f"{self.settings}[bans]\nmode = 'off'\n")
        for _ in range(60):
            if BARRED in self.log_in(gateway, b"wrong"):
                break
        else:
            self.fail("nobody is barred")
        self.assertEqual(self.bans("remove", EVE)[0], 0)
        self.assertIn(b"230", self.log_in(gateway, b"Gate-w0rd"))

    def test_behind_a_balancer(self) -> None:
        """The PROXY header names the peer: its guesses are its own."""
        gateway = self.seen(f'{self.settings}[proxy-protocol]\nbalancers = ["127.0.0.0/8"]\n')
        heads = [b"PROXY TCP4 192.0.2.%d 192.0.2.254 1 21\r\n" % at for at in (1, 2)]
        for _ in range(30):
            last = self.log_in(gateway, b"wrong", head=heads[0])
        self.assertIn(BARRED, last)
        self.assertIn(b"230", self.log_in(gateway, b"Gate-w0rd", head=heads[1]))

    def test_safe(self) -> None:
        """Of a safe network nothing is counted."""
        gateway = self.seen(f'{self.settings}[bans]\nsafe = ["127.0.0.9/32"]\n')
        for _ in range(12):
            self.assertIn(b"530 Login incorrect.", self.log_in(gateway, b"wrong"))
        self.assertIn(b"230", self.log_in(gateway, b"Gate-w0rd"))


class Banned(BansCase):
    """A peer that is kept out."""

    settings = f'{ACCOUNTS}[bans]\nmode = "on"\nthreshold = 2\n'

    def ban(self, gateway: Foreground) -> None:
        """By two wrong passwords."""
        for _ in range(2):
            self.log_in(gateway, b"wrong")
        self.assertTrue(gateway.logged(f": {EVE} (wrong-password), time 1"))

    def test_refused(self) -> None:
        """At once, with one sentence; it alone; told once, with the other times to come."""
        gateway = self.seen(self.settings)
        self.ban(gateway)
        for _ in range(5):
            self.assertEqual(self.heard(self.dial(gateway)), BANNED)
        self.assertTrue(self.first(gateway, ANN).startswith(b"220"))
        self.assertTrue(gateway.logged(f"{EVE} refused"))
        told = [line for line in gateway.whole_log().splitlines() if f"{EVE} refused" in line]
        self.assertEqual(len(told), 1)

    def test_sessions_that_are_there(self) -> None:
        """Those that have not logged in end with the ban."""
        gateway = self.seen(self.settings)
        waiting = self.dial(gateway)
        self.assertTrue(waiting.recv(1000).startswith(b"220"))
        self.ban(gateway)
        self.assertEqual(self.heard(waiting), BANNED)

    def test_verbs(self) -> None:
        """Listed, taken back, ordered."""
        gateway = self.seen(self.settings)
        self.ban(gateway)
        status, out, _ = self.bans("list")
        self.assertEqual((status, out[:24]), (0, f"{EVE}: wrong-password"[:24]))
        self.assertEqual(self.bans("remove", EVE)[0], 0)
        self.assertTrue(self.first(gateway).startswith(b"220"))
        self.assertEqual(self.bans("add", ANN, "--for", "60")[0], 0)
        self.assertEqual(self.first(gateway, ANN), BANNED)
        self.assertEqual(self.bans("remove", EVE)[0], 1)
        self.assertEqual(self.ask("POST", "/ban", {"peer": ["x"], "seconds": -1})[0], 400)

    def test_restart(self) -> None:
        """It holds over a reload and a restart; a damaged file is set aside and said."""
        state = self.scratch / "state"
        state.mkdir()
        environment = {"STATE_DIRECTORY": str(state)}
        gateway = self.run_it(self.settings, environment)
        self.ban(gateway)
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged(" reloaded"))
        self.assertEqual(self.first(gateway), BANNED)
        gateway.process.terminate()
        gateway.status()
        self.assertIn(EVE, (state / "bans.json").read_text())
        gateway = self.run_it(self.settings, environment)
        self.assertEqual(self.first(gateway), BANNED)
        gateway.process.terminate()
        gateway.status()
        (state / "bans.json").write_text('{"version": 1, "bans": [{"kind"')
        gateway = self.run_it(self.settings, environment)
        self.assertTrue(gateway.logged("set aside as bans.json.damaged"))
        self.assertTrue(self.first(gateway).startswith(b"220"))

    def test_no_ftp(self) -> None:
        """HTTP, and what is no TLS where that is implicit; the banned hear nothing there."""
        gateway = self.begin(
            self.text(
                f'[client-tls]\nmode = "offer"\nimplicit-listen = ["tcp:0:interface=127.0.0.1"]\n'
                f"{self.pair()}{self.settings}"
            )
        ).serve()
        with self.dial(gateway) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.heard(sock)
        self.assertTrue(gateway.logged(f": {EVE} (no-ftp), time 1"))
        self.assertEqual(self.heard(self.dial(gateway, which=1)), b"")
        for _ in range(2):
            with self.dial(gateway, ANN, 1) as sock:
                sock.sendall(b"\x00garbage" * 100)
                self.heard(sock)
        self.assertTrue(gateway.logged(f": {ANN} (bad-tls), time 1"))

    def pair(self) -> str:
        """Settings of a certificate and its key."""
        folder = self.scratch / "tls"
        status, _, err = self.run_words("certificate", "localhost", str(folder))
        self.assertEqual(status, 0, err)
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("ca."))
        key = next(name for name in names if "key" in name)
        certificate = next(name for name in names if "key" not in name)
        return f'certificate = "{folder / certificate}"\nprivate-key = "{folder / key}"\n'

    def test_shadow(self) -> None:
        """Found and told; nobody is refused."""
        gateway = self.seen(self.settings.replace('"on"', '"shadow"'))
        self.ban(gateway)
        self.assertTrue(gateway.logged("which is only told"))
        self.assertTrue(self.first(gateway).startswith(b"220"))
        self.assertIn("only told", self.bans("list")[1])
