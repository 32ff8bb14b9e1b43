"""Shares of what a session needs beside its seat, under 500 clients at once: never more than there may be.

``test_limits_at_once`` has the limits that count sessions; what is asked for names and of checkers is counted
in one process (``net.test_client_lookups``, ``net.test_threads``).
"""

from __future__ import annotations

import http.client
import json
import socket
import tempfile
from collections import Counter
from pathlib import Path
from typing import ClassVar

from tests.tls.certificates import issued
from tests.wire.crowd import ATTEMPTS, CrowdClient, crowd
from tests.wire.crowds import Site
from tests.wire.test_limits import IN
from tests.wire.test_limits_at_once import ANN, BEN, EVE, PLAIN, AtOnceTestCase

MIB = 1 << 20
SHAKEN = b"431 Too many TLS handshakes from your address; try again later."
DESCRIPTORS = b"421 Too many connections from your address; try again later."


class SharesTestCase(AtOnceTestCase):
    """A gateway that tells what is held."""

    holder: ClassVar[tempfile.TemporaryDirectory[str]]
    socket: ClassVar[str]

    @classmethod
    def own(cls) -> str:
        cls.holder = tempfile.TemporaryDirectory(prefix="ftpalg-shares-")
        cls.socket = str(Path(cls.holder.name) / "admin.sock")
        return f'{cls.shares()}\n[admin]\nsocket = "{cls.socket}"\n{PLAIN}'

    @classmethod
    def shares(cls) -> str:
        """The limits."""
        raise NotImplementedError

    def held(self, limit: str) -> Counter[str]:
        """Who holds how much of it now; "" is all of them."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.socket)
        connection.request("GET", "/shares")
        rows = json.loads(connection.getresponse().read())["shares"]
        connection.close()
        return Counter({row["holder"]: row["used"] for row in rows if row["limit"] == limit})


class Descriptors(SharesTestCase):
    """Of one peer; a session wants two, and one that lingers is reset for one that comes."""

    @classmethod
    def shares(cls) -> str:
        return "[limits]\ndescriptors-per-peer = 40"

    def test_descriptors(self) -> None:
        """Whoever is in has two; nobody has more than his share, and all of it comes back."""
        seen: Counter[str] = Counter()

        async def enters(client: CrowdClient) -> tuple[str, bytes]:
            found = await client.enter()
            if client.at % 10 == 0:
                seen.update(self.held("descriptors-per-peer") - seen)
            return client.source, found

        for _ in range(2):
            found = crowd(self.gateway.address, (ANN, BEN), enters)
            for who in (ANN, BEN):
                inside = found[who, IN]
                self.assertIn(inside, range(1, 21), found)
                self.assertGreater(found[who, DESCRIPTORS], 0, found)
            self.assertTrue(self.gateway.left())
            self.assertFalse(any(self.held("descriptors-per-peer").values()))
        self.assertTrue({ANN, BEN} <= set(seen))
        self.assertLessEqual(max(seen.values()), 40)
        self.told("descriptors-per-peer")


class Memory(SharesTestCase):
    """What waits for clients that ask for long replies, and do not read."""

    site: ClassVar[Site]

    @classmethod
    def limits(cls) -> str:
        cls.site = Site()
        return f'{cls.own()}[[routes]]\nserver = "ftp://127.0.0.1:{cls.site.port}"\n'

    @classmethod
    def shares(cls) -> str:
        return f"[limits]\nmemory = {8 * MIB}\nmemory-per-peer = {3 * MIB}"

    def test_memory(self) -> None:
        """Those that there is no memory for are told so and end; what the others hold is within it."""
        most: Counter[str] = Counter()

        async def asks(client: CrowdClient) -> bytes:
            await client.enter()
            client.demand(b"HELP", 6)
            for limit in ("memory", "memory-per-peer") if client.at % 25 == 0 else ():
                most.update(self.held(limit) - most)
            return b""

        crowd(self.gateway.address, (ANN, BEN, EVE), asks)
        self.assertTrue(self.gateway.left())
        self.assertFalse(any((self.held("memory") + self.held("memory-per-peer")).values()))
        self.assertLessEqual(most[""], 8 * MIB)
        for who in (ANN, BEN, EVE):
            self.assertIn(most[who], range(1, 3 * MIB + 1))
        self.told("memory-per-peer")


class HandshakesOfPeers(AtOnceTestCase):
    """TLS handshakes of each peer."""

    @classmethod
    def own(cls) -> str:
        return (
            "[limits]\nreturning = 1000\nhandshake-rate-per-peer = 0.01\n"
            f"[client-tls]\nmode = 'offer'\n{issued('good').toml}{PLAIN}"
        )

    def test_handshakes(self) -> None:
        """One AUTH of each of three is taken."""

        async def protects(client: CrowdClient) -> bytes:
            found = await client.ask(b"AUTH TLS")
            return found[:3] if found.startswith(b"234") else found

        found = crowd(self.gateway.address, (ANN, BEN, EVE), protects)
        self.assertEqual(found, {b"234": 3, SHAKEN: ATTEMPTS - 3})
        self.told("handshake-rate-per-peer")
