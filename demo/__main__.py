"""Starts two origins and a gateway before each, fetches a file in active mode, shows the dialogues.

make run        or    python -m demo
"""

from __future__ import annotations

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

GATEWAYS = ((1025, "plain origin"), (1026, "origin that insists on TLS and session reuse"))
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


def fetch(port: int, name: str) -> bytes:
    """What a legacy client does: plain FTP in active mode."""
    received = io.BytesIO()
    with ftplib.FTP(timeout=20) as client:
        client.connect("127.0.0.1", port)
        client.login(USER, PASSWORD)
        client.set_pasv(False)
        client.retrbinary(f"RETR {name}", received.write)
    return received.getvalue()


def show(reactor: Any, ladders: list[Ladder]) -> Any:
    """Fetch through each gateway in turn."""
    (port, what), *rest = GATEWAYS[-len(ladders) :]
    print(f"\n--- hello.txt in active mode, through port {port}, from a passive-only {what}")
    print(f"{'client and gateway':{WIDTH}}gateway and server")

    def done(received: bytes) -> Any:
        assert received == SAMPLES["hello.txt"], received
        ladders[0].shown = False
        return show(reactor, ladders[1:]) if rest else None

    return deferToThread(fetch, port, "hello.txt").addCallback(done)


def advise(_: object) -> None:
    """Lines to try by hand."""
    print("\nBoth arrived whole.  Try it yourself; Ctrl-C ends:")
    for port, what in GATEWAYS:
        print(f"  # {what}")
        url = f"ftp://{USER}:{PASSWORD}@127.0.0.1:{port}/numbers.bin"
        print(f"  curl -P - -o numbers.bin {url}")
        print(f"  ftp -A 127.0.0.1 {port}          # user {USER}, password {PASSWORD}")


def main() -> None:
    """Run until Ctrl-C."""
    folder = Path(tempfile.mkdtemp(prefix="ftpalg-demo-"))
    files = folder / "files"
    files.mkdir()
    for name, content in SAMPLES.items():
        (files / name).write_bytes(content)
    certificate, key = make_pair(["localhost"], folder)
    plain = start(PlainHandler, files)
    secure = start(TlsHandler, files, certfile=str(certificate), keyfile=str(key))
    urls = (f"ftp://127.0.0.1:{plain}", f"ftpes://localhost:{secure}")
    ladders = []
    for (port, _), url in zip(GATEWAYS, urls, strict=True):
        listen = [f"tcp:{port}:interface=127.0.0.1"]
        raw: dict[str, Any] = {"listen": listen, "server": url}
        if url.startswith("ftpes"):
            raw["server-tls"] = {"ca": str(folder / CA_FILE)}
        ladders.append(Ladder())
        service = GatewayService(installed(), structure(raw, "demo"), ladders[-1])
        service.startService()
        reactor.addSystemEventTrigger("before", "shutdown", service.stopService)

    def end(*_: object) -> None:
        with suppress(ReactorNotRunning):  # it ends already
            reactor.stop()

    def failed(failure: Failure) -> None:
        print(f"the demo failed: {failure.getErrorMessage()}", file=sys.stderr)
        end()

    def begin() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # in place of the reactor's
            signal.signal(number, end)
        show(reactor, ladders).addCallbacks(advise, failed)

    reactor.callWhenRunning(begin)
    reactor.run()


main()
