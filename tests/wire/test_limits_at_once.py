"""Limits, bans and rules under 500 attempts at once: as many get through as may, and not one more.

Those of ``test_limits`` aside.  Rates are so low that a bucket of one token is not full again meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import ClassVar

from tests.tls.certificates import issued
from tests.wire.crowd import ATTEMPTS, CrowdClient, CrowdServer, crowd
from tests.wire.crowds import Crowd
from tests.wire.sockets import listener, port_of
from tests.wire.test_limits import IN, CrowdTestCase, enters

ANN, BEN, EVE, BALANCER = (f"127.0.0.{at}" for at in (2, 3, 9, 7))
PLAIN = '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1:backlog=1024"\n'


def other(zeros: str) -> str:
    """Another listener: one with the same endpoint would be the same one to its limits."""
    return PLAIN.replace("tcp:0", f"tcp:0{zeros}")


OF_PEER = b"421 Too many sessions from your address; try again later."
FULL = b"421 Too many sessions; try again later."
FAST = b"421 Too many new sessions; try again later."
FAST_HERE = b"421 Too many new sessions here; try again later."
BANNED = b"421 Your address is not admitted for a while."
BARRED = b"421 Too many wrong passwords; try again later."
OUTSIDE = b"421 Your address is not admitted here."
WRONG = b"530 Login incorrect."
SHAKEN = b"431 Too many TLS handshakes; try again later."


async def told(client: CrowdClient) -> tuple[str, bytes]:
    """Log in, and stay: whose attempt it was, and what came of it."""
    return client.source, await client.enter()


class AtOnceTestCase(CrowdTestCase):
    """A server that takes everybody."""

    head = ""
    interfaces = ()
    listeners: ClassVar[tuple[str, ...]] = ("127.0.0.1",)

    @classmethod
    def limits(cls) -> str:
        return f'{cls.own()}[[routes]]\nserver = "{cls.there()}"\n'

    @classmethod
    def own(cls) -> str:
        """Settings beside the route to the server."""
        raise NotImplementedError


class Sessions(AtOnceTestCase):
    """In all, and of one peer."""

    @classmethod
    def own(cls) -> str:
        return (  # of clients the header says whence they come
            "[limits]\nsessions = 30\nsessions-per-peer = 12\n[access]\nclients = ['::/0', '0.0.0.0/0']\n"
            f'[proxy-protocol]\nbalancers = ["{BALANCER}/32"]\n{PLAIN}'
        )

    def test_all(self) -> None:
        """Thirty of three peers, none of which gets a thirteenth; again once they have gone."""
        for _ in range(2):
            found = crowd(self.gateway.address, (ANN, BEN, EVE), told)
            refused = Counter(what for _, what in found.elements() if what != IN)
            self.assertEqual(found.total() - refused.total(), 30)
            self.assertEqual(refused[OF_PEER] + refused[FULL], ATTEMPTS - 30)
            self.assertLessEqual(max(found[who, IN] for who in (ANN, BEN, EVE)), 12)
            self.assertTrue(self.gateway.left())
        self.assertEqual(self.crowded[0].most, 30)

    def test_networks(self) -> None:
        """Hundreds of addresses of one IPv6 network are one peer, whatever stands in their lower half."""

        def header(at: int) -> bytes:
            return b"PROXY TCP6 2001:db8:0:%d:%x::%x 2001:db8::1 1 21\r\n" % (at % 2, at, at)

        async def told_by_network(client: CrowdClient) -> tuple[int, bytes]:
            return client.at % 2, await client.enter()

        found = crowd(self.gateway.address, BALANCER, told_by_network, head=header)
        refused = ATTEMPTS // 2 - 12
        expected = {
            (net, what): many for net in (0, 1) for what, many in ((IN, 12), (OF_PEER, refused))
        }
        self.assertEqual(found, expected)


class Transfers(AtOnceTestCase):
    """Transfers in all and of one account, ports in all, handshakes that are not done."""

    listeners = ("127.0.0.1",) * 2
    PORTS = 480

    @classmethod
    def own(cls) -> str:
        users = ", ".join(f'"memory:{name}:Gate-w0rd"' for name in ("gus", "ann", "eve"))
        return (
            "[limits]\nreturning = 1000\ntransfers = 9\ntransfers-per-account = 5\n"
            f"passive-listeners = {cls.PORTS}\nhandshakes-per-peer = 20\n[accounts]\nauth = [{users}]\n"
            f"[client-tls]\n{issued('good').toml}{PLAIN}{PLAIN}client-tls = 'implicit'\n"
        )

    def test_transfers(self) -> None:
        """Nine transfers of three accounts begin, of one account five; the server hears of no other."""

        async def begins(client: CrowdClient) -> tuple[bytes, bytes]:
            user = users[client.at % len(users)]
            await self.enters(client, user)
            await client.ask(b"PASV")
            found = await client.ask(b"RETR file\r\nSTAT")
            return user, b"begun" if found.startswith((b"150", b"213")) else found[:3]

        for most in (5, 9):
            users = (b"gus",) if most == 5 else (b"gus", b"ann", b"eve")
            before = self.crowded[0].retrieved
            found = crowd(self.gateway.address, ANN, begins)
            self.assertEqual(self.crowded[0].retrieved - before, most)
            begun = [found[user, b"begun"] for user in users]
            self.assertEqual(sum(begun), most)
            self.assertLessEqual(max(begun), 5)
            self.assertTrue(self.gateway.left())
        self.told("transfers")
        self.told("transfers-per-account")

    def test_ports(self) -> None:
        """500 ask for a port, and so many get one as there may be."""

        async def waits(client: CrowdClient) -> bytes:
            await self.enters(client, b"gus")
            return (await client.ask(b"PASV"))[:3]

        found = crowd(self.gateway.address, (ANN, BEN, EVE), waits)
        self.assertEqual(found, {b"227": self.PORTS, b"425": ATTEMPTS - self.PORTS})
        self.told("passive-listeners")

    async def enters(self, client: CrowdClient, account: bytes) -> None:
        """At the gateway, and at the server."""
        await client.enter(account, b"Gate-w0rd")
        await client.ask(b"USER joe")
        await client.ask(b"PASS secret")

    def test_handshakes(self) -> None:
        """Of 500 that say nothing twenty are not reset: those that came last."""
        silent = Crowd(self.gateway.addresses[1], ANN, ATTEMPTS)
        self.addCleanup(silent.close)
        self.assertTrue(silent.hear(lambda one: len(one.over) == ATTEMPTS - 20))
        self.assertTrue(self.gateway.rests())
        silent.glance()
        self.assertEqual(len(silent.over), ATTEMPTS - 20)


class Rates(AtOnceTestCase):
    """New sessions and commands of a listener, TLS handshakes in all."""

    listeners = ("127.0.0.1",) * 3

    @classmethod
    def own(cls) -> str:
        return (
            f"[limits]\nreturning = 1000\nhandshake-rate = 0.01\ncommand-delay = 0.001\n"
            f"[client-tls]\nmode = 'offer'\n{issued('good').toml}"
            f"{PLAIN}limits = {{ session-rate = 0.01 }}\n"
            f"{other('0')}limits = {{ command-rate = 2 }}\n{other('00')}"
        )

    def test_sessions(self) -> None:
        """One comes in."""
        found = crowd(self.gateway.addresses[0], (ANN, BEN, EVE), enters)
        self.assertEqual(found, {IN: 1, FAST_HERE: ATTEMPTS - 1})
        self.told("session-rate-of-listener")

    def test_commands(self) -> None:
        """Of each of 500 sessions a second's worth is answered, and the next two are not."""

        async def hurries(client: CrowdClient) -> tuple[bytes, ...]:
            first = await client.ask(b"NOOP\r\n" * 3 + b"NOOP")
            return first[:3], *[(await client.reply())[:3] for _ in "123"]

        found = crowd(self.gateway.addresses[1], ANN, hurries)
        self.assertEqual(found, {(b"200", b"200", b"450", b"450"): ATTEMPTS})
        self.told("command-rate")

    def test_handshakes(self) -> None:
        """One AUTH is taken, of whichever peer."""

        async def protects(client: CrowdClient) -> bytes:
            found = await client.ask(b"AUTH TLS")
            return found[:3] if found.startswith(b"234") else found

        found = crowd(self.gateway.addresses[2], (ANN, BEN, EVE), protects)
        self.assertEqual(found, {b"234": 1, SHAKEN: ATTEMPTS - 1})
        self.told("handshake-rate")


