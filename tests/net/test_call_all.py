"""All is done, whatever is raised."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.call_all import call_all


class Every(SynchronousTestCase):
    """Things that append to a list, or raise."""

    def test_order(self) -> None:
        """One after the other."""
        done: list[int] = []
        call_all(*[lambda at=at: done.append(at) for at in range(4)])
        self.assertEqual(done, [0, 1, 2, 3])

    def test_raising(self) -> None:
        """Those behind one that raises are called; nothing of what was raised is lost."""
        done: list[int] = []

        def fail(error: Exception) -> None:
            raise error

        first, last = ValueError("first"), KeyError("last")
        raised = self.assertRaises(
            KeyError,
            call_all,
            lambda: done.append(1),
            lambda: fail(first),
            lambda: done.append(2),
            lambda: fail(last),
            lambda: done.append(3),
        )
        self.assertEqual(done, [1, 2, 3])
        self.assertIs(raised, last)
        self.assertIs(last.__context__, first)
