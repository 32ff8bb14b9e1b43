"""Whither, on the wire: what is forbidden is refused in every spelling, never dialled."""

from __future__ import annotations

import atexit
import socket
import tempfile
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from tests.wire.peers import TIMEOUT, TREE, Client, Control, SceneTestCase

LOOPBACK = (
    b"127.0.0.1",
    b"127.1",
    b"127.0.1",
    b"0177.0.0.1",
    b"2130706433",
    b"017700000001",
    b"0x7f000001",
    b"0x7F.1",
    b"localhost",
    b"LocalHost",
    b"[::1]",
    b"[0:0::0:1]",
    b"[::ffff:127.0.0.1]",
    b"[::ffff:7f00:1]",
    b"[::127.0.0.1]",
    b"0.0.0.0",
    b"0",
    b"[::]",
    b"[::ffff:0.0.0.0]",
)
"""What leads to this machine, as somebody might write it who looks for a hole."""
LOOPBACK_V4 = tuple(
    name for name in LOOPBACK if not name.startswith(b"[") or name.startswith(b"[::ffff:")
)
"""What leads to 127.0.0.1."""
SPECIAL = (
    b"169.254.169.254",
    b"2852039166",
    b"0xa9fea9fe",
    b"169.254.43518",
    b"[::ffff:169.254.169.254]",
    b"[::ffff:a9fe:a9fe]",
    b"[64:ff9b::a9fe:a9fe]",
    b"[2002:a9fe:a9fe::]",
    b"[fd00:ec2::254]",
    b"100.100.100.200",
    b"169.254.0.1",
    b"[fe80::1]",
    b"224.0.0.1",
    b"[ff02::1]",
    b"255.255.255.255",
    b"240.0.0.1",
    b"0.0.0.0",
    b"0.0.0.1",
    b"[::]",
)
NAMES = {
    "both.test": [("127.0.0.2", "127.0.0.3")],
    "inside.test": [("169.254.169.254", "127.0.0.3")],
    "forbidden.test": [("127.0.0.2", "127.0.0.4")],
    "denied.test": [("127.0.0.3",)],
    "a.denied.test": [("127.0.0.3",)],
    "flips.test": [("127.0.0.3",), ("127.0.0.2",)],
    "flops.test": [("127.0.0.2",), ("127.0.0.3",)],
}
"""Names of the tests' own, and what each look-up finds; the last one stays."""
_kept = tempfile.TemporaryDirectory(prefix="ftpalg-names-")
atexit.register(_kept.cleanup)
(Path(_kept.name) / "sitecustomize.py").write_text(
    f"""
import socket
names, ask = {NAMES!r}, socket.getaddrinfo
def getaddrinfo(host, port, *rest, **more):
    answers = names.get(str(host).lower().rstrip("."))
    if answers is None:
        return ask(host, port, *rest, **more)
    found = answers.pop(0) if len(answers) > 1 else answers[0]
    return [row for address in found for row in ask(address, port, *rest, **more)]
socket.getaddrinfo = getaddrinfo
"""
)


class AccessTestCase(SceneTestCase):
    """Clients name servers that they may reach, or may not."""

    def attempt(self, client: Client, where: bytes, port: int = 0) -> tuple[int, bytes]:
        """USER at that server: code and text."""
        found = client.ask(b"USER bob@%b:%d" % (where, port or self.server.port))
        return found.code, found.text

    def forbidden(self, words: bytes, *spellings: bytes, port: int = 0) -> None:
        """Each is 530 with these words, in sessions that go on, and nobody is dialled."""
        before = [server.accepted for server in self.servers]
        for spelling in spellings:
            client = self.greeted()
            code, text = self.attempt(client, spelling, port)
            self.assertEqual((spelling, code), (spelling, 530), text)
            self.assertIn(words, text)
            for word in (b"host", b"resolve"):  # lftp would take the name for unknown
                self.assertNotIn(word, text.replace(spelling, b"").lower())
            self.assertEqual(client.ask(b"NOOP").code, 200)
        self.assertEqual([server.accepted for server in self.servers], before)

    def allowed(self, where: bytes, which: int = 0, source: str = "") -> str:
        """The server is reached; its address."""

        def script(control: Control) -> str:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"331 Go.")
            return str(control.sock.getsockname()[0])

        served: Future[Any] = self.serve_at(which, script)
        client = self.greeted(source)
        code, text = self.attempt(client, where, self.servers[which].port)
        self.assertEqual(code, 331, text)
        return str(served.result(TIMEOUT))


