"""Starts two origins and a gateway before each, fetches a file in active mode, shows the dialogues.

make demo       or    python -m demo            # both dialogues, then it ends
make run        or    python -m demo serve      # the same, then it serves until it is stopped
"""

from __future__ import annotations

import argparse
import ftplib
import io
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.error import ReactorNotRunning
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from demo.origins import PASSWORD, USER, PlainHandler, TlsHandler, start
from ftpalg.certificate import CA_FILE, make_pair
from ftpalg.config import structure
from ftpalg.core.facts import About
from ftpalg.life.reactor import installed
from ftpalg.life.service import GatewayService
from ftpalg.ops.log import SessionLog
from ftpalg.ops.settings import LogSettings

KINDS = ("plain origin", "origin that insists on TLS and session reuse")
PORTS = {"show": (0, 0), "serve": (1025, 1026)}
"""Where the gateways listen; 0 is any port, since nobody has to type it."""
SAMPLES = {"hello.txt": b"Hello through the gateway.\r\n", "numbers.bin": bytes(range(256)) * 4096}
WIDTH = 62


class Ladder(SessionLog):
    """Prints the client's dialogue on the left and the server's on the right."""

    def __init__(self) -> None:
        super().__init__(LogSettings(ladder=True), hosted=True)
        self.shown = True

    def _rung(self, about: About, arrow: str, text: str) -> None:
        if self.shown:
            left = "C" in arrow
            print(("" if left else " " * WIDTH) + f"{arrow}  {text}"[: WIDTH - 2], flush=True)


class Demo:
    """The origins, the gateways, and what is shown of them.

    ``status`` is what becomes of it: 1 once a file has not arrived.
    """

    def __init__(self, *, stays: bool, ports: tuple[int, ...]) -> None:
        self.status = 0
        self._stays = stays
        self._holder = tempfile.TemporaryDirectory(prefix="ftpalg-demo-")
        folder = Path(self._holder.name)
        files = folder / "files"
        files.mkdir()
        for name, content in SAMPLES.items():
            (files / name).write_bytes(content)
        certificate, key = make_pair(["localhost"], folder)
        plain = start(PlainHandler, files)
        secure = start(TlsHandler, files, certfile=str(certificate), keyfile=str(key))
        servers: tuple[dict[str, Any], ...] = (
            {"server": f"ftp://127.0.0.1:{plain}"},
            {"server": f"ftpes://localhost:{secure}", "server-tls": {"ca": str(folder / CA_FILE)}},
        )
        self._ladders = [Ladder() for _ in servers]
        self._ports: list[int] = []
        for port, raw, ladder in zip(ports, servers, self._ladders, strict=True):
            settings = structure({"listen": [f"127.0.0.1:{port}"], **raw}, "demo")
            service = GatewayService(installed(), settings, ladder)
            service.startService()
            reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
            host: Any = service.ports[0].getHost()
            self._ports.append(host.port)

    def begin(self) -> None:
        """The reactor runs: show all, then stay or end."""
        for number in (signal.SIGINT, signal.SIGTERM):  # in place of the reactor's
            signal.signal(number, self._end)
        self._show(0).addCallbacks(self._over, self._failed)

    def close(self) -> None:
        """Leave no file behind."""
        self._holder.cleanup()

    def _show(self, which: int) -> Any:
        port = self._ports[which]
        print(f"\n--- hello.txt in active mode, through port {port}, from a passive-only")
        print(f"    {KINDS[which]}")
        print(f"{'client and gateway':{WIDTH}}gateway and server", flush=True)

        def done(received: bytes) -> Any:
            if received != SAMPLES["hello.txt"]:
                raise ValueError(f"hello.txt arrived as {received!r}")
            self._ladders[which].shown = False
            return self._show(which + 1) if which + 1 < len(self._ports) else None

        return deferToThread(fetch, port, "hello.txt").addCallback(done)

    def _over(self, _: object) -> None:
        print("\nBoth arrived whole.", flush=True)
        if self._stays:
            self._advise()
        else:
            self._end()

    def _advise(self) -> None:
        """Lines to try by hand; their dialogues are shown too."""
        print("The gateways serve on.  Try it yourself in another terminal; Ctrl-C ends:")
        for port, kind in zip(self._ports, KINDS, strict=True):
            print(f"  # {kind}")
            url = f"ftp://{USER}:{PASSWORD}@127.0.0.1:{port}/numbers.bin"
            print(f"  curl -P - -o numbers.bin {url}")
            print(f"  ftp -A 127.0.0.1 {port}          # user {USER}, password {PASSWORD}")
        sys.stdout.flush()
        for ladder in self._ladders:
            ladder.shown = True

    def _failed(self, failure: Failure) -> None:
        print(f"the demo failed: {failure.getErrorMessage()}", file=sys.stderr)
        self.status = 1
        self._end()

    def _end(self, *_: object) -> None:
        with suppress(ReactorNotRunning):  # it ends already
            reactor.stop()


def fetch(port: int, name: str) -> bytes:
    """What a legacy client does: plain FTP in active mode."""
    received = io.BytesIO()
    with ftplib.FTP(timeout=20) as client:
        client.connect("127.0.0.1", port)
        client.login(USER, PASSWORD)
        client.set_pasv(False)
        client.retrbinary(f"RETR {name}", received.write)
    return received.getvalue()


def main() -> int:
    """The exit status: 0 once it is over or was stopped."""
    words = argparse.ArgumentParser(prog="python -m demo")
    words.add_argument("what", nargs="?", choices=sorted(PORTS), default="show")
    words.add_argument("--ports", nargs=2, type=int, metavar="PORT", help="0 is any")
    found = words.parse_args()
    ports = found.ports or PORTS[found.what]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))  # nothing serves yet
    demo = Demo(stays=found.what == "serve", ports=tuple(ports))
    reactor.callWhenRunning(demo.begin)
    reactor.run()
    demo.close()
    return demo.status


if __name__ == "__main__":
    sys.exit(main())
