"""Scripted peers around a real gateway: a child process, a fake server and a client on sockets.

Everything blocks with a timeout, so a test that waits for what never comes fails by itself.  A
server's script runs in a thread and returns what it has seen; the test takes it from a future.
FTPALG_TREE names another tree to take the gateway from.  This is the one door: each piece has a
module of its own.
"""

from __future__ import annotations

from tests.wire.cases import (
    Room,
    Scene,
    SceneTestCase,
    SharedCases,
    TestCase,
    WireTestCase,
    leave,
)
from tests.wire.clients import Client, Reply, epsv_port, pasv_port
from tests.wire.gateways import BIN, TREE, Gateway, descriptors, listening_ports, sockets_of
from tests.wire.patience import PATIENT, impatient
from tests.wire.servers import Control, DataPort, FakeServer, Script, dialled, echo_site
from tests.wire.sockets import (
    BLOCK,
    LINGER_RESET,
    TIMEOUT,
    Closed,
    Wire,
    bound,
    die,
    drained,
    exactly,
    listener,
    port_of,
    reset,
    six,
    stranger,
    untouched,
)

__all__ = [
    "BIN",
    "BLOCK",
    "LINGER_RESET",
    "PATIENT",
    "TIMEOUT",
    "TREE",
    "Client",
    "Closed",
    "Control",
    "DataPort",
    "FakeServer",
    "Gateway",
    "Reply",
    "Room",
    "Scene",
    "SceneTestCase",
    "Script",
    "SharedCases",
    "TestCase",
    "Wire",
    "WireTestCase",
    "bound",
    "descriptors",
    "dialled",
    "die",
    "drained",
    "echo_site",
    "epsv_port",
    "exactly",
    "impatient",
    "leave",
    "listener",
    "listening_ports",
    "pasv_port",
    "port_of",
    "reset",
    "six",
    "sockets_of",
    "stranger",
    "untouched",
]
