"""Parent proxies that are played by fake servers: SOCKS, HTTP CONNECT and FTP."""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import Future
from typing import Any

from tests.tls.certificates import authority
from tests.wire.peers import Client, Control, Script, exactly
from tests.wire.rules import RulesTestCase, route

SOCKS, WEB, FTP = 0, 1, 2
SOURCES = {SOCKS: "127.0.0.2", WEB: "127.0.0.3", FTP: "127.0.0.4"}
PROXIES = (SOCKS, WEB)
CONSENT = {SOCKS: b"\x05\0\0\x01" + b"\0" * 6, WEB: b"HTTP/1.1 200 Fine\r\nX: y\r\n\r\n"}
PARENT_SECRET = b"Parent-w0rd"


def asked(control: Control, kind: int) -> bytes:
    """Read what a parent is asked, up to the words that it answers: ``name:port``."""
    if kind == WEB:
        words = control.line().split(b" ")
        assert words[0] == b"CONNECT", words
        account = b64encode(b"gate:" + PARENT_SECRET)
        heads = list(iter(control.line, b""))
        assert b"Proxy-Authorization: Basic " + account in heads, heads
        return words[1]
    assert exactly(control.sock, 4) == b"\x05\x02\x00\x02"
    control.send(b"\x05\x02")
    account = b"\x01\x04gate\x0b" + PARENT_SECRET
    assert exactly(control.sock, len(account)) == account
    control.send(b"\x01\x00")
    assert exactly(control.sock, 4) == b"\x05\x01\x00\x03"
    name = exactly(control.sock, exactly(control.sock, 1)[0])
    return b"%b:%d" % (name, int.from_bytes(exactly(control.sock, 2), "big"))


def leave_unanswered(kind: int, end: Script, control: Control) -> Any:
    """A parent that listens and says nothing."""
    asked(control, kind)
    return end(control)


class Parents(RulesTestCase):
    """Servers through parents: SOCKS5 and HTTP CONNECT with an account, and another FTP gateway."""

    hosts = ("127.0.0.1",) * 3
    secrets = (PARENT_SECRET.decode(), b64encode(b"gate:" + PARENT_SECRET).decode())

    @classmethod
    def settings(cls) -> str:
        file = authority().folder / "parent-password"
        file.write_bytes(PARENT_SECRET + b"\n")

        def parent(name: str, scheme: str, which: int) -> str:
            account = f'user = "gate"\npassword-file = "{file}"\n' * (which != FTP)
            url = f"{scheme}://127.0.0.1:PORT{which}"
            return f'[[parents]]\nname = "{name}"\nurl = "{url}"\n{account}'

        return (
            '[log]\nladder = true\n[[access.servers]]\nnames = ["*"]\n'
            + parent("socks", "socks5", SOCKS)
            + parent("web", "http", WEB)
            + parent("ftp", "ftp", FTP)
            + route(clients=[SOURCES[SOCKS]], parent="socks")
            + route(clients=[SOURCES[WEB]], parent="web")
            + route(clients=[SOURCES[FTP]], parent="ftp")
        )

    def joined(self, kind: int, script: Script, glue: bytes = b"") -> Future[Any]:
        """The parent's next connection is led to a server that runs this; ``glue`` its first words."""

        def whole(control: Control) -> Any:
            control.name = asked(control, kind)
            control.send(CONSENT[kind] + glue)
            return script(control)

        return self.serve_at(kind, whole)

    def named(self, kind: int, user: bytes = b"joe@s.example") -> tuple[Client, int]:
        """A client that has named its server, and what it heard."""
        client = self.greeted(SOURCES[kind])
        return client, client.ask(b"USER " + user).code

    def inside(self, kind: int, script: Script) -> tuple[Client, Future[Any]]:
        """A logged-in client; the server goes on with the script."""
        served = self.joined(kind, lambda c: (c.login(), script(c))[1])
        client, code = self.named(kind)
        self.assertEqual(code, 331)
        self.assertEqual(client.ask(b"PASS secret").code, 230)
        return client, served
