"""Bans at work: facts, the net's questions, operators, the file; the clock is the test's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Bans, BansMode, Limits, ServerUrl, Settings
from ftpalg.config.tables import ProxyProtocol
from ftpalg.core.bans import Banned, Kind, Offence, Unbanned, Who
from ftpalg.core.ends import Moment, Reason, Refusal
from ftpalg.core.events import Link
from ftpalg.core.facts import About, LoginRefused, Peer, ServerUnreachable, SessionClosed
from ftpalg.core.news import GatewayTold, News, Refused
from ftpalg.core.routes import Server
from ftpalg.life import ban_file
from ftpalg.life.banning import AT_ONCE, Banning
from ftpalg.life.observers import Observers
from ftpalg.life.state_file import SOON
from ftpalg.net.guesses import Guesses
from ftpalg.net.ledger import OwnLedger
from tests.admin.cases import Turns

EVE, EVE6 = "192.0.2.1", "2001:db8::1"
ON = Bans(mode=BansMode.ON, threshold=3, account_threshold=5, time=100.0, wrong_password=1)


class Log:
    """Keeps what it is told."""

    ladder = False

    def __init__(self) -> None:
        self.told: list[News] = []

    def see(self, about: About, fact: Any) -> None:
        pass

    def tell(self, news: News) -> None:
        self.told.append(news)

    def reopen(self) -> None:
        pass

    def renewed(self, said: Any) -> AbstractContextManager[None]:
        raise NotImplementedError

    def known(self, session: str) -> None:
        return None


class Session:
    """One that is open."""

    def __init__(self, key: str, letter: str, ended: list[str]) -> None:
        self.key, self._ended = key, ended
        self.standing = SimpleNamespace(letter=letter)
        self.name = f"{key} {letter}"

    def end(self, text: str, reason: Reason) -> None:
        assert reason is Reason.BANNED
        self._ended.append(self.name)
        self.standing.letter = "over"


class BanningCase(SynchronousTestCase):
    """A gateway of the test's, with bans that are on."""

    def setUp(self) -> None:
        self.clock = Turns()
        self.clock.advance(1000)
        self.log = Log()
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.ended: list[str] = []
        self.banning = self.made(ON)

    def made(self, bans: Bans, **more: Any) -> Banning:
        """Another one, at its start."""
        settings = Settings(bans=bans, state=self.folder, **more)
        self.observers = Observers(self.log)
        accounts: Callable[[bytes], bool] = b"joe".__eq__
        banning = Banning(self.clock, self.observers, settings, lambda: accounts, {})
        ledger = OwnLedger({}, settings.limits.ipv6_prefix)
        self.sessions: dict[str, Session] = {}
        gateway: Any = SimpleNamespace(
            ledger=ledger,
            guesses=Guesses(self.clock, ledger, settings, banning),
            shared=SimpleNamespace(sessions=SimpleNamespace(open=self.sessions)),
        )
        self.gateway = gateway
        banning.attend(gateway)
        banning.start()
        return banning

    def wrong(self, times: int = 1, peer: str = EVE, account: str = "joe") -> None:
        """Wrong passwords."""
        for _ in range(times):
            self.observers.see(About("1", Peer(peer, 1)), LoginRefused("no", user=account))

    def said(self, kind: type) -> list[Any]:
        """The news of that kind."""
        return [one for one in self.log.told if isinstance(one, kind)]


