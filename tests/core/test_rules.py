"""What a session is told when it begins."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server, ServerTls
from ftpalg.core.rules import Rules


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
