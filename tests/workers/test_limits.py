"""Limits that hold for all workers together, under 500 attempts at once."""

from __future__ import annotations

import asyncio
import os
from collections import Counter

from tests.life.programs import Foreground
from tests.wire.crowd import ATTEMPTS, CrowdClient, CrowdServer, crowd
from tests.wire.gateways import STARTS
from tests.wire.test_limits_at_once import ANN, BEN, EVE, FAST, FULL, OF_PEER, told
from tests.workers.companies import KILL, Company, WorkersCase

IN = b"230 In."
HERE = '"tcp:0:interface=127.0.0.1:backlog=1024"'


class CompanyCase(WorkersCase):
    """Three workers before a server that takes everybody."""

    def setUp(self) -> None:
        super().setUp()
        self.crowded = CrowdServer()

    def limited(self, rest: str, workers: int = 3) -> Company:
        """A gateway with such limits."""
        text = self.company_text(rest, HERE, workers)
        text = text.replace(f":{self.server.port}", f":{self.crowded.port}")
        return self.begun(text).joined()

    def left(self, gateway: Foreground, sessions: int) -> None:
        """All have gone of which it has told."""
        self.assertTrue(gateway.logged(": closed", sessions))


class Counts(CompanyCase):
    """Sessions, in all and of one peer."""

    def test_sessions(self) -> None:
        """Thirty of three peers, none of which gets a thirteenth; again once they have gone."""
        gateway = self.limited("[limits]\nsessions = 30\nsessions-per-peer = 12\n")
        for times in (1, 2):
            found = crowd(gateway.address, (ANN, BEN, EVE), told)
            came = {who: found[who, IN] for who in (ANN, BEN, EVE)}
            self.assertEqual(sum(came.values()), 30, found)
            self.assertLessEqual(max(came.values()), 12)
            refused = Counter(what for _, what in found.elements())
            self.assertEqual(refused[OF_PEER] + refused[FULL], ATTEMPTS - 30)
            self.left(gateway, 30 * times)
        self.assertEqual(self.crowded.most, 30)

    def test_a_killed_workers_share(self) -> None:
        """It is free: as many come again as it had, and not one more."""
        gateway = self.limited("[limits]\nsessions-per-peer = 40\n", 2)
        lost = gateway.pids[1]

        async def comes() -> tuple[int, int]:
            clients = [await self.comes(gateway) for _ in range(60)]
            before = [client for client, said in clients if said == IN]
            os.kill(lost, KILL)
            alive = [await client.ask(b"NOOP") for client in before].count(b"200 Fine.")
            self.assertTrue(gateway.logged("worker 1 serves", timeout=STARTS))
            again = [said for _, said in [await self.comes(gateway) for _ in range(60)]]
            return len(before), alive + again.count(IN)

        self.assertEqual(asyncio.run(comes()), (40, 40))

    async def comes(self, gateway: Company) -> tuple[CrowdClient, bytes]:
        """One more, and what it was told."""
        client = CrowdClient(*await asyncio.open_connection(*gateway.address))
        client.greeting = await client.reply()
        return client, await client.enter()


class Rates(CompanyCase):
    """How many come a second: with so low rates one token is not there again meanwhile."""

    def test_one_token(self) -> None:
        """In all one comes, and the other buckets of the refused are as they were."""
        gateway = self.limited("[limits]\nsession-rate = 0.0005\nsession-rate-per-peer = 50\n")
        found = crowd(gateway.address, (ANN, BEN), told)
        self.assertEqual(Counter(what for _, what in found.elements()), {IN: 1, FAST: ATTEMPTS - 1})

    def test_of_peers(self) -> None:
        """Of each peer as many as its bucket has."""
        gateway = self.limited("[limits]\nsession-rate-per-peer = 0.0005\n")
        found = crowd(gateway.address, (ANN, BEN, EVE), told)
        self.assertEqual([found[who, IN] for who in (ANN, BEN, EVE)], [1, 1, 1], found)


class Turns(CompanyCase):
    """Which server is next."""

    def test_round_robin(self) -> None:
        """Of three servers each gets a third, to one session, whichever workers have them."""
        others = [CrowdServer() for _ in range(2)]
        urls = [f"ftp://127.0.0.1:{one.port}" for one in (self.crowded, *others)]
        gateway = self.limited(f"[[routes]]\nserver = {urls}\nbalance = 'round-robin'\n")
        self.assertEqual(crowd(gateway.address, ANN, told, 300), {(ANN, IN): 300})
        self.assertEqual([one.said[b"PASS"] for one in (self.crowded, *others)], [100] * 3)
