"""What a worker is handed on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import examine
from ftpalg.workers.handed import VARIABLE, Handed, Snapshot, handed, read_from, written
from tests.wire.gateways import BIN, STARTS, TREE


class Files(SynchronousTestCase):
    """The settings as they were read."""

    def test_same(self) -> None:
        """The file may be another by then, or gone: text, words and places are the same."""
        file = Path(self.mktemp())
        file.write_text("# ü\nlisten = [':2121']\n[limits]\nsessions = 7\nqueued-size = 'x'\n")
        loaded = examine(file, {"server": "ftp://h", "listen": [":21"]}, {})
        snapshot = Snapshot.of(loaded, 3)
        file.unlink()
        found = read_from(written(snapshot))
        self.assertEqual(found, snapshot)
        again = found.read()
        self.assertEqual((again.settings.limits.sessions, again.settings.listen), (7, (":21",)))
        self.assertEqual(str(again.settings.server), "ftp://h:21")
        self.assertEqual(again.error().faults, loaded.error().faults)

    def test_no_file(self) -> None:
        """Words alone."""
        snapshot = Snapshot.of(examine(None, {"server": "ftp://h"}, {}), 1)
        found = read_from(written(snapshot))
        self.assertEqual(str(found.read().settings.server), "ftp://h:21")

    def test_no_name(self) -> None:
        """The file is nobody else's."""
        descriptor = written(Snapshot("", None, {}, 1))
        self.addCleanup(os.close, descriptor)
        self.assertIn("memfd:", os.readlink(f"/proc/self/fd/{descriptor}"))


class Variables(SynchronousTestCase):
    """The variable of the environment."""

    def test_same(self) -> None:
        """It is read once, and no child has its descriptors."""
        ends = os.pipe()
        for end in ends:
            self.addCleanup(os.close, end)
            os.set_inheritable(end, True)
        given = Handed(*ends, ends[0], {"a:1": ends[0]}, 2, 3, (("server", "h:21"),), True)
        environ = {VARIABLE: str(given)}
        self.assertEqual(handed(environ), given)
        self.assertEqual((environ, handed(environ)), ({}, None))
        self.assertFalse(any(map(os.get_inheritable, ends)))

    def test_somebody_elses(self) -> None:
        """What no supervisor has made is nothing."""
        for text in ("x", "[]", "7", "[98765,1,1,{},1,1,[],0]", "[0,0,0,[],1,1,[],0]", "[" * 9999):
            self.assertIsNone(handed({VARIABLE: text}), text)

    def test_command(self) -> None:
        """``ftpalg run`` says so in one sentence."""
        done = subprocess.run(
            [str(BIN / "ftpalg"), "run"],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE), VARIABLE: "yes"},
            capture_output=True,
            text=True,
            timeout=STARTS,
            check=False,
        )
        sentence = "ftpalg: FTPALG_WORKER is set, which is for ftpalg's own workers: unset it.\n"
        self.assertEqual((done.returncode, done.stderr), (2, sentence))