class ByDefault(AccessTestCase):
    """No rules."""

    def test_loopback_for_loopback(self) -> None:
        """This machine's users reach its servers, in any spelling."""
        for where in (b"127.0.0.1", b"localhost", b"0x7f000001", b"[::ffff:127.0.0.1]"):
            self.allowed(where)

    def test_special(self) -> None:
        """Metadata, link-local, multicast, reserved and unspecified addresses are not dialled."""
        self.forbidden(b"which only a rule in access.servers", *SPECIAL)

    def test_own_listener(self) -> None:
        """The gateway itself, however it is written."""
        port = self.gateway.ports[0]
        for spelling in LOOPBACK_V4:
            client = self.greeted()
            code, text = self.attempt(client, spelling, port)
            self.assertEqual(code, 530, (spelling, text))
        self.forbidden(b"is this gateway itself", b"127.0.0.1", b"localhost", b"127.1", port=port)


class NamesOnly(AccessTestCase):
    """Rules that list names, not networks."""

    @classmethod
    def settings(cls) -> str:
        return '[[access.servers]]\nnames = ["*"]\n'

    def test_loopback(self) -> None:
        """A name, even any name, opens no special address."""
        self.forbidden(b"which only a rule in access.servers", *LOOPBACK)

    def test_special(self) -> None:
        """Nor any other of its kind."""
        self.forbidden(b"which only a rule in access.servers", *SPECIAL)


class Networks(AccessTestCase):
    """Rules that list networks: each address that a name resolves to is judged."""

    hosts = ("0.0.0.0",)

    head = 'resolver = "system"\n'  # the names are the tests' own

    @classmethod
    def settings(cls) -> str:
        return (
            '[[access.servers]]\nallow = false\nnames = ["denied.test", "*.denied.test"]\n'
            '[[access.servers]]\nnetworks = ["127.0.0.3/32"]\n'
        )

    @classmethod
    def environment(cls) -> dict[str, str]:
        return {"PYTHONPATH": f"{_kept.name}:{TREE}"}

    def test_the_allowed_one(self) -> None:
        """Of several addresses the forbidden are left out."""
        for name in (b"127.0.0.3", b"both.test", b"inside.test"):
            self.assertEqual(self.allowed(name), "127.0.0.3")

    def test_denied(self) -> None:
        """A rule that denies names comes first; neither case nor a last dot matters."""
        names = (b"denied.test", b"DENIED.test", b"denied.TEST.", b"a.denied.test")
        self.forbidden(b"is denied by rule 1 of access.servers", *names)

    def test_none_allowed(self) -> None:
        """Where none is left the name is refused."""
        self.forbidden(b"which only a rule", b"forbidden.test", b"127.0.0.2", b"localhost")

    def test_rebinding(self) -> None:
        """The very address that was judged is dialled: the name is not looked up again."""
        self.assertEqual(self.allowed(b"flips.test"), "127.0.0.3")
        self.forbidden(b"which only a rule", b"flips.test")
        self.forbidden(b"which only a rule", b"flops.test")

    def test_data_goes_to_the_judged_address(self) -> None:
        """The data connection goes where the control connection went, whatever the name says now."""

        def script(control: Control) -> str:
            control.login()
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            return str(data.getsockname()[0]) if data.fileno() >= 0 else port.host

        served = self.serve(script)
        client = self.greeted()
        self.assertEqual(self.attempt(client, b"both.test")[0], 331)
        self.assertEqual(client.ask(b"PASS x").code, 230)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(data.recv(10), b"file")
        self.assertEqual(client.code(), 226)
        self.assertEqual(served.result(TIMEOUT), "127.0.0.3")


