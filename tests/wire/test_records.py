"""What a real gateway's records hold of real connections: the fields, each from its source."""

from __future__ import annotations

import socket
import ssl
from typing import Any, ClassVar

from tests.tls.certificates import client_context, server_context
from tests.tls.peers import as_client, explicit, private
from tests.wire.recorded import BALANCER, PLAIN, SECURE, STRANGER, RecordsTestCase
from tests.wire.servers import Control
from tests.wire.sockets import listener, port_of


class Sessions(RecordsTestCase):
    """Who, where, and how a session goes."""

    def test_common(self) -> None:
        """The listener and the route, as the settings have them; the login's reply."""
        self.serve_at(0, lambda control: control.login().until_end())
        self.enter(PLAIN).close()
        login = self.record("login")
        self.assertEqual(login["listener"], "tcp:0:interface=127.0.0.1")
        self.assertEqual(login["route"], "routes[0]")
        self.assertEqual((login["code"], login["text"]), (230, "Welcome."))

    def test_client_s_tls(self) -> None:
        """Its version, cipher and name."""
        self.serve_at(0, lambda control: control.login().until_end())
        client = self.connect(PLAIN)
        self.assertEqual(client.code(), 220)
        self.assertEqual(client.ask(b"AUTH TLS").code, 234)
        client.sock = as_client(client.sock, client_context(ssl.TLSVersion.TLSv1_2))
        cipher = client.sock.cipher()
        client.login()
        client.sock.close()
        opened = self.record("session_opened")
        self.assertEqual((opened["tls_version"], opened["sni"]), ("TLSv1.2", "localhost"))
        assert cipher is not None
        self.assertEqual(opened["tls_cipher"], cipher[0])

    def test_server_s_tls(self) -> None:
        """It goes with the login there."""

        def script(control: Control) -> None:
            explicit(control, server_context(version=ssl.TLSVersion.TLSv1_3))
            control.answer(b"USER", b"331 Password, please.")
            control.answer(b"PASS", b"230 Welcome.")
            control.until_end()

        self.serve_at(1, script)
        self.enter(SECURE).close()
        login = self.record("login")
        self.assertEqual((login["tls_version"], login["route"]), ("TLSv1.3", "routes[1]"))

    def test_balancer(self) -> None:
        """Whose PROXY header has told who the client is."""
        self.serve_at(0, lambda control: control.login().until_end())
        client = self.connect(BALANCER)
        client.send(b"PROXY TCP4 127.0.0.7 127.0.0.1 40000 21\r\n")
        self.assertEqual(client.code(), 220)
        client.login()
        client.close()
        opened = self.record("session_opened")
        self.assertEqual((opened["client_ip"], opened["proxy_header"]), ("127.0.0.7", BALANCER))

    def test_turned_away(self) -> None:
        """The setting that stands against a client, with its place, and the code that it got."""
        self.assertEqual(self.connect(STRANGER).code(), 421)
        refused = self.record("refused")
        self.assertRegex(refused["rule"], r"ftpalg\.toml:\d+: access\.clients$")
        self.assertEqual((refused["reason"], refused["code"]), ("not-admitted", 421))

    def test_bad_header(self) -> None:
        """The same of a balancer that sends none; nothing is said to it."""
        client = self.connect(BALANCER)
        client.send(b"USER joe, without a header before it\r\n")
        self.read_out(client)
        refused = self.record("refused")
        self.assertRegex(refused["rule"], r"ftpalg\.toml:\d+: proxy-protocol\.balancers$")
        self.assertEqual(refused["reason"], "proxy-header")
        self.assertNotIn("code", refused)


