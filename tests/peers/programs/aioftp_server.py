"""aioftp's server with one user."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aioftp import Permission, Server, User


async def main(host: str, port: str, root: str, user: str, password: str) -> None:
    """Serve until killed."""
    permissions = [Permission("/", readable=True, writable=True)]
    account = User(user, password, base_path=Path(root), permissions=permissions)
    await Server([account]).run(host, int(port))


asyncio.run(main(*sys.argv[1:]))
