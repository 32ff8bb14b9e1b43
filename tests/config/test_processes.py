"""How many processes serve."""

from __future__ import annotations

import os
from typing import Any

from ftpalg.config import processes
from tests.config.cases import ConfigTest


class Processes(ConfigTest):
    """``workers``."""

    def test_numbers(self) -> None:
        """From one on; what cannot be is told with what can."""
        self.assertEqual([processes.processes(value) for value in (1, 2, 1024)], [1, 2, 1024])
        wrong_ones: tuple[Any, ...] = (0, -1, 1025, 1.0, True, "2", "core", None, [])
        for value in wrong_ones:
            wrong = self.assertRaises(ValueError, processes.processes, value)
            self.assertEqual(str(wrong), 'must be a whole number from 1 to 1024, or "cores"')

    def test_cores(self) -> None:
        """As many as this process may run on, where the system can tell."""
        self.patch(os, "sched_getaffinity", lambda pid: {1, 5, 7})
        self.assertEqual(processes.processes("cores"), 3)
        del os.sched_getaffinity
        self.patch(os, "cpu_count", lambda: None)
        self.assertEqual(processes.processes("cores"), 1)
