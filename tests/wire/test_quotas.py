"""Quotas over real sockets: nothing passes that may not, and what is broken never looks complete."""

from __future__ import annotations

import json
import socket
from collections import Counter
from concurrent.futures import Future
from threading import Event
from typing import Any, ClassVar

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


class Ways(CrowdCase):
    """Quotas of listeners and routes, for whoever comes that way: no account is needed for these."""

    SIZE = 900
    interfaces = ()
    listeners = ("127.0.0.1", "127.0.0.1")

    @classmethod
    def settings(cls) -> str:
        cls.filing = FilingServer(cls.SIZE)
        server = f'server = "ftp://127.0.0.1:{cls.filing.port}"\n'
        return (
            "[limits]\ndownload-bytes-per-transfer = 1000\n"
            '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n'
            "limits = { download-bytes-per-transfer = 500 }\n"
            '[[listeners]]\nendpoint = "tcp:00:interface=127.0.0.1"\n'
            f'[[routes]]\nclients = ["{PEER}"]\n{server}'
            "limits = { download-bytes-per-transfer = 800 }\n"
            f"[[routes]]\n{server}"
        )

    def test_each(self) -> None:
        """The listener's beside the others, the route's instead of the general one."""
        found = {
            (which, source): self.limit_of(which, source)
            for which in (0, 1)
            for source in (HOST, PEER)
        }
        wanted = {(0, HOST): 500, (0, PEER): 500, (1, HOST): 0, (1, PEER): 800}
        self.assertEqual(found, wanted)

    def limit_of(self, which: int, source: str) -> int:
        """What a file of 900 bytes is told; 0 where it came whole."""

        async def act(client: CrowdClient) -> bytes:
            await client.enter()
            return (await moved(client, HOST))[0]

        (said,) = crowd(self.gateway.addresses[which], source, act, 1)
        return int(said.split()[-3]) if said.startswith(b"552") else 0
