"""``ftpalg schema``."""

from __future__ import annotations

import json

from tests.cli.cases import CommandCase


class Schema(CommandCase):
    """For editors."""

    def test_json(self) -> None:
        """JSON on stdout."""
        status, out, err = self.run_it("schema")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("timeouts", json.loads(out)["properties"])
