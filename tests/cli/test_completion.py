"""``ftpalg completion``."""

from __future__ import annotations

import shutil
import subprocess
import sys

from tests.cli.cases import CommandCase


class Completion(CommandCase):
    """What shells complete."""

    def test_shells(self) -> None:
        """The shells that are here can read it."""
        for shell in ("bash", "zsh", "tcsh"):
            status, out, err = self.run_it("completion", shell)
            self.assertEqual((status, err), (0, ""))
            self.assertIn("certificate", out)
            if shell != "tcsh" and shutil.which(shell):
                subprocess.run([shell, "-n", self.file(out, shell)], check=True, timeout=60)

    def test_no_shtab(self) -> None:
        """Where it is not installed, one sentence says how it would be; 1."""
        self.patch(sys, "modules", {**sys.modules, "shtab": None})
        status, out, err = self.run_it("completion", "bash")
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(err, "ftpalg completion: needs shtab: pip install shtab\n")
