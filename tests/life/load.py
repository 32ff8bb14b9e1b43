"""A real server under load: logins at a steady pace, and transfers without a pause, some under TLS."""

from __future__ import annotations

import ftplib
import hashlib
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

SERVER = """
import logging, sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
logging.disable(logging.CRITICAL)
accounts = DummyAuthorizer()
accounts.add_user("joe", "secret", sys.argv[1], perm="elr")
FTPHandler.authorizer = accounts
server = FTPServer(("127.0.0.1", 0), FTPHandler)
server.max_cons = 4096
print(server.address[1], flush=True)
server.serve_forever()
"""
PATIENCE = 60.0
"""Seconds for one exchange on a machine that does much beside it."""


class RealServer:
    """pyftpdlib with one file, in a process of its own."""

    def __init__(self, size: int) -> None:
        self._holder = tempfile.TemporaryDirectory(prefix="ftpalg-load-")
        block = bytes(range(256)) * 4096
        content = (block * (size // len(block) + 1))[:size]
        (Path(self._holder.name) / "file").write_bytes(content)
        self.digest = hashlib.sha256(content).digest()
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, self._holder.name], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._holder.cleanup()


class Load:
    """Clients of one gateway, each third under TLS, until ``stop``.

    ``seen`` counts: ``login`` and ``file`` for what went well; ``refused`` for a connection that was
    not greeted; ``torn`` for a file that was called complete and is another; ``again`` for a client
    that was sent away in the middle, as FTP says it (421), or saw its transfer fail, and came again.
    """

    def __init__(self, port: int, digest: bytes, transfers: int, logins: float) -> None:
        self._port = port
        self._digest = digest
        self._over = threading.Event()
        self.seen: Counter[str] = Counter()
        self._changed = threading.Condition()
        self.log: list[str] = []
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._threads = [
            threading.Thread(target=self._transfers, args=(at % 3 == 0,)) for at in range(transfers)
        ]
        self._threads.append(threading.Thread(target=self._logins, args=(1 / logins,)))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each end what it does."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, seconds: float) -> None:
        """Wait until one more login and one more file have gone well."""
        with self._changed:
            files, logins = self.seen["file"], self.seen["login"]
            more = self._changed.wait_for(
                lambda: self.seen["file"] > files and self.seen["login"] > logins, seconds
            )
        assert more, (self.seen, self.log)

    def _saw(self, word: str, detail: object = "") -> None:
        with self._changed:
            self.seen[word] += 1
            self._changed.notify_all()
            if detail:
                self.log.append(f"{word}: {detail!r}")

    def _enter(self, *, tls: bool) -> ftplib.FTP:
        """A client that is logged in."""
        client = ftplib.FTP_TLS(context=self._context) if tls else ftplib.FTP()
        try:
            client.connect("127.0.0.1", self._port, PATIENCE)
        except (OSError, EOFError, ftplib.Error) as error:
            self._saw("refused", error)
            raise
        client.login("joe", "secret")
        if isinstance(client, ftplib.FTP_TLS):
            client.prot_p()
        return client

    def _logins(self, pause: float) -> None:
        turns: list[threading.Thread] = []
        while not self._over.wait(pause):
            turn = threading.Thread(target=self._login, args=(len(turns) % 3 == 0,))
            turn.start()
            turns.append(turn)
        for turn in turns:
            turn.join()

    def _login(self, tls: bool) -> None:
        self._tried(lambda: self._enter(tls=tls).quit(), "login")

    def _transfers(self, tls: bool) -> None:
        while not self._over.is_set():
            self._tried(lambda: self._fetch(tls=tls), "file")

    def _fetch(self, *, tls: bool) -> None:
        client = self._enter(tls=tls)
        try:
            found = hashlib.sha256()
            client.retrbinary("RETR file", found.update)
            if found.digest() != self._digest:
                self._saw("torn")
        finally:
            client.close()

    def _tried(self, do: Callable[[], object], word: str) -> None:
        try:
            do()
        except (OSError, EOFError, ftplib.Error) as error:
            self._saw("again", error)
        else:
            self._saw(word)
