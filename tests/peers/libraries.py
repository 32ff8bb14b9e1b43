"""FTP servers that are libraries, each run by a program of ours, and one that wants an inetd."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from tests.peers.servers import HASH, NOBODY, PASSWORD, Server

PROGRAMS = Path(__file__).parent / "programs"


class Library(Server):
    """A module of this Python's, run by the program of its name."""

    program = sys.executable
    module: ClassVar[str]
    script: ClassVar[str]

    @classmethod
    def missing(cls) -> str:
        return super().missing() if find_spec(cls.module) else f"{cls.name} is not installed"

    def command(self) -> list[str]:
        script = str(PROGRAMS / self.script)
        where = [self.host, str(self.port), str(self.root)]
        return [self.program, "-W", "ignore", script, *where, self.user, PASSWORD]


class Twisted(Library):
    """Twisted's own, which reads no command between PASV and the data connection."""

    name = "Twisted"
    module = "twisted.protocols.ftp"
    script = "twisted_server.py"


class Aioftp(Library):
    """aioftp, whose names are UTF-8 and nothing else."""

    name = "aioftp"
    module = "aioftp"
    script = "aioftp_server.py"


IN_A_ROOT = """
set -e
mount --bind -o ro /usr "$1/root/usr"
mount --bind "$1/etc" /etc
shift
exec "$@"
"""
"""A view of the files of its own: an /etc with our user, and in the user's root a /usr with its ls."""


class InetutilsFtpd(Server):
    """The ftpd of GNU inetutils, one process per connection, its user in a root of their own."""

    name = "inetutils-ftpd"
    program = "/opt/peers/usr/sbin/ftpd"

    def command(self) -> list[str]:
        etc, root = self.base / "etc", self.root
        for folder in (etc, root / "usr"):
            folder.mkdir(exist_ok=True)
        for name in ("bin", "lib", "lib64"):
            if not (root / name).is_symlink():
                (root / name).symlink_to(f"usr/{name}")
        texts = {
            "passwd": f"root:x:0:0::/root:/bin/sh\n{self.user}:x:{NOBODY}:{NOBODY}::{root}:/bin/sh\n",
            "shadow": f"{self.user}:{HASH}:19000:0:99999:7:::\n",
            "group": f"nogroup:x:{NOBODY}:\n",
            "shells": "/bin/sh\n",
            "ftpchroot": f"{self.user}\n",
            "hosts": "127.0.0.1 localhost\n::1 localhost\n",
            "nsswitch.conf": "passwd: files\nshadow: files\ngroup: files\nhosts: files\n",
        }
        for name, text in texts.items():
            (etc / name).write_text(text)
            (etc / name).chmod(0o600 if name == "shadow" else 0o644)
        inetd = [sys.executable, str(PROGRAMS / "inetd.py"), self.host, str(self.port)]
        view = ["unshare", "--mount", "sh", "-c", IN_A_ROOT, "sh", str(self.base)]
        return [*view, *inetd, self.program, "--auth=default"]

    @classmethod
    def missing(cls) -> str:
        if not os.access("/usr/bin/unshare", os.X_OK):
            return "unshare is not installed"
        return super().missing()
