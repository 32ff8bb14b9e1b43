"""What one transfer may move, of several limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.rates import Rate
from ftpalg.net.bucket import Bucket
from ftpalg.net.legs.allowance import Allowance
from tests.net.throttles import enter

SLOW = 1 << 16


class Shares(SynchronousTestCase):
    """Transfers with several limits beside those with one."""

    def test_narrow_beside_wide(self) -> None:
        """Who has a narrow limit of his own, too, gets it beside those who have none."""
        clock = MemoryReactorClock()
        all_of_them = Bucket(clock, (Rate(1 << 20),), UTC)
        narrow = Bucket(clock, (Rate(1 << 16),), UTC)
        moved = [0] * 9
        allowances = [
            Allowance((narrow, all_of_them) if at == 0 else (all_of_them,), enter)
            for at in range(len(moved))
        ]

        def go_on(at: int, size: int = 0) -> None:
            moved[at] += size
            while size := allowances[at].ask(lambda size: go_on(at, size)):
                moved[at] += size

        for at in range(len(moved)):
            go_on(at)
        for _ in range(2000):
            clock.advance(0.01)
        self.assertLessEqual(abs(moved[0] - (1 << 16) * 20), 0.1 * (1 << 16) * 20)
        wanted = ((1 << 20) - (1 << 16)) * 20 / 8
        self.assertTrue(all(0.9 * wanted <= one <= 1.1 * wanted for one in moved[1:]), moved)


class Stopped(SynchronousTestCase):
    """An allowance whose transfer ends while it waits for a wider limit."""

    def test_gives_back(self) -> None:
        """What the narrow limit had granted is there again, and nobody is called."""
        clock = MemoryReactorClock()
        narrow, wide = (Bucket(clock, (Rate(SLOW),), UTC) for _ in range(2))
        place = wide.wait(wide.piece, lambda: None)
        one = Allowance((narrow, wide), enter)
        self.assertEqual(one.ask(self.fail), 0)
        self.assertFalse(narrow.full)
        one.stop()
        one.stop()
        place.cancel()
        self.assertTrue(narrow.full)
        self.assertEqual((narrow.users, wide.users), (0, 0))
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_raises(self) -> None:
        """What a transfer raises goes to its own session: those behind it have their turn."""
        clock = MemoryReactorClock()
        limit = Bucket(clock, (Rate(SLOW),), UTC)
        broken: list[str] = []
        served: list[int] = []

        def guard(call: Callable[..., None], *arguments: object) -> None:
            try:
                call(*arguments)
            except RuntimeError as error:
                broken.append(str(error))

        def bad(size: int) -> None:
            raise RuntimeError("something that cannot be")

        while limit.take(limit.piece):
            pass
        self.assertEqual(Allowance((limit,), guard).ask(bad), 0)
        self.assertEqual(Allowance((limit,), guard).ask(served.append), 0)
        for _ in range(20):
            clock.advance(0.01)
        self.assertEqual((broken, len(served)), (["something that cannot be"], 1))
