"""Who is connected and admitted: the limits, names, and the end."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits, Settings
from ftpalg.config.limits import ListenerLimits
from ftpalg.config.tables import ProxyProtocol
from ftpalg.core.drained import WHOLE, Kind, Part
from ftpalg.core.ends import Moment, Reason, Refusal
from ftpalg.core.events import Link, Side
from ftpalg.core.facts import About, Peer, Resource, What
from ftpalg.core.snapshots import Snapshot
from ftpalg.net.drained import SENTENCES, DrainedParts
from ftpalg.net.ledger import Line, OwnLedger
from ftpalg.net.sessions import Sessions
from ftpalg.net.shares import shares
from ftpalg.net.standing import Standing
from tests.net.doubles import Client, Log


class Session:
    """A session, as far as those look at it who count sessions."""

    def __init__(self, client: Client, link: Link, name: str) -> None:
        self.client, self.link, self.name = client, link, name
        self.peer = link.peer
        self.key = ""
        self.ended: list[str] = []
        self.rests_since: float | None = None
        self.transfers = False
        self.about = About(name, Peer("192.0.2.7", 1))
        self.snapshot = Snapshot(self.about, Moment.IDLE, 0.0)
        self.last_lines = b""
        self.shared: Any = SimpleNamespace(settings=Settings())

    def end(self, text: str, reason: Reason = Reason.STOPPED) -> None:
        self.ended.append(text)

    @property
    def standing(self) -> Standing:
        return Standing("", "", "D", ports=frozenset((Side.SERVER,) if self.transfers else ()))

    def calls_from(self, host: str, port: int) -> bool:
        return (host, port) == ("192.0.2.254", int(self.name, 16))


class SessionsCase(SynchronousTestCase):
    """Sessions and a log of the test's own."""

    def sessions(
        self, settings: Settings, admits: Callable[[str], bool] = lambda peer: True
    ) -> Sessions[Client, Session]:
        """Nobody is connected yet; ``log`` is theirs."""
        log: Any = Log()
        self.log = log
        self.ledger = OwnLedger(shares(settings.limits))
        return Sessions(settings, log, admits, Session, ledger=self.ledger)


