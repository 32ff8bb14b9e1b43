"""Standard error of C libraries."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

TREE = Path(__file__).parents[2]


class Unheard(SynchronousTestCase):
    """In a process of its own, whose standard error is read."""

    def said(self, code: str) -> str:
        """What it has written to standard error."""
        done = subprocess.run(
            (sys.executable, "-c", code),
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stderr=subprocess.PIPE,
            timeout=60,
            text=True,
            check=True,
        )
        return done.stderr

    def test_dropped(self) -> None:
        """A library's words are dropped meanwhile, and heard before and behind, after an exception
        too; Python's own always are."""
        if not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"):
            raise SkipTest("no glibc")
        said = self.said(
            "import ctypes, os\n"
            "from contextlib import suppress\n"
            "from ftpalg.net.c_stderr import unheard\n"
            "def write(words):\n"
            "    ctypes.set_errno(0)\n"
            "    ctypes.CDLL(None).perror(words)\n"
            "write(b'before')\n"
            "for _ in range(2):\n"
            "    with suppress(ValueError), unheard():\n"
            "        write(b'library'); os.write(2, b'python\\n'); raise ValueError\n"
            "write(b'behind')\n"
        )
        words = [line.partition(":")[0] for line in said.splitlines()]
        self.assertEqual(words, ["before", "python", "python", "behind"])

    def test_nftables(self) -> None:
        """libnftables says to its caller alone what it may not do; a user who is nobody asks."""
        try:
            ctypes.CDLL("libnftables.so.1")
        except OSError:
            raise SkipTest("no libnftables") from None
        said = self.said(
            "import os\n"
            "from ftpalg.net.pinholes import Nft, fault_of, sets_of\n"
            "os.getuid() or (os.setgroups([]), os.setgid(65534), os.setuid(65534))\n"
            "found = fault_of(sets_of('inet ftpalg', 'data4', 'data6'), Nft().run)\n"
            "assert found.count('Operation not permitted') == 1, found\n"
            "assert found.endswith('; run with the capability CAP_NET_ADMIN'), found\n"
        )
        self.assertEqual(said, "")
