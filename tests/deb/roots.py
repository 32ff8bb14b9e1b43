"""A clean Debian in a folder, and commands that run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SUITE = "bookworm"
BROUGHT = "python3,ca-certificates,systemd-standalone-sysusers"
"""What the package depends on; in the root from the start, so that apt needs no network later."""

ANEW = ("var/lib/dpkg", "var/lib/apt", "var/cache", "var/log", "run", "tmp", "proc", "dev")
"""Folders that apt and dpkg keep books in."""

OLDER = {"etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-"}
"""Copies from before a user was made, who stays."""


def missing() -> str:
    """Why no root can be made here; empty where it can."""
    if os.geteuid():
        return "a clean root is made by root"
    if not shutil.which("mmdebstrap"):
        return "mmdebstrap is not installed"
    return ""


def said(*words: str | Path) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


class Root:
    """One such folder."""

    def __init__(self) -> None:
        self._holder = tempfile.TemporaryDirectory(prefix="ftpalg-root-")
        self.path = Path(self._holder.name) / "root"
        self.path.parent.chmod(0o755)  # the service's user must get in
        archive = Path(self._holder.name) / "root.tar"
        said("mmdebstrap", "--variant=apt", f"--include={BROUGHT}", SUITE, archive)
        self.path.mkdir()
        said("tar", "-xf", archive, "-C", self.path)
        archive.unlink()

    def close(self) -> None:
        """Remove it."""
        self._holder.cleanup()

    def command(self, *words: str, user: str = "root") -> list[str]:
        """The words for running this in there, with nothing of our environment."""
        path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        inner = ("env", "-i", path, "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *words)
        return ["chroot", f"--userspec={user}:{user}", str(self.path), *inner]

    def run(self, *words: str, user: str = "root") -> str:
        """What it prints."""
        return said(*self.command(*words, user=user))

    def install(self, package: Path, *options: str) -> str:
        """By dpkg, which fails where something that it depends on is not there."""
        shutil.copy(package, self.path / "tmp" / package.name)
        return self.run("dpkg", *options, "--install", f"/tmp/{package.name}")

    def files(self) -> set[str]:
        """All that is there, but for the books of apt and dpkg."""
        return {
            name
            for name in (p.relative_to(self.path).as_posix() for p in self.path.rglob("*"))
            if not name.startswith(ANEW) and name not in OLDER
        }