class Peers(BanningCase):
    """They are kept out."""

    def test_banned(self) -> None:
        """With the offence that is one too many, for so long; another peer is not."""
        self.wrong(2)
        self.assertIsNone(self.banning.of_peer(EVE))
        self.wrong()
        ban = self.banning.of_peer(EVE)
        assert ban is not None
        self.assertEqual((ban.since, ban.until, ban.reason), (1000, 1100, "wrong-password"))
        self.assertIsNone(self.banning.of_peer("192.0.2.2"))
        self.assertEqual(self.said(Banned), [Banned(ban)])
        self.assertEqual(self.banning.counts, {Kind.PEER: 1, Kind.ACCOUNT: 0})
        self.clock.advance(100)
        self.assertIsNone(self.banning.of_peer(EVE))
        self.assertEqual(self.said(Unbanned), [Unbanned(ban, "ended")])

    def test_network(self) -> None:
        """An IPv6 peer is its network."""
        self.wrong(3, EVE6)
        self.assertIsNotNone(self.banning.of_peer("2001:db8::ffff"))
        self.assertIsNone(self.banning.of_peer("2001:db8:0:1::1"))

    def test_safe(self) -> None:
        """Listed networks and balancers are never counted, and an order is not for them either."""
        net = ip_network("192.0.2.0/24")
        for more in ({"bans": [net]}, {"proxy": [net]}):
            bans = Bans(mode=BansMode.ON, threshold=1, safe=tuple(more.get("bans", ())))
            proxy = ProxyProtocol(tuple(more.get("proxy", ())))
            self.banning = self.made(bans, proxy_protocol=proxy)
            self.wrong(100)
            self.observers.tell(Refused(Link(EVE, "", 1), "no", Refusal.TOO_MANY_OF_PEER))
            self.assertEqual((self.banning.bans, self.said(Banned)), ((), []))
            self.banning.ban(Who(Kind.PEER, EVE), 10)
            self.assertIsNone(self.banning.of_peer(EVE))
            self.log.told.clear()
            self.banning.unban(Who(Kind.PEER, EVE))

    def test_off(self) -> None:
        """Nobody is told a fact, and nothing is found."""
        self.banning = self.made(Bans(threshold=1))
        self.wrong(10)
        self.assertEqual((self.banning.bans, self.log.told), ((), []))

    def test_shadow(self) -> None:
        """Found and told, and nobody is refused or ended."""
        self.banning = self.made(Bans(mode=BansMode.SHADOW, threshold=1))
        self.sessions["1"] = Session(EVE, "N", self.ended)
        self.wrong()
        self.assertEqual([news.shadow for news in self.said(Banned)], [True])
        self.assertEqual(len(self.banning.bans), 1)
        self.assertIsNone(self.banning.of_peer(EVE))
        self.clock.advance(1)
        self.assertEqual(self.ended, [])

    def test_limits(self) -> None:
        """A peer that wants more than its share."""
        for _ in range(3):
            self.observers.tell(Refused(Link(EVE, "", 1), "no", Refusal.TOO_MANY_OF_PEER))
        self.assertEqual(self.banning.bans[0].offence, Offence.LIMIT)
        self.observers.tell(Refused(Link(EVE, "", 1), "no", Refusal.BANNED))

    def test_servers_of_the_settings(self) -> None:
        """That one of them is down bans nobody; an other one is a scan."""
        server = ServerUrl("ftp", Server("ftp.example", 21))
        self.banning = self.made(Bans(mode=BansMode.ON, threshold=1), server=server)
        about = About("1", Peer(EVE, 1), name="ftp.example:21")
        self.observers.see(about, ServerUnreachable("no"))
        self.assertEqual(self.banning.bans, ())
        self.observers.see(about._replace(name="a:21"), ServerUnreachable("no"))
        self.assertEqual(self.banning.bans[0].offence, Offence.SCAN)

    def test_sessions(self) -> None:
        """Those of the peer that are not logged in end, some at a time; others go on."""
        self.sessions["d"] = Session(EVE, "D", self.ended)
        self.sessions["o"] = Session("192.0.2.2", "N", self.ended)
        for at in range(AT_ONCE + 1):
            self.sessions[str(at)] = Session(EVE, "NARL"[at % 4], self.ended)
        self.wrong(3)
        self.assertEqual(self.ended, [])  # it may be one of them that is told this
        self.clock.turn()
        self.assertEqual(len(self.ended), AT_ONCE)
        self.clock.turn()
        self.assertEqual(len(self.ended), AT_ONCE + 1)
        self.assertEqual({name.partition(" ")[0] for name in self.ended}, {EVE})

    def test_too_many(self) -> None:
        """There are never more than the settings allow; which goes is told."""
        self.banning = self.made(Bans(mode=BansMode.ON, threshold=1, most=2))
        for at in range(3):
            self.wrong(peer=f"192.0.2.{at}")
            self.clock.advance(1)
        self.assertEqual([ban.who.name for ban in self.banning.bans], ["192.0.2.1", "192.0.2.2"])
        self.assertEqual([news.why for news in self.said(Unbanned)], ["too-many"])