class RateOfAll(AtOnceTestCase):
    """New sessions, wherever they come."""

    listeners = ("127.0.0.1",) * 2

    @classmethod
    def own(cls) -> str:
        return f"[limits]\nsession-rate = 0.01\n{PLAIN}{PLAIN}"

    def test_sessions(self) -> None:
        """One of three peers at one listener; none at the other."""
        first, second = self.gateway.addresses
        self.assertEqual(crowd(first, (ANN, BEN, EVE), enters), {IN: 1, FAST: ATTEMPTS - 1})
        self.assertEqual(crowd(second, ANN, enters, 20), {FAST: 20})
        self.told("session-rate")


class Returning(AtOnceTestCase):
    """Sessions that go back to where they came from."""

    @classmethod
    def limits(cls) -> str:
        cls.crowded = [CrowdServer(slow=True)]
        return (
            f"[limits]\nreturning = 6\n{PLAIN}"
            f"[[routes]]\nclients = ['{ANN}']\nserver = '{cls.there()}'\n"
        )

    def test_not_there(self) -> None:
        """Those that have not arrived are none of them."""
        turn = asyncio.Lock()

        async def fails(client: CrowdClient) -> bytes:
            async with turn:
                return (await client.enter(b"joe@127.0.0.1:%d" % nobody))[:3]

        with listener() as taken:
            nobody = port_of(taken)
        self.assertEqual(crowd(self.gateway.address, BEN, fails, 8), {b"434": 8})
        self.assertTrue(self.gateway.left())
        self.assertNotIn("limits.returning", self.gateway.new_log())

    def test_returning(self) -> None:
        """Six wait for their server's word at once, until it comes; the others are refused."""
        refused = 0

        async def waits(client: CrowdClient) -> bytes:
            nonlocal refused
            found = await client.enter()
            if not found.startswith(b"230"):
                refused += 1
                if refused == ATTEMPTS - 6:
                    self.crowded[0].hurry()
            return found[:3]

        found = crowd(self.gateway.address, ANN, waits)
        self.assertEqual(found[b"230"], 6, found)
        self.assertEqual(self.crowded[0].most, 6)
        self.assertEqual(found.total() - found[b"230"], refused)


