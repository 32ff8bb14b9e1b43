"""Listeners, routes, parents, access and accounts: every fault, every message."""

from __future__ import annotations

import tomllib

from ftpalg.config import SettingsError, load
from ftpalg.config.faults import shown
from tests.config.cases import ConfigTest


class Faults(ConfigTest):
    """Bad values: each is one sentence with key, value and remedy."""

    def one(self, table: str, key: str, value: str, remedy: str) -> None:
        """The one fault of a key in a table."""
        head, needs = {
            "": ("", ""),
            "routes": ("[[routes]]", ""),
            "parents": ("[[parents]]", "name = 'n'\nurl = 'ftp://h'\n"),
            "listeners": ("[[listeners]]", "endpoint = '127.0.0.1:1'\n"),
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
        written = shown(tomllib.loads(f"it = {value}")["it"])
        self.assertTrue(found[0].startswith(f"{place} = {written}: must "), found[0])
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
            ("listeners", "lf-lines", "1", "true or false"),
            ("listeners", "active", "1", "true or false"),
            ("", "active", "''", "true or false"),
            ("accounts", "require-tls", "1", "true or false"),
            ("parents", "separators-in-user", "0", "true or false"),
            ("", "lf-lines", "'yes'", "true or false"),
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
        self.assertEqual(fault, "routes[1].servers: no such setting; did you mean server?")

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
