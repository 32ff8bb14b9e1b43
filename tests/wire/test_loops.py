"""Gateways that would reach themselves, or each other."""

from __future__ import annotations

import random

from tests.wire.peers import PATIENT, Client, FakeServer, Gateway, TestCase, listener, port_of


class Loops(TestCase):
    """A gateway whose own settings lead to itself."""

    def loop(self, spelling: str, interface: str, settings: str) -> tuple[Gateway, Client]:
        """A gateway that is its own server, and a client of it; S in the settings is itself."""
        here = f"127.{random.randint(10, 99)}.1.1"
        listens = interface.replace("HERE", here)
        for attempt in (1, 2, 3):
            taken = listener(listens)
            port = port_of(taken)
            taken.close()
            where = f"{spelling.replace('HERE', here)}:{port}"
            toml = f'listen = ["tcp:{port}:interface={listens}"]\n' + settings.replace("S", where)
            try:
                gateway = Gateway([], toml + PATIENT, (), (listens,))
            except (AssertionError, OSError):  # somebody was faster
                if attempt == 3:
                    raise
                continue
            self.addCleanup(gateway.stop)
            break
        return gateway, Client((here if listens == "0.0.0.0" else listens, port))

    def test_fixed_server(self) -> None:
        """One fixed server: a clear 421 at once, and one session only."""
        for spelling, interface in (
            ("HERE", "HERE"),
            ("[::ffff:HERE]", "HERE"),
            ("0.0.0.0", "0.0.0.0"),
            ("0.0.0.0", "127.0.0.1"),
            ("HERE", "0.0.0.0"),
            ("localhost", "0.0.0.0"),
        ):
            gateway, client = self.loop(spelling, interface, 'server = "ftp://S"\n')
            self.addCleanup(client.close)
            found = client.reply()
            self.assertEqual(found.code, 421)
            self.assertIn(b"is this gateway itself", found.text)
            self.assertEqual(client.rest(), b"")
            log = gateway.new_log()
            self.assertEqual(log.count("is this gateway itself"), 1, log)
            self.assertNotIn("Traceback", log)

    def test_route(self) -> None:
        """A route for a name: the refusal leaves the session as it was."""
        _, client = self.loop(
            "HERE", "HERE", '[[routes]]\ndestinations = ["loop.example"]\nserver = "ftp://S"\n'
        )
        self.addCleanup(client.close)
        self.assertEqual(client.code(), 220)
        found = client.ask(b"USER bob@loop.example")
        self.assertEqual(found.code, 530)
        self.assertIn(b"is this gateway itself", found.text)
        self.assertEqual(client.ask(b"NOOP").code, 200)


MOST = 3
ROUND = f"[limits]\nreturning = {MOST}\n"


class Round(TestCase):
    """Gateways that are each other's: the sessions that lead back are counted, and few."""

    def ring(self, size: int, leads: str) -> tuple[list[Gateway], Client]:
        """Gateways that lead to the next one each, at P in their settings; a client of the first."""
        ports = []
        taken = [listener() for _ in range(size)]
        for sock in taken:
            ports.append(port_of(sock))
            sock.close()
        gateways = []
        for at, port in enumerate(ports):
            toml = f'listen = ["tcp:{port}:interface=127.0.0.1"]\n'
            toml += leads.replace("P", str(ports[(at + 1) % size])) + ROUND + PATIENT
            gateways.append(Gateway([], toml, (), ("127.0.0.1",)))
            self.addCleanup(gateways[-1].stop)
        client = Client(("127.0.0.1", ports[0]))
        self.addCleanup(client.close)
        return gateways, client

    def ended(self, gateways: list[Gateway]) -> None:
        """No gateway has had more sessions than are allowed, and none is left."""
        self.assertTrue(all(gateway.left() for gateway in gateways))
        logs = [gateway.whole_log() for gateway in gateways]
        self.assertEqual(sum(log.count("limits.returning") for log in logs), 1)
        for log in logs:
            self.assertLessEqual(log.count("session_opened"), MOST + 1)
            self.assertNotIn("Traceback", log)

    def test_servers(self) -> None:
        """Each other's server: the client hears that there is none."""
        gateways, client = self.ring(2, 'server = "ftp://127.0.0.1:P"\n')
        self.assertEqual(client.reply().lines, (b"421 The server cannot be reached.",))
        client.close()
        self.ended(gateways)

    def test_parents(self) -> None:
        """Each other's parent, and three in a ring: the session goes on, and its server counts."""
        parent = """parent = "next"
            [[parents]]
            name = "next"
            url = "ftp://127.0.0.1:P"
            [[access.servers]]
            names = ["far.test"]
            """
        for size in (2, 3):
            gateways, client = self.ring(size, parent)
            self.assertEqual(client.code(), 220)
            found = client.ask(b"USER bob@far.test")
            self.assertEqual(found.lines, (b"434 The server cannot be reached.",))
            self.assertEqual(client.ask(b"NOOP").code, 200)
            client.close()
            self.ended(gateways)

    def test_users_of_this_machine(self) -> None:
        """Sessions that are logged in at a server on this machine are in no loop, however many."""
        server = FakeServer()
        self.addCleanup(server.close)
        toml = f'server = "ftp://127.0.0.1:{server.port}"\n' + ROUND + PATIENT
        gateway = Gateway([], toml, ("127.0.0.1",))
        self.addCleanup(gateway.stop)
        clients = []
        for _ in range(MOST + 2):
            server.then(lambda c: (c.login(), c.until_end()))
            client = Client(gateway.address)
            clients.append(client)
            self.addCleanup(client.close)
            self.assertEqual(client.code(), 220)
            client.login()
        for client in clients:
            client.close()
        self.assertTrue(gateway.left())
