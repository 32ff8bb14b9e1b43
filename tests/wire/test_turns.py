"""Rule 10 under crowds: whatever hundreds do at once, no turn of the reactor takes too long."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.tls.certificates import client_context
from tests.wire.crowds import Crowd
from tests.wire.sockets import LINGER_RESET
from tests.wire.test_crowds import GREEDY, CrowdCase

MANY = 300
WIDE = "[limits]\nhandshakes-per-peer = 1000\nreturning = 1000\n"
PIPELINED = 120
"""Commands that each says at once, of which a queue takes some."""
FLOODS = {
    "commands": b"NOOP\r\n" * PIPELINED,
    "no commands": b"1\r\n" * 8,
    "empty lines": b"\r\n" * 8000,
    "questions of Telnet": b"\xff\xfd\x01" * 5400,
    "interrupts": b"\xff\xf4" * 8000,
    "negotiations that never end": b"\xff\xfa" * 8000,
    "one line": b"x" * 16000,
}
ANSWER = re.compile(rb"(214 End|421 |226 Done\.|451 )")
"""What comes of one, in the end."""
BOMBS = {
    "empty lines": b"214-Bomb\r\n" + b"\r\n" * 130_000 + b"214 End\r\n",
    "features": b"214-Features\r\n" + b" X\r\n" * 100_000 + b"214 End\r\n",
    "a large one": b"214-Large\r\n" + (b" " + 250 * b"y" + b"\r\n") * 15_000 + b"214 End\r\n",
    "a preliminary one": b"150-Begin\r\n" + b" x\r\n" * 19_000 + b"150 End\r\n214 End\r\n",
    "surplus": b"226 Done.\r\n" * 50_000,
    "Telnet": b"\xff\xfd\x01" * 50_000 + b"214 End\r\n",
}


class Crowded(CrowdCase):
    """``finished`` looks at the probe."""

    def came(self, toml: str = WIDE, size: int = MANY, *, fixed: bool = True) -> Crowd:
        """So many connections that have been greeted."""
        self.begin(toml, fixed=fixed)
        return self.more(size)

    def more(self, size: int = MANY) -> Crowd:
        """Others."""
        crowd = self.crowd(GREEDY, size)
        self.assertTrue(crowd.hear(lambda crowd: crowd.answered))
        self.assertEqual(crowd.count(b"220"), size)
        return crowd

    def logged_in(self, crowd: Crowd) -> None:
        """All of them at once."""
        for word, code in ((b"USER joe\r\n", b"331"), (b"PASS secret\r\n", b"230")):
            crowd.say(word)
            self.assertTrue(crowd.hear(lambda crowd, code=code: all_heard(crowd, code)))

    def settled(self, crowd: Crowd | None = None) -> None:
        """What was asked for is done; what comes of it is read meanwhile."""
        self.assertTrue(self.gateway.until(lambda: self._rests(crowd), 60.0))
        self.finished()

    def _rests(self, crowd: Crowd | None) -> bool:
        if crowd is not None:
            crowd.glance()
        return self.gateway.rests()


def all_heard(crowd: Crowd, code: bytes) -> bool:
    """Whether each has heard it."""
    return all(code in said for said in crowd.said.values())


def heard_out(crowd: Crowd) -> bool:
    """Whether each has heard its reply, or how its session ended."""
    return all(ANSWER.search(said) for said in crowd.said.values())


def end(socks: Iterable[socket.socket], *, reset: bool = False) -> None:
    """Close them, or have them fail."""
    for sock in socks:
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        sock.close()


class Clients(Crowded):
    """What clients do."""

    def test_come_and_go(self) -> None:
        """They connect at once, log in at once, and leave or break at once."""
        crowd = self.came()
        self.logged_in(crowd)
        end(crowd.said)
        self.assertTrue(self.gateway.left())
        self.settled()
        crowd = self.more()
        end(crowd.said, reset=True)
        self.assertTrue(self.gateway.left())
        self.finished()

    def _flooded(self, *, fixed: bool) -> None:
        for name, words in FLOODS.items():
            with self.subTest(name):
                crowd = self.came(fixed=fixed)
                if fixed:
                    self.logged_in(crowd)
                crowd.say(words)
                self.settled(crowd)
                crowd.close()
                self.gateway.stop()

    def test_floods(self) -> None:
        """They say what costs most, before any login."""
        self._flooded(fixed=False)

    def test_floods_behind_logins(self) -> None:
        """And behind it."""
        self._flooded(fixed=True)

    def test_timers(self) -> None:
        """All of them are silent, and their time is over at once."""
        self.begin(WIDE, login=2, fixed=False)
        crowd = self.more()
        self.assertTrue(crowd.hear(lambda crowd: len(crowd.over) == MANY))
        self.settled(crowd)

    def test_headers(self) -> None:
        """PROXY headers that come byte by byte."""
        networks = '[access]\nclients = ["127.0.0.0/8", "192.0.2.0/24"]\n'
        self.begin(f'{WIDE}{networks}[proxy-protocol]\nbalancers = ["{GREEDY}/32"]\n', fixed=False)
        crowd = self.crowd(GREEDY, MANY)
        for byte in b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 21\r\n":
            crowd.say(bytes((byte,)))
        self.assertTrue(crowd.hear(lambda crowd: crowd.answered))
        self.assertEqual(crowd.count(b"220"), MANY)
        self.settled(crowd)

    def test_handshakes(self) -> None:
        """TLS: all say hello at once, and finish at once, and then say rubbish at once."""
        self.begin(WIDE, fixed=False)
        context, shaking = client_context(), []
        crowd = self.crowd(GREEDY, MANY, which=1)
        for sock in crowd.said:
            came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
            under = context.wrap_bio(came, goes, server_hostname="localhost")
            self.assertRaises(ssl.SSLWantReadError, under.do_handshake)
            shaking.append((sock, under, came, goes))
        for sock, _, _, goes in shaking:
            sock.setblocking(True)
            sock.send(goes.read())
        for sock, under, came, _ in shaking:
            while not _shaken(under):
                came.write(sock.recv(65536))
        for sock, _, _, goes in shaking:
            sock.send(goes.read())
        self.settled()
        for sock, *_ in shaking:
            sock.send(os.urandom(3000))
        self.settled()


def _shaken(under: ssl.SSLObject) -> bool:
    try:
        under.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


class Servers(Crowded):
    """What a server does that hates the gateway."""

    def test_bombs(self) -> None:
        """One reply that costs, to twenty at once; it is passed on, or the session ends with it."""
        for name, words in BOMBS.items():
            with self.subTest(name):
                crowd = self.came(size=20)
                self.site.long = words
                self.logged_in(crowd)
                crowd.say(b"HELP\r\n")
                self.settled(crowd)
                self.assertTrue(crowd.hear(lambda crowd: heard_out(crowd)), name)
                crowd.close()
                self.gateway.stop()


class Operators(Crowded):
    """Many sessions end in order."""

    def test_stop(self) -> None:
        """A stop, and another one that waits for nobody."""
        for signals in (1, 2):
            crowd = self.came()
            self.logged_in(crowd)
            self.assertEqual(self.gateway.turns.wrong, "")
            for _ in range(signals):
                self.gateway.process.send_signal(signal.SIGTERM)
                self.gateway.logged("draining")
            if signals == 2:
                self.assertEqual(self.gateway.process.wait(60), 0)
                self.assertTrue(crowd.hear(lambda crowd: all_heard(crowd, b"421")))
            self.assertEqual(self.gateway.turns.wrong, "")

    def asked(self, path: str, **words: object) -> str:
        """What the admin socket answers."""
        body = json.dumps(words).encode()
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(self.admin)
            sock.sendall(
                b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body)
            )
            return sock.makefile("r", encoding="utf-8").read()

    def with_socket(self) -> str:
        """Settings with an admin socket."""
        folder = tempfile.TemporaryDirectory(prefix="ftpalg-turns-")
        self.addCleanup(folder.cleanup)
        self.admin = str(Path(folder.name) / "admin")
        return f'{WIDE}[admin]\nsocket = "{self.admin}"\n'

    def test_kick(self) -> None:
        """All of them, by one who may."""
        crowd = self.came(self.with_socket())
        self.logged_in(crowd)
        self.assertIn(f'"kicked":{MANY}', self.asked("/kick", filter=["user=joe"], say="Out."))
        self.assertTrue(crowd.hear(lambda crowd: all_heard(crowd, b"421 Out.")))
        self.settled(crowd)

    def test_ban(self) -> None:
        """Their address, while none of them has logged in."""
        crowd = self.came(f'{self.with_socket()}[bans]\nmode = "on"\n')
        self.assertIn("200 OK", self.asked("/ban", peer=GREEDY))
        self.assertTrue(crowd.hear(lambda crowd: all_heard(crowd, b"421")))
        self.settled(crowd)

    def test_reload(self) -> None:
        """New settings, while they are there."""
        crowd = self.came()
        self.logged_in(crowd)
        self.gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.gateway.logged("reloaded"))
        self.settled(crowd)
