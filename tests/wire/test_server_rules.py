"""Which server a session gets: the table of routes."""

from __future__ import annotations

import ssl
from concurrent.futures import Future
from typing import Any

from tests.tls.certificates import client_context, issued
from tests.tls.peers import TlsClient
from tests.wire.peers import TIMEOUT, echo_site
from tests.wire.rules import RulesTestCase, route

LISTENER = '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n'


class Table(RulesTestCase):
    """One condition after the other."""

    hosts = ("127.0.0.1",) * 7
    listeners = ("127.0.0.1",)
    head = 'server = "ftp://127.0.0.1:PORT6"\n'

    @classmethod
    def settings(cls) -> str:
        def to(which: int) -> str:
            return f"ftp://127.0.0.1:PORT{which}"

        return (
            route(clients=["127.0.0.2"], server=to(0), source_address="127.0.0.9")
            + route(accounts=["g*"], server=to(1))
            + route(hosts=["one.example", "*.two.example"], server=to(2))
            + route(users=["up-*"], clients=["127.0.0.3"], server=to(3))
            + route(users=["up-*"], server=to(4))
            + LISTENER
            + "accounts = true\n"
            + '[accounts]\nauth = ["memory:gus:Gate-w0rd", "memory:max:Gate-w0rd"]\n'
            + "required = false\n"
        )

    def test_client(self) -> None:
        """By the client's network; the server's greeting is the client's then."""
        self.assertEqual(self.goes(source="127.0.0.2"), 0)

    def test_source_address(self) -> None:
        """The gateway comes from the address that the route names."""
        ready = self.ready()
        client = self.greeted("127.0.0.2")
        client.login()
        self.assertTrue(client.in_step())
        self.assertEqual(ready[0].result(TIMEOUT), (b"joe", "127.0.0.9"))

    def test_account(self) -> None:
        """By the account at the gateway."""
        login = (b"USER gus", b"PASS Gate-w0rd")
        self.assertEqual(self.goes(*login, which=1), 1)
        login = (b"USER max", b"PASS Gate-w0rd")
        self.assertEqual(self.goes(*login, which=1), 6)

    def test_account_without_one(self) -> None:
        """The user at the server is no account."""
        self.assertEqual(self.goes(b"USER gus"), 6)

    def test_host(self) -> None:
        """By HOST, the last one; an unknown one is 504 and changes nothing."""
        self.assertEqual(self.goes(b"HOST one.example"), 2)
        self.assertEqual(self.goes(b"HOST a.TWO.example"), 2)
        client = self.greeted()
        self.assertEqual(
            self.codes(client, b"HOST three.example", b"HOST one.example:21"), [504, 501]
        )
        self.assertEqual(self.codes(client, b"HOST", b"HOST [::1"), [501, 501])
        ready = self.ready()
        self.assertEqual(self.codes(client, b"USER joe", b"PASS secret"), [331, 230])
        self.assertEqual(self.reached(client, ready), 6)

    def test_user(self) -> None:
        """By the user; the first rule of two that fit. Case counts."""
        self.assertEqual(self.goes(b"USER up-1", source="127.0.0.3"), 3)
        self.assertEqual(self.goes(b"USER up-1"), 4)
        self.assertEqual(self.goes(b"USER UP-1"), 6)

    def test_second_user(self) -> None:
        """USER again before the login goes where the second one belongs."""
        self.serve_at(
            4, lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."), c.until_end())
        )
        client = self.greeted()
        self.assertEqual(client.ask(b"USER up-1").code, 331)
        self.server.forget()
        ready = [
            self.serve_at(6, lambda c: (c.login(), echo_site(c))),
        ]
        self.assertEqual(self.codes(client, b"USER joe", b"PASS secret"), [331, 230])
        self.assertTrue(client.in_step())
        ready[0].result(TIMEOUT)

    def test_everybody_else(self) -> None:
        """The general server; nobody may name another."""
        self.assertEqual(self.goes(), 6)
        client = self.greeted()
        where = b"127.0.0.1:%d" % self.servers[0].port
        self.assertEqual(self.codes(client, b"OPEN " + where, b"SITE " + where), [502, 502])


