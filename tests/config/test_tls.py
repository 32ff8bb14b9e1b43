"""What the TLS settings answer when they are asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.tls import Certificate, ClientTlsSettings, ServerTlsRule, ServerTlsSettings
from ftpalg.core.routes import ServerTls

A, B = Path("a.pem"), Path("b.pem")


class Answers(SynchronousTestCase):
    """Pins and pairs."""

    def test_first_pin(self) -> None:
        """The first rule that fits a server's name has its pins, however the name is written."""
        rules = tuple(
            ServerTlsRule(server=pattern, mode=ServerTls.EXPLICIT, pin=pin)
            for pattern, pin in (("old.example", ("1",)), ("*.EXAMPLE", ()), ("*", ("3",)))
        )
        settings = ServerTlsSettings(rules=rules)
        for host, pin in (
            ("old.example", ("1",)),
            ("OLD.example.", ("1",)),
            ("new.example", ()),
            ("192.0.2.1", ("3",)),
        ):
            self.assertEqual(settings.pins(host), pin, host)
        self.assertEqual(ServerTlsSettings(rules=rules[:1]).pins("new.example"), ())

    def test_pairs(self) -> None:
        """The certificate for clients without SNI comes first; half a pair is none."""
        more = (Certificate(B, B),)
        self.assertEqual(
            ClientTlsSettings(certificate=A, private_key=B, more_certificates=more).pairs,
            (Certificate(A, B), *more),
        )
        halves: tuple[dict[str, Any], ...] = ({"certificate": A}, {"private_key": A}, {})
        for half in halves:
            self.assertEqual(ClientTlsSettings(more_certificates=more, **half).pairs, ())
            self.assertIsNone(ServerTlsSettings(**half).pair)
        self.assertEqual(ServerTlsSettings(certificate=A, private_key=B).pair, Certificate(A, B))
