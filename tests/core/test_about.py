"""Whose facts a session's are."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.about import about
from ftpalg.core.events import Link
from ftpalg.core.facts import About, Peer
from ftpalg.core.routes import Route, Server

CLIENT = Link("192.0.2.1", "192.0.2.254", 40000)
SERVER = Link("198.51.100.7", "192.0.2.254", 2121)
ASKED = Server("files.example", 2121)


def made(server: Link | None, asked: Server | None, *, hidden: bool = False) -> About:
    """Of a session of that client's."""
    route = Route(name="routes[1]")
    return about("1", CLIENT, server, asked, route, hidden=hidden, listener="[::]:21")


class Whose(SynchronousTestCase):
    """One session's, and those of many."""

    def test_fields(self) -> None:
        """Before there is a server, with one, and with a parent in its place."""
        client = Peer("192.0.2.1", 40000)
        nowhere = About("1", client, listener="[::]:21", route="routes[1]")
        self.assertEqual(made(None, None, hidden=True), nowhere)
        named = nowhere._replace(name="files.example:2121")
        self.assertEqual(made(None, ASKED), named)
        stands = named._replace(server=Peer("198.51.100.7", 2121))
        self.assertEqual(made(SERVER, ASKED), stands)
        self.assertEqual(made(SERVER, ASKED, hidden=True), stands._replace(parent=True))

    def test_shared(self) -> None:
        """What two sessions say of one server are the same objects, however each came to know of it."""
        one = made(SERVER, ASKED)
        other = made(Link(*SERVER), Server(*ASKED))
        self.assertIs(one.server, other.server)
        self.assertIs(one.name, other.name)
