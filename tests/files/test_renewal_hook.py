"""The hook for certbot in docs/certificates.rst does what the page says."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import textwrap
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.tls.certificates import issued

PAGE = Path(__file__).parents[2] / "docs" / "certificates.rst"


class Hook(SynchronousTestCase):
    """Run in a folder of the test's own, for this user's group, beside a systemctl that notes its words."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        for name in ("etc", "live/ftp.example.net", "live/other", "bin"):
            (self.folder / name).mkdir(parents=True)
        block = re.search(r"code-block:: sh\n\n((?:    .*\n|\n)+)", PAGE.read_text("utf-8"))
        assert block is not None
        text = textwrap.dedent(block[1])
        for there, here in (
            ("/etc/letsencrypt/live", f"{self.folder}/live"),
            ("/etc/ftpalg", f"{self.folder}/etc"),
            ("-g ftpalg", f"-g {os.getgid()}"),
        ):
            self.assertIn(there, text)
            text = text.replace(there, here)
        systemctl = self.folder / "bin" / "systemctl"
        systemctl.write_text(f'#!/bin/sh\necho "$@" >> {self.folder}/said\n')
        systemctl.chmod(0o755)
        self.hook = self.folder / "hook"
        self.hook.write_text(text)
        for name in ("ftp.example.net", "other"):
            live = self.folder / "live" / name
            for file, source in (
                ("privkey.pem", issued("good").private_key),
                ("fullchain.pem", issued("good").certificate),
            ):
                (live / file).write_bytes(source.read_bytes())

    def run_for(self, name: str) -> None:
        """As certbot does for each certificate that is new."""
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        lineage = str(self.folder / "live" / name)
        words = ["sh", str(self.hook)]
        subprocess.run(words, env={"PATH": path, "RENEWED_LINEAGE": lineage}, check=True)

    def test_ours(self) -> None:
        """Both files are there, the key is not everybody's, and the gateway hears of it."""
        self.run_for("ftp.example.net")
        key = self.folder / "etc" / "private-key.pem"
        self.assertEqual(key.read_bytes(), issued("good").private_key.read_bytes())
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o640)
        certificate = self.folder / "etc" / "certificate.pem"
        self.assertEqual(certificate.read_bytes(), issued("good").certificate.read_bytes())
        said = (self.folder / "said").read_text()
        self.assertEqual(said, "kill --kill-whom=main --signal=HUP ftpalg\n")

    def test_others(self) -> None:
        """Another certificate is none of its business."""
        self.run_for("other")
        self.assertEqual(list((self.folder / "etc").iterdir()), [])
        self.assertFalse((self.folder / "said").exists())
