"""The day's use of accounts over reloads, restarts and upgrades, and what operators see and do."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tests.admin.cases import AdminCase
from tests.life.programs import Foreground
from tests.wire.crowd import CrowdClient
from tests.wire.filing import FilingServer, admitted, moved
from tests.wire.peers import Client

ACCOUNTS = '[accounts]\nauth = ["memory:gus:Gate-w0rd"]\n'
HOST = "127.0.0.1"


class Days(AdminCase):
    """The day's use over restarts, and operators."""

    LIMITS: str = f"{ACCOUNTS}[limits]\nupload-files-per-day = 2\n"

    def setUp(self) -> None:
        super().setUp()
        self.filing = FilingServer(10)
        self.state = self.scratch / "state"
        self.state.mkdir()

    def begun(self, more: str = "", environment: Mapping[str, str] | None = None) -> Foreground:
        """A gateway that keeps the day, and can be asked."""
        server = f"[[routes]]\nserver = 'ftp://127.0.0.1:{self.filing.port}'\n"
        admin = f'[admin]\nsocket = "{self.path}"\n'
        said = {"STATE_DIRECTORY": str(self.state)} if environment is None else environment
        return self.run_it(f"{admin}{self.LIMITS}{more}{server}", said)

    def stores(self, gateway: Foreground, times: int = 1) -> list[bytes]:
        """The codes of so many uploads, in one session."""

        async def all_of_them() -> list[bytes]:
            client = CrowdClient(*await asyncio.open_connection(*gateway.address))
            await client.reply()
            await admitted(client)
            found = [(await moved(client, HOST, 7))[0][:3] for _ in range(times)]
            client.close()
            return found

        return asyncio.run(all_of_them())

    def kept(self) -> dict[str, dict[str, int]]:
        """What the file says of the accounts."""
        found: dict[str, dict[str, int]] = json.loads(self.file.read_text())["accounts"]
        return found

    @property
    def file(self) -> Path:
        return self.state / "quotas.json"

    def test_restart(self) -> None:
        """It holds over a reload and a restart; a damaged file is set aside and said."""
        gateway = self.begun()
        self.assertEqual(self.stores(gateway), [b"226"])
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged(" reloaded"))
        self.assertEqual(self.stores(gateway, 2), [b"226", b"552"])
        gateway.process.terminate()
        gateway.status()
        self.assertEqual(self.kept(), {"gus": {"upload-bytes": 14, "upload-files": 2}})
        gateway = self.begun()
        self.assertEqual(self.stores(gateway), [b"552"])
        gateway.process.terminate()
        gateway.status()
        self.file.write_text('{"version": 1, "accounts": {"gus"')
        gateway = self.begun()
        self.assertTrue(gateway.logged("set aside as quotas.json.damaged"))
        self.assertEqual(self.stores(gateway, 3), [b"226", b"226", b"552"])

    def test_new_settings(self) -> None:
        """Settings that count for the first time begin with the day as it was kept."""
        counting, self.LIMITS = self.LIMITS, ACCOUNTS
        gateway = self.begun()
        self.assertEqual(self.stores(gateway, 3), [b"226"] * 3)
        self.assertEqual(self.quotas("list")[0], 1)
        day = datetime.now().date().isoformat()
        kept = {"version": 1, "day": day, "accounts": {"gus": {"upload-files": 1}}}
        self.file.write_text(json.dumps(kept))
        text = gateway.file.read_text()
        gateway.file.write_text(text.replace(ACCOUNTS, counting))
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged(" reloaded"))
        self.assertEqual(self.stores(gateway, 2), [b"226", b"552"])

    def test_upgrade(self) -> None:
        """The next program knows what was used a moment ago, and the old one does not write any more."""
        gateway = self.begun()
        self.assertEqual(self.stores(gateway), [b"226"])
        status, _, said = self.run_words("upgrade", str(gateway.process.pid))
        self.assertEqual(status, 0, said)
        self.addCleanup(os.kill, gateway.successor(), signal.SIGKILL)
        self.assertEqual(gateway.status(), 0)
        self.assertEqual(self.stores(gateway, 2), [b"226", b"552"])

    def test_running_at_the_end(self) -> None:
        """What a transfer has moved when the gateway stops is kept."""
        gateway = self.begun("[timeouts]\nstop = 0.1\n")
        client = Client(gateway.address)
        self.addCleanup(client.sock.close)
        self.assertEqual(client.code(), 220)
        for words in (b"USER gus", b"PASS Gate-w0rd", b"USER joe", b"PASS Gate-w0rd"):
            client.ask(words)
        data = client.pasv()
        self.assertEqual(client.ask(b"STOR file").code, 150)
        data.sendall(bytes(5000))
        self.assertTrue(gateway.until(lambda: self.uploaded() == 5000))
        gateway.process.terminate()
        gateway.status()
        self.assertEqual(self.kept(), {"gus": {"upload-bytes": 5000}})

    def uploaded(self) -> int:
        """Bytes of the running transfer."""
        (one,) = self.sessions()
        moved: int = one["bytes"] or 0
        return moved

    def test_operators(self) -> None:
        """Who has used what, and a new day; the account that is bounded is told to nobody else."""
        gateway = self.begun()
        self.assertEqual(self.stores(gateway, 3), [b"226", b"226", b"552"])
        line = "gus: 14 bytes and 2 of 2 files up, 0 bytes and 0 files down\n"
        self.assertEqual(self.quotas("list"), (0, line))
        self.assertEqual(self.quotas("reset", "gus"), (0, "gus: its day begins anew\n"))
        self.assertEqual(self.quotas("reset", "gus")[0], 1)
        self.assertEqual(self.stores(gateway, 3), [b"226", b"226", b"552"])
        self.assertTrue(gateway.logged("reset-quota by uid "))
        self.assertEqual(self.ask("POST", "/reset-quota", {"account": ["x"]})[0], 400)

    def quotas(self, verb: str, *words: str) -> tuple[int, str]:
        """The command: its status, and what it prints."""
        return self.run_words("quotas", verb, "--socket", str(self.path), *words)[:2]

    def test_nowhere(self) -> None:
        """A day that is not kept is warned of."""
        gateway = self.begun(environment={})
        self.assertTrue(gateway.logged("state is not set: what accounts have used today"))
        self.assertEqual(self.stores(gateway, 3), [b"226", b"226", b"552"])
