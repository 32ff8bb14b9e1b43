"""TOML to settings: listeners, routes, parents, access, and what cannot hold together among them."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from twisted.internet import endpoints

from ftpalg.config import Intercept, Listener, SettingsError, load
from ftpalg.config.contradictions import only_local
from ftpalg.config.loading import _shown
from ftpalg.core.logins import Dialect
from ftpalg.core.routes import Balance, Mode, Route, Server, ServerTls
from ftpalg.core.rules import ClientTls
from tests.test_config import ConfigTest

OPEN = '[access]\nclients = ["10.0.0.0/8"]\n'
AUTH = '[accounts]\nauth = ["memory:a:b"]\n'
SOCKS = '[[parents]]\nname = "p"\nurl = "socks5://h"\n'
FTP = '[[parents]]\nname = "p"\nurl = "ftp://h"\n'


class Values(ConfigTest):
    """Good values of every table."""

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
            [[listeners]]
            endpoint = "tcp:5"
            client-tls = ""
            accounts = ""
            intercept = ""
            """
        )
        redirect = Intercept.REDIRECT
        self.assertEqual(
            found.all_listeners,
            (
                Listener("tcp:1", ClientTls.OFFER, True, redirect),
                Listener("tcp:2", ClientTls.IMPLICIT, True, redirect),
                Listener("tcp:3", ClientTls.OFFER, True, redirect),
                Listener("tcp:4", ClientTls.REQUIRE, False, Intercept.OFF),
                Listener("tcp:5", ClientTls.OFFER, True, redirect),
            ),
        )
        self.assertTrue(found.rules(found.all_listeners[0]).accounts)
        self.assertFalse(found.rules(found.all_listeners[3]).accounts)

    def test_accounts_not_required(self) -> None:
        """Accounts that are there need not be required, except where a listener says so."""
        found = self.settings(
            f"{AUTH}required = false\n[[listeners]]\nendpoint = 'tcp:1'\naccounts = true"
        )
        self.assertEqual([one.accounts for one in found.all_listeners], [False, True])

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
            """
        )
        self.assertEqual(
            [str(one.url) for one in found.parents],
            ["socks5://[::1]:1080", "http://h:3128", "ftp://h:2121"],
        )
        self.assertEqual([one.secret for one in found.parents], ["credential:cred", "", ""])
        self.assertEqual(found.rules(found.all_listeners[0]).ftp_parents, frozenset("c"))

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


class Faults(ConfigTest):
    """Bad values: each is one sentence with key, value and remedy."""

    def one(self, table: str, key: str, value: str, remedy: str) -> None:
        """The one fault of a key in a table."""
        head, needs = {
            "": ("", ""),
            "routes": ("[[routes]]", ""),
            "parents": ("[[parents]]", "name = 'n'\nurl = 'ftp://h'\n"),
            "listeners": ("[[listeners]]", "endpoint = 'tcp:1'\n"),
            "access.servers": ("[[access.servers]]", ""),
            "data.client-addresses": (
                "[[data.client-addresses]]",
                "clients = []\naddress = ''\n",
            ),
        }.get(table, (f"[{table}]", ""))
        needs = "".join(line for line in needs.splitlines(True) if not line.startswith(f"{key} "))
        found = self.faults(f"{head}\n{needs}{key} = {value}\n")
        place = f"{table}[0].{key}" if head.startswith("[[") else f"{table}.{key}".lstrip(".")
        self.assertEqual(len(found), 1, found)
        shown = _shown(tomllib.loads(f"it = {value}")["it"])
        self.assertTrue(found[0].startswith(f"{place} = {shown}: must "), found[0])
        self.assertIn(remedy, found[0])

    def test_each(self) -> None:
        """Every key of every table."""
        network = "must be a list of networks"
        patterns = "must be a list of texts in quotes"
        for table, key, value, remedy in (
            ("", "intercept", "'x'", '"off", "redirect", "tproxy"'),
            ("", "source-address", "'x'", 'an IP address, "client", or empty'),
            ("", "source-address", "5", 'an IP address, "client", or empty'),
            ("", "parent", "'a\\u0000'", "without control characters"),
            ("login", "dialects", "'user@server'", "a list of some of"),
            ("login", "dialects", "['x']", "must be one of"),
            ("login", "dialects", "['user@server', 'user@server']", "each once"),
            ("login", "dialects", "[[]]", "must be one of"),
            ("login", "separators", "''", "1 to 8 of the signs"),
            ("login", "separators", "'a'", "1 to 8 of the signs"),
            ("login", "separators", "'@.'", "1 to 8 of the signs"),
            ("login", "separators", "'@:'", "1 to 8 of the signs"),
            ("login", "separators", "'§'", "1 to 8 of the signs"),
            ("login", "separators", "'@@@@@@@@@'", "1 to 8 of the signs"),
            ("accounts", "required", "1", "true or false"),
            ("accounts", "delay", "0", "above 0"),
            ("access", "clients", "'10.0.0.0/8'", network),
            ("access", "clients", "[10]", network),
            ("access", "clients", "['']", network),
            ("access", "clients", "['10.0.0.1/8']", "host bits set"),
            ("access", "clients", "['10.0.0.0/33']", network),
            ("access", "clients", "['localhost']", network),
            ("access", "clients", "['::ffff:10.0.0.0/104']", "hold IPv4 networks as such"),
            ("access", "clients", "['::ffff:10.0.0.1']", "hold IPv4 networks as such"),
            ("access", "clients", "['٢.0.0.0/8']", network),
            ("access.servers", "allow", "'no'", "true or false"),
            ("access.servers", "names", "'x'", patterns),
            ("access.servers", "networks", "['x']", network),
            ("access.servers", "ports", "21", "ports and ranges"),
            ("access.servers", "ports", "[0]", "ports and ranges"),
            ("access.servers", "ports", "[65536]", "ports and ranges"),
            ("access.servers", "ports", "[true]", "ports and ranges"),
            ("access.servers", "ports", "[21.0]", "ports and ranges"),
            ("access.servers", "ports", "['']", "ports and ranges"),
            ("access.servers", "ports", "['30-20']", "ports and ranges"),
            ("access.servers", "ports", "['20-']", "ports and ranges"),
            ("access.servers", "ports", "['20-30-40']", "ports and ranges"),
            ("access.servers", "ports", "[' 21']", "ports and ranges"),
            ("access.servers", "ports", "['21\\n']", "ports and ranges"),
            ("access.servers", "ports", "['٢١']", "ports and ranges"),
            ("listeners", "endpoint", "''", "must be an endpoint"),
            ("listeners", "endpoint", "['tcp:1']", "must be an endpoint"),
            ("listeners", "client-tls", "'on'", '"offer"'),
            ("listeners", "accounts", "'x'", "true or false"),
            ("listeners", "accounts", "0", "true or false"),
            ("listeners", "intercept", "true", '"tproxy"'),
            ("routes", "clients", "['::ffff:0:0/96']", "hold IPv4 networks as such"),
            ("routes", "users", "'x'", patterns),
            ("routes", "hosts", "[1]", patterns),
            ("routes", "server", "'h'", "must be ftp://host"),
            ("routes", "server", "['ftp://a', 'b']", "must be ftp://host"),
            ("routes", "server", "['ftp://a:٢١']", "must be ftp://host"),
            ("routes", "server", "{}", "must be ftp://host"),
            ("routes", "balance", "'random'", '"round-robin"'),
            ("routes", "balance", "''", '"least-sessions"'),
            ("routes", "server-tls", "'x'", '"match"'),
            ("routes", "server-mode", "'x'", '"client"'),
            ("routes", "parent", "1", "a text in quotes"),
            ("routes", "source-address", "'gw.example'", '"client", or empty'),
            ("routes", "user", "'a\\nb'", "without control characters"),
            ("routes", "password-file", "1", "the name of a file"),
            ("routes", "proxy-protocol", "3", "from 0 to 2"),
            ("routes", "proxy-protocol", "true", "from 0 to 2"),
            ("routes", "proxy-protocol", "'2'", "from 0 to 2"),
            ("parents", "name", "'a\\tb'", "without control characters"),
            ("parents", "url", "'socks4://h'", "must be socks5://host"),
            ("parents", "url", "''", "must be socks5://host"),
            ("parents", "url", "'http://h:0'", "from 1 to 65535"),
            ("parents", "url", "'http://u:p@h'", "must be socks5://host"),
            ("parents", "url", "'http://h/path'", "must be socks5://host"),
            ("parents", "user", "1", "a text in quotes"),
            ("proxy-protocol", "balancers", "true", network),
            ("data", "client-ports", "'٢٢٢٢-٢٢٢٩'", "two ports"),
            ("data", "server-ports", "'50000 - 50999'", "two ports"),
            ("data", "client-address", "'a..b'", "a name that resolves to one"),
            ("data", "client-address", f"'{'a' * 64}.b'", "a name that resolves"),
            ("data", "client-address", "'10.0.0'", "a name that resolves to one"),
            ("data", "server-address", "'gé.example'", "a name that resolves"),
            ("data", "source-port", "65536", "from 0 to 65535"),
            ("data", "source-port", "-1", "from 0 to 65535"),
            ("data", "resolve-every", "nan", "above 0"),
            ("data", "resolve-every", "-inf", "above 0"),
            ("data.client-addresses", "clients", "''", network),
            ("data.client-addresses", "address", "7", "a name that resolves to one"),
            ("pinholes", "table", "'ftpalg'", "family and name"),
            ("pinholes", "table", "'inet a; flush ruleset'", "family and name"),
            ("pinholes", "table", "'inet a\\n'", "family and name"),
            ("pinholes", "ipv4-set", "''", "letters, digits"),
            ("pinholes", "ipv6-set", "'a b'", "letters, digits"),
            ("health", "every", "0", "above 0"),
            ("timeouts", "keepalive", "32768", "from 0 to 32767"),
            ("timeouts", "idle", "1e18", "above 0"),
            ("timeouts", "idle", "1" + "0" * 400, "above 0"),
            ("client-tls", "certificate", "'a\\u0000'", "the name of a file"),
            ("server-tls", "crl", "['a\\u0000']", "a list of file names"),
        ):
            self.one(table, key, value.replace("'", '"'), remedy)

    def test_passwords_are_not_told(self) -> None:
        """What may hold a password is told without it, however wrong."""
        for text in (
            "accounts.auth = 'memory:anna:hunter2'",
            "accounts.auth = ['memory:anna:hunter2', '']",
            "accounts.auth = [{password = 'hunter2'}]",
            "server = 'ftp://anna:hunter2@h'",
            "server = 'ftps://anna:hunt@er2@h'",
            "[[routes]]\nserver = ['ftp://ok', 'ftp://anna:hunter2@h']",
            "[[parents]]\nname = 'p'\nurl = 'http://anna:hunter2@h'",
        ):
            for fault in self.faults(text):
                self.assertNotIn("hunt", fault)
                self.assertNotIn("er2", fault)

    def test_missing(self) -> None:
        """What a table cannot do without."""
        for head, keys in (
            ("[[listeners]]", ["listeners[0].endpoint"]),
            ("[[parents]]", ["parents[0].name", "parents[0].url"]),
            (
                "[[data.client-addresses]]",
                ["data.client-addresses[0].address", "data.client-addresses[0].clients"],
            ),
        ):
            self.assertEqual(sorted(self.faults(head)), [f"{key}: is missing" for key in keys])

    def test_no_such_key(self) -> None:
        """A key that is none is told with its place."""
        (fault,) = self.faults("[[routes]]\n[[routes]]\nservers = 'ftp://h'")
        self.assertTrue(fault.startswith("routes[1].servers: no such setting; known here are "))

    def test_single_brackets(self) -> None:
        """One table where a list of them is wanted, empty or not: the brackets are the remedy."""
        for name in ("routes", "listeners", "parents", "access.servers", "server-tls.rules"):
            for body in ("", "server = 'ftp://h'\nname = 'x'\nendpoint = 'tcp:1'"):
                (fault,) = self.faults(f"[{name}]\n{body}")
                self.assertTrue(fault.startswith(f"{name} = {{"), fault)
                self.assertIn("must be a list of tables", fault)
                self.assertIn("double brackets", fault)
            (fault,) = self.faults(f"{name} = 3")
            self.assertIn(f"{name} = 3: must be a list of tables", fault)

    def test_lists_of_other_things(self) -> None:
        """A list of something else than tables."""
        for value in ("1", "'x'", "[]"):
            (fault,) = self.faults(f"routes = [{value}]")
            self.assertTrue(fault.startswith("routes[0] = "), fault)
            self.assertIn("must be a table", fault)

    def test_numbers_beyond_python(self) -> None:
        """A number of thousands of digits is a fault of the file, no traceback."""
        path = self.file(b"[timeouts]\nidle = " + b"1" * 5000)
        (fault,) = self.assertRaises(SettingsError, load, path, {}).faults
        self.assertTrue(fault.startswith(f"{path}: is not TOML: "), fault)


class Contradictions(ConfigTest):
    """What is good one by one."""

    def contradicts(self, text: str, *expected: str) -> None:
        """These are all the faults, each by its beginning."""
        found = self.faults(text)
        self.assertEqual(len(found), len(expected), (text, found))
        for fault, start in zip(found, expected, strict=True):
            self.assertTrue(fault.startswith(start), (text, fault))

    def test_parents(self) -> None:
        """Names, accounts, and what a parent cannot do."""
        for text, *expected in (
            ("parent = 'x'", "parent = 'x': no such name in [[parents]]"),
            ("[[routes]]\nparent = 'x'", "routes[0].parent = 'x': no such name"),
            (f"{SOCKS}{FTP}", "parents[1].name = 'p': is taken by an earlier one"),
            (
                f"{SOCKS}user = 'u'\npassword-file = 'f'\npassword-credential = 'c'",
                "parents[0].password-credential: contradicts password-file",
            ),
            (f"{SOCKS}password-file = 'f'", "parents[0].user: is missing"),
            (f"{FTP}user = 'u'", "parents[0].user: an FTP parent takes the client's login only"),
            (f"{FTP}password-file = 'f'", "parents[0].user: an FTP parent"),
            (
                f"parent = 'p'\nserver-mode = 'active'\n{SOCKS}",
                "parent = 'p': cannot open active data connections",
            ),
            (
                f"parent = 'p'\nsource-address = 'client'\n{FTP}",
                'source-address = "client": a parent would not answer the client',
            ),
        ):
            self.contradicts(text, *expected)

    def test_parents_of_routes(self) -> None:
        """A route cannot combine its own with the general settings either, in any order."""
        active = "routes[0].parent = 'p': cannot open active data connections"
        answer = 'routes[0].source-address = "client": a parent would not answer the client'
        for text, expected in (
            (f"{SOCKS}[[routes]]\nparent = 'p'\nserver-mode = 'active'", active),
            (f"server-mode = 'active'\n{SOCKS}[[routes]]\nparent = 'p'", active),
            (f"parent = 'p'\n{SOCKS}[[routes]]\nserver-mode = 'active'", active),
            (f"{FTP}[[routes]]\nparent = 'p'\nsource-address = 'client'", answer),
            (f"source-address = 'client'\n{FTP}[[routes]]\nparent = 'p'", answer),
            (f"parent = 'p'\n{FTP}[[routes]]\nsource-address = 'client'", answer),
        ):
            self.contradicts(text, expected)

    def test_parents_once(self) -> None:
        """A fault of the general settings is not told again for each route."""
        self.contradicts(
            f"parent = 'p'\nserver-mode = 'active'\n{SOCKS}[[routes]]\nproxy-protocol = 1",
            "parent = 'p': cannot open active",
        )
        self.contradicts("parent = 'x'\n[[routes]]\nserver-mode = 'client'", "parent = 'x'")

    def test_parents_fit(self) -> None:
        """What a parent can do is not complained of."""
        for text in (
            f"parent = 'p'\nserver-mode = 'client'\n{SOCKS}user = 'u'",
            f"parent = 'p'\nserver-mode = 'active'\n{FTP}",
            f"parent = 'p'\nsource-address = '10.0.0.1'\n{SOCKS}user = 'u'\npassword-file = 'f'",
            f"server-mode = 'active'\n{SOCKS}[[routes]]\nparent = 'p'\nserver-mode = 'passive'",
            f"source-address = 'client'\n{FTP}[[routes]]\nparent = 'p'\nsource-address = '10.0.0.1'",
        ):
            self.settings(text)

    def test_routes(self) -> None:
        """Servers, TLS, accounts and passwords of a route."""
        for text, *expected in (
            (
                "[[routes]]\nserver = ['ftp://a', 'ftps://b']",
                "routes[0].server: all of them must have the same scheme",
            ),
            (
                "[[routes]]\n[[routes]]\nserver = 'ftps://a'\nserver-tls = 'off'",
                "routes[1].server-tls: contradicts the URL of server",
            ),
            (
                f"{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\nserver = 'ftp://h'\n"
                "password-file = 'f'\npassword-credential = 'c'",
                "routes[0].password-credential: contradicts password-file",
            ),
            ("[[routes]]\nuser = 'u'", "routes[0].user: would let in everybody"),
            (
                "[[routes]]\nserver = 'ftp://h'\npassword-file = 'f'",
                "routes[0].user: is missing",
            ),
            *(
                (
                    f"{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\npassword-file = 'f'\n{more}",
                    "routes[0].server: is missing; the password would go to any server",
                )
                for more in ("", "destinations = ['*']", "destinations = ['*:21', '*.*']")
            ),
            ("[[routes]]\naccounts = ['a']", "routes[0].accounts: there are none"),
            (
                "[[routes]]\naccounts = ['a']\nuser = 'u'",
                "routes[0].accounts: there are none",
            ),
            (
                "client-tls.opaque = true\n[[routes]]\nserver = 'ftpes://h'",
                "routes[0].server: TLS to it contradicts client-tls.opaque",
            ),
            (
                "client-tls.opaque = true\n[[routes]]\nserver-tls = 'match'",
                "routes[0].server: TLS to it contradicts client-tls.opaque",
            ),
            (
                "[[access.servers]]\n[[access.servers]]\naccounts = ['a']",
                "access.servers[1].accounts: there are none",
            ),
        ):
            self.contradicts(text, *expected)

    def test_routes_fit(self) -> None:
        """What goes together is not complained of."""
        for text in (
            "[[routes]]\nserver = ['ftp://a', 'ftp://b:2121']\nserver-tls = 'explicit'",
            "[[routes]]\nserver = 'ftpes://a'\nserver-tls = 'explicit'",
            f"server = 'ftp://h'\n{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\npassword-file = 'f'",
            f"{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\npassword-file = 'f'\n"
            "destinations = ['*.example.net']",
            f"{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'",
            "client-tls.opaque = true\n[[routes]]\nserver = 'ftp://h'",
        ):
            self.settings(text)

    def test_listeners(self) -> None:
        """Accounts that are none, TLS that has no certificate, nobody to listen."""
        for text, *expected in (
            ("listen = []", "listen: names no endpoint, and there are no [[listeners]]"),
            (
                "[[listeners]]\nendpoint = 'tcp:1:interface=127.0.0.1'\naccounts = true",
                "accounts.auth: is empty, and tcp:1:interface=127.0.0.1 requires accounts",
            ),
            (
                "[[listeners]]\nendpoint = 'unix:x'",
                "listen = 'unix:x': FTP needs addresses",
            ),
            (
                "[[listeners]]\nendpoint = 'tcp:1:interface=127.0.0.1'\nclient-tls = 'offer'",
                "client-tls.certificate: TLS for clients needs a certificate",
            ),
        ):
            self.contradicts(text, *expected)

    def test_open_to_all(self) -> None:
        """Whoever lets strangers name the server must say which strangers."""
        beyond = "listen = ['tcp:1']\n"
        fault = "access.clients: is empty, and whoever reaches listen = 'tcp:1' could reach any"
        for text in (
            beyond,
            beyond + AUTH + "required = false",
            beyond + "server = 'ftp://h'\nintercept = 'redirect'",
            beyond + "[[routes]]\nserver = 'ftp://h'",
            "listen = []\n[[listeners]]\nendpoint = 'tcp:1'",
            f"listen = []\n{AUTH}[[listeners]]\nendpoint = 'tcp:1'\naccounts = false",
        ):
            self.contradicts(text, fault)
        self.contradicts(
            "proxy-protocol.balancers = ['127.0.0.1']\nlisten = ['tcp:1:interface=127.0.0.1']",
            "access.clients: is empty, and whoever reaches listen = 'tcp:1:interface=127.0.0.1'",
        )
        for text in (
            beyond + "server = 'ftp://h'",
            beyond + AUTH,
            beyond + OPEN,
            beyond + "intercept = 'tproxy'\n" + OPEN,
            "listen = ['tcp:1:interface=127.0.0.1']",
            f"listen = []\n{AUTH}required = false\n[[listeners]]\nendpoint = 'tcp:1'\naccounts = true",
        ):
            self.settings(text)

    def test_intercepted_locally(self) -> None:
        """Packets for other machines come to a listener on loopback as well."""
        for how in ("redirect", "tproxy"):
            self.contradicts(
                f"listen = ['tcp:1:interface=127.0.0.1']\nintercept = '{how}'",
                "access.clients: is empty, and whoever reaches listen = ",
            )

    def test_each_listener(self) -> None:
        """Each that is open to all is told."""
        self.contradicts(
            "listen = ['tcp:1', 'tcp:2:interface=localhost', 'tcp6:3']", *["access.clients: "] * 2
        )


class Locality(ConfigTest):
    """Which endpoints nobody but this machine's users can reach; what is not sure is not."""

    def test_local(self) -> None:
        """Loopback in every spelling, and sockets in the file system."""
        for endpoint in (
            "tcp:21:interface=127.0.0.1",
            "tcp:port=21:interface=127.0.0.1",
            "tcp:interface=127.8.9.10:port=21:backlog=5",
            "tcp:21:interface=localhost",
            r"tcp:21:interface=\:\:1",
            r"tcp6:21:interface=\:\:1",
            r"tcp6:port=21:interface=0\:0\:0\:0\:0\:0\:0\:1",
            "ssl:990:privateKey=k.pem:interface=127.0.0.1",
            "unix:/run/ftpalg.sock",
            "unix:/run/ftpalg.sock:mode=777",
        ):
            self.assertTrue(only_local(endpoint), endpoint)

    def test_not_local(self) -> None:
        """Every address, none, a name, and every kind of endpoint that could be anything."""
        for endpoint in (
            "",
            "tcp",
            "21",
            "tcp:21",
            "tcp6:21",
            "tcp:21:interface=",
            "tcp:21:interface=0.0.0.0",
            "tcp:21:interface=10.0.0.1",
            "tcp:21:interface=127.0.0.1.example",
            "tcp:21:interface=localhost.example",
            "tcp:21:interface=0",
            "tcp:21:interface=127.1",
            r"tcp:21:interface=127.0.0.1\:",
            r"tcp:21:interface=127.0.0.1\:interface=127.0.0.1",
            r"tcp6:21:interface=\:\:",
            r"tcp6:21:interface=fe80\:\:1",
            "tcp:21:127.0.0.1",
            "tcp:21:interfaces=127.0.0.1",
            "tcp:21:backlog=interface=127.0.0.1",
            "systemd:domain=INET:index=0",
            "systemd:domain=INET:name=x:interface=127.0.0.1",
            "haproxy:tcp:21:interface=127.0.0.1",
            "haproxy:unix:/run/x",
            "tls:/etc/keys:tcp:990:interface=127.0.0.1",
            "txsni:/etc/keys:tcp:990:interface=127.0.0.1",
            "onion:21:interface=127.0.0.1",
            "fd:3:interface=127.0.0.1",
            "Unix:/run/x",
            "unix6:/run/x",
        ):
            self.assertFalse(only_local(endpoint), endpoint)

    def test_last_word_counts(self) -> None:
        """Twisted takes the last of two words, and any character behind a backslash."""
        for endpoint in (
            "tcp:21:interface=127.0.0.1:interface=0.0.0.0",
            "tcp:21:interface=0.0.0.0:interface=127.0.0.1",
            "tcp:21:interface=127.0.0.1:interface=",
            r"tcp:21:interface=127.0.0.1:int\erface=0.0.0.0",
            r"tcp:21:inter\face=127.0.0.1",
            r"ssl:990:privateKey=C\\k:interface=127.0.0.1",
            r"ssl:990:privateKey=k\\\:interface=127.0.0.1",
        ):
            self.assertFalse(only_local(endpoint), endpoint)

    def test_as_twisted_reads_it(self) -> None:
        """What is called local is where Twisted would listen, of all these spellings."""
        words = ("interface=127.0.0.1", "interface=0.0.0.0", "interface=", "backlog=5", "mode=1")
        joints = (":", r"\:", r"\\:", r"\\\:", "=")
        parse: Any = endpoints._parse
        for first in words:
            for second in words:
                for one in joints:
                    for two in joints:
                        endpoint = f"tcp{one}21{two}{first}{one}{second}"
                        _, keywords = parse(endpoint)
                        if only_local(endpoint):
                            self.assertEqual(keywords.get("interface"), "127.0.0.1", endpoint)


class Documented(ConfigTest):
    """The settings that the documents show."""

    def test_ways(self) -> None:
        """Every block of TOML in the documents is sound by itself."""
        folder = Path(__file__).parent.parent / "docs"
        found = 0
        for path in folder.glob("*.rst"):
            for block in path.read_text("utf-8").split(".. code-block:: toml\n")[1:]:
                lines = []
                for line in block.splitlines():
                    if line and not line.startswith("    "):
                        break
                    lines.append(line)
                self.settings("\n".join(lines))
                found += 1
        self.assertGreater(found, 0)
