"""Accounts at the gateway: who they are, and the files that hold their secrets."""

from __future__ import annotations

import atexit
import tempfile
from pathlib import Path
from time import monotonic

from tests.wire.peers import Client, Reply, SceneTestCase

OURS, THEIRS, SECRET = b"Gate-w0rd", b"Server-w0rd", b"Mapped-w0rd"
DELAY = 0.3
_kept = tempfile.TemporaryDirectory(prefix="ftpalg-accounts-")
atexit.register(_kept.cleanup)
FOLDER = Path(_kept.name)
(FOLDER / "accounts").write_bytes(
    b"gus:Gate-w0rd\nm\xfcller:Gate-w0rd\ngr\xc3\xbcn:Gate-w0rd\nann:Gate-w0rd\nzoe:Gate-w0rd\n"
)
(FOLDER / "credentials").mkdir()


class AccountsTestCase(SceneTestCase):
    """A gateway that wants accounts from everybody."""

    secrets = (OURS.decode(), THEIRS.decode(), SECRET.decode(), "Wr0ng")

    @classmethod
    def settings(cls) -> str:
        return (
            f'[accounts]\nauth = ["file:{FOLDER}/accounts", "memory:max:Gate-w0rd"]\n'
            f"delay = {DELAY}\nfailures-per-peer = 10000\nfailures-per-account = 10000\n"
            "[limits]\nbad-logins = 3\n[log]\nladder = true\n"
        )

    def where(self, which: int = 0) -> bytes:
        """``name:port`` of a server."""
        return b"127.0.0.1:%d" % self.servers[which].port

    def timed(self, client: Client, line: bytes) -> tuple[Reply, float]:
        """A reply, and the seconds it took."""
        began = monotonic()
        found = client.ask(line)
        return found, monotonic() - began

    def let_in(self, client: Client, account: bytes = b"gus") -> None:
        """Log in at the gateway."""
        self.assertEqual(self.codes(client, b"USER " + account, b"PASS " + OURS), [331, 230])
