"""A small inetd: a program of its own for each connection, which is its standard input and output."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys


def main(host: str, port: str, *words: str) -> None:
    """Accept until killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, int(port)), family=family, backlog=50) as door:
        while True:
            connection, _ = door.accept()
            with connection:
                subprocess.Popen(words, stdin=connection.fileno(), stdout=connection.fileno())


main(*sys.argv[1:])
