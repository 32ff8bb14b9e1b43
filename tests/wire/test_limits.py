"""Every limit over real sockets: hundreds try at once, never one more gets in than may, and so many do."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from tests.tls.certificates import issued
from tests.wire.clients import Client
from tests.wire.crowd import ATTEMPTS, CrowdClient, CrowdServer, crowd
from tests.wire.peers import SceneTestCase

OF_ROUTE, OF_SERVER, OF_PEER, OF_TWO = (f"127.0.0.{at}" for at in range(2, 6))
IN = b"230 In."
WAY = b"421 Too many sessions on this way; try again later."
SERVER = b"421 Too many sessions with that server; try again later."
ACCOUNT = b"421 Too many sessions of your account; try again later."


class CrowdTestCase(SceneTestCase):
    """A gateway before servers that take everybody."""

    crowded: ClassVar[list[CrowdServer]]
    many = 1

    @classmethod
    def environment(cls) -> dict[str, str]:
        return {"FTPALG_LOG_FORMAT": "json"}

    @classmethod
    def settings(cls) -> str:
        cls.crowded = [CrowdServer() for _ in range(cls.many)]
        return cls.limits()

    @classmethod
    def limits(cls) -> str:
        """The settings; ``there`` has the servers."""
        raise NotImplementedError

    @classmethod
    def there(cls, which: int = 0) -> str:
        """The URL of a server."""
        return f"ftp://127.0.0.1:{cls.crowded[which].port}"

    def told(self, what: str) -> None:
        """A record says what is used up; it is seldom repeated, so it may be an earlier test's."""
        word = f'"what":"{what}"'
        self.assertTrue(self.gateway.until(lambda: word in self.gateway.log.read_text()), what)


async def enters(client: CrowdClient) -> bytes:
    """Log in, and stay."""
    return await client.enter()


class Sessions(CrowdTestCase):
    """Per route and per server."""

    many = 4

    @classmethod
    def limits(cls) -> str:
        return (
            "[limits]\nsessions-per-server = 11\n[health]\nevery = 1000.0\n"
            f'[[routes]]\nclients = ["{OF_ROUTE}"]\nserver = "{cls.there()}"\n'
            "limits = { sessions = 9 }\n"
            f'[[routes]]\nclients = ["{OF_SERVER}"]\nserver = "{cls.there(1)}"\n'
            f'[[routes]]\nclients = ["{OF_TWO}"]\nserver = ["{cls.there(2)}", "{cls.there(3)}"]\n'
        )

    def test_route(self) -> None:
        """Exactly as many as the route may have, and again once they have gone."""
        for _ in range(2):
            found = crowd(self.gateway.address, OF_ROUTE, enters)
            self.assertEqual(found, {IN: 9, WAY: ATTEMPTS - 9})
            self.assertTrue(self.gateway.left())
        self.assertEqual(self.crowded[0].most, 9)
        self.told("sessions-per-route")

    def test_server(self) -> None:
        """The same of a server."""
        for _ in range(2):
            found = crowd(self.gateway.address, OF_SERVER, enters)
            self.assertEqual(found, {IN: 11, SERVER: ATTEMPTS - 11})
            self.assertTrue(self.gateway.left())
        self.assertEqual(self.crowded[1].most, 11)
        self.told("sessions-per-server")

    def test_next_server(self) -> None:
        """Where one is full the next one is tried."""
        found = crowd(self.gateway.address, OF_TWO, enters, 100)
        self.assertEqual(found, {IN: 22, SERVER: 78})


class Accounts(CrowdTestCase):
    """Per account, whatever the address."""

    @classmethod
    def limits(cls) -> str:
        return (
            '[accounts]\nauth = ["memory:gus:Gate-w0rd", "memory:ann:Gate-w0rd"]\n'
            "[limits]\nsessions-per-account = 7\n"
        )

    def test_account(self) -> None:
        """Exactly as many; another account is not concerned."""
        for user in (b"gus", b"ann", b"gus"):

            async def enters_as(client: CrowdClient, user: bytes = user) -> bytes:
                return (await client.enter(user, b"Gate-w0rd"))[:3]

            found = crowd(self.gateway.address, OF_PEER, enters_as)
            self.assertEqual(found, {b"230": 7, b"421": ATTEMPTS - 7})
            self.assertTrue(self.gateway.left())
        self.told("sessions-per-account")
        self.assertTrue(self.gateway.logged('"reason":"account-full"'))


class LeftAccounts(CrowdTestCase):
    """What an account has had and has no more."""

    @classmethod
    def limits(cls) -> str:
        return (
            '[accounts]\nauth = ["memory:gus:Gate-w0rd"]\n'
            "[limits]\nsessions-per-account = 1\n"
            f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
        )

    def test_tls_begins(self) -> None:
        """An account that was given in clear is forgotten where TLS begins: another session may have it."""
        for last, expected in ((b"AUTH TLS", b"230"), (b"NOOP", b"421")):
            first, second = (Client(self.gateway.address) for _ in range(2))
            for client in (first, second):
                self.addCleanup(client.close)
                self.assertEqual(client.code(), 220)
            self.assertEqual(first.ask(b"USER gus").code, 331)
            self.assertEqual(first.ask(b"PASS Gate-w0rd").code, 230)
            first.ask(last)
            self.assertEqual(second.ask(b"USER gus").code, 331)
            self.assertEqual(second.ask(b"PASS Gate-w0rd").text[:3], expected)
            for client in (first, second):
                client.close()
            self.assertTrue(self.gateway.left())


