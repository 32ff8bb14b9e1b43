"""Guesses and bans over all workers: peers are addresses of loopback."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping

from tests.wire.crowd import CrowdClient, crowd
from tests.wire.gateways import STARTS
from tests.wire.test_limits_at_once import ANN, BANNED, EVE, WRONG
from tests.workers.companies import KILL, Company
from tests.workers.test_limits import CompanyCase

ACCOUNTS = (
    "[accounts]\nauth = ['memory:gus:Gate-w0rd']\ndelay = 0.001\n"
    "longest-delay = 0.001\nfailures-per-account = 100000\n"
)


async def guesses(client: CrowdClient) -> bytes:
    """One wrong password."""
    return await client.enter(b"gus", b"wrong")


class Guesses(CompanyCase):
    """Wrong passwords."""

    def test_of_peer(self) -> None:
        """Of 500 twelve are looked at, whichever workers have them; of another peer as many again."""
        gateway = self.limited(f"{ACCOUNTS}failures-per-peer = 12\n")
        for peer in (EVE, ANN):
            found = crowd(gateway.address, peer, guesses)
            self.assertEqual(found[WRONG], 12, found)


class Bans(CompanyCase):
    """Who is kept out."""

    def banning(self, environment: Mapping[str, str] = {}) -> Company:
        """Three wrong passwords are too many."""
        rest = f"{ACCOUNTS}[bans]\nmode = 'on'\nthreshold = 3\nwrong-password = 1\n"
        text = self.company_text(rest, workers=2)
        text = text.replace(f":{self.server.port}", f":{self.crowded.port}")
        return self.begun(text, environment).joined()

    def banned(self, gateway: Company, peer: str = EVE) -> Counter[bytes]:
        """What so many are told that all workers are among them who tell it."""

        async def greeted(client: CrowdClient) -> bytes:
            return client.greeting

        return crowd(gateway.address, peer, greeted, 64)

    def test_all_know(self) -> None:
        """Offences that different workers see count together, and once it is told all workers hold it."""
        gateway = self.banning()
        found = crowd(gateway.address, EVE, guesses, 3)
        self.assertEqual(found, {WRONG: 3})
        self.assertTrue(gateway.logged("banned", timeout=STARTS))
        self.assertEqual(self.banned(gateway), {BANNED: 64})
        self.assertNotIn(BANNED, self.banned(gateway, ANN))
        self.assertEqual(gateway.whole_log().count("warn banned until"), 1)

    def test_successor(self) -> None:
        """A worker that comes later knows them, and so does the next start."""
        environment = {"STATE_DIRECTORY": str(self.scratch)}
        gateway = self.banning(environment)
        crowd(gateway.address, EVE, guesses, 3)
        self.assertTrue(gateway.logged("banned", timeout=STARTS))
        for pid in gateway.pids.values():
            os.kill(pid, KILL)
        for number in (1, 2):
            self.assertTrue(gateway.logged(f"worker {number} serves", timeout=STARTS))
        self.assertTrue(gateway.until(lambda: self.banned(gateway) == {BANNED: 64}))
        gateway.process.terminate()
        gateway.status()
        kept = json.loads((self.scratch / "bans.json").read_text())
        self.assertEqual([ban["name"] for ban in kept["bans"]], [EVE])
        gateway = self.banning(environment)
        self.assertEqual(self.banned(gateway), {BANNED: 64})