class Rules(AtOnceTestCase):
    """Who may come, whither, and what may be said; so much that is wrong a session may say."""

    many = 2
    CLIENTS = ("127.0.0.16", "127.0.0.17")

    @classmethod
    def limits(cls) -> str:
        port = cls.crowded[0].port
        return (
            f'[limits]\nbad-commands = 4\n[access]\nclients = ["127.0.0.16/31"]\n'
            f'[[access.servers]]\nnetworks = ["127.0.0.1/32"]\nports = [{port}]\n'
            f"[[access.commands]]\nallow = false\nclients = ['{cls.CLIENTS[1]}']\ncommands = ['SIZE']\n"
            f"[[access.commands]]\ncommands = ['read']\npaths = ['/pub']\n{PLAIN}"
        )

    def test_clients(self) -> None:
        """Nobody of 500 comes in from elsewhere."""
        sources = ANN, "127.0.0.15", "127.0.0.18"
        self.assertEqual(crowd(self.gateway.address, sources, enters), {OUTSIDE: ATTEMPTS})

    def test_servers(self) -> None:
        """Of two servers each second client wants the one that nobody may have."""

        async def enters_there(client: CrowdClient) -> tuple[int, bytes]:
            which = client.at % 2
            user = b"joe@127.0.0.1:%d" % self.crowded[which].port
            return which, (await client.enter(user))[:3]

        found = crowd(self.gateway.address, self.CLIENTS, enters_there)
        self.assertEqual(found, {(0, b"230"): ATTEMPTS // 2, (1, b"530"): ATTEMPTS // 2})
        self.assertEqual(self.crowded[1].most, 0)

    def test_commands(self) -> None:
        """What is refused never reaches the server; what is allowed does, each time."""
        lines = (
            b"SIZE /pub/x",
            b"DELE /pub/x",
            b"MDTM /x",
            b"MLST /pub/../pub/x",
            b"CWD /pub",
            b"XFOO",
        )
        before = self.crowded[0].said.copy()

        async def speaks(client: CrowdClient) -> tuple[str, tuple[bytes, ...]]:
            await client.enter(b"joe@127.0.0.1:%d" % self.crowded[0].port)
            return client.source, tuple([(await client.ask(line))[:3] for line in lines])

        found = crowd(self.gateway.address, self.CLIENTS, speaks)
        ok, no = b"200", b"550"
        expected = {
            (self.CLIENTS[0], (ok, no, no, ok, ok, no)): ATTEMPTS // 2,
            (self.CLIENTS[1], (no, no, no, ok, ok, no)): ATTEMPTS // 2,
        }
        self.assertEqual(found, expected)
        told = self.crowded[0].said - before
        for verb, times in (
            (b"SIZE", 0.5),
            (b"DELE", 0),
            (b"MDTM", 0),
            (b"MLST", 1),
            (b"CWD", 1),
            (b"XFOO", 0),
        ):
            self.assertEqual(told[verb], times * ATTEMPTS, verb)

    def test_bad_commands(self) -> None:
        """The fourth ends each of the sessions."""

        async def babbles(client: CrowdClient) -> tuple[bytes, ...]:
            return await client.ask(b"!\r\n" * 6 + b"!"), *[await client.reply() for _ in "12345"]

        found = crowd(self.gateway.address, self.CLIENTS, babbles)
        no = b"500 Not an FTP command."
        self.assertEqual(
            found, {(no,) * 4 + (b"421 Too many bad commands; closing.", b""): ATTEMPTS}
        )


class Bans(AtOnceTestCase):
    """Points of peers and of accounts, and what is never counted."""

    listeners = ("127.0.0.1",) * 2
    KNOWN, SAFE, CROWDING = "127.0.0.20", "127.0.0.21", "127.0.0.22"

    @classmethod
    def own(cls) -> str:
        return (
            "[accounts]\nauth = ['memory:gus:Gate-w0rd', 'memory:ann:Gate-w0rd']\nrequired = false\n"
            "delay = 0.001\nlongest-delay = 0.001\nfailures-per-peer = 100000\n"
            "failures-per-account = 100000\n[limits]\nsessions-per-peer = 600\n"
            f"[bans]\nmode = 'on'\nsafe = ['{cls.SAFE}/32']\nthreshold = 12\naccount-threshold = 40\n"
            f"{PLAIN}accounts = true\n{PLAIN}"
        )

    async def guesses(self, client: CrowdClient) -> bytes:
        """One wrong password."""
        return await client.enter(b"gus", b"wrong")

    def test_peer(self) -> None:
        """Of 500 wrong passwords of a peer twelve are looked at."""
        found = crowd(self.gateway.address, EVE, self.guesses)
        self.assertEqual(found[WRONG], 12, found)
        self.assertEqual(found[BANNED] + found[BARRED], ATTEMPTS - 12, found)
        self.assertEqual(crowd(self.gateway.addresses[1], EVE, self.guesses, 20), {BANNED: 20})

    def test_safe(self) -> None:
        """Of a safe one all of them."""
        self.assertEqual(crowd(self.gateway.address, self.SAFE, self.guesses), {WRONG: ATTEMPTS})

    def test_account(self) -> None:
        """Of 500 wrong ones of fifty peers for one account forty are; its owner, who was here, is let in."""

        async def owner(client: CrowdClient) -> bytes:
            return (await client.enter(b"ann", b"Gate-w0rd"))[:3]

        async def guesses(client: CrowdClient) -> bytes:
            return await client.enter(b"ann", b"wrong")

        self.assertEqual(crowd(self.gateway.address, self.KNOWN, owner, 1), {b"230": 1})
        found = crowd(self.gateway.address, tuple(f"127.0.2.{at}" for at in range(50)), guesses)
        self.assertEqual(found, {WRONG: 40, BARRED: ATTEMPTS - 40})
        self.assertEqual(crowd(self.gateway.address, self.KNOWN, owner, 10), {b"230": 10})
        self.assertEqual(crowd(self.gateway.address, BEN, owner, 10), {b"421": 10})
