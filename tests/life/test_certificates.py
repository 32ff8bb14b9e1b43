"""A gateway whose certificates end or cannot be renewed, as its log has it."""

from __future__ import annotations

import signal
import ssl
from pathlib import Path

from tests.life.programs import Foreground, LifeCase
from tests.tls.certificates import Pair, authority, issued
from tests.wire.peers import Client


class Own(LifeCase):
    """Of ``client-tls``."""

    def setUp(self) -> None:
        super().setUp()
        self.certificate, self.key = self.scratch / "c.pem", self.scratch / "c.key"

    def put(self, pair: Pair) -> None:
        """Have these files."""
        for file, other in ((self.certificate, pair.certificate), (self.key, pair.private_key)):
            file.write_bytes(other.read_bytes())

    def run_with(self, pair: Pair) -> Foreground:
        """A gateway that shows this certificate."""
        self.put(pair)
        return self.run_it(
            f'[client-tls]\nmode = "offer"\ncertificate = "{self.certificate}"\n'
            f'private-key = "{self.key}"\n'
        )

    def shown(self, gateway: Foreground) -> bytes:
        """The certificate that a client sees."""
        self.server.then(lambda control: control.say(b"220 Ready.").until_end())
        client = Client(gateway.address)
        self.addCleanup(client.close)
        self.assertEqual(client.code(), 220)
        self.assertEqual(client.ask(b"AUTH TLS").code, 234)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(client.sock) as secured:
            return secured.getpeercert(True) or b""

    def reload(self, gateway: Foreground, word: str) -> None:
        """SIGHUP, and what is told then."""
        gateway.begin()
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged(word), gateway.whole_log())

    def test_expired(self) -> None:
        """It starts all the same and says so; a renewal is taken up by SIGHUP, and all is well."""
        gateway = self.run_with(issued("expired"))
        told = f"client-tls.certificate: {self.certificate} has expired on "
        self.assertEqual(gateway.whole_log().count(told), 1)
        self.assertIn(" error ", self.line(gateway, told).lower())
        self.assertEqual(self.shown(gateway), issued("expired").der)
        self.put(issued("good"))
        self.reload(gateway, "certificates reloaded")
        self.assertEqual(self.shown(gateway), issued("good").der)
        self.assertEqual(gateway.whole_log().count(told), 1)

    def line(self, gateway: Foreground, words: str) -> str:
        """The line that has them."""
        return next(line for line in gateway.whole_log().splitlines() if words in line)

    def test_unusable(self) -> None:
        """A key of another certificate: told with the remedy, and the old pair serves on."""
        gateway = self.run_with(issued("good"))
        self.key.write_bytes(Path(issued("rsa").private_key).read_bytes())
        self.reload(gateway, "put both files of one renewal there")
        self.assertEqual(self.shown(gateway), issued("good").der)

    def test_soon(self) -> None:
        """One that ends within a week is a warning."""
        gateway = self.run_with(authority().odd([], days=(-9, 6.5)))
        self.assertIn("within 7 days; renew it", gateway.whole_log())
