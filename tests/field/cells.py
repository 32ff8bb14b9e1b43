"""The combinations in which a case of the field is tried: both modes on both sides, TLS on either leg.

A case is a mixin; ``everywhere`` makes its test classes, one for each combination.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.tls.certificates import client_context, server_context
from tests.tls.peers import TlsClient, TlsTestCase, as_server, ending, finish, private
from tests.wire.peers import BLOCK, Control, DataPort, echo_site

UPLOADS = (b"STOR", b"APPE", b"STOU")
TRANSFERS = (b"RETR f", b"LIST", b"NLST", b"MLSD", b"STOR f", b"APPE f", b"STOU")


class Combination(NamedTuple):
    """Who dials whom, and what is under TLS."""

    client_active: bool = False
    mode: str = "passive"
    tls: bool = False
    scheme: str = "ftp"

    @property
    def name(self) -> str:
        """As the end of a class's name."""
        client = "Active" if self.client_active else "Passive"
        return (
            client
            + ("Tls" if self.tls else "")
            + "To"
            + self.mode.title()
            + ("Tls" if self.scheme == "ftpes" else "")
        )


PLAIN = (
    Combination(),
    Combination(client_active=True),
    Combination(mode="active"),
    Combination(client_active=True, mode="active"),
)
SECURE = (
    Combination(tls=True),
    Combination(scheme="ftpes"),
    Combination(tls=True, scheme="ftpes"),
    Combination(client_active=True, tls=True, scheme="ftpes"),
    Combination(client_active=True, mode="active", tls=True, scheme="ftpes"),
)
ALL = PLAIN + SECURE


class Cell(TlsTestCase):
    """One combination."""

    client_active = False
    tls = False
    client_tls = 'mode = "offer"'

    def setUp(self) -> None:
        super().setUp()
        self.context = server_context() if self.scheme == "ftpes" else None

    # -- the server's part ------------------------------------------------------------------------

    def port(self, control: Control, *, first: bool = True, closed: bool = False) -> DataPort:
        """Agree to the gateway's next data connection; ``first`` of a session's."""
        if self.context is not None and first:
            private(control)
        return control.data(closed=closed)

    def shaken(self, data: socket.socket) -> socket.socket:
        """The data connection once it is under TLS, where it is to be."""
        return data if self.context is None else as_server(data, self.context)

    def moved(
        self, control: Control, data: socket.socket, verb: bytes, *, doubted: bool = False
    ) -> None:
        """The one file of a session, in the verb's direction, to the 226 and what tells the step.

        ``doubted`` where the gateway asks a NOOP of its own behind it.
        """
        data = self.shaken(data)
        if verb in UPLOADS:
            assert ending(data) == (BLOCK, "end")
        else:
            data.sendall(BLOCK)
        finish(data)
        control.say(b"226 Done.")
        if doubted:
            control.answer(b"NOOP", b"200 Yes.")
        echo_site(control)

    # -- the client's -----------------------------------------------------------------------------

    def session(self, script: Callable[[Control], Any]) -> tuple[TlsClient, Future[Any]]:
        """A client that is logged in, and the server's script behind the login."""
        return self.talk(script, client_context(), tls=self.tls)

    def prepare(self, client: TlsClient) -> socket.socket:
        """PORT's listening socket, or PASV's connection; no TLS yet."""
        return client.port() if self.client_active else client.pasv()

    def open(self, client: TlsClient, prepared: socket.socket) -> socket.socket:
        """The client's data connection, under TLS where it is to be."""
        if self.client_active:
            waiting, (prepared, _) = prepared, prepared.accept()
            waiting.close()
        return client.wrapped(prepared)

    def moves(self, client: TlsClient, data: socket.socket, verb: bytes) -> None:
        """The client's part of it, to the same end."""
        if verb in UPLOADS:
            data.sendall(BLOCK)
        else:
            self.assertEqual(ending(data), (BLOCK, "end"))
        finish(data)
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())


if TYPE_CHECKING:  # cases that several classes run; trial itself must not collect them
    Cases = Cell
else:
    Cases = object


def everywhere(
    cases: type[Any], combinations: tuple[Combination, ...] = ALL, **attributes: Any
) -> dict[str, type[Cell]]:
    """The test classes of a case."""
    found = {}
    for one in combinations:
        name = f"{cases.__name__}{one.name}"
        found[name] = type(
            name,
            (cases, Cell),
            {
                "__doc__": cases.__doc__,
                "__module__": cases.__module__,
                **one._asdict(),
                **attributes,
            },
        )
    return found
