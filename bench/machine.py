"""The machine and what runs on it, in words: its processors, the kernel, versions; no names, no places."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable

from OpenSSL import SSL

QUIET = 0.5
"""Processes that want a processor before a run begins: where more do, something runs beside it."""


def load() -> float:
    """Processes that wanted a processor, of the last minute."""
    return os.getloadavg()[0]


def beside(before: float) -> str:
    """A sentence on what ran beside a run."""
    if before > QUIET:
        return (
            f"Other work ran beside it (load {before:.1f} before it began):"
            " trust the multiples more than the figures."
        )
    return f"Nothing else was seen to run beside it (load {before:.1f} before it began)."


def told() -> str:
    """Processors, kernel, Python and its OpenSSL."""
    kernel = ".".join(platform.release().split(".")[:2])
    cores = len(os.sched_getaffinity(0))
    openssl = " ".join(SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode().split()[:2])
    python = platform.python_version()
    return f"{cores} processors, {platform.system()} {kernel}, Python {python}, {openssl}"


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Of those Debian packages that are installed, without what Debian adds."""
    found = {}
    for package in packages:
        words = ["dpkg-query", "-W", "-f", "${Version}", package]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        if version := re.match(r"[\d.]+", said):
            found[package] = version[0]
    return found
