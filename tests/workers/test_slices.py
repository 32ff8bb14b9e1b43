"""Data ports that no two workers share."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.workers.slices import slice_of


class Slices(SynchronousTestCase):
    """All of them together."""

    def test_whole(self) -> None:
        """Each port that is not excluded is one worker's; none has more than one above another."""
        excluded = frozenset((100, 103, 104, 105, 106, 131))
        for workers in range(1, 27):
            slices = [slice_of((100, 131), excluded, at, workers) for at in range(1, workers + 1)]
            ports = [
                [port for port in range(first, last + 1) if port not in excluded]
                for first, last in slices
            ]
            counts = {len(one) for one in ports}
            self.assertEqual(
                [port for one in ports for port in one],
                [p for p in range(100, 132) if p not in excluded],
            )
            self.assertLessEqual(max(counts) - min(counts), 1, workers)

    def test_too_few(self) -> None:
        """There are fewer than workers: a sentence."""
        wrong = self.assertRaises(ValueError, slice_of, (100, 102), frozenset((101,)), 1, 3)
        self.assertEqual(str(wrong), "3 workers want data ports of their own, and 100-102 has 2")
