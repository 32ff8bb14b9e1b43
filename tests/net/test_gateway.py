"""What sessions share: limits, what is known of servers, certificates."""

from __future__ import annotations

import os
from typing import Any

from attrs import evolve
from twisted.internet.task import Clock

from ftpalg.config import ClientTlsSettings, Limits, Settings
from ftpalg.core.events import Link, Side, Traits
from ftpalg.core.routes import Server
from ftpalg.core.rules import Rules
from ftpalg.net import gateway as module
from ftpalg.net.driver import Driver
from ftpalg.net.gateway import RELOAD_SECONDS, SERVERS_KNOWN, Gateway, Policies
from ftpalg.policy.access import Access
from ftpalg.policy.balance import order
from ftpalg.policy.ports import candidates
from tests.net.test_keypair import FilesCase

POLICIES = Policies(candidates, Access().admits, Access().refusal, order)


class Log:
    """Keeps what a gateway tells."""

    ladder = False

    def __init__(self) -> None:
        self.words: list[tuple[str, str]] = []

    def refused(self, link: Link, reason: str) -> None:
        self.words.append((f"refused {link.peer}", reason))

    def closed(self, driver: Driver) -> None:
        self.words.append(("closed", driver.name))

    def told(self, text: str) -> None:
        self.words.append(("told", text))

    def warned(self, text: str) -> None:
        self.words.append(("warned", text))


class Client:
    """A client's control connection, as far as a gateway looks at it."""

    rules = Rules()
    stalled = False

    def __init__(self) -> None:
        self.written = b""
        self.hung_up = False
        self.driver: Any = None

    def write(self, data: bytes) -> None:
        self.written += data

    def hang_up(self) -> None:
        self.hung_up = True


class GatewayCase(FilesCase):
    """A gateway with a clock and a log of the test's own."""

    def gateway(self, settings: Settings) -> Any:
        """A gateway; ``log`` and ``clock`` are its."""
        log: Any = Log()
        self.log = log
        self.clock = Clock()
        return Gateway(self.clock, settings, log, POLICIES)


class Admission(GatewayCase):
    """The limits."""

    def setUp(self) -> None:
        super().setUp()
        self.shared = self.gateway(Settings(limits=Limits(sessions=3, sessions_per_peer=2)))

    def admit(self, peer: str) -> tuple[Any, Client]:
        """One more client from there."""
        client = Client()
        return self.shared.admit(client, Link(peer, "192.0.2.254", 40000)), client

    def test_admitted(self) -> None:
        """A session has a name of its own and is known by it; its client knows it."""
        (one, client), (other, _) = self.admit("192.0.2.1"), self.admit("192.0.2.1")
        self.assertEqual([one.name, other.name], list(self.shared.sessions))
        self.assertIs(client.driver, one)
        self.assertEqual((client.written, client.hung_up), (b"", False))

    def test_in_all(self) -> None:
        """One above the limit gets 421 and is hung up on, whoever it is."""
        for peer in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            self.admit(peer)
        driver, client = self.admit("192.0.2.4")
        self.assertIsNone(driver)
        self.assertEqual(client.written, b"421 Too many sessions; try again later.\r\n")
        self.assertTrue(client.hung_up)
        self.assertEqual(
            self.log.words, [("refused 192.0.2.4", "Too many sessions; try again later.")]
        )

    def test_per_peer(self) -> None:
        """One address may have so many; another one is still served."""
        self.admit("192.0.2.1"), self.admit("192.0.2.1")
        driver, client = self.admit("192.0.2.1")
        self.assertIsNone(driver)
        self.assertRegex(client.written, rb"^421 Too many sessions from your address;")
        self.assertIsNotNone(self.admit("192.0.2.2")[0])

    def test_dismissed(self) -> None:
        """A session that is over makes room, once; nothing is kept of a peer without sessions."""
        one, _ = self.admit("192.0.2.1")
        self.admit("192.0.2.1")
        self.shared.dismiss(one)
        self.shared.dismiss(one)
        self.assertEqual(self.log.words, [("closed", one.name)])
        other, _ = self.admit("192.0.2.1")
        self.assertIsNotNone(other)
        self.assertIsNone(self.admit("192.0.2.1")[0])
        for driver in list(self.shared.sessions.values()):
            self.shared.dismiss(driver)
        self.assertEqual((self.shared.sessions, dict(self.shared._per_peer)), ({}, {}))

    def test_close(self) -> None:
        """Every session is ended with the reason."""
        ended: list[str] = []
        self.admit("192.0.2.1"), self.admit("192.0.2.2")
        self.patch(Driver, "end", lambda driver, text: ended.append(text))
        self.shared.close()
        self.assertEqual(ended, ["The gateway is shutting down."] * 2)


