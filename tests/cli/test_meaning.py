"""What ``ftpalg check`` explains of a sound file."""

from __future__ import annotations

from tests.cli.cases import CommandCase


class Meaning(CommandCase):
    """In sentences, without a secret."""

    def test_listeners(self) -> None:
        """Each listener with its TLS, whether it wants an account, and what it intercepts."""
        lines = self.explained(
            """
            listen = ["tcp:2121"]
            accounts.auth = ["memory:anna:hunter2"]
            access.clients = ["10.0.0.0/8", "2001:db8::/32"]
            [[listeners]]
            endpoint = "tcp:1025"
            accounts = false
            intercept = "redirect"
            """
        )
        self.assertEqual(
            lines[:3],
            [
                "listens on tcp:2121; TLS for clients: off; an account at the gateway is required",
                "listens on tcp:1025; TLS for clients: off; takes intercepted connections (redirect)",
                "clients from 10.0.0.0/8, 2001:db8::/32",
            ],
        )
        self.assertNotIn("hunter2", "".join(lines))

    def test_routes(self) -> None:
        """Each route with its conditions and its way, and where everybody else goes."""
        lines = self.explained(
            """
            server = "ftp://general.example"
            parent = "office"
            source-address = "10.0.0.9"
            accounts.auth = ["memory:anna:hunter2"]
            [[routes]]
            clients = ["10.0.0.0/8"]
            accounts = ["scanner"]
            users = ["u*"]
            server = ["ftps://one.example", "ftps://[2001:db8::1]"]
            balance = "sticky"
            user = "upload"
            password-file = "/etc/secret"
            proxy-protocol = 2
            [[routes]]
            sni = ["a.example"]
            hosts = ["b.example"]
            destinations = ["c.example"]
            server-tls = "auto"
            server-mode = "client"
            source-address = "10.0.0.1"
            [[routes]]
            parent = "office"
            [[parents]]
            name = "office"
            url = "socks5://proxy.example"
            user = "gateway"
            password-file = "/etc/other-secret"
            """
        )
        found = [line for line in lines if line.startswith("route ")]
        self.assertEqual(
            found,
            [
                "route 0: from 10.0.0.0/8; account scanner; user u*: reaches ftps://one.example:990,"
                " ftps://[2001:db8::1]:990, by sticky, as upload, with a PROXY header of version 2",
                "route 1: SNI a.example; HOST b.example; to c.example: reaches"
                " ftp://general.example:21, from 10.0.0.1, TLS auto, data connections client",
                "route 2: everybody: reaches ftp://general.example:21, through office",
            ],
        )
        for line in (
            "every other client reaches ftp://general.example:21",
            "servers are reached through office",
            "servers are called from 10.0.0.9",
            "parent office: socks5://proxy.example:1080, with an account as gateway",
        ):
            self.assertIn(line, lines)
        self.assertNotIn("secret", "".join(lines))

    def test_named_servers(self) -> None:
        """Where clients name the server, in which ways; with routes, through which."""
        lines = self.explained(
            """
            source-address = "client"
            login.dialects = ["SITE server", "user@server"]
            [[routes]]
            clients = ["10.0.0.0/8"]
            source-address = "client"
            """
        )
        for line in (
            "route 0: from 10.0.0.0/8: reaches whom the client names, from the client's own address",
            "clients name the server: SITE server, user@server",
            "servers are called from the client's own address",
        ):
            self.assertIn(line, lines)

    def test_pinholes(self) -> None:
        """Data ports, and the table of nftables that opens them."""
        lines = self.explained(
            '[data]\nclient-ports = "50000-50099"\n[pinholes]\ntable = "inet ftpalg"'
        )
        self.assertIn(
            "data ports for clients: 50000 to 50099, opened one by one in nftables table inet ftpalg",
            lines,
        )
        self.assertIn("data ports for clients: 49152 to 65534", self.explained(""))
