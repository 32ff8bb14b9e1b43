"""Data ports as every session is given them."""

from __future__ import annotations

from collections.abc import Iterator
from resource import RLIMIT_NOFILE, getrlimit
from types import SimpleNamespace

from attrs import evolve

from ftpalg.config import Settings
from ftpalg.core.events import Side
from ftpalg.core.facts import What
from ftpalg.net.standing import Standing
from tests.net.doubles import POLICIES
from tests.net.test_gateway import GatewayCase


class Ports(GatewayCase):
    """The ports to try."""

    def test_asked(self) -> None:
        """The policy chooses their order."""
        asked: list[tuple[int, int, frozenset[int]]] = []

        def ports(first: int, last: int, excluded: frozenset[int]) -> Iterator[int]:
            asked.append((first, last, excluded))
            return iter([3, 1, 2])

        shared = self.gateway(Settings(), POLICIES._replace(ports=ports)).shared
        self.assertEqual(list(shared.ports(Side.CLIENT)), [3, 1, 2])
        data = Settings().data
        self.assertEqual(asked, [(*data.client_ports, data.excluded_ports)])

    def test_sides(self) -> None:
        """Each side has its own range, without the ports left out."""
        settings = Settings()
        data = evolve(
            settings.data,
            client_ports=(50000, 50003),
            server_ports=(51000, 51001),
            excluded_ports=frozenset({50001}),
        )
        shared = self.gateway(evolve(settings, data=data)).shared
        self.assertEqual(sorted(shared.ports(Side.CLIENT)), [50000, 50002, 50003])
        self.assertEqual(sorted(shared.ports(Side.SERVER)), [51000, 51001])

    def test_usage(self) -> None:
        """How many ports there are, and who has one; descriptors as the system counts them."""
        settings = Settings()
        data = evolve(
            settings.data, client_ports=(50000, 50003), excluded_ports=frozenset({50001, 60000})
        )
        shared = self.gateway(evolve(settings, data=data)).shared
        self.assertEqual(shared.usage(Side.CLIENT, What.DATA_PORTS), (0, 3))
        for busy in (True, False):
            name = str(busy)
            shared.sessions.open[name] = SimpleNamespace(
                standing=Standing("", "", "I", ports=frozenset(Side) if busy else frozenset())
            )
        self.assertEqual(shared.usage(Side.CLIENT, What.DATA_PORTS), (1, 3))
        shared.sessions.open.clear()
        limit = getrlimit(RLIMIT_NOFILE)[0]
        self.assertEqual(shared.usage(Side.CLIENT, What.DESCRIPTORS), (limit, limit))
        self.assertEqual(shared.usage(Side.CLIENT, What.PINHOLES), (0, 0))
