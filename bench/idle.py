"""Memory of sessions that are logged in and say nothing, in clear and with TLS to the client.

    python -m bench.idle [--sessions N]

Each kind has a gateway of its own, and pyftpdlib as the server.  Each figure is that of so many sessions
together: one more costs now nothing, now a page.  A gateway admits as many as have six descriptors each.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

from bench.measure import child, drained, line_with, memory
from bench.work import client
from ftpalg.certificate import make_pair

FIRST = 20
"""Sessions that come and go before: what they bring into memory for all others is none of theirs."""


def main() -> None:
    """Measure and print: the kind, KiB for each, MiB for all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle")
    parser.add_argument("--sessions", type=int, default=3000)
    count = parser.parse_args().sessions
    most = getrlimit(RLIMIT_NOFILE)[1]
    setrlimit(RLIMIT_NOFILE, (most, most))  # the gateway has two for each, server and client one
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificate, key = map(str, make_pair(["localhost"], folder))
        origin = stack.enter_context(child(sys.executable, "-m", "bench.origin", str(folder)))
        server = line_with(origin, r"^(\d+)$")
        settings = folder / "ftpalg.toml"
        bound = count + FIRST
        settings.write_text(f"[limits]\nsessions = {bound}\nsessions-per-peer = {bound}\n", "utf-8")
        words = ["--config", str(settings), "--server", f"ftp://127.0.0.1:{server}"]
        words += ["--listen", "tcp:0:interface=127.0.0.1", "--client-tls", "offer"]
        words += ["--certificate", certificate, "--private-key", key]
        twistd = str(Path(sys.executable).with_name("twistd"))
        for tls in (False, True):
            with child(twistd, "-n", "--pidfile=", "ftpalg", *words) as gateway:
                port = int(line_with(gateway, r"starting on (\d+)"))
                with drained(gateway):
                    for _ in range(FIRST):
                        client(port, tls=tls).quit()
                    before = memory(gateway)
                    idle = [client(port, tls=tls) for _ in range(count)]
                    taken = memory(gateway) - before
                    name = f"{count} idle sessions{', TLS' if tls else ''}"
                    print(f"{name:28} {taken / count:6.1f} KiB each {taken / 1024:8.1f} MiB")
                    for session in idle:
                        session.close()


if __name__ == "__main__":
    main()
