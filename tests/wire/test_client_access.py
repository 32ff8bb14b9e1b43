"""Who may come: a client from elsewhere gets 421 and no session."""

from __future__ import annotations

from tests.wire.peers import Client, SceneTestCase, echo_site, impatient


class Clients(SceneTestCase):
    """Networks that clients may come from, and how many sessions each may have."""

    interfaces = ("127.0.0.1", "::")
    head = 'server = "ftp://127.0.0.1:PORT0"\n'

    @classmethod
    def settings(cls) -> str:
        return (
            '[access]\nclients = ["127.0.0.2/31", "::1"]\n[limits]\nsessions-per-peer = 2\n'
            "sessions = 4\n"
        )

    def address(self, six: bool = False) -> tuple[str, int]:
        """The dual-stack listener by one of its addresses."""
        return ("::1" if six else "127.0.0.1", self.gateway.ports[1])

    def tried(self, address: tuple[str, int], source: str) -> Client:
        """A connection, nothing read yet."""
        client = Client(address, source)
        self.clients.append(client)
        return client

    def test_admitted(self) -> None:
        """From these networks, over IPv4, over IPv6, and over IPv4 to a listener on IPv6."""
        for address, source in (
            (self.gateway.address, "127.0.0.2"),
            (self.address(), "127.0.0.3"),
            (self.address(six=True), "::1"),
        ):
            self.serve(lambda c: (c.login(), echo_site(c)))
            client = self.tried(address, source)
            self.assertEqual(client.code(), 220)
            client.login()
            self.assertTrue(client.in_step())

    def test_refused(self) -> None:
        """Others are told so with 421, and no server is bothered."""
        before = self.server.accepted
        for address in (self.gateway.address, self.address()):
            for source in ("127.0.0.1", "127.0.0.4"):
                client = self.tried(address, source)
                self.assertEqual(client.reply().text, b"421 Your address is not admitted here.")
                self.assertEqual(client.rest(), b"")
        self.assertEqual(self.server.accepted, before)
        self.assertIn(
            "127.0.0.4 refused: Your address is not admitted here.", self.gateway.new_log()
        )

    @impatient(quit=1.0)
    def test_limits(self) -> None:
        """Two sessions for each address, four for all; a place is free again when its session ends."""
        for _ in range(5):
            self.serve(lambda c: (c.say(b"220 Hi."), c.until_end()))
        places = [self.tried(self.gateway.address, s) for s in ("127.0.0.2", "127.0.0.2")]
        self.assertEqual([client.code() for client in places], [220, 220])
        third = self.tried(self.address(), "127.0.0.2").reply()
        self.assertEqual(third.text, b"421 Too many sessions from your address; try again later.")
        places += [self.tried(self.gateway.address, "127.0.0.3") for _ in range(2)]
        self.assertEqual([client.code() for client in places[2:]], [220, 220])
        self.assertEqual(
            self.tried(self.address(six=True), "::1").reply().text,
            b"421 Too many sessions; try again later.",
        )
        places[0].send(b"QUIT\r\n")
        places[0].rest()
        self.assertEqual(self.tried(self.gateway.address, "127.0.0.2").code(), 220)