class Known(GatewayCase):
    """What is remembered of servers."""

    def test_shared(self) -> None:
        """Sessions with one server share what was learned; its ports are apart."""
        shared = self.gateway(Settings())
        first = shared.traits_of(Server("one.example", 21))
        first.epsv = False
        self.assertIs(shared.traits_of(Server("one.example", 21)), first)
        self.assertEqual(shared.traits_of(Server("one.example", 2121)), Traits())

    def test_forgotten(self) -> None:
        """Beyond the bound, the server longest unused is forgotten, not the one first seen."""
        self.patch(module, "SERVERS_KNOWN", 3)
        shared = self.gateway(Settings())
        links = [Server(f"192.0.2.{n}") for n in range(4)]
        kept = [shared.traits_of(link) for link in links[:3]]
        shared.traits_of(links[0])
        shared.traits_of(links[3])
        self.assertEqual(len(shared._traits), 3)
        self.assertIs(shared.traits_of(links[0]), kept[0])
        self.assertIs(shared.traits_of(links[2]), kept[2])
        self.assertIsNot(shared.traits_of(links[1]), kept[1])

    def test_bounded(self) -> None:
        """However many servers there are, no more than the bound are remembered."""
        shared = self.gateway(Settings())
        for port in range(SERVERS_KNOWN + 10):
            shared.traits_of(Server("192.0.2.1", port))
        self.assertEqual(len(shared._traits), SERVERS_KNOWN)

    def test_ports(self) -> None:
        """Each side has its own range, without the ports left out."""
        settings = Settings()
        data = evolve(
            settings.data,
            client_ports=(50000, 50003),
            server_ports=(51000, 51001),
            excluded_ports=frozenset({50001}),
        )
        shared = self.gateway(evolve(settings, data=data))
        self.assertEqual(sorted(shared.ports(Side.CLIENT)), [50000, 50002, 50003])
        self.assertEqual(sorted(shared.ports(Side.SERVER)), [51000, 51001])


class Reloading(GatewayCase):
    """Certificates that change while the gateway runs."""

    def setUp(self) -> None:
        super().setUp()
        self.files = self.issue("a.example")
        half = ClientTlsSettings(
            certificate=self.files.certificate, private_key=self.files.private_key
        )
        self.shared = self.gateway(Settings(client_tls=half))
        self.clock.advance(1000)

    def test_taken_up(self) -> None:
        """A change is seen with the next client, and said once."""
        self.issue("b.example")
        os.utime(self.files.certificate, ns=(1, 1))
        self.shared.client_side()
        self.shared.client_side()
        self.assertEqual(self.log.words, [("told", "certificates reloaded")])

    def test_seldom(self) -> None:
        """The files are looked at once in a while, not for each client."""
        looked: list[float] = []
        self.patch(self.shared, "reload", lambda: looked.append(self.clock.seconds()))
        for _ in range(5):
            self.shared.client_side()
        self.clock.advance(RELOAD_SECONDS)
        self.shared.client_side()
        self.assertEqual(looked, [1000, 1000 + RELOAD_SECONDS])

    def test_fault(self) -> None:
        """A fault is a warning that names the setting; the old certificates stay."""
        self.files.certificate.write_bytes(b"")
        side = self.shared.client_side()
        ((level, text),) = self.log.words
        self.assertEqual(level, "warned")
        self.assertRegex(text, r"^certificates not reloaded: client-tls\.certificate = ")
        self.assertEqual(side._pairs[0].names, ("a.example",))

    def test_without_tls(self) -> None:
        """A gateway without certificates has nothing to load."""
        self.gateway(Settings()).reload()
        self.assertEqual(self.log.words, [])
