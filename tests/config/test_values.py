"""Settings read: what each value becomes."""

from __future__ import annotations

from ftpalg.config import Listener
from ftpalg.core.routes import Mode, Server, ServerTls
from ftpalg.core.session_settings import ClientTls, Rules
from tests.config.cases import ConfigTest


class Values(ConfigTest):
    """Good values."""

    def test_all_reach_the_core(self) -> None:
        """What the core obeys is what the file says."""
        found = self.settings(
            """
            server = "ftpes://ftp.example:2121/"
            server-mode = "client"
            data = {client-address = "203.0.113.5", server-address = "2001:DB8::1", replace-private = true}
            limits = {queued-commands = 3, bad-commands = 4, bad-logins = 2}
            [client-tls]
            ccc = true
            [server-tls]
            clear-data = true
            rules = [{server = "*.Example", mode = "auto"}, {server = "b", mode = "implicit"}]
            """
        )
        self.assertEqual(
            found.rules(Listener("tcp:990", ClientTls.IMPLICIT)),
            Rules(
                server=Server("ftp.example", 2121),
                mode=Mode.CLIENT,
                replace_private=True,
                queued_commands=3,
                bad_commands=4,
                bad_logins=2,
                client_tls=ClientTls.IMPLICIT,
                ccc=True,
                server_tls=ServerTls.EXPLICIT,
                server_tls_rules=(("*.example", ServerTls.AUTO), ("b", ServerTls.IMPLICIT)),
                clear_data=True,
                counted=True,
            ),
        )

    def test_servers(self) -> None:
        """The scheme gives the port and the TLS, where they are not given themselves."""
        for url, server, tls in (
            ("ftp://h", Server("h", 21), ServerTls.OFF),
            ("ftp://h/", Server("h", 21), ServerTls.OFF),
            ("ftp://h:2121", Server("h", 2121), ServerTls.OFF),
            ("ftpes://h", Server("h", 21), ServerTls.EXPLICIT),
            ("ftps://h", Server("h", 990), ServerTls.IMPLICIT),
            ("ftps://h:21", Server("h", 21), ServerTls.IMPLICIT),
            ("ftps://[::1]", Server("::1", 990), ServerTls.IMPLICIT),
            ("ftps://[::1]:21/", Server("::1", 21), ServerTls.IMPLICIT),
        ):
            found = self.settings(f'server = "{url}"')
            assert found.server is not None
            self.assertEqual((found.server.server, found.default_server_tls), (server, tls))
        self.assertIs(self.settings('server = ""').server, None)
        shown = self.settings('server = "ftps://[::1]"').server
        self.assertEqual(str(shown), "ftps://[::1]:990")

    def test_ends_of_ranges(self) -> None:
        """The least and the greatest values are taken."""
        found = self.settings(
            """
            [data]
            client-ports = "1024-65535"
            server-ports = "50000-50000"
            excluded-ports = [1, 65535]
            [timeouts]
            keepalive = 0
            idle = 0.001
            [limits]
            command-line = 64
            reply-line = 512
            reply-size = 4096
            sessions = 1
            """
        )
        self.assertEqual(found.data.client_ports, (1024, 65535))
        self.assertEqual(found.data.server_ports, (50000, 50000))
        self.assertEqual(found.data.excluded_ports, frozenset((1, 65535)))
        self.assertEqual(
            self.settings("[data]\nexcluded-ports = []").data.excluded_ports, frozenset()
        )

    def test_mapped_address(self) -> None:
        """Quirk 20: an IPv4 address in IPv6 clothing is told as what it is, in 227 and in PORT."""
        found = self.settings('[data]\nclient-address = "::ffff:203.0.113.5"')
        self.assertEqual(found.data.client_address, "203.0.113.5")