class Transfers(CrowdTestCase):
    """Transfers and data ports."""

    @classmethod
    def limits(cls) -> str:
        return (
            "[limits]\ntransfers-per-peer = 6\npassive-listeners-per-peer = 300\n"
            f'[[routes]]\nclients = ["{OF_ROUTE}"]\nserver = "{cls.there()}"\n'
            "limits = { transfers = 4 }\n"
            f'[[routes]]\nserver = "{cls.there()}"\n'
        )

    def test_peer_and_ports(self) -> None:
        """500 sessions: 300 get a port, of which six may begin at once; the server hears of no other."""
        before = self.crowded[0].retrieved

        async def waits(client: CrowdClient) -> bytes:
            found = await client.enter()
            return (await client.ask(b"PASV"))[:3] if found == IN else found

        found = crowd(self.gateway.address, OF_PEER, waits)
        self.assertEqual(found, {b"227": 300, b"425": ATTEMPTS - 300})
        self.told("passive-listeners-per-peer")
        self.assertTrue(self.gateway.left())
        found = crowd(self.gateway.address, OF_PEER, self.begins, 250)
        self.assertEqual(found, {b"begun": 6, b"450": 244})
        self.assertEqual(self.crowded[0].retrieved - before, 6)
        self.told("transfers-per-peer")

    def test_route(self) -> None:
        """The route's own, and again once those are over."""
        for _ in range(2):
            found = crowd(self.gateway.address, OF_ROUTE, self.begins, 250)
            self.assertEqual(found, {b"begun": 4, b"450": 246})
            self.assertTrue(self.gateway.left())
        self.told("transfers-per-route")

    async def begins(self, client: CrowdClient) -> bytes:
        """RETR: refused, or still unanswered when the STAT behind it is answered."""
        await client.enter()
        await client.ask(b"PASV")
        found = await client.ask(b"RETR file\r\nSTAT")
        return b"begun" if found.startswith((b"150", b"213")) else found[:3]


class Rates(CrowdTestCase):
    """New sessions, commands and handshakes a second."""

    RATE = 8

    @classmethod
    def limits(cls) -> str:
        return (
            f"[limits]\nsession-rate-per-peer = {cls.RATE}\nhandshake-rate-per-peer = 0.01\n"
            "command-rate = 40\ncommand-delay = 0.5\nbad-commands = 1000\n"
            f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
            f'[[routes]]\nserver = "{cls.there()}"\n'
        )

    def test_sessions(self) -> None:
        """A second's worth at once, and no more than the rate after that."""
        began = monotonic()
        found = crowd(self.gateway.address, OF_PEER, enters)
        seconds = monotonic() - began
        refused = found[b"421 Too many new sessions from your address; try again later."]
        self.assertEqual(found[IN] + refused, ATTEMPTS)
        self.assertGreaterEqual(found[IN], self.RATE)
        self.assertLessEqual(found[IN], self.RATE * (1 + seconds) + 1)
        self.told("session-rate-per-peer")

    def test_commands(self) -> None:
        """They are held back first, and refused when that has gone on for too long; QUIT never is."""

        async def floods(client: CrowdClient) -> tuple[int, int, bytes, float]:
            await client.enter()
            began = monotonic()
            answers = [await client.ask(b"NOOP\r\n" * 119 + b"NOOP")]
            answers += [await client.reply() for _ in range(119)]
            seconds = monotonic() - began
            slow = b"450 Too many commands a second; slow down."
            return (
                answers.count(b"200 Fine."),
                answers.count(slow),
                await client.ask(b"QUIT"),
                seconds,
            )

        ((fine, refused, bye, seconds),) = crowd(self.gateway.address, OF_TWO, floods, 1)
        self.assertEqual(fine + refused, 120)
        self.assertGreaterEqual(fine, 40 + 10)
        self.assertGreater(refused, 30)
        self.assertGreaterEqual(seconds, (120 - 40) / 40 - 0.1)
        self.assertEqual(bye, b"221 Bye.")
        self.told("command-rate")

    def test_handshakes(self) -> None:
        """AUTH beyond the rate is 431, and the session goes on in clear."""

        async def protects(client: CrowdClient) -> bytes:
            first = await client.ask(b"AUTH TLS")
            return first[:3] if first[:3] == b"234" else (await client.ask(b"USER joe"))[:3]

        found = crowd(self.gateway.address, OF_SERVER, protects, 5)
        self.assertEqual(found, {b"234": 1, b"331": 4})
        self.told("handshake-rate-per-peer")


class Listeners(CrowdTestCase):
    """A listener's own limits."""

    interfaces = ()
    listeners = ("127.0.0.1", "127.0.0.1")

    @classmethod
    def limits(cls) -> str:
        return (
            '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\nlimits = { sessions = 5 }\n'
            '[[listeners]]\nendpoint = "tcp:00:interface=127.0.0.1"\n'
            f'[[routes]]\nserver = "{cls.there()}"\n'
        )

    def test_listener(self) -> None:
        """One is full, and the other is not concerned."""
        for _ in range(2):
            found = [crowd(where, OF_PEER, enters, 200) for where in self.gateway.addresses]
            full = b"421 Too many sessions here; try again later."
            self.assertEqual(sorted(map(dict, found), key=len), [{IN: 200}, {IN: 5, full: 195}])
            self.assertTrue(self.gateway.left())
        self.told("sessions-of-listener")
