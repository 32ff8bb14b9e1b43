"""Who shares which limits, and what holds when the settings are read again."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from attrs import evolve
from twisted.internet.task import Clock

from ftpalg.config import Settings
from ftpalg.core.events import Side
from ftpalg.net.bandwidth import SWEPT, Bandwidth
from ftpalg.net.bucket import Bucket
from ftpalg.net.legs.allowance import Allowance
from tests.config.cases import ConfigTest
from tests.net.doubles import POLICIES
from tests.net.test_gateway import GatewayCase
from tests.net.throttles import enter

ALL = """
[[routes]]
server = "ftp://h"
download-bandwidth = 3000
[bandwidth]
total-download = 4000
total-upload = 4001
account-download = 2000
session-download = 1024
"""


class Sharing(ConfigTest):
    """Which limits a transfer asks, the narrowest first."""

    def setUp(self) -> None:
        self.clock = Clock()

    def bandwidth(self, text: str = ALL, before: Bandwidth | None = None) -> Bandwidth:
        """What a text says."""
        return Bandwidth(self.clock, self.settings(text), before)

    def limits(
        self, of: Bandwidth, account: str = "", route: str = "", source: Side = Side.SERVER
    ) -> tuple[Bucket, ...]:
        """The limits of a new session's transfer."""
        made: Any = of.of_session(enter, lambda: (account, route)).between(source)
        return () if made is None else self.asked(made)

    def asked(self, made: Any) -> tuple[Bucket, ...]:
        """Those that a transfer asks."""
        allowance: Allowance = made.args[0]
        self.addCleanup(allowance.stop)
        found: Any = allowance._limits
        return tuple(found)

    def test_each(self) -> None:
        """A session's own, its account's, its route's, the gateway's; each direction for itself."""
        one = self.bandwidth()
        for (account, route, source), rates in (
            (("joe", "routes[0]", Side.SERVER), [1024, 2000, 3000, 4000]),
            (("", "", Side.SERVER), [1024, 4000]),
            (("joe", "routes[1]", Side.SERVER), [1024, 2000, 4000]),
            (("joe", "routes[0]", Side.CLIENT), [4001]),
        ):
            found = [limit.rate for limit in self.limits(one, account, route, source)]
            self.assertEqual(found, rates)

    def test_none(self) -> None:
        """Where nothing limits a transfer it is relayed as if there were no limits at all."""
        one = self.bandwidth("[bandwidth]\naccount-download = 2000")
        self.assertEqual(self.limits(one), ())
        self.assertEqual(self.limits(one, "joe", source=Side.CLIENT), ())

    def test_shared(self) -> None:
        """Sessions of one account share its limit, those of another do not; a session's is its own."""
        one = self.bandwidth()
        first, second = (self.limits(one, "joe", "routes[0]") for _ in range(2))
        other = self.limits(one, "ann", "routes[0]")
        same = [a is b for a, b in zip(first, second, strict=True)]
        self.assertEqual(same, [False, True, True, True])
        self.assertEqual(
            [a is b for a, b in zip(first, other, strict=True)], [False, False, True, True]
        )

    def test_sessions_next(self) -> None:
        """A session's next transfer goes on with its limit: many small files are not faster than one."""
        session: Any = self.bandwidth().of_session(enter, lambda: ("", ""))
        first, second = (self.asked(session.between(Side.SERVER)) for _ in range(2))
        self.assertIs(first[0], second[0])

    def test_swept(self) -> None:
        """Limits of accounts are forgotten when nobody uses them and a new one would be the same."""
        one = self.bandwidth("[bandwidth]\naccount-download = 2000")
        used, spent = self.limits(one, "used")[0], self.limits(one, "spent")[0]
        spent.users -= 1
        spent.take(spent.piece)
        for at in range(2 * SWEPT):
            self.limits(one, str(at))[0].users -= 1
        self.assertLessEqual(len(one._lines._buckets), SWEPT + 2)
        self.assertIs(self.limits(one, "used")[0], used)
        self.assertIs(self.limits(one, "spent")[0], spent)
        spent.users += 1

    def test_swept_seldom(self) -> None:
        """Where all are in use they are looked through when they have doubled, not for each new one."""
        one = self.bandwidth("[bandwidth]\naccount-download = 2000")
        swept = []
        sweep = one._lines._sweep

        def counted() -> None:
            swept.append(True)
            sweep()

        self.patch(one._lines, "_sweep", counted)
        for at in range(4 * SWEPT):
            self.limits(one, str(at))
        self.assertEqual(len(swept), 2)

    def test_read_again(self) -> None:
        """Shared limits stay and have the new rates once those hold; a session's stay as they were."""
        before = self.bandwidth()
        session: Any = before.of_session(enter, lambda: ("joe", ""))
        own, account, total = self.asked(session.between(Side.SERVER))
        after = self.bandwidth(
            "[bandwidth]\ntotal-download = 8000\nsession-download = 2048", before
        )
        self.assertEqual((own.rate, account.rate, total.rate), (1024, 2000, 4000))
        after.begin()
        self.assertEqual((own.rate, account.rate, total.rate), (1024, 0, 8000))
        self.assertEqual([one.rate for one in self.limits(after, "joe")], [2048, 8000])
        self.assertIs(self.limits(after, "joe")[1], total)
        late = self.limits(before, "ann")
        self.assertEqual([one.rate for one in late], [1024, 0, 8000])
        after.end()
        self.assertEqual((own.rate, total.rate), (1024, 0))

    def test_times(self) -> None:
        """A limit's rate is that of the hour in the zone."""
        text = '[bandwidth]\ntotal-download = "2KiB/s 01:00-02:00"\nzone = "Europe/Berlin"'
        (limit,) = self.limits(self.bandwidth(text))
        self.assertEqual(limit.rate, 2048)  # by UTC it is midnight
        self.clock.advance(3600.0)
        self.assertEqual(limit.rate, 0)


class OfGateway(GatewayCase):
    """A gateway whose settings begin and cease to limit."""

    def limited(self, rate: int) -> Settings:
        """Settings with that total."""
        from ftpalg.core.rates import Rate

        rates = (Rate(rate),) if rate else ()
        return evolve(Settings(), bandwidth=evolve(Settings().bandwidth, total_download=rates))

    def test_taken(self) -> None:
        """What is prepared changes nothing; what is taken holds, and no limit too."""
        gateway = self.gateway(self.limited(2000))
        bandwidth = gateway.shared.bandwidth
        assert bandwidth is not None
        (limit,) = bandwidth.shared("", "", Side.SERVER)
        for rate, found in ((5000, 5000), (0, 0)):
            before = limit.rate
            shared = gateway.prepared(self.limited(rate), POLICIES)
            self.assertEqual(limit.rate, before)
            gateway.take(shared)
            self.assertEqual(limit.rate, found)
        self.assertIsNone(gateway.shared.bandwidth)

    def test_costs_nothing(self) -> None:
        """Without limits none of it is even read."""
        self.assertIsNone(self.gateway(Settings()).shared.bandwidth)
        code = (
            "import sys, ftpalg.life.service;"
            "print([m for m in sys.modules if 'net.bandwidth' in m or 'throttled' in m or 'zoneinfo' in m])"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        self.assertEqual(out.stdout.strip(), b"[]")
