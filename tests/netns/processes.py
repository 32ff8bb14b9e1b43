"""Programs in network namespaces, and the namespaces themselves: nothing outlives the tests."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from tests.wire.peers import TREE

TIMEOUT = 20.0  # seconds for a command, and for a program to listen
TICK = 0.02  # seconds between two looks at a condition

KEEP = """
ip netns add "$1" && echo added && read -r _
ip netns pids "$1" | xargs -r kill -s KILL
ip netns delete "$1"
rm -rf "/etc/netns/$1"
"""
"""Keeps a namespace to the end of its standard input: ours at the latest, however we end."""


def unique(name: str) -> str:
    """A name for a namespace that nobody else has."""
    return f"ftpalg-{secrets.token_hex(4)}-{name}"


class Keeper:
    """A namespace that cannot outlive this process."""

    def __init__(self, namespace: str) -> None:
        self.process = subprocess.Popen(
            ["sh", "-c", KEEP, "sh", namespace],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt from the terminal must not take it along
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if said != b"added\n":
            self.close()
            raise AssertionError(f"no network namespace: {said.decode(errors='replace').strip()}")

    def close(self) -> None:
        """Kill all that runs in the namespace, and remove it."""
        self.process.communicate(timeout=TIMEOUT)


class Process:
    """A program that was started in a host, and its output."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self.popen = subprocess.Popen(
                command,
                cwd=TREE,
                env={**os.environ, "PYTHONPATH": str(TREE)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """Its output so far."""
        return self._log.read_text("utf-8", "replace")

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for the condition; fail after ``TIMEOUT`` seconds, or at once if the program dies."""
        deadline = monotonic() + TIMEOUT
        while not condition():
            try:
                self.popen.wait(TICK)
            except subprocess.TimeoutExpired:
                if monotonic() < deadline:
                    continue
            raise AssertionError(f"no {what}: {self.said()[-4000:]}")

    def stop(self) -> None:
        """End it as an administrator does."""
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(TIMEOUT)
