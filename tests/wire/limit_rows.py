"""How each limit is reached over real sockets, and what comes of it: a table, and clients that do it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from ftpalg.core.facts import What
from tests.wire.clients import Client
from tests.wire.gateways import Gateway
from tests.wire.sockets import Closed

LISTENER, ROUTE = "listeners[0].limits.", "routes[0].limits."


class Row(NamedTuple):
    """A limit, what it is set to, how it is reached, what the client who is refused hears last, and what
    the record and the counter call it."""

    key: str
    value: str
    act: Callable[[Scene], bytes]
    said: bytes
    what: What


class Scene:
    """Clients of one gateway, from one address."""

    def __init__(self, gateway: Gateway, case: Any) -> None:
        self.gateway, self.case = gateway, case

    def client(self, *, logs_in: bool = True, user: bytes = b"joe") -> Client:
        """One more, which must get in."""
        client = Client(self.gateway.address)
        self.case.addCleanup(client.close)
        self.case.assertEqual(client.code(), 220)
        if logs_in:
            self.case.assertEqual(enter(client, user)[:3], b"230")
        return client

    def refused(self) -> Client:
        """One more, whose greeting is to be read."""
        client = Client(self.gateway.address)
        self.case.addCleanup(client.close)
        return client


def enter(client: Client, user: bytes = b"joe") -> bytes:
    """Log in as far as it goes, at the gateway too where that asks for it: the last line."""
    for line in (b"USER " + user, b"PASS Gate-w0rd") * 2:
        found = client.ask(line).text
        if found[:3] == b"230" and b"gateway" not in found:
            break
        if found[:3] not in (b"331", b"230"):
            break
    return found


def comes(scene: Scene) -> bytes:
    """A second one that comes."""
    scene.client(logs_in=False)
    return scene.refused().line()


def enters(scene: Scene) -> bytes:
    """A second one that logs in."""
    scene.client()
    other = scene.refused()
    found = other.line()
    return enter(other) if found[:3] == b"220" else found


def transfers(scene: Scene) -> bytes:
    """A second one that transfers."""
    first, second = scene.client(), scene.client()
    for client in (first, second):
        data = client.pasv()
        scene.case.addCleanup(data.close)
        found = client.ask(b"RETR endless").text
    return found


def waits(scene: Scene) -> bytes:
    """A second one whose data port waits."""
    first, second = scene.client(), scene.client()
    first.passive()
    return second.ask(b"PASV").text


def begins_tls(scene: Scene) -> bytes:
    """A second one that begins TLS."""
    scene.client(logs_in=False).ask(b"AUTH TLS")
    return scene.client(logs_in=False).ask(b"AUTH TLS").text


def shakes(scene: Scene) -> bytes:
    """A second one that begins its handshake: the first is reset, without a word."""
    first, second = scene.client(logs_in=False), scene.client(logs_in=False)
    for client in (first, second):
        scene.case.assertEqual(client.ask(b"AUTH TLS").code, 234)
    try:
        return first.line()
    except (Closed, ConnectionError):
        return b""


def hurries(scene: Scene) -> bytes:
    """Thirty commands at once."""
    client = scene.client()
    client.send(b"NOOP\r\n" * 30)
    return [client.reply().text for _ in range(30)][-1]


def does_not_read(scene: Scene) -> bytes:
    """Two that ask for a reply of a MiB each, of which the first reads nothing."""
    first, second = scene.client(), scene.client()
    first.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(4):
        first.send(b"HELP\r\n")
        second.send(b"HELP\r\n")
    lines = second.rest().splitlines()
    return next((line for line in lines if line.startswith(b"421")), lines[-1])


SESSIONS = b"421 Too many sessions"
NEW = b"421 Too many new sessions"
LATER = b"; try again later."
TRANSFERS = b"450 Too many transfers"
TABLE = (
    Row("limits.sessions", "1", comes, SESSIONS + LATER, What.SESSIONS),
    Row(
        "limits.sessions-per-peer",
        "1",
        comes,
        SESSIONS + b" from your address" + LATER,
        What.SESSIONS_PER_PEER,
    ),
    Row(
        "limits.sessions-per-account",
        "1",
        enters,
        SESSIONS + b" of your account" + LATER,
        What.SESSIONS_PER_ACCOUNT,
    ),
    Row(
        "limits.sessions-per-server",
        "1",
        enters,
        SESSIONS + b" with that server" + LATER,
        What.SESSIONS_PER_SERVER,
    ),
    Row(
        "limits.sessions-per-route",
        "1",
        enters,
        SESSIONS + b" on this way" + LATER,
        What.SESSIONS_PER_ROUTE,
    ),
    Row(
        ROUTE + "sessions", "1", enters, SESSIONS + b" on this way" + LATER, What.SESSIONS_PER_ROUTE
    ),
    Row(LISTENER + "sessions", "1", comes, SESSIONS + b" here" + LATER, What.SESSIONS_OF_LISTENER),
    Row("limits.session-rate", "0.01", comes, NEW + LATER, What.SESSION_RATE),
    Row(
        "limits.session-rate-per-peer",
        "0.01",
        comes,
        NEW + b" from your address" + LATER,
        What.SESSION_RATE_PER_PEER,
    ),
    Row(
        LISTENER + "session-rate",
        "0.01",
        comes,
        NEW + b" here" + LATER,
        What.SESSION_RATE_OF_LISTENER,
    ),
    Row("limits.transfers", "1", transfers, TRANSFERS + LATER, What.TRANSFERS),
    Row(
        "limits.transfers-per-peer",
        "1",
        transfers,
        TRANSFERS + b" from your address" + LATER,
        What.TRANSFERS_PER_PEER,
    ),
    Row(
        "limits.transfers-per-account",
        "1",
        transfers,
        TRANSFERS + b" of your account" + LATER,
        What.TRANSFERS_PER_ACCOUNT,
    ),
    Row(
        "limits.transfers-per-route",
        "1",
        transfers,
        TRANSFERS + b" on this way" + LATER,
        What.TRANSFERS_PER_ROUTE,
    ),
    Row(
        ROUTE + "transfers",
        "1",
        transfers,
        TRANSFERS + b" on this way" + LATER,
        What.TRANSFERS_PER_ROUTE,
    ),
    Row(
        "limits.passive-listeners",
        "1",
        waits,
        b"425 No data port: too many data ports wait already.",
        What.PASSIVE_LISTENERS,
    ),
    Row(
        "limits.passive-listeners-per-peer",
        "1",
        waits,
        b"425 No data port: too many data ports of your address wait already.",
        What.PASSIVE_LISTENERS_PER_PEER,
    ),
    Row(
        "limits.descriptors-per-peer",
        "2",
        enters,
        b"421 Too many connections from your address" + LATER,
        What.DESCRIPTORS_PER_PEER,
    ),
    Row(
        "limits.memory",
        "1048576",
        does_not_read,
        b"421 Too much waits to be sent; closing.",
        What.MEMORY,
    ),
    Row(
        "limits.memory-per-peer",
        "1048576",
        does_not_read,
        b"421 Too much waits to be sent to your address; closing.",
        What.MEMORY_PER_PEER,
    ),
    Row("limits.handshakes-per-peer", "1", shakes, b"", What.HANDSHAKES_PER_PEER),
    Row(
        "limits.handshake-rate",
        "0.01",
        begins_tls,
        b"431 Too many TLS handshakes" + LATER,
        What.HANDSHAKE_RATE,
    ),
    Row(
        "limits.handshake-rate-per-peer",
        "0.01",
        begins_tls,
        b"431 Too many TLS handshakes from your address" + LATER,
        What.HANDSHAKE_RATE_PER_PEER,
    ),
    Row("limits.returning", "1", comes, b"421 The server cannot be reached.", What.RETURNING),
    Row(
        "limits.command-rate",
        "5",
        hurries,
        b"450 Too many commands a second; slow down.",
        What.COMMAND_RATE,
    ),
    Row(
        LISTENER + "command-rate",
        "5",
        hurries,
        b"450 Too many commands a second; slow down.",
        What.COMMAND_RATE,
    ),
)
