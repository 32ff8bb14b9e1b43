"""Hashes that cost next to nothing, for tests."""

from __future__ import annotations

from ftpalg.net.password_hashes import Cost, made

CHEAP = Cost(1, 1, 1)


def line(name: str, password: str, cost: Cost = CHEAP) -> str:
    """Of a file of accounts."""
    return f"{name}:{bytes(made(password.encode(), cost)).decode()}\n"
