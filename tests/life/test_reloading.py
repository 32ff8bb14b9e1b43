"""SIGHUP: new settings for new sessions, all or none of them."""

from __future__ import annotations

import os
import signal
import socket

from tests.life.programs import Foreground, LifeCase
from tests.wire.peers import BLOCK, TIMEOUT, Client, drained, listener, port_of

LOCAL = "tcp:{}:interface=127.0.0.1"


class Reloading(LifeCase):
    """From outside."""

    def reload(self, gateway: Foreground, text: str, word: str = " reloaded\n") -> str:
        """What the log says of these settings."""
        gateway.file.write_text(text, encoding="utf-8")
        gateway.begin()
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged(word), gateway.whole_log())
        return [line for line in gateway.whole_log().splitlines() if word.strip() in line][-1]

    def test_new_sessions(self) -> None:
        """Running sessions keep what they began with, new ones have what is new; both are said."""
        gateway = self.run_it("[limits]\nbad-commands = 9\n")
        old = self.idle(gateway)
        said = self.reload(
            gateway, self.text("[limits]\nbad-commands = 9\nsessions-per-peer = 2\nsessions = 77\n")
        )
        for change in ("limits.sessions 5000 -> 77", "limits.sessions-per-peer 1000 -> 2"):
            self.assertIn(change, said)
        self.idle(gateway)
        third = Client(gateway.address)  # the old one counts
        self.addCleanup(third.close)
        self.assertEqual(third.code(), 421)
        self.assertTrue(old.hears_nothing())

    def test_accounts(self) -> None:
        """The new accounts decide what USER says, too: one that is a mail address names no server."""
        text = f'listen = ["{LOCAL.format(0)}"]\n[log]\nformat = "text"\n'
        text += '[accounts]\nauth = ["memory:{}:pw"]\n'
        gateway = self.begin(text.format("gus")).serve()
        self.reload(gateway, text.format("gus@corp.example"))
        client = Client(gateway.address)
        self.addCleanup(client.close)
        self.assertEqual(client.code(), 220)
        self.assertEqual(client.ask(b"USER gus@corp.example").code, 331)
        self.assertEqual(client.ask(b"PASS pw").code, 230)

    def test_transfers_go_on(self) -> None:
        """A file that is on its way comes whole, whatever has changed."""
        gateway = self.run_it()
        client, data, more, _ = self.downloading(gateway)
        self.reload(gateway, self.text('server-mode = "active"\n[timeouts]\nstalled = 1\n'))
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)

    def test_faulty_file(self) -> None:
        """No TOML, a wrong value, an endpoint that is none: nothing changes, the file is named."""
        gateway = self.run_it()
        for text in (
            "listen = [",
            self.text("[limits]\nsessions = 0\n"),
            self.text(listen='"pigeon:1"'),
            self.text('[server-tls]\nca = "no"\n'),
            self.text('[server-tls]\nciphers = "no"\n'),
        ):
            said = self.reload(gateway, text, "not reloaded")
            self.assertRegex(said, rf"{gateway.file}:\d+:\d+: ")
            self.assertTrue(self.idle(gateway).hears_nothing())
        gateway.file.unlink()
        gateway.begin()
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged("cannot be read: No such file"))
        self.idle(gateway)

    def test_listeners(self) -> None:
        """One that is new is opened, one that is gone is closed, the one that stays is untouched."""
        with listener() as one, listener() as two:
            stays, goes = LOCAL.format(port_of(one)), LOCAL.format(port_of(two))
        gateway = self.begin(self.text(listen=f'"{stays}", "{goes}"')).serve()
        with listener() as three:
            comes = LOCAL.format(port_of(three))
        before = sockets_on(gateway, gateway.ports[0])
        self.reload(gateway, self.text(listen=f'"{stays}", "{comes}"'))
        self.assertEqual(sockets_on(gateway, gateway.ports[0]), before)
        gateway.addresses.append(("127.0.0.1", int(comes.split(":")[1])))
        self.idle(gateway).close()
        self.assertTrue(gateway.until(lambda: refuses(gateway.addresses[1])))
        self.idle(gateway)

    def test_busy_listener(self) -> None:
        """One that cannot be opened: no other setting is taken, and none of the others is opened."""
        gateway = self.run_it()
        with listener() as free:
            first = LOCAL.format(port_of(free))
        taken = listener()
        self.addCleanup(taken.close)
        busy = LOCAL.format(port_of(taken))
        text = self.text("[limits]\nsessions = 1\n", f'"{first}", "{busy}"')
        said = self.reload(gateway, text, "not reloaded")
        self.assertIn(f"held by PID {os.getpid()}", said)
        self.idle(gateway), self.idle(gateway)
        address = ("127.0.0.1", int(first.split(":")[1]))
        self.assertTrue(gateway.until(lambda: refuses(address)))

    def test_nothing_new(self) -> None:
        """The same file again: it is said that it was read, and no change."""
        gateway = self.run_it()
        self.assertIn(" settings reloaded", self.reload(gateway, self.text()))

    def test_same_endpoint_twice(self) -> None:
        """Each of two listeners with the same endpoint stands, and stays."""
        any_port = '"tcp:0:interface=127.0.0.1"'
        text = self.text(listen=f"{any_port}, {any_port}")
        gateway = self.begin(text).serve()
        self.assertEqual(len(set(gateway.ports)), 2)
        self.reload(gateway, text)
        for which in (0, 1):
            self.enter(gateway, lambda control: control.until_end(), which)

    def test_sessions_are_shown(self) -> None:
        """SIGUSR2 writes them to the log."""
        gateway = self.run_it()
        self.downloading(gateway)
        self.idle(gateway)
        gateway.process.send_signal(signal.SIGUSR2)
        self.assertTrue(gateway.logged("2 sessions"))
        self.assertTrue(gateway.logged(f"RETR file, {len(BLOCK)} bytes moved"))
        self.assertTrue(gateway.logged(" idle"))


def sockets_on(gateway: Foreground, port: int) -> list[str]:
    """The inodes of the sockets that listen on that port."""
    with open(f"/proc/{gateway.process.pid}/net/tcp", encoding="ascii") as table:
        rows = [row.split() for row in table.read().splitlines()[1:]]
    return [row[9] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")]


def refuses(address: tuple[str, int]) -> bool:
    """Whether nobody listens there."""
    try:
        socket.create_connection(address, TIMEOUT).close()
    except ConnectionRefusedError:
        return True
    return False
