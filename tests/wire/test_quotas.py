"""Quotas over real sockets: nothing passes that may not, and what is broken never looks complete."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from tests.admin.cases import AdminCase
from tests.life.programs import Foreground
from tests.wire.broken import broken_pipe
from tests.wire.crowd import ATTEMPTS, CrowdClient, crowd
from tests.wire.filing import FilingServer, admitted, moved
from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    SceneTestCase,
    WireTestCase,
    drained,
    echo_site,
)

LIMIT = 300_000
CAPPED = f"""\
[limits]
upload-bytes-per-transfer = {LIMIT}
download-bytes-per-transfer = {LIMIT}
"""
ACCOUNTS = '[accounts]\nauth = ["memory:gus:Gate-w0rd", "memory:ann:Gate-w0rd"]\n'
HOST, PEER = "127.0.0.1", "127.0.0.5"
SENTENCE = b"552 Transfer broken: one %b may have 300000 bytes here."


class Capped(WireTestCase):
    """One transfer, plain, in the kernel."""

    toml = WireTestCase.toml + CAPPED

    def download(self, size: int, last: bytes) -> tuple[Client, socket.socket]:
        """One of a file of that size, of which the server says that at last."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            try:
                data.sendall(bytes(size))
            except ConnectionError:
                pass
            if last.startswith(b"426"):
                drained(data)  # it sees the end that the gateway makes
            data.close()
            control.say(last)
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        data.settimeout(TIMEOUT)
        self.assertEqual(client.ask(b"RETR file").code, 150)
        return client, data

    def upload(self, last: bytes) -> tuple[Client, socket.socket, Future[Any]]:
        """One that the server takes, whatever it is; how it ended there is what it served."""

        def script(control: Control) -> tuple[int, str]:
            port = control.data()
            control.answer(b"STOR", b"150 Send it.")
            data = port.open()
            opened.set()  # a reset before that would be the end of connect
            found, how = drained(data)
            control.say(last)
            echo_site(control)
            return len(found), how

        opened = Event()
        client, served = self.talk(script)
        data = client.pasv()
        data.settimeout(TIMEOUT)
        self.assertEqual(client.ask(b"STOR file").code, 150)
        self.assertTrue(opened.wait(TIMEOUT))
        return client, data, served

    def test_download(self) -> None:
        """More than that: a reset and no end, 552 whatever the server says, and the session goes on."""
        for size in (LIMIT + 1, 5_000_000):
            for last in (b"226 Sent.", b"426 You are gone."):
                client, data = self.download(size, last)
                came, how = drained(data)
                self.assertEqual(how, "reset")
                self.assertLessEqual(len(came), LIMIT)
                self.assertEqual(client.reply().text, SENTENCE % b"download")
                self.assertTrue(client.in_step())
        self.assertTrue(self.gateway.logged("RETR ~/file: broken by "))

    def test_just(self) -> None:
        """Just so many: the file is whole."""
        client, data = self.download(LIMIT, b"226 Sent.")
        self.assertEqual([len(part) for part in drained(data)], [LIMIT, len("end")])
        self.assertEqual(client.code(), 226)
        client, data, served = self.upload(b"226 Stored.")
        data.sendall(bytes(LIMIT))
        data.close()
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (LIMIT, "end"))

    def test_upload(self) -> None:
        """The server never sees the end of a file, nor a byte too many; the client hears why."""
        for last in (b"226 Stored it.", b"426 It broke."):
            client, data, served = self.upload(last)
            try:
                data.sendall(bytes(LIMIT + 1))
                data.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it is reset by now
            self.assertTrue(broken_pipe(data))
            self.assertEqual(client.reply().text, SENTENCE % b"upload")
            self.assertTrue(client.in_step())
            size, how = served.result(TIMEOUT)
            self.assertEqual(how, "reset")
            self.assertLessEqual(size, LIMIT)

    def test_listing(self) -> None:
        """A listing is no file."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"LIST", b"150 Here it comes.")
            data = port.open()
            data.sendall(bytes(LIMIT + 1))
            data.close()
            control.say(b"226 Sent.")

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"LIST").code, 150)
        self.assertEqual([len(part) for part in drained(data)], [LIMIT + 1, len("end")])
        self.assertEqual(client.code(), 226)


class CopiedCapped(Capped):
    """The same through a buffer, towards an active server."""

    mode = "active"
    toml = Capped.toml + "[data]\nsplice = false\n"


class ThrottledCapped(Capped):
    """The same in pieces that a limit of bandwidth lets go."""

    toml = Capped.toml + '[bandwidth]\ntotal-download = "64MiB/s"\ntotal-upload = "64MiB/s"\n'


class CrowdCase(SceneTestCase):
    """A gateway before a server with files of ``SIZE`` bytes."""

    SIZE = 50_000
    filing: ClassVar[FilingServer]

    @classmethod
    def environment(cls) -> dict[str, str]:
        return {"FTPALG_LOG_FORMAT": "json"}

    @classmethod
    def settings(cls) -> str:
        cls.filing = FilingServer(cls.SIZE)
        server = f'server = "ftp://127.0.0.1:{cls.filing.port}"\n'
        return f"{ACCOUNTS}[limits]\nreturning = 1000\n{cls.limits()}\n[[routes]]\n{server}"

    @classmethod
    def limits(cls) -> str:
        """The quotas."""
        raise NotImplementedError

    def crowd(self, act: Any, attempts: int = ATTEMPTS) -> Counter[Any]:
        """What so many come to."""
        return crowd(self.gateway.address, PEER, act, attempts)


class Files(CrowdCase):
    """500 sessions of one account at once, each with a file: exactly as many as may be pass."""

    @classmethod
    def limits(cls) -> str:
        return "download-files-per-day = 37\nupload-files-per-day = 23"

    def test_downloads(self) -> None:
        """No more are begun, either: all that began were completed."""
        codes = self.counted(None)
        self.assertEqual((codes[b"226"], self.filing.begun), (37, 37))
        self.assertEqual(codes[b"450"] + codes[b"552"], ATTEMPTS - 37)
        (last,) = self.counted(None, 1)
        self.assertEqual(last, b"552")
        self.assertEqual(self.counted(None, 1, b"ann"), {b"226": 1})

    def test_uploads(self) -> None:
        """The same upwards; the server has all of them whole."""
        codes = self.counted(700)
        self.assertEqual(codes[b"226"], 23)
        self.assertEqual(self.filing.stored, [700] * 23)

    def counted(
        self, store: int | None, attempts: int = ATTEMPTS, account: bytes = b"gus"
    ) -> Counter[bytes]:
        """The codes of the last replies."""

        async def act(client: CrowdClient) -> bytes:
            await admitted(client, account)
            said, _, _ = await moved(client, HOST, store)
            return said[:3]

        return self.crowd(act, attempts)


class Bytes(CrowdCase):
    """500 at once that together want more than there is."""

    MOST = 3_000_000

    @classmethod
    def limits(cls) -> str:
        return f"download-bytes-per-day = {cls.MOST}"

    def test_downloads(self) -> None:
        """Not a byte more passes, and all of them can; what is not whole ends with a reset and 552."""

        async def act(client: CrowdClient) -> tuple[bytes, int, str]:
            await admitted(client)
            said, size, how = await moved(client, HOST)
            return said[:3], size, how

        found = self.crowd(act)
        for code, size, how in found:
            if how == "reset":
                self.assertEqual(code, b"552")
            elif code == b"226":
                self.assertEqual(size, self.SIZE)
            else:
                self.assertIn((code, size), ((b"552", 0), (b"450", 0)))
        self.assertLessEqual(sum(size * count for (_, size, _), count in found.items()), self.MOST)
        for _ in range(self.MOST // self.SIZE):
            (last,) = self.crowd(act, 1)
            if last[0] == b"552":
                break
            self.assertEqual(last, (b"226", self.SIZE, "end"))
        self.assertTrue(self.gateway.logged('"what":"download-bytes-per-day"'))
        over = [
            json.loads(line[line.index("{") :])
            for line in self.gateway.whole_log().splitlines()
            if '"event":"over_quota"' in line
        ]
        self.assertEqual({(one["account"], one["limit"]) for one in over}, {("gus", self.MOST)})
        used = [one["used"] for one in over if one["code"] == 552 and "used up" in one["why"]]
        self.assertEqual(set(used), {self.MOST})


class Days(AdminCase):
    """The day's use over restarts, and operators."""

    LIMITS = f"{ACCOUNTS}[limits]\nupload-files-per-day = 2\n"

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
