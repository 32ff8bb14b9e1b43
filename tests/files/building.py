"""Builds sdists and wheels from a copy of this tree, without the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

TREE = Path(__file__).parents[2]
BUILDS = 77
"""The setuptools of ``[build-system]``."""

LEFT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", "_trial_temp*", ".*_cache", ".hypothesis", ".coverage*",
    "build", "dist", "node_modules", "results", "*.egg-info", "dropin.cache",
)  # fmt: skip


def missing() -> str:
    """Why nothing can be built without the network; empty where it can."""
    try:
        if int(version("setuptools").split(".")[0]) >= BUILDS:
            return ""
    except PackageNotFoundError:
        pass
    return f"building takes setuptools {BUILDS} or newer"


def environment(**more: str) -> dict[str, str]:
    """This environment, without what would make Python or pip look elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))}
    return kept | more


def copied(place: Path) -> Path:
    """The tree as a checkout has it, links and all."""
    return shutil.copytree(TREE, place, symlinks=True, ignore=LEFT)


def built(kind: str, source: Path, folder: Path) -> Path:
    """The ``sdist`` or ``wheel`` of a tree, put into the folder."""
    folder.mkdir(exist_ok=True)
    asked = f"from setuptools import build_meta as b; print(b.build_{kind}({str(folder)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=source,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise AssertionError(done.stdout)
    return folder / done.stdout.split()[-1]
