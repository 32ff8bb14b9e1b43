"""Unit files and their drop-ins, read as systemd reads them: as far as a test asks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

ETC = Path(__file__).parents[2] / "etc" / "systemd"
SERVICE = ETC / "ftpalg.service"
SOCKET = ETC / "ftpalg.socket"
DROP_INS = ETC / "drop-ins"

VARIANTS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "pinholes": ("20-pinholes",),
    "tproxy": ("20-tproxy",),
    "pinholes and tproxy": ("20-pinholes", "20-tproxy"),
    "credentials": ("30-credentials",),
    "socket": ("10-socket",),
    "socket, pinholes": ("10-socket", "20-pinholes"),
    "socket, tproxy": ("10-socket", "20-tproxy"),
}
"""The service with these drop-ins, in the order of their names, as systemd takes them."""

UNPACKED = Path("/opt/peers")
"""Where tests/ops/install.sh puts what the machine does not have."""
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/bin", "/bin", str(UNPACKED / "usr/bin")))
ANALYZE = shutil.which("systemd-analyze", path=PATH) or ""
SYSUSERS = shutil.which("systemd-sysusers", path=PATH) or ""
ENVIRONMENT = {
    "LC_ALL": "C",
    "PATH": PATH,
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_PAGER": "",
    "LD_LIBRARY_PATH": ":".join(map(str, UNPACKED.glob("usr/lib/*/systemd"))),
}
MISSING = "" if ANALYZE else "systemd-analyze is not there (Debian: systemd)"


class Unit:
    """What a unit and its drop-ins set."""

    def __init__(self, *files: Path) -> None:
        self._lines = [
            tuple(map(str.strip, line.split("=", 1)))
            for file in files
            for line in file.read_text("utf-8").splitlines()
            if "=" in line and line[0] not in "#["
        ]

    def values(self, key: str) -> list[str]:
        """Each of a list; an empty value empties it."""
        found: list[str] = []
        for name, value in self._lines:
            if name == key:
                found = [*found, value] if value else []
        return found

    def value(self, key: str) -> str:
        """The last one, or nothing."""
        return (self.values(key) or [""])[-1]

    def words(self, key: str) -> list[str]:
        """The words of all lines."""
        return " ".join(self.values(key)).split()


def variant(name: str, *more: Path) -> Unit:
    """The service with the drop-ins of a variant, and more of them."""
    return Unit(SERVICE, *(DROP_INS / f"{one}.conf" for one in VARIANTS[name]), *more)


def laid_out(folder: Path, name: str) -> Path:
    """The service of a variant as it lies on a machine that has it."""
    for file in (SERVICE, SOCKET):
        shutil.copy(file, folder)
    beside = folder / f"{SERVICE.name}.d"
    beside.mkdir()
    for one in VARIANTS[name]:
        shutil.copy(DROP_INS / f"{one}.conf", beside)
    return folder / SERVICE.name


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says."""
    return subprocess.run(
        [ANALYZE, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=ENVIRONMENT,
    )


def system_calls(words: Iterable[str]) -> set[str]:
    """What a SystemCallFilter= of these words leaves, by the groups of the systemd that is here."""
    groups: dict[str, list[str]] = {}
    name = ""
    for line in analyze("syscall-filter").stdout.splitlines():
        if line.startswith("@"):
            name = line.strip()
        elif line.strip() and not line.strip().startswith("#"):
            groups.setdefault(name, []).append(line.strip())

    def expanded(word: str) -> set[str]:
        if not word.startswith("@"):
            return {word}
        return {call for one in groups[word] for call in expanded(one)}

    allowed = expanded("@default")
    refusing = False
    for word in words:
        # a ~ holds for its whole line; lines are joined here, and those that refuse stand last
        refusing = refusing or word.startswith("~")
        calls = expanded(word.removeprefix("~"))
        allowed = allowed - calls if refusing else allowed | calls
    return allowed | expanded("@default")
