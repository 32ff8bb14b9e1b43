"""Twisted's own events."""

from __future__ import annotations

from twisted.logger import Logger, LogLevel
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.overheard import Overheard


class Events(SynchronousTestCase):
    """What of them is told."""

    def setUp(self) -> None:
        self.told: list[str] = []
        self.log = Logger(namespace="twisted", observer=Overheard(self.told.append))

    def test_levels(self) -> None:
        """From warnings on; braces of a text are filled in once."""
        for level in LogLevel.iterconstants():
            self.log.emit(level, "{what}", what=f"{level.name} {{x}}")
        self.assertEqual(self.told, ["warn {x}", "error {x}", "critical {x}"])

    def test_failure(self) -> None:
        """An exception has its traceback."""
        try:
            raise RuntimeError("odd")
        except RuntimeError:
            self.log.failure("it broke")
        self.assertEqual(len(self.told), 1)
        self.assertTrue(self.told[0].startswith("it broke"), self.told)
        self.assertIn("RuntimeError: odd", self.told[0])

    def test_no_level(self) -> None:
        """An event without a level is none of these."""
        Overheard(self.told.append)({})
        self.assertEqual(self.told, [])
