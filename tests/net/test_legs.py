"""The data connections of a session: what is left of them when it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ftpalg.core.actions import Listen
from ftpalg.core.events import Event, Link, Side
from ftpalg.net.data import Listener
from ftpalg.net.legs import Legs
from tests.net.pairs import REACTOR, SocketCase, pair


class Bag:
    """An object with the attributes it is given."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class SlowPinholes:
    """A firewall that has not answered yet."""

    def __init__(self) -> None:
        self.answers: list[Callable[[str], None]] = []
        self.closed: list[tuple[str, int]] = []

    def open(self, peer: str, port: int, seconds: float, done: Callable[[str], None]) -> None:
        self.answers.append(done)

    def close(self, peer: str, port: int) -> None:
        self.closed.append((peer, port))


class Ends(SocketCase):
    """Sessions that end early."""

    def test_before_the_firewall_answers(self) -> None:
        """A client that leaves right behind PASV leaves no port behind, nor a hole for it."""
        near, far = pair()
        self.addCleanup(near.close)
        self.addCleanup(far.close)
        holes, heard = SlowPinholes(), list[Event]()
        gateway = Bag(
            reactor=REACTOR,
            settings=Bag(timeouts=Bag(idle=1.0)),
            pinholes=holes,
            ports=lambda side: iter([0]),
        )
        driver: Any = Bag(
            gateway=gateway,
            client=Bag(proxied=False, transparent=False, transport=Bag(socket=near)),
            session=Bag(client=Link("127.0.0.1", "127.0.0.1")),
            handle=heard.append,
        )
        legs = Legs(driver)
        legs.listen(Listen(Side.CLIENT))
        (leg,) = legs._open.values()
        assert isinstance(leg, Listener)
        port = leg.port
        legs.let_go()
        self.assertEqual((leg.fileno(), holes.closed), (-1, [("127.0.0.1", port)]))
        holes.answers[0]("")
        self.assertEqual(heard, [])
