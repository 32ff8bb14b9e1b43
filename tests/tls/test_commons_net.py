"""Apache Commons Net's FTPSClient, whose TLS is Java's own: it says user_canceled before close_notify."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tests.tls.cells import BODY, Cells, Stage
from tests.tls.servers import Secured, TlsPyftpdlib, TlsVsftpd

JAR = Path("/usr/share/java/commons-net.jar")
SOURCE = Path(__file__).with_name("CommonsNet.java")
COMPILES = 300.0
"""Seconds."""


@cache
def java() -> tuple[str, ...]:
    """Runs the client, which is compiled once: that takes a busy machine longer than all it does then."""
    classes = Stage.folder / "java-classes"
    words = ["javac", "-cp", str(JAR), "-d", str(classes), str(SOURCE)]
    subprocess.run(words, check=True, timeout=COMPILES)
    return "java", "-XX:TieredStopAtLevel=1", "-cp", f"{JAR}:{classes}", SOURCE.stem


class Uploads(SynchronousTestCase):
    """Whole files, not lenient, in one session each."""

    def upload(self, server: type[Secured], version: str) -> None:
        """Three files of several records and one of nothing, up and down again."""
        if not shutil.which("javac"):
            raise SkipTest("no JDK is installed")
        if not JAR.exists():
            raise SkipTest("Apache Commons Net is not installed")
        words = {"server_type": server}
        cells: Any = type("JavaCells", (Cells, SynchronousTestCase), words)("stand")
        cells.stand("passive")
        account = cells.server.account
        names = [f"java-{version}-{at}" for at in range(3)]
        for body, given in ((BODY, names), (b"", [f"java-{version}-nothing"])):
            source = Stage.folder / "java-body"
            source.write_bytes(body)
            command = [*java(), str(cells.gateway.ports[0]), version]
            command += [account.user, account.password, str(source)]
            cells.run_client(command + [f"upload/{name}" for name in given])
        cells.arrived(names)

    def test_1_2(self) -> None:
        """TLS 1.2."""
        self.upload(TlsPyftpdlib, "TLSv1.2")

    def test_1_3(self) -> None:
        """TLS 1.3."""
        self.upload(TlsPyftpdlib, "TLSv1.3")

    def test_vsftpd(self) -> None:
        """In front of a server that insists on resumed data connections and on whole ends."""
        self.upload(TlsVsftpd, "TLSv1.3")
