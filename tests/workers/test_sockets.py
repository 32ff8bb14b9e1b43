"""The listening sockets of several workers."""

from __future__ import annotations

import os
import select
import socket

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Listener
from ftpalg.life.faults import CannotStart
from ftpalg.life.reactor import installed
from ftpalg.workers.sockets import Sockets
from tests.wire.peers import listener, port_of

ANY = Listener("127.0.0.1:0")


class Opened(SynchronousTestCase):
    """Real sockets, that nobody of this process accepts from."""

    def sockets(self, workers: int, inherited: dict[str, int] | None = None) -> Sockets:
        """None yet."""
        made = Sockets(installed(), workers, inherited or {})
        self.addCleanup(made.close)
        return made

    def handed_on(self, sockets: Sockets) -> dict[str, int]:
        """Copies, as another program gets them."""
        return {name: os.dup(number) for name, number in sockets.descriptors.items()}

    def clients(self, port: int, count: int = 64) -> None:
        """So many are in the backlogs."""
        for _ in range(count):
            sock = socket.create_connection(("127.0.0.1", port))
            self.addCleanup(sock.close)

    def port(self, sockets: Sockets) -> int:
        """That of the first listener."""
        return int(sockets.addresses[0].rpartition(":")[2])

    def test_each_has_its_own(self) -> None:
        """One for each listener and worker; the kernel spreads connections over them."""
        sockets = self.sockets(3)
        sockets.open([ANY, ANY])
        self.assertEqual(set(sockets.of(2)), {"127.0.0.1:0", "127.0.0.1:0 (2)"})
        numbers = {number for worker in (1, 2, 3) for number in sockets.of(worker).values()}
        self.assertEqual(len(numbers), 6)
        self.clients(self.port(sockets))
        waiting = [sockets.of(worker)["127.0.0.1:0"] for worker in (1, 2, 3)]
        self.assertEqual(set(select.select(waiting, [], [], 0)[0]), set(waiting))

    def test_somebody_has_it(self) -> None:
        """Also where that one lets its port be shared: two gateways on one port are a fault."""
        other = listener()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.addCleanup(other.close)
        sockets = self.sockets(2)
        taken = Listener(f"127.0.0.1:{port_of(other)}")
        wrong = self.assertRaises(CannotStart, sockets.open, [ANY, taken])
        self.assertIn("held by PID", str(wrong))
        self.assertEqual(sockets.standing, {})

    def test_renewed(self) -> None:
        """Those that stay are the same; where anything is raised all are as they were."""
        sockets = self.sockets(2)
        sockets.open([ANY])
        before = sockets.of(1) | {"second": sockets.of(2)["127.0.0.1:0"]}
        another = Listener("127.0.0.1:0")
        with self.assertRaises(KeyError), sockets.renewed([ANY, another]) as opened:
            self.assertEqual(opened, ["127.0.0.1:0 (2)"])
            raise KeyError
        self.assertEqual(sockets.of(1) | {"second": sockets.of(2)["127.0.0.1:0"]}, before)
        six = Listener("[::1]:0")
        with sockets.renewed([six]) as opened:
            self.assertEqual(sockets.of(1, opened).keys(), {"[::1]:0"})
        self.assertEqual(set(sockets.standing), {"[::1]:0"})

    def test_more_workers(self) -> None:
        """One socket of a program of one process gets siblings; none of those that came is left out."""
        first = self.sockets(1)
        first.open([ANY])
        second = self.sockets(2, self.handed_on(first))
        second.open([ANY])
        port = self.port(first)
        first.close()
        self.assertEqual(self.port(second), port)
        self.clients(port)
        waiting = [sock.fileno() for sock in second.standing["127.0.0.1:0"]]
        self.assertEqual(len(select.select(waiting, [], [], 0)[0]), 2)

    def test_fewer_workers(self) -> None:
        """All of the sockets are somebody's."""
        first = self.sockets(5)
        first.open([ANY])
        second = self.sockets(2, self.handed_on(first))
        second.open([ANY])
        names = [sorted(second.of(worker)) for worker in (1, 2)]
        self.assertEqual(
            names,
            [
                ["127.0.0.1:0", "127.0.0.1:0 #2", "127.0.0.1:0 #3"],
                ["127.0.0.1:0", "127.0.0.1:0 #2"],
            ],
        )
        numbers = [*second.of(1).values(), *second.of(2).values()]
        self.assertEqual(len(set(numbers)), 5)

    def test_shared(self) -> None:
        """A socket that has no siblings, of a file or of systemd's, is everybody's."""
        path = self.mktemp()
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(path)
        sock.listen()
        sockets = self.sockets(3, {"systemd:ftp": sock.detach()})
        sockets.open([Listener("systemd:ftp")])
        numbers = {tuple(sockets.of(worker).values()) for worker in (1, 2, 3)}
        self.assertEqual(len(numbers), 1)
        self.assertEqual(sockets.addresses, ["systemd:ftp"])

    def test_not_wanted(self) -> None:
        """What was handed on and is not in the settings is closed."""
        end, mouth = os.pipe()
        sockets = self.sockets(2, {"gone": mouth})
        sockets.forget_inherited()
        self.assertEqual(os.read(end, 1), b"")
        os.close(end)