class Conditions(AccessTestCase):
    """Ports, clients and accounts in the rules."""

    hosts = ("127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1")

    @classmethod
    def settings(cls) -> str:
        local = 'networks = ["127.0.0.0/8"]\n'
        return (
            f"[[access.servers]]\n{local}ports = [PORT0]\n"
            f'[[access.servers]]\n{local}ports = ["PORT1-PORT1"]\nclients = ["127.0.0.2"]\n'
            f'[[access.servers]]\n{local}ports = [PORT2]\naccounts = ["g*"]\n'
            '[accounts]\nauth = ["memory:gus:Gate-w0rd", "memory:max:Gate-w0rd"]\n'
            "required = false\n"
            '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\naccounts = true\n'
        )

    listeners = ("127.0.0.1",)

    def test_ports(self) -> None:
        """A port that no rule lists."""
        self.allowed(b"127.0.0.1")
        self.forbidden(b"which only a rule", b"127.0.0.1", port=self.servers[3].port)

    def test_clients(self) -> None:
        """A rule for other clients does not help."""
        self.allowed(b"127.0.0.1", 1, "127.0.0.2")
        self.forbidden(b"which only a rule", b"127.0.0.1", port=self.servers[1].port)

    def test_accounts(self) -> None:
        """A rule for accounts helps nobody without one, nor another's."""
        port = self.servers[2].port
        self.forbidden(b"which only a rule", b"127.0.0.1", port=port)
        for account, code in ((b"gus", 331), (b"max", 530)):
            self.serve_at(2, lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go.")))
            client = self.greeted(which=1)
            self.assertEqual(self.codes(client, b"USER " + account, b"PASS Gate-w0rd"), [331, 230])
            self.assertEqual(self.attempt(client, b"127.0.0.1", port)[0], code)

    def test_user_is_no_account(self) -> None:
        """The user at the server is not the account at the gateway."""
        client = self.greeted()
        found = client.ask(b"USER gus@127.0.0.1:%d" % self.servers[2].port)
        self.assertEqual(found.code, 530)


class Everywhere(AccessTestCase):
    """A listener on all addresses, and rules that open loopback."""

    interfaces = ("0.0.0.0",)

    @classmethod
    def settings(cls) -> str:
        return (
            '[access]\nclients = ["127.0.0.0/8"]\n[[access.servers]]\n'
            'networks = ["127.0.0.0/8", "::1", "0.0.0.0/8", "::"]\n[[access.servers]]\n'
        )

    def connect(self, source: str = "", which: int = 0) -> Client:
        """A new client, by loopback."""
        client = Client(("127.0.0.1", self.gateway.ports[which]), source)
        self.clients.append(client)
        return client

    def test_any_of_our_addresses(self) -> None:
        """Each of this machine's addresses leads back here."""
        ours = [socket.gethostname().encode(), b"127.9.8.7"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
                ours.append(str(probe.getsockname()[0]).encode())
            except OSError:
                pass  # no way out of this machine
        port = self.gateway.ports[0]
        self.forbidden(b"is this gateway itself", b"[::]", *LOOPBACK_V4, *ours, port=port)

    def test_another_port(self) -> None:
        """Other servers of this machine are no loop."""
        self.allowed(b"127.0.0.1")
        self.allowed(b"0.0.0.0")


class OnLoopback(Everywhere):
    """The same with a listener on one address only."""

    interfaces = ("127.0.0.1",)

    def test_any_of_our_addresses(self) -> None:
        """What leads to that one; the unspecified address does too."""
        self.forbidden(b"is this gateway itself", *LOOPBACK_V4, port=self.gateway.ports[0])