class Admission(SessionsCase):
    """The limits."""

    def setUp(self) -> None:
        self.shared = self.sessions(Settings(limits=Limits(sessions=3, sessions_per_peer=2)))

    def admit(self, peer: str) -> tuple[Any, Client]:
        """One more client from there."""
        client = Client()
        return self.shared.admit(client, Link(peer, "192.0.2.254", 40000)), client

    def test_never_began(self) -> None:
        """A session whose beginning raises holds nothing, of the gateway, its peer or the listener."""

        def begin(client: Client, link: Link, name: str) -> Session:
            raise RuntimeError("no")

        shared = self.sessions(Settings())
        shared._begin = begin
        client: Any = Client()
        client.listener = evolve(client.listener, limits=ListenerLimits(sessions=1))
        link = Link("192.0.2.1", "192.0.2.254", 40000)
        self.assertRaises(RuntimeError, shared.admit, client, link)
        self.assertEqual([self.ledger.in_all(line) for line in Line], [0] * len(Line))
        self.assertEqual(shared.open, {})

    def test_admitted(self) -> None:
        """A session has a name of its own and is known by it; its client knows it."""
        (one, client), (other, _) = self.admit("192.0.2.1"), self.admit("192.0.2.1")
        self.assertEqual([one.name, other.name], list(self.shared.open))
        self.assertEqual((one.client, one.link.peer), (client, "192.0.2.1"))
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
        other, _ = self.admit("192.0.2.1")
        self.assertIsNotNone(other)
        self.assertIsNone(self.admit("192.0.2.1")[0])
        for driver in list(self.shared.open.values()):
            self.shared.dismiss(driver)
        self.assertEqual((self.shared.open, self.ledger.holders(Line.SESSIONS)), ({}, {}))

    def test_not_admitted(self) -> None:
        """An address that is not admitted gets 421, before any limit is looked at."""
        shared = self.sessions(
            Settings(limits=Limits(sessions=1)), lambda peer: peer == "192.0.2.1"
        )
        client = Client()
        self.assertIsNone(shared.admit(client, Link("192.0.2.2", "192.0.2.254", 1)))
        self.assertEqual(client.written, b"421 Your address is not admitted here.\r\n")
        self.assertEqual((client.hung_up, shared.open), (True, {}))
        self.assertEqual(self.log.words[0][0], "refused 192.0.2.2")
        self.assertIsNotNone(shared.admit(Client(), Link("192.0.2.1", "192.0.2.254", 1)))

    def test_drained(self) -> None:
        """What is drained refuses in its own words, once the address is admitted and before any
        limit is looked at; who is there stays."""
        drained = DrainedParts()
        log: Any = Log()
        shared: Sessions[Client, Session] = Sessions(
            Settings(limits=Limits(sessions=1)),
            log,
            lambda peer: peer != "192.0.2.9",
            Session,
            drained=drained,
        )
        stays = shared.admit(Client(), Link("192.0.2.1", "192.0.2.254", 1))
        for part, why in (
            (Part(Kind.LISTENER, Client.listener.endpoint), Refusal.LISTENER_DRAINED),
            (WHOLE, Refusal.DRAINED),
        ):
            drained.drain(part, Settings())
            client = Client()
            self.assertIsNone(shared.admit(client, Link("192.0.2.2", "192.0.2.254", 2)))
            self.assertEqual(client.written, f"421 {SENTENCES[part.kind]}\r\n".encode())
            self.assertTrue(client.hung_up)
            self.assertEqual(shared.closed(Client.listener.endpoint), SENTENCES[part.kind])
            self.assertEqual(bool(shared.closed(":990")), part == WHOLE)
            self.assertEqual(log.words[-1], ("refused 192.0.2.2", SENTENCES[part.kind]))
            self.assertEqual(why.rule, "")
        client = Client()
        shared.admit(client, Link("192.0.2.9", "192.0.2.254", 2))
        self.assertIn(b"not admitted", client.written)
        self.assertEqual((list(shared.open.values()), log.news), ([stays], []))
        for part in drained.parts:
            drained.undrain(part)
        self.assertEqual(shared.closed(Client.listener.endpoint), "")

    def test_end(self) -> None:
        """Every session is ended with the reason, though each leaves in the middle of it."""
        sessions = [self.admit(peer)[0] for peer in ("192.0.2.1", "192.0.2.2")]
        self.assertEqual(len(self.shared.open), 2)
        leave = Session.end

        def end(session: Session, text: str, reason: Reason = Reason.STOPPED) -> None:
            leave(session, text)
            self.shared.dismiss(session)

        self.patch(Session, "end", end)
        self.shared.end("Enough.")
        self.assertEqual([session.ended for session in sessions], [["Enough."]] * 2)
        self.assertEqual(self.shared.open, {})

    def test_end_rested(self) -> None:
        """Only those that have been asked for nothing since then."""
        one, other, busy = (self.admit(f"192.0.2.{n}")[0] for n in (1, 2, 3))
        one.rests_since, other.rests_since, busy.rests_since = 5.0, 5.1, None
        self.shared.end_rested(5.0, "Enough.")
        self.assertEqual([one.ended, other.ended, busy.ended], [["Enough."], [], []])

    def test_transfers(self) -> None:
        """Those that move a file are counted."""
        self.admit("192.0.2.1")
        self.assertEqual(self.shared.transfers, 0)
        self.admit("192.0.2.2")[0].transfers = True
        self.assertEqual(self.shared.transfers, 1)

    def test_one_company(self) -> None:
        """Under other settings those that are there count on, keep their names, and can leave."""
        one, _ = self.admit("192.0.2.1")
        log: Any = Log()
        narrow = Settings(limits=Limits(sessions=9, sessions_per_peer=1))
        self.ledger.renew(shares(narrow.limits), 64)
        later: Sessions[Client, Session] = Sessions(
            narrow, log, lambda peer: True, Session, None, self.shared, ledger=self.ledger
        )
        self.assertIsNone(later.admit(Client(), Link("192.0.2.1", "192.0.2.254", 1)))
        other = later.admit(Client(), Link("192.0.2.2", "192.0.2.254", 1))
        assert other is not None
        self.assertNotEqual(one.name, other.name)
        self.assertEqual(list(self.shared.open.values()), [one, other])
        self.shared.dismiss(one)
        self.assertEqual(list(later.open), [other.name])
        self.assertIsNotNone(later.admit(Client(), Link("192.0.2.1", "192.0.2.254", 2)))

    def test_descriptors(self) -> None:
        """Where fewer fit than the limit says, the last is refused before descriptors are used up."""
        limits = Limits(sessions=3, sessions_per_peer=2)
        self.ledger.renew(shares(limits, fitting=1), 64)
        self.assertIsNotNone(self.admit("192.0.2.1")[0])
        self.assertEqual(self.log.news, [])
        session, client = self.admit("192.0.2.2")
        self.assertIsNone(session)
        self.assertEqual(client.written, b"421 Too many connections; try again later.\r\n")
        self.assertEqual(self.log.news, [Resource(What.DESCRIPTORS, 1, 1)])

    def test_calls(self) -> None:
        """Any session's own call of its server is known."""
        self.assertFalse(self.shared.call_from("192.0.2.254", 1))
        self.admit("192.0.2.1"), self.admit("192.0.2.1")
        self.assertTrue(self.shared.call_from("192.0.2.254", 2))
        self.assertFalse(self.shared.call_from("192.0.2.254", 3))

    def test_balancers(self) -> None:
        """Whose connections begin with a PROXY header; nobody's without settings."""
        shared = self.sessions(Settings())
        self.assertFalse(shared.is_balancer("192.0.2.1"))
        balancers = ProxyProtocol((ip_network("192.0.2.0/28"),))
        shared = self.sessions(Settings(proxy_protocol=balancers))
        for peer, found in (("192.0.2.1", True), ("192.0.2.17", False), ("2001:db8::1", False)):
            self.assertIs(shared.is_balancer(peer), found, peer)