class Transfers(RecordsTestCase):
    """Data connections."""

    def plain(self, *, active: bool) -> tuple[dict[str, Any], list[int]]:
        """The record of a download, and the ports of both legs as their peers know them."""
        ports: list[int] = []

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            with port.open() as data:
                ports.append(data.getsockname()[1])
                data.sendall(b"abc")
            control.say(b"226 All of it.")
            control.until_end()

        self.serve_at(0, lambda control: script(control.login()))
        client = self.enter(PLAIN)
        if active:
            with client.port() as waiting:
                self.assertEqual(client.ask(b"RETR x").code, 150)
                data, _ = waiting.accept()
                ports.insert(0, data.getsockname()[1])
        else:
            data = client.pasv()
            ports.insert(0, data.getpeername()[1])
            self.assertEqual(client.ask(b"RETR x").code, 150)
        with data:
            self.assertEqual(data.recv(10), b"abc")
            self.assertEqual(data.recv(10), b"")
        self.assertEqual(client.code(), 226)
        client.close()
        return self.record("transfer"), ports

    def test_ports(self) -> None:
        """The ports of both legs: whoever listens has them."""
        for active in (False, True):
            transfer, ports = self.plain(active=active)
            self.assertEqual(transfer["data_ports"], ports)
            self.assertEqual(transfer["client_mode"], "active" if active else "passive")
            self.assertNotIn("tls_resumed", transfer)

    def test_refused(self) -> None:
        """A transfer that comes to nothing has only the ports that were its own."""

        def script(control: Control) -> None:
            control.data(closed=True)
            control.answer(b"RETR", b"550 No such file.")
            control.answer(b"RETR", b"550 No such file.")
            control.until_end()

        self.serve_at(0, lambda control: script(control.login()))
        client = self.enter(PLAIN)
        client.pasv().close()
        self.assertEqual(client.ask(b"RETR x").code, 550)
        client.ask(b"RETR y")
        client.close()
        first, *others = self.records("transfer")
        self.assertTrue(first["data_ports"][0])
        for other in others:
            self.assertNotIn("data_ports", other)

    def test_resumed(self) -> None:
        """Whose TLS resumed the control connection's: one server takes its sessions up, one does not."""
        for other, expected in ((False, "server"), (True, "neither")):
            context = server_context(version=ssl.TLSVersion.TLSv1_2)
            self.assertEqual(self.protected(context, other=other)["tls_resumed"], expected)

    def protected(self, context: ssl.SSLContext, *, other: bool) -> dict[str, Any]:
        """A download with TLS on the server's leg; ``other`` has a context of its own for data."""
        of_data = server_context(version=ssl.TLSVersion.TLSv1_2) if other else context

        def script(control: Control) -> None:
            explicit(control, context)
            control.answer(b"USER", b"331 Password, please.")
            control.answer(b"PASS", b"230 Welcome.")
            private(control)
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = of_data.wrap_socket(port.open(), server_side=True)
            data.sendall(b"abc")
            data.unwrap().close()
            control.say(b"226 All of it.")
            control.until_end()

        self.serve_at(1, script)
        client = self.enter(SECURE)
        with client.pasv() as data:
            self.assertEqual(client.ask(b"RETR x").code, 150)
            self.assertEqual(data.recv(10), b"abc")
            self.assertEqual(data.recv(10), b"")
        self.assertEqual(client.code(), 226)
        client.close()
        return self.record("transfer")


class Resources(RecordsTestCase):
    """What is used up."""

    taken: ClassVar[socket.socket]

    @classmethod
    def settings(cls) -> str:
        cls.taken = listener("127.0.0.1")
        port = port_of(cls.taken)
        return (
            f'[data]\nclient-ports = "{port}-{port}"\n'
            f'[[routes]]\nserver = ["ftp://127.0.0.1:PORT0"]\n'
        )

    def test_ports(self) -> None:
        """Which, and how many there are."""

        def script(control: Control) -> None:
            control.login().data(closed=True)
            control.until_end()

        self.serve_at(0, script)
        client = self.enter()
        self.assertEqual(client.ask(b"PASV").code, 425)
        client.close()
        found = self.record("resource")
        told = found["what"], found["limit"], found["count"]
        self.assertEqual(told, ("data-ports", 1, 1))


class Accounts(RecordsTestCase):
    """Accounts at the gateway."""

    @classmethod
    def settings(cls) -> str:
        return '[accounts]\nauth = ["memory:gus:right", "memory:eve:also"]\ndelay = 0.02\n'

    def test_checkers(self) -> None:
        """Which kinds were asked, how long the client waited; which one knew the account."""
        client = self.greeted()
        client.ask(b"USER gus")
        self.assertEqual(client.ask(b"PASS wrong").code, 530)
        client.ask(b"USER eve")
        self.assertEqual(client.ask(b"PASS also").code, 230)
        client.close()
        refused = self.record("login_refused")
        self.assertEqual((refused["checker"], refused["delay"]), ("memory,memory", 0.02))
        self.assertEqual(refused["where"], "gateway")

    def test_who_knew(self) -> None:
        """Of a login that was right it is the one that knew."""
        client = self.greeted()
        client.ask(b"USER eve")
        self.assertEqual(client.ask(b"PASS also").code, 230)
        client.close()
        self.assertEqual(self.record("login")["checker"], "memory")