class Destinations(RulesTestCase):
    """By the server that the client names."""

    hosts = ("127.0.0.1",) * 3

    @classmethod
    def settings(cls) -> str:
        return (
            route(destinations=["legacy.example:2121"], server="ftp://127.0.0.1:PORT0")
            + route(
                destinations=["legacy.example", "[2001:db8::1]"], server="ftp://127.0.0.1:PORT1"
            )
            + route(destinations=["127.0.0.1"], source_address="127.0.0.8")
        )

    def test_renamed(self) -> None:
        """A name that no resolver knows leads to a server of the route's, by each dialect."""
        for where, which in (
            (b"legacy.example", 1),
            (b"LEGACY.example.", 1),
            (b"legacy.example:2121", 0),
            (b"[2001:DB8:0::1]", 1),
        ):
            self.assertEqual(self.goes(b"USER joe@" + where), which)
            self.assertEqual(self.goes(b"OPEN " + where), which)
            self.assertEqual(self.goes(b"SITE " + where), which)

    def test_as_named(self) -> None:
        """A route without a server of its own: the client's, by the route's way."""
        ready = self.ready()
        client = self.greeted()
        user = b"USER joe@127.0.0.1:%d" % self.servers[2].port
        self.assertEqual(self.codes(client, user, b"PASS secret"), [331, 230])
        self.assertTrue(client.in_step())
        self.assertEqual(ready[2].result(TIMEOUT), (b"joe", "127.0.0.8"))


class ByServerName(RulesTestCase):
    """By the name in the TLS handshake, explicit and implicit."""

    hosts = ("127.0.0.1",) * 3
    listeners = ("127.0.0.1", "127.0.0.1")
    interfaces = ()
    head = 'server = "ftp://127.0.0.1:PORT2"\n'

    @classmethod
    def settings(cls) -> str:
        return (
            route(sni=["one.example"], server="ftp://127.0.0.1:PORT0")
            + route(hosts=["one.example"], server="ftp://127.0.0.1:PORT0")
            + route(sni=["*.two.example"], server="ftp://127.0.0.1:PORT1")
            + f'{LISTENER}client-tls = "offer"\n{LISTENER}client-tls = "implicit"\n'
            + f"[client-tls]\n{issued('good').toml}"
        )

    def context(self) -> ssl.SSLContext:
        """A client that asks for names our certificate does not have."""
        context = client_context()
        context.check_hostname = False
        return context

    def come(self, name: str, *, implicit: bool, ready: list[Future[Any]]) -> TlsClient:
        """A client under TLS that has read its 220."""
        client = TlsClient(self.gateway.addresses[int(implicit)], self.context())
        self.clients.append(client)
        if implicit:
            client.secure(name)
            self.assertEqual(client.code(), 220)
        else:
            self.assertEqual(client.code(), 220)
            self.assertEqual(client.ask(b"AUTH TLS").code, 234)
            client.secure(name)
        return client

    def test_sni(self) -> None:
        """A name leads to its server, case and all; an unknown one to the general server."""
        for implicit in (False, True):
            for name, which in (
                ("one.example", 0),
                ("ONE.Example", 0),
                ("a.two.example", 1),
                ("three.example", 2),
            ):
                ready = self.ready()
                client = self.come(name, implicit=implicit, ready=ready)
                client.login()
                self.assertEqual(self.reached(client, ready), which, name)

    def test_host_agrees(self) -> None:
        """HOST that says another name than the handshake is refused (RFC 7151)."""
        ready = self.ready()
        client = self.come("a.two.example", implicit=False, ready=ready)
        self.assertEqual(client.ask(b"HOST one.example").code, 504)
        client.login()
        self.assertEqual(self.reached(client, ready), 1)

    def test_in_clear(self) -> None:
        """Without TLS there is no name."""
        ready = self.ready()
        client = self.greeted()
        client.login()
        self.assertEqual(self.reached(client, ready), 2)
