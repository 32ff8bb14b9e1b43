"""Where data connections are: what a peer is told of our address, and when."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Data
from ftpalg.core.events import Link
from ftpalg.net.advertised import Advertised
from ftpalg.net.data_addresses import ClientPlace, ServerPlace
from ftpalg.net.reach.attempt import Way
from tests.net.doubles import Reactor, Resolver

NOBODY: Any = None
LINK = Link("192.0.2.7", "10.0.0.1", 40000)


class Named(SynchronousTestCase):
    """Sessions that began while the name of our address had not resolved (field.md row 42)."""

    def setUp(self) -> None:
        self.resolver = Resolver()
        data = Data(client_address="gw.example", server_address="gw.example")
        advertised = Advertised(Reactor(), data, self.resolver.look_up, self.fail)
        advertised.start()
        self.shared: Any = SimpleNamespace(advertised=advertised)

    def places(self, link: Link) -> tuple[ClientPlace, ServerPlace]:
        """Both sides, for sessions that began with that link."""
        return (
            ClientPlace(self.shared, NOBODY, link, NOBODY),
            ServerPlace(self.shared, NOBODY, link, Way()),
        )

    def test_resolves_later(self) -> None:
        """The address is missing, and as soon as there is one it is told."""
        for place in self.places(LINK):
            self.assertEqual((place.shown, place.missing), ("", "gw.example"))
        self.resolver.answer("203.0.113.5")
        for place in self.places(LINK):
            self.assertEqual((place.shown, place.missing), ("203.0.113.5", ""))

    def test_other_family(self) -> None:
        """A session never comes to tell a client an address of the other family."""
        place, _ = self.places(LINK)
        self.resolver.answer("2001:db8::5")
        self.assertEqual((place.shown, place.missing), ("", "gw.example"))

    def test_stays(self) -> None:
        """What a session has been told stays its own."""
        self.resolver.answer("203.0.113.5")
        for place in self.places(Link("192.0.2.7", "10.0.0.1", 40000, shown="203.0.113.4")):
            self.assertEqual(place.shown, "203.0.113.4")


class Tickets(SynchronousTestCase):
    """Which session a data connection to the server asks to resume (field.md row 29)."""

    def setUp(self) -> None:
        self.control: str | None = "control's first"
        self.sessions: list[str] = []
        server: Any = SimpleNamespace(tls_session=lambda: self.control)
        self.place = ServerPlace(NOBODY, server, LINK, Way())
        connection = SimpleNamespace(set_session=self.sessions.append)
        self.place.for_server = cast(
            Any, SimpleNamespace(connection=lambda: connection, mismatch=lambda tls: "")
        )

    def asked(self, *, again: bool) -> list[str]:
        """What a new data connection resumes."""
        self.sessions.clear()
        self.place.tls(again=again)
        return list(self.sessions)

    def stood(self, session: str | None) -> None:
        """A data connection has stood, with such a session."""
        tls = SimpleNamespace(get_session=lambda: session)
        self.place.stands(cast(Any, SimpleNamespace(tls=tls)))

    def test_controls_newest(self) -> None:
        """ProFTPD compares with the control connection's: its newest, whatever data ones gave."""
        self.assertEqual(self.asked(again=False), ["control's first"])
        self.control = "control's newest"
        self.stood("data's")
        self.assertEqual(self.asked(again=False), ["control's newest"])

    def test_datas_behind_a_refusal(self) -> None:
        """Where that was refused the last data connection's is tried, if it has one."""
        self.assertEqual(self.asked(again=True), ["control's first"])
        self.stood(None)
        self.assertEqual(self.asked(again=True), ["control's first"])
        self.stood("data's")
        self.assertEqual(self.asked(again=True), ["data's"])
        self.assertEqual(self.asked(again=False), ["control's first"])

    def test_none_left(self) -> None:
        """Without any it is a whole handshake."""
        self.control = None
        self.assertEqual(self.asked(again=True), [])
