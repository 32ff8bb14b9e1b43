"""The package of ``make deb``: installed, run as its service is, upgraded and purged in a clean root."""

from __future__ import annotations

import configparser
import io
import json
import re
import shlex
import subprocess
import sys
import tempfile
from ftplib import FTP
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.deb.roots import Root, missing, said

TREE = Path(__file__).parents[2]
PACKAGES = sorted(TREE.glob("dist/ftpalg_*.deb"))
UNIT = "lib/systemd/system/ftpalg.service"
EDITED = """
listen = ["127.0.0.1:0"]
server = "ftp://127.0.0.1:{port}"
# by the administrator
"""
SERVER = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user("scan", "ner", sys.argv[1], perm="elrw")
server = FTPServer(("127.0.0.1", 0), FTPHandler)
print(server.address[1], flush=True)
server.serve_forever()
"""


class Deb(SynchronousTestCase):
    """One story, in one root."""

    if missing():
        skip = missing()
    elif len(PACKAGES) != 1:
        skip = "dist must hold one package: make deb"

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-deb-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.root = Root()
        self.addCleanup(self.root.close)
        self.settings = self.root.path / "etc/ftpalg/ftpalg.toml"

    def started(self, words: list[str]) -> io.TextIOWrapper:
        """What a command prints, as it comes; it ends with the test, or by itself after a while."""
        process = subprocess.Popen(
            ["timeout", "300", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        assert isinstance(process.stdout, io.TextIOWrapper)
        self.addCleanup(process.stdout.close)
        return process.stdout

    def service(self) -> tuple[list[str], str]:
        """The service's command and its user."""
        unit = configparser.RawConfigParser(strict=False, interpolation=None)
        if (self.root.path / UNIT).exists():
            unit.read(self.root.path / UNIT, "utf-8")
            return shlex.split(unit["Service"]["ExecStart"]), unit["Service"]["User"]
        self.assertEqual(list(TREE.glob("etc/systemd/*.service")), [], "the unit is not in it")
        return shlex.split("ftpalg run --config /etc/ftpalg/ftpalg.toml"), "ftpalg"

    def transfer(self) -> None:
        """The service carries a file up, passive, and down again, active."""
        server = self.started([sys.executable, "-c", SERVER, str(self.folder)])
        port = server.readline().strip()
        self.settings.write_text(EDITED.format(port=port), "utf-8")
        command, user = self.service()
        log = self.started(self.root.command(*command, user=user))
        records = (json.loads(line) for line in log)
        ready = next(record for record in records if record["event"] == "ready")
        (listener,) = ready["listeners"]
        with FTP() as client:
            client.connect("127.0.0.1", int(listener.rpartition(":")[2]), timeout=30)
            client.login("scan", "ner")
            client.storbinary("STOR page", io.BytesIO(b"scanned" * 1000))
            client.set_pasv(False)
            taken: list[bytes] = []
            client.retrbinary("RETR page", taken.append)
        self.assertEqual(b"".join(taken), b"scanned" * 1000)
        self.assertEqual((self.folder / "page").read_bytes(), b"scanned" * 1000)

    def newer(self) -> Path:
        """The package again, of a later version, with other settings in it."""
        tree, made = self.folder / "newer", self.folder / "newer.deb"
        said("dpkg-deb", "--raw-extract", PACKAGES[0], tree)
        control, shipped = tree / "DEBIAN/control", tree / "etc/ftpalg/ftpalg.toml"
        text = re.sub(r"(?m)^Version: .*", "Version: 99-1", control.read_text("utf-8"))
        control.write_text(text, "utf-8")
        shipped.write_text(shipped.read_text("utf-8") + "# a new setting\n", "utf-8")
        said("dpkg-deb", "--root-owner-group", "--build", "-z1", tree, made)
        return made

    def test_story(self) -> None:
        """Install, check, transfer, upgrade over edited settings, transfer, purge."""
        before = self.root.files()
        self.root.install(PACKAGES[0])
        self.assertIn(
            "listens on 127.0.0.1:1025",
            self.root.run("ftpalg", "check", "/etc/ftpalg/ftpalg.toml", user="ftpalg"),
        )
        self.assertIn("OpenSSL", self.root.run("ftpalg", "version", user="ftpalg"))
        for name in (
            "usr/share/man/man1/ftpalg.1.gz",
            "usr/share/doc/ftpalg/copyright",
            "usr/share/bash-completion/completions/ftpalg",
        ):
            self.assertTrue((self.root.path / name).is_file(), name)
        self.assertEqual(
            [p.name for p in (self.root.path / "usr/bin").glob("*ftpalg*")], ["ftpalg"]
        )
        self.transfer()

        edited = self.settings.read_text("utf-8")
        self.root.install(self.newer(), "--force-confdef")
        self.assertEqual(self.settings.read_text("utf-8"), edited)
        beside = self.settings.with_suffix(".toml.dpkg-dist")
        self.assertIn("# a new setting", beside.read_text("utf-8"))
        self.transfer()

        state = self.root.path / "var/lib/ftpalg"
        state.mkdir()
        self.root.run("dpkg", "--purge", "ftpalg")
        self.assertEqual(sorted(self.root.files() - before), [])
