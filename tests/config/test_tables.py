"""Listeners, routes, parents, access and accounts: what each value becomes."""

from __future__ import annotations

from ipaddress import ip_network

from ftpalg.config import Intercept, Listener, load
from ftpalg.core.routes import Balance, Mode, Route, Server, ServerTls
from ftpalg.core.session_settings import ClientTls
from ftpalg.core.wire.user_at_host import Dialect
from tests.config.cases import AUTH, SOCKS, ConfigTest


class Values(ConfigTest):
    """Good values of every table."""

    def test_shows_nothing(self) -> None:
        """Settings in a traceback show no password, in whatever section it stands."""
        found = self.settings('server = "ftp://h"\naccounts.auth = ["memory:a:hidden"]\n')
        for one in (found, found.accounts, (found.accounts,)):
            self.assertNotIn("hidden", repr(one))
        self.assertIn("hidden", repr(found.accounts.auth))

    def test_listeners(self) -> None:
        """What a listener leaves out the general settings say; what it says counts for it alone."""
        found = self.settings(
            """
            listen = ["tcp:1"]
            server = "ftp://h"
            intercept = "redirect"
            access.clients = ["10.0.0.0/8"]
            accounts.auth = ["memory:a:b"]
            client-tls = {mode = "offer", certificate = "c", private-key = "k", implicit-listen = ["tcp:2"]}
            [[listeners]]
            endpoint = "tcp:3"
            [[listeners]]
            endpoint = "tcp:4"
            client-tls = "require"
            accounts = false
            intercept = "off"
            lf-lines = true
            active = false
            [[listeners]]
            endpoint = "tcp:5"
            client-tls = ""
            accounts = ""
            intercept = ""
            lf-lines = ""
            active = ""
            """
        )
        redirect = Intercept.REDIRECT
        self.assertEqual(
            found.all_listeners,
            (
                Listener("tcp:1", ClientTls.OFFER, True, redirect, False, True),
                Listener("tcp:2", ClientTls.IMPLICIT, True, redirect, False, True),
                Listener("tcp:3", ClientTls.OFFER, True, redirect, False, True),
                Listener("tcp:4", ClientTls.REQUIRE, False, Intercept.OFF, True, False),
                Listener("tcp:5", ClientTls.OFFER, True, redirect, False, True),
            ),
        )
        (one,) = self.settings("lf-lines = true").all_listeners
        self.assertTrue(one.lf_lines)
        self.assertTrue(found.rules(found.all_listeners[0]).accounts)
        self.assertFalse(found.rules(found.all_listeners[3]).accounts)
        self.assertTrue(found.rules(found.all_listeners[0]).active)
        self.assertFalse(found.rules(found.all_listeners[3]).active)
        (one,) = self.settings("active = false").all_listeners
        self.assertFalse(one.active)

    def test_accounts_not_required(self) -> None:
        """Accounts that are there need not be required, except where a listener says so."""
        found = self.settings(
            "listen = ['tcp:2:interface=127.0.0.1']\n"
            f"{AUTH}required = false\n[[listeners]]\nendpoint = 'tcp:1'\naccounts = true"
        )
        self.assertEqual([one.accounts for one in found.all_listeners], [False, True])

    def test_accounts_under_tls(self) -> None:
        """What the core is told of accounts in clear."""
        pair = "client-tls = {mode = 'offer', certificate = 'c', private-key = 'k'}"
        found = self.settings(f"{pair}\n{AUTH}require-tls = true")
        self.assertTrue(found.rules(found.all_listeners[0]).account_tls)

    def test_default_listener(self) -> None:
        """The default listens only where nothing else is told to; what is written always does."""
        table = "[[listeners]]\nendpoint = '127.0.0.1:1025'\n"
        implicit = (
            "[client-tls]\nimplicit-listen = [':990']\ncertificate = 'c'\nprivate-key = 'k'\n"
        )
        served = "server = 'ftp://h'\n"
        for text, expected in (
            ("", ["127.0.0.1:1025"]),
            (table, ["127.0.0.1:1025"]),
            (served + implicit, [":990"]),
            (served + implicit + table, [":990", "127.0.0.1:1025"]),
            (f"listen = [':1']\n{served}{table}", [":1", "127.0.0.1:1025"]),
        ):
            found = [one.endpoint for one in self.settings(text).all_listeners]
            self.assertEqual(found, expected, text)

    def test_only_listeners(self) -> None:
        """Without any in listen those of the tables are all."""
        found = self.settings("listen = []\nserver = 'ftp://h'\n[[listeners]]\nendpoint = 'tcp:1'")
        self.assertEqual([one.endpoint for one in found.all_listeners], ["tcp:1"])

    def test_route(self) -> None:
        """Every key of a route reaches the way."""
        found = self.settings(
            f"""
            {AUTH}
            [[parents]]
            name = "office"
            url = "http://proxy.example"
            [[routes]]
            clients = ["10.0.0.0/8", "2001:db8::1"]
            accounts = ["a*"]
            sni = ["ftp.a.example"]
            hosts = ["ftp.b.example"]
            users = ["u*"]
            destinations = ["*.c.example:2121"]
            server = ["ftps://one.example", "ftps://two.example:2990"]
            balance = "sticky"
            server-mode = "client"
            parent = "office"
            source-address = "::ffff:10.0.0.1"
            user = "upload"
            password-file = "/etc/secret"
            proxy-protocol = 2
            """
        )
        (rule,) = found.routes
        self.assertEqual(rule.clients, (ip_network("10.0.0.0/8"), ip_network("2001:db8::1/128")))
        self.assertEqual(
            (rule.accounts, rule.sni, rule.hosts, rule.users, rule.destinations),
            (("a*",), ("ftp.a.example",), ("ftp.b.example",), ("u*",), ("*.c.example:2121",)),
        )
        self.assertEqual(
            found.route(rule),
            Route(
                (Server("one.example", 990), Server("two.example", 2990)),
                Balance.STICKY,
                ServerTls.IMPLICIT,
                Mode.CLIENT,
                "office",
                "10.0.0.1",
                "upload",
                "file:/etc/secret",
                2,
                secret_for=(Server("one.example", 990), Server("two.example", 2990)),
            ),
        )

    def test_route_inherits(self) -> None:
        """What a route leaves out the general settings say; one server needs no list."""
        found = self.settings(
            f"""
            server = "ftp://general.example"
            parent = "p"
            source-address = "10.0.0.9"
            {SOCKS}
            [[routes]]
            [[routes]]
            server = "ftpes://one.example"
            server-tls = "explicit"
            source-address = "10.0.0.1"
            [[routes]]
            server = []
            server-tls = "auto"
            """
        )
        general = (Server("general.example"),)
        self.assertEqual(
            [found.route(rule) for rule in found.routes],
            [
                Route(general, parent="p", source="10.0.0.9"),
                Route(
                    (Server("one.example"),),
                    tls=ServerTls.EXPLICIT,
                    parent="p",
                    source="10.0.0.1",
                ),
                Route(general, tls=ServerTls.AUTO, parent="p", source="10.0.0.9"),
            ],
        )

    def test_parents(self) -> None:
        """The scheme gives the port; the core is told which parents are told the server in USER."""
        found = self.settings(
            """
            [[parents]]
            name = "a"
            url = "socks5://[::1]"
            user = "u"
            password-credential = "cred"
            [[parents]]
            name = "b"
            url = "http://h/"
            [[parents]]
            name = "c"
            url = "ftp://h:2121"
            [[parents]]
            name = "d"
            url = "ftp://h"
            separators-in-user = true
            """
        )
        self.assertEqual(
            [str(one.url) for one in found.parents],
            ["socks5://[::1]:1080", "http://h:3128", "ftp://h:2121", "ftp://h:21"],
        )
        self.assertEqual([one.secret for one in found.parents], ["credential:cred", "", "", ""])
        rules = found.rules(found.all_listeners[0])
        self.assertEqual(rules.ftp_parents, frozenset("cd"))
        self.assertEqual(rules.separators_in_user, frozenset("d"))

    def test_access(self) -> None:
        """Ports stand alone or in ranges, networks alone or with their prefix."""
        found = self.settings(
            f"""
            {AUTH}
            [access]
            clients = ["192.0.2.1", "10.0.0.0/8", "::/0"]
            [[access.servers]]
            allow = false
            accounts = ["x"]
            names = ["*"]
            ports = [21, "990", "1-65535"]
            [[access.servers]]
            networks = ["127.0.0.0/8"]
            """
        ).access
        networks = tuple(map(ip_network, ("192.0.2.1", "10.0.0.0/8", "::/0")))
        self.assertEqual(found.clients, networks)
        first, second = found.servers
        self.assertEqual((first.allow, second.allow), (False, True))
        self.assertEqual(first.ports, ((21, 21), (990, 990), (1, 65535)))
        self.assertEqual((second.ports, second.names), ((), ()))

    def test_login(self) -> None:
        """The ways to name a server reach the core in their order."""
        found = self.settings(
            '[login]\ndialects = ["SNI server", "user@server"]\nseparators = "%#\\\\"'
        )
        rules = found.rules(found.all_listeners[0])
        self.assertEqual(rules.dialects, (Dialect("SNI server"), Dialect("user@server")))
        self.assertEqual(rules.separators, b"%#\\")

    def test_around(self) -> None:
        """What stands around the gateway."""
        found = self.settings(
            """
            server = "ftp://h"
            [data]
            client-address = "GW.example."
            server-address = "gw-2.example"
            client-addresses = [{clients = ["10.0.0.0/8"], address = ""}]
            source-port = 20
            resolve-every = 5
            [pinholes]
            table = "ip6 my-table.1"
            ipv4-set = "a"
            [health]
            every = 1
            [proxy-protocol]
            balancers = ["192.0.2.1"]
            [timeouts]
            keepalive = 32767
            """
        )
        self.assertEqual(found.data.client_address, "gw.example.")
        self.assertEqual(found.data.client_addresses[0].address, "")
        self.assertEqual((found.data.source_port, found.data.resolve_every), (20, 5.0))
        self.assertEqual((found.pinholes.table, found.pinholes.ipv4_set), ("ip6 my-table.1", "a"))
        self.assertEqual(found.proxy_protocol.balancers, (ip_network("192.0.2.1"),))
        self.assertEqual((found.health.every, found.timeouts.keepalive), (1.0, 32767))

    def test_source(self) -> None:
        """The general source address may be the client's, where nothing stands between."""
        self.assertEqual(self.settings('source-address = "client"').source_address, "client")

    def test_shadows(self) -> None:
        """A rule is none unless it says so; the TLS of a route that is only tried is nobody's."""
        found = self.settings("[[access.servers]]\n[[access.servers]]\nshadow = true\n[[routes]]\n")
        self.assertEqual([one.shadow for one in found.access.servers], [False, True])
        self.assertIs(found.routes[0].shadow, False)
        route = "[[routes]]\nserver = 'ftps://h'\n"
        self.assertTrue(self.settings(route).may_speak_tls_to_servers)
        self.assertFalse(self.settings(f"{route}shadow = true").may_speak_tls_to_servers)


class Places(ConfigTest):
    """``Origin``."""

    def test_places(self) -> None:
        """A setting stands on its line, a table of a list on that of its header, or within its list."""
        text = "listen = ['127.0.0.1:1']\n[[routes]]\nserver = 'ftp://a'\n\n[[routes]]\nuser = ''\n"
        path = self.file(f"{text}[access]\nservers = [{{}},\n{{allow = false}}]\n".encode())
        origin = load(path, {"server-mode": "active"}).origin
        for key, line in (
            ("listen", 1),
            ("routes[0]", 2),
            ("routes[0].server", 3),
            ("routes[1]", 5),
            ("access.servers[0]", 8),
            ("access.servers[1]", 9),
        ):
            self.assertEqual(origin.of(key), f"{path}:{line}: {key}")
        self.assertEqual(origin.of("server-mode"), "command line: server-mode")
        self.assertEqual((origin.place("routes[2]"), origin.of("routes[2]")), ("", "routes[2]"))