class Accounts(BanningCase):
    """They are kept from strangers."""

    def guess(self) -> None:
        """From many places, until the account is banned."""
        for at in range(5):
            self.wrong(peer=f"198.51.100.{at}")

    def test_banned(self) -> None:
        """Guesses from many peers; whether there is such an account cannot be told by it."""
        self.guess()
        self.assertIsNotNone(self.banning.of_account("JOE", "203.0.113.1"))
        for at in range(5):
            self.wrong(peer=f"198.51.100.{at}", account="nobody")
        self.assertIsNotNone(self.banning.of_account("nobody", "203.0.113.1"))

    def test_owner(self) -> None:
        """A stranger does not lock out who has logged in rightly from there, nor a safe network."""
        self.banning.right("joe", "203.0.113.7")
        self.guess()
        self.assertIsNone(self.banning.of_account("joe", "203.0.113.7"))
        self.assertIsNotNone(self.banning.of_account("joe", "203.0.113.8"))
        self.assertIsNone(self.banning.of_account("ann", "203.0.113.8"))

    def test_own_mistakes(self) -> None:
        """An old password that the owner's machine goes on sending bans the machine alone."""
        self.banning.right("joe", EVE)
        self.wrong(5)
        self.assertIsNone(self.banning.of_account("joe", "203.0.113.8"))
        self.assertIsNotNone(self.banning.of_peer(EVE))

    def test_not_at_the_gateway(self) -> None:
        """What servers refuse, and other ends, are no account's."""
        for _ in range(9):
            self.observers.see(
                About("1", Peer(EVE, 1)), SessionClosed(Reason.NOT_FTP, Moment.NAMING)
            )
        self.wrong(9, "192.0.2.9", account="")
        self.assertEqual(self.banning.counts[Kind.ACCOUNT], 0)


class Operators(BanningCase):
    """Orders."""

    def test_ban(self) -> None:
        """As long as is said, or as the settings have it; the order is told with who gave it."""
        who = self.banning.who(Kind.PEER, EVE6)
        self.assertEqual(who.name, "2001:db8::/64")
        self.assertEqual(self.banning.ban(who, 5, 1000).until, 1005)
        self.assertEqual(self.banning.ban(who, 0).until, 1100)
        self.assertEqual([news.uid for news in self.said(Banned)], [1000, None])

    def test_unban(self) -> None:
        """The ban goes, and the wrong passwords that slow it; where there is nothing it says so."""
        who = self.banning.who(Kind.PEER, EVE)
        self.assertFalse(self.banning.unban(who))
        self.gateway.guesses.begin(EVE, b"joe").wrong()
        self.assertTrue(self.banning.unban(who))
        self.assertTrue(self.banning.unban(self.banning.who(Kind.ACCOUNT, "JOE")))
        self.wrong(3)
        self.assertTrue(self.banning.unban(who, 0))
        self.assertIsNone(self.banning.of_peer(EVE))
        self.assertEqual([news.uid for news in self.said(Unbanned)], [0])


