"""Clients that begin everything and end nothing well: once they are gone nothing is held for them."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.tls.certificates import client_context, issued
from tests.wire.clients import Client
from tests.wire.crowds import Site
from tests.wire.sockets import reset, six
from tests.wire.test_limit_table import Running

SEED = int(os.environ.get("FTPALG_SEED", "12"))
WALKS, ACTS = 3, 60
Act = Callable[["Visitors"], None]


class Visitors:
    """Clients, who may be anywhere in what they do; every socket of theirs is kept."""

    def __init__(self, addresses: list[tuple[str, int]], chance: random.Random) -> None:
        self.plain, self.implicit = addresses
        self.chance = chance
        self.open: list[Client] = []
        self.sockets: list[Any] = []

    def come(self) -> Client:
        """One more."""
        client = Client(self.plain)
        self.open.append(client)
        return client

    def enter(self) -> Client:
        """One more that is logged in."""
        client = self.come()
        client.code()
        client.login()
        return client

    def data(self, client: Client) -> None:
        """A data connection, which it leaves alone."""
        self.sockets.append(client.pasv())

    def leave(self) -> None:
        """Everybody goes, some of them rudely."""
        left = [one for one in (*[c.sock for c in self.open], *self.sockets) if one.fileno() >= 0]
        for one in left:
            if self.chance.random() < 0.5 and not isinstance(one, ssl.SSLSocket):
                reset(one)
            one.close()


def says_nothing(some: Visitors) -> None:
    """Nor reads."""
    some.come()


def goes_at_once(some: Visitors) -> None:
    """With a reset."""
    reset(some.come().sock)


def implicit(some: Visitors) -> None:
    """A handshake that does not begin, or is none."""
    sock = socket.create_connection(some.implicit)
    some.sockets.append(sock)
    if some.chance.random() < 0.5:
        sock.sendall(b"no TLS at all\r\n" * 10)


def shakes_half(some: Visitors) -> None:
    """AUTH, and half a word."""
    client = some.come()
    client.code()
    client.ask(b"AUTH TLS")
    client.send(b"\x16\x03\x01\x00\x40")


def waits(some: Visitors) -> None:
    """Data ports, one after the other, to which nobody comes."""
    client = some.enter()
    for _ in range(3):
        client.passive()


def downloads(some: Visitors) -> None:
    """A file that has no end, of which it takes nothing."""
    client = some.enter()
    some.data(client)
    client.send(b"RETR endless\r\n")


def aborts(some: Visitors) -> None:
    """The same, and thinks better of it."""
    client = some.enter()
    some.data(client)
    client.send(b"RETR endless\r\nABOR\r\n")


def quits(some: Visitors) -> None:
    """The same, and says goodbye meanwhile."""
    client = some.enter()
    some.data(client)
    client.send(b"RETR endless\r\nQUIT\r\n")


def active(some: Visitors) -> None:
    """A port of its own to which nobody listens, or nobody accepts."""
    client = some.enter()
    waiting = socket.socket()
    waiting.bind(("127.0.0.1", 0))
    if some.chance.random() < 0.5:
        waiting.listen(1)
    some.sockets.append(waiting)
    client.ask(b"PORT " + six(*waiting.getsockname()))
    client.send(b"RETR endless\r\n")


def does_not_read(some: Visitors) -> None:
    """Long replies."""
    client = some.enter()
    client.send(b"HELP\r\n" * 3)


def protects(some: Visitors) -> None:
    """TLS on both, the data connection's begun, half begun, or not."""
    client = some.come()
    client.code()
    client.ask(b"AUTH TLS")
    context = client_context()
    client.sock = context.wrap_socket(client.sock, server_hostname="localhost")
    client.login()
    client.ask(b"PBSZ 0")
    client.ask(b"PROT P")
    data = client.pasv()
    some.sockets.append(data)
    client.send(b"RETR endless\r\n")
    way = some.chance.randrange(3)
    if way == 0:
        data.sendall(b"\x16\x03\x01\x00\x40")
    elif way == 1:
        some.sockets.append(context.wrap_socket(data, server_hostname="localhost"))


ACTS_OF_ALL: tuple[Act, ...] = (
    *(says_nothing, goes_at_once, implicit, shakes_half, waits, downloads, aborts, quits, active),
    *(does_not_read, protects),
)


class Given(SynchronousTestCase):
    """A gateway, and what it holds."""

    def used(self) -> list[tuple[str, str, int]]:
        """What is held of the limits."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.socket)
        connection.request("GET", "/shares?top=1000")
        found = json.loads(connection.getresponse().read())["shares"]
        connection.close()
        rows = [row for row in found if row["limit"] != "faults"]  # held until they are forgotten
        return [(row["limit"], row["holder"], row["used"]) for row in rows if row["used"]]

    def test_nothing_is_left(self) -> None:
        """Walks of a seed that FTPALG_SEED changes: everything is held meanwhile, and nothing behind it."""
        site = Site()
        self.addCleanup(site.close)
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-back-")
        self.addCleanup(holder.cleanup)
        self.socket = str(Path(holder.name) / "admin.sock")
        listener = '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n'
        text = (
            f'server = "ftp://127.0.0.1:{site.port}"\n[timeouts]\ndrain = 1.0\n'
            f'{listener}{listener}client-tls = "implicit"\n'
            f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
            f'[admin]\nsocket = "{self.socket}"\n'
        )
        gateway = Running([], text, (), ("127.0.0.1", "127.0.0.1"))
        self.addCleanup(gateway.stop)
        chance = random.Random(SEED)
        seen: set[str] = set()
        for _ in range(WALKS):
            some = Visitors(gateway.addresses, chance)
            self.addCleanup(some.leave)
            for act in chance.choices(ACTS_OF_ALL, k=ACTS):
                act(some)
                seen |= {limit for limit, *_ in self.used()}
            some.leave()
            gateway.until(lambda: not self.used(), 60.0)
            self.assertEqual(self.used(), [], f"FTPALG_SEED={SEED}")
        self.assertGreaterEqual(
            seen,
            {
                *("sessions-per-peer", "descriptors-per-peer", "handshakes-per-peer"),
                *("passive-listeners-per-peer", "transfers-per-peer", "memory-per-peer"),
            },
        )
        self.assertNotIn("Traceback", gateway.log.read_text())
