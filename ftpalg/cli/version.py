"""``ftpalg version``: versions, and what the kernel offers."""

from __future__ import annotations

import os
import platform
import sys
from argparse import Namespace
from collections.abc import Callable
from ctypes.util import find_library
from importlib.metadata import version as version_of
from pathlib import Path

from ftpalg import __version__
from ftpalg.cli import DONE


def _ktls() -> bool:
    try:
        return "tls" in Path("/proc/sys/net/ipv4/tcp_available_ulp").read_text("ascii").split()
    except OSError:
        return False


FEATURES: dict[str, Callable[[], bool]] = {
    "splice": lambda: hasattr(os, "splice"),
    "tproxy": lambda: sys.platform == "linux",
    "kTLS": _ktls,
    "nftables": lambda: find_library("nftables") is not None,
}
"""What is there or not; that the gateway may use it is another matter: ``ftpalg check --here``."""


def version(_: Namespace) -> int:
    """Print it, one thing on a line."""
    from OpenSSL.SSL import OPENSSL_VERSION, OpenSSL_version

    there = [name for name, has in FEATURES.items() if has()]
    print(f"ftpalg {__version__}")
    print(f"Python {platform.python_version()}")
    print(f"Twisted {version_of('Twisted')}")
    print(f"{OpenSSL_version(OPENSSL_VERSION).decode('ascii', 'replace')}")
    print(f"pyOpenSSL {version_of('pyOpenSSL')}")
    print(f"{platform.system()} {platform.release()}: {', '.join(there) or 'no features'}")
    return DONE
