"""How a server is reached once it is chosen: TLS, mode, user, source address."""

from __future__ import annotations

from typing import Any

from tests.tls.certificates import server_context
from tests.tls.peers import explicit, secure
from tests.wire.peers import TIMEOUT, Control, drained, echo_site
from tests.wire.rules import RulesTestCase, route, trust


class Ways(RulesTestCase):
    """TLS and mode by route."""

    hosts = ("127.0.0.1",) * 4

    @classmethod
    def settings(cls) -> str:
        return (
            route(clients=["127.0.0.2"], server="ftpes://127.0.0.1:PORT0")
            + route(clients=["127.0.0.3"], server="ftps://127.0.0.1:PORT1", server_mode="active")
            + route(clients=["127.0.0.4"], server="ftp://127.0.0.1:PORT2", server_tls="explicit")
            + route(clients=["127.0.0.5"], server="ftp://127.0.0.1:PORT3", server_mode="active")
            + trust()
        )

    def download(self, which: int, source: str, prepare: Any, verb: bytes, *, tls: bool) -> None:
        """A file comes through; the server saw that data command."""

        def script(control: Control) -> bytes:
            prepare(control)
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"230 In.")
            if tls:
                control.answer(b"PBSZ", b"200 Fine.")
                control.answer(b"PROT", b"200 Private.")
            seen, argument = control.command()
            control.buffer = seen + b" " * (argument is not None) + (argument or b"") + b"\r\n"
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            if tls:
                data = server_context().wrap_socket(data, server_side=True)
                data.sendall(b"file")
                data = data.unwrap()
            else:
                data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            return seen

        served = self.serve_at(which, script)
        client = self.greeted(source)
        client.login()
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"file", "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(served.result(TIMEOUT), verb)

    def test_explicit(self) -> None:
        """ftpes://"""
        context = server_context()
        self.download(0, "127.0.0.2", lambda c: explicit(c, context), b"EPSV", tls=True)

    def test_implicit_and_active(self) -> None:
        """ftps://, and data connections that the server opens."""
        context = server_context()

        def greet(control: Control) -> None:
            secure(control, context)
            control.say(b"220 Ready.")

        self.download(1, "127.0.0.3", greet, b"EPRT", tls=True)

    def test_server_tls(self) -> None:
        """ftp:// with server-tls."""
        context = server_context()
        self.download(2, "127.0.0.4", lambda c: explicit(c, context), b"EPSV", tls=True)

    def test_active(self) -> None:
        """The mode alone."""
        self.download(3, "127.0.0.5", lambda c: c.say(b"220 Hi."), b"EPRT", tls=False)

    def test_no_tls_there(self) -> None:
        """A server that refuses what its route requires: nothing goes in clear (rule 6)."""
        served = self.serve_at(
            0,
            lambda c: (
                c.say(b"220 Hi."),
                c.answer(b"AUTH", b"502 No TLS."),
                c.answer(b"AUTH", b"502 No SSL."),
                c.until_end(),
            )[3],
        )
        client = self.connect("127.0.0.2")
        self.assertEqual(client.code(), 421)
        self.assertEqual(served.result(TIMEOUT), [])


class GeneralTls(RulesTestCase):
    """TLS that the general settings require holds for routes that say nothing of it."""

    hosts = ("127.0.0.1",) * 3

    @classmethod
    def settings(cls) -> str:
        return (
            route(clients=["127.0.0.2"], server="ftp://127.0.0.1:PORT0")
            + route(clients=["127.0.0.3"], server="ftp://127.0.0.1:PORT1", server_tls="off")
            + route(clients=["127.0.0.4"], server="ftp://localhost:PORT2")
            + trust()
            + 'mode = "explicit"\n'
            + '[[server-tls.rules]]\nserver = "local*"\nmode = "implicit"\n'
        )

    def test_route_by_name(self) -> None:
        """The rules by name hold too."""
        context = server_context()

        def script(control: Control) -> None:
            secure(control, context)
            control.login()
            echo_site(control)

        self.serve_at(2, script)
        client = self.greeted("127.0.0.4")
        client.login()
        self.assertTrue(client.in_step())

    def test_route(self) -> None:
        """ftp:// in a route, explicit in [server-tls], as with the one general server."""
        context = server_context()

        def script(control: Control) -> None:
            explicit(control, context)
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"230 In.")
            echo_site(control)

        self.serve_at(0, script)
        client = self.greeted("127.0.0.2")
        client.login()
        self.assertTrue(client.in_step())

    def test_route_that_says_off(self) -> None:
        """A route's own word counts more."""
        self.serve_at(1, lambda c: (c.login(), echo_site(c)))
        client = self.greeted("127.0.0.3")
        client.login()
        self.assertTrue(client.in_step())
