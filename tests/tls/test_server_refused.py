"""What the log says of a server's certificate that is refused, and what the client hears of it.

Everything in a certificate is a stranger's word, as nobody is known to have signed it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import ssl
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from ftpalg.ops.forms import SENTENCES
from tests.tls.certificates import Pair, authority, issued
from tests.tls.peers import explicit
from tests.wire.recorded import SECURE, RecordsTestCase
from tests.wire.servers import Control

LOCAL: list[x509.GeneralName] = [x509.DNSName("localhost")]


def subject(*texts: str) -> x509.Name:
    """A name of these common names."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text) for text in texts])


class Refused(RecordsTestCase):
    """One server, each time with another certificate."""

    def refused(self, pair: Pair, chain: bytes = b"") -> tuple[str, dict[str, Any]]:
        """What the client is told, and the record."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if chain:
            pair.certificate.write_bytes(pair.certificate.read_bytes() + chain)
        context.load_cert_chain(pair.certificate, pair.private_key)

        def script(control: Control) -> None:
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                explicit(control, context)
                control.sock.recv(1)

        self.serve_at(1, script)
        client = self.connect(SECURE)
        told = client.reply()
        text = told.text.decode().removeprefix("421 ")
        self.read_out(client)
        record = self.record("tls_failed")
        self.assertEqual((told.code, record["side"]), (421, "server"))
        self.assertEqual(record["why"], text)
        return text, record

    def test_kinds(self) -> None:
        """Each kind of refusal has its words, its facts and its remedy."""
        here = authority()
        early = here.odd(LOCAL, days=(2, 9))
        unsent = here.trusted.create_child_ca()
        for pair, reason, words, remedy in (
            (issued("unknown"), "server-untrusted", "its issuer is unknown", "--server-ca FILE"),
            (
                here.odd(LOCAL, ca=unsent),
                "server-untrusted",
                "its issuer is unknown",
                "the server does not send the certificates between",
            ),
            (issued("self_signed"), "server-untrusted", "it is self-signed", 'or pin = "sha256:'),
            (issued("expired"), "server-expired", "it has expired", "must renew it, or this clock"),
            (early, "server-expired", "it is not valid yet", "one of both clocks is wrong"),
            (
                here.odd([x509.DNSName("a.example"), x509.DNSName("*.b.example")]),
                "server-misnamed",
                "it is not for localhost",
                "write one of its names as the server: a.example, *.b.example",
            ),
        ):
            told, record = self.refused(pair)
            self.assertEqual(told, f"The server's certificate is refused: {words}.")
            self.assertEqual(record["reason"], reason)
            self.assertIn(remedy, record["remedy"])
            self.assertEqual(record["sha256"], hashlib.sha256(pair.der).hexdigest())
            made = x509.load_der_x509_certificate(pair.der)
            for name, when in (
                ("not_before", made.not_valid_before_utc),
                ("not_after", made.not_valid_after_utc),
            ):
                self.assertEqual(record[name], f"{when:%Y-%m-%dT%H:%M:%SZ}")
            self.assertEqual(record["issuer"], made.issuer.rfc4514_string())
            if words == "it has expired":
                self.assertIn(f"it ended on {record['not_after']}, this", record["remedy"])
            if words == "it is not valid yet":
                self.assertIn(f"it begins on {record['not_before']}, this", record["remedy"])

    def test_own_root(self) -> None:
        """A server that sends its private root, too: it is the root that is described."""
        ca = authority().foreign
        told, record = self.refused(authority().odd(LOCAL, ca=ca), ca.cert_pem.bytes())
        self.assertIn("a self-signed certificate is in its chain", told)
        root = ssl.PEM_cert_to_DER_cert(ca.cert_pem.bytes().decode())
        self.assertEqual(record["sha256"], hashlib.sha256(root).hexdigest())
        self.assertIn("of its CA, then trust that: --server-ca FILE", record["remedy"])

    def test_hostile_subject(self) -> None:
        """Controls, NUL, signs that turn the writing, line ends: all written out, bounded."""
        evil = "a\r\n421 \x1b[2J\x07\u202e\u2028\0b"
        told, record = self.refused(authority().odd(LOCAL, subject(evil), (-9, -1)))
        self.assertEqual(told, "The server's certificate is refused: it has expired.")
        self.assertTrue(record["subject"].isprintable())
        for piece in (r"\x0d", r"\x1b[2J", r"\x07", r"\u202e", r"\u2028"):
            self.assertIn(piece, record["subject"].replace(r"\r", r"\x0d"))
        _, record = self.refused(authority().odd(LOCAL, subject(*["x" * 64] * 9), (-9, -1)))
        self.assertEqual(len(record["subject"]), 200)
        self.assertEqual(record["subject"][-1], "…")

    def test_hostile_names(self) -> None:
        """No name can look like two, like an end of its record, or like another with a NUL in it."""
        names = ["a; sha256 0", "localhost\0.example.net", "c\r\nd", "e" * 3000, "ä.example"]
        made = [x509.DNSName._init_without_validation(name) for name in names]
        told, record = self.refused(authority().odd([*made]))
        self.assertEqual(told, "The server's certificate is refused: it is not for localhost.")
        self.assertEqual(
            record["names"],
            [
                r"a\x3b\x20sha256\x200",
                r"localhost\x00.example.net",
                r"c\x0d\x0ad",
                "e" * 64 + "…",
                r"\xe4.example",
            ],
        )

    def test_many_names(self) -> None:
        """Of many the first, and how many more; addresses and names in other scripts among them."""
        names: list[x509.GeneralName] = [
            x509.IPAddress(ip_address("192.0.2.1")),
            x509.IPAddress(ip_address("2001:db8::1")),
            x509.DNSName("xn--bcher-kva.example"),
        ]
        names += [x509.DNSName(f"h{at}.example") for at in range(997)]
        _, record = self.refused(authority().odd(names))
        self.assertEqual(record["names"][:3], ["192.0.2.1", "2001:db8::1", "xn--bcher-kva.example"])
        self.assertEqual((len(record["names"]), record["names"][-1]), (9, "and 992 more"))
        self.assertNotIn("subject", record)

    def test_no_names(self) -> None:
        """A name in the subject is none; without one in the extension there is nothing to write."""
        _, record = self.refused(authority().odd([], subject("localhost")))
        self.assertEqual((record["subject"], "names" in record), ("CN=localhost", False))
        self.assertIn("it has no names, and its subject is none", record["remedy"])

    def test_text(self) -> None:
        """The same as a line for people: facts in brackets, then the remedy."""
        _, record = self.refused(authority().odd([x509.DNSName("a.example")], days=(-9, -1)))
        line = SENTENCES["tls_failed"](record | {"names": tuple(record["names"])})
        self.assertRegex(
            line,
            r"^TLS with the server failed \(server-expired\): The server's certificate is refused: it has"
            r" expired\. \(alert certificate_expired, issuer .*, names a\.example, not_after .*,"
            r" sha256 [0-9a-f]{64}\); it ended on .*",
        )
        self.assertTrue(re.fullmatch("[ -~]+", line))
