"""What cannot hold together among listeners, routes, parents and access."""

from __future__ import annotations

from tests.config.cases import AUTH, SOCKS, ConfigTest

OPEN = '[access]\nclients = ["10.0.0.0/8"]\n'
FTP = '[[parents]]\nname = "p"\nurl = "ftp://h"\n'


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
                f"{SOCKS}separators-in-user = true",
                "parents[0].separators-in-user: is for FTP parents",
            ),
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
                f"{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\nserver = 'ftps://h'\n"
                "password-file = 'f'\npassword-credential = 'c'",
                "routes[0].password-credential: contradicts password-file",
            ),
            ("[[routes]]\nuser = 'u'", "routes[0].user: would let in everybody"),
            (
                "[[routes]]\nserver = 'ftps://h'\npassword-file = 'f'",
                "routes[0].user: is missing",
            ),
            *(
                (
                    f"{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\npassword-file = 'f'\n{more}",
                    "routes[0].server: is missing; the password would go to any server",
                )
                for more in (
                    "",
                    "destinations = ['*']",
                    "destinations = ['*:21', '*.*']",
                    "destinations = ['*.example.net']",
                    "destinations = ['files.example', '*']",
                )
            ),
            *(
                (
                    f"{AUTH}{more}\n[[routes]]\naccounts = ['a']\nuser = 'u'\npassword-file = 'f'\n"
                    f"{way}",
                    "routes[0].server: has no verified TLS",
                )
                for more, way in (
                    ("", "server = 'ftp://h'"),
                    ("", "server = 'ftp://h'\nserver-tls = 'auto'"),
                    ("", "server = 'ftp://h'\nserver-tls = 'match'"),
                    ("", "destinations = ['files.example']"),
                    ("[server-tls]\nverify = false", "server = 'ftps://h'"),
                )
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
            f"server = 'ftps://h'\n{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\npassword-file = 'f'",
            f"{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\npassword-file = 'f'\n"
            "server = 'ftp://h'\npassword-in-clear = true",
            f"{AUTH}[[routes]]\naccounts = ['a']\nuser = 'u'\npassword-file = 'f'\n"
            "destinations = ['files.example.net', '[2001:db8::1]:990']\nserver-tls = 'explicit'",
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
                "listeners[0].endpoint = 'unix:x': 'unix:x' is no endpoint: it is a file, and FTP needs"
                " addresses",
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
