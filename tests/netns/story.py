"""What the stories have in common: files go through whole, both ways, each under a name of its own."""

from __future__ import annotations

import random
import shutil
from itertools import count
from typing import ClassVar
from unittest import SkipTest

from tests.netns.world import FtpServer, Host, skip_reason
from tests.wire.peers import TestCase

CONTENT = random.Random(4).randbytes(300_000)

PASSIVE_MODES = (), ("--disable-epsv",)
ACTIVE_MODES = ("--ftp-port", "-"), ("--ftp-port", "-", "--disable-eprt")
"""curl's words for EPSV and PASV, for EPRT and PORT."""


def need(*programs: str) -> None:
    """Skip the test where one of the programs is missing."""
    for program in programs:
        if shutil.which(program) is None:
            raise SkipTest(f"{program} is not installed")


class Story(TestCase):
    """Transfers there and back by real clients."""

    skip = skip_reason() or None
    _names: ClassVar[count[int]] = count()

    def name(self) -> str:
        """A file that is not there yet."""
        return f"pub/{next(self._names)}"

    def curl(self, client: Host, ftp: FtpServer, url: str, *words: str) -> None:
        """curl uploads below that URL, and downloads it again."""
        name = self.name()
        client.upload(url + name, CONTENT, *words)
        self.assertEqual((ftp.server.root / name).read_bytes(), CONTENT)
        self.assertEqual(client.download(url + name, *words), CONTENT)

    def ftplib(
        self,
        client: Host,
        ftp: FtpServer,
        host: str,
        *,
        passive: bool,
        strict: bool = False,
    ) -> None:
        """ftplib uploads to that host, and downloads it again."""
        name = self.name()
        for verb, content in (("STOR", CONTENT), ("RETR", b"")):
            found = client.ftplib(host, verb, name, passive=passive, strict=strict, content=content)
        self.assertEqual((ftp.server.root / name).read_bytes(), CONTENT)
        self.assertEqual(found, CONTENT)

    def lftp(self, client: Host, ftp: FtpServer, host: str, *, passive: bool) -> None:
        """lftp uploads to that host, and downloads it again."""
        need("lftp")
        name = self.name()
        for verb, content in (("put", CONTENT), ("get", b"")):
            found = client.lftp(host, verb, name, passive=passive, content=content)
        self.assertEqual((ftp.server.root / name).read_bytes(), CONTENT)
        self.assertEqual(found, CONTENT)