class Kept(BanningCase):
    """Over restarts and new settings."""

    @property
    def file(self) -> Path:
        return self.folder / ban_file.NAME

    def test_restart(self) -> None:
        """Bans and places of right logins are there again, and how often it was; scores are not."""
        self.wrong(3)
        self.wrong(2, "192.0.2.2")
        self.banning.right("ann", "203.0.113.7")
        self.clock.advance(0)
        self.banning.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        again = self.made(ON)
        self.assertIsNotNone(again.of_peer(EVE))
        self.assertTrue(again.knows("ann", "203.0.113.7"))
        self.wrong(1, "192.0.2.2")
        self.assertIsNone(again.of_peer("192.0.2.2"))
        self.clock.advance(101)
        self.assertIsNone(again.of_peer(EVE))
        self.wrong(3)
        ban = again.of_peer(EVE)
        assert ban is not None
        self.assertEqual((ban.times, ban.until - ban.since), (2, 200))

    def test_damaged(self) -> None:
        """It is set aside and said; the next one is written."""
        self.file.write_bytes(b'{"version": 1, "bans"')
        banning = self.made(ON)
        texts = [news.text for news in self.said(GatewayTold)]
        self.assertEqual(len(texts), 1)
        self.assertIn("bans.json.damaged", texts[0])
        self.wrong(3)
        banning.stop()
        self.assertEqual(len(ban_file.read(self.file).bans), 1)

    def test_written_beside(self) -> None:
        """Soon, in a thread; then not again for nothing."""
        self.wrong(3)
        self.clock.advance(SOON)
        self.banning.stop()
        self.assertEqual(len(ban_file.read(self.file).bans), 1)
        self.file.unlink()
        self.banning.stop()
        self.assertFalse(self.file.exists())

    def test_cannot_be_written(self) -> None:
        """It is said, and nothing ends by it."""
        self.wrong(3)
        self.file.mkdir()
        self.banning.stop()
        self.assertIn("not kept", self.said(GatewayTold)[0].text)
        self.assertIsNotNone(self.banning.of_peer(EVE))

    def test_handed_on(self) -> None:
        """The next program has the file: this one writes it no more."""
        self.wrong(3)
        self.banning.hand_on()
        self.assertEqual(len(ban_file.read(self.file).bans), 1)
        self.file.unlink()
        self.wrong(3, "192.0.2.2")
        self.banning.stop()
        self.assertFalse(self.file.exists())

    def test_nowhere(self) -> None:
        """Without a folder nothing is kept, and all else is as with one."""
        banning = Banning(self.clock, Observers(self.log), Settings(bans=ON), lambda: None, {})
        banning.start()
        banning.ban(Who(Kind.PEER, EVE), 5)
        self.assertIsNotNone(banning.of_peer(EVE))
        banning.unban(Who(Kind.PEER, EVE))
        banning.stop()

    def test_renewed(self) -> None:
        """Bans stay; those of networks that are safe now go; a mode holds at once."""
        self.wrong(3)
        self.wrong(3, EVE6)
        self.banning.right("ann", "203.0.113.7")
        safe = Bans(mode=BansMode.ON, safe=(ip_network("192.0.2.0/24"),))
        self.banning.renewed(Settings(bans=safe, state=self.folder))
        self.assertIsNone(self.banning.of_peer(EVE))
        self.assertEqual([news.why for news in self.said(Unbanned)], ["safe"])
        self.assertIsNotNone(self.banning.of_peer(EVE6))
        self.assertTrue(self.banning.knows("ann", "203.0.113.7"))
        self.banning.renewed(Settings(state=self.folder))
        self.assertIsNone(self.banning.of_peer(EVE6))
        self.log.told.clear()
        self.wrong(100, "192.0.2.3")
        self.assertEqual(self.said(Banned), [])
        self.banning.renewed(Settings(bans=ON, state=self.folder))
        self.wrong(3, "192.0.2.3")
        self.assertEqual(len(self.said(Banned)), 1)

    def test_another_prefix(self) -> None:
        """A ban of a network holds for the one that is a peer now."""
        self.wrong(3, EVE6)
        self.banning.stop()
        again = self.made(ON, limits=Limits(ipv6_prefix=48))
        self.assertIsNotNone(again.of_peer("2001:db8:0:99::1"))

    def test_far_ends(self) -> None:
        """A ban of years is looked at day by day."""
        self.banning.ban(Who(Kind.PEER, EVE), 10**8)
        for _ in range(3):
            self.clock.advance(90000)
        self.assertIsNotNone(self.banning.of_peer(EVE))
        self.banning.ban(Who(Kind.PEER, "192.0.2.2"), 5)
        self.banning.ban(Who(Kind.PEER, "192.0.2.3"), 50)
        self.clock.advance(5)
        self.assertEqual(len(self.banning.bans), 2)
        self.assertEqual([one.ban.who.name for one in self.said(Unbanned)], ["192.0.2.2"])
