"""What a session is told when it begins."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server, ServerTls
from ftpalg.core.session_settings import Rules


class Tls(SynchronousTestCase):
    """``Rules.tls_to``."""

    def test_first_fit(self) -> None:
        """The first pattern that fits a server's name counts, in any case of letters."""
        rules = Rules(
            server_tls=ServerTls.MATCH,
            server_tls_rules=(
                ("*.example.net", ServerTls.IMPLICIT),
                ("old.*", ServerTls.OFF),
                ("old.example", ServerTls.AUTO),
            ),
        )
        for host, tls in (
            ("a.Example.net", ServerTls.IMPLICIT),
            ("old.example.net", ServerTls.IMPLICIT),
            ("old.example", ServerTls.OFF),
            ("example.net", ServerTls.MATCH),
        ):
            self.assertIs(rules.tls_to(Server(host)), tls)
        self.assertIs(Rules().tls_to(Server("h")), ServerTls.OFF)

    def test_one_machine(self) -> None:
        """Rule 6: another spelling of a name or an address is no way around required TLS."""
        rules = Rules(
            server_tls_rules=(
                ("*.example.net", ServerTls.EXPLICIT),
                ("2001:db8::1", ServerTls.EXPLICIT),
                ("[2001:db8::2]", ServerTls.EXPLICIT),
            )
        )
        for host in ("a.example.net.", "2001:db8:0::1", "2001:DB8::0:1", "2001:db8::2"):
            self.assertIs(rules.tls_to(Server(host)), ServerTls.EXPLICIT, host)
