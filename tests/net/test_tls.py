"""Contexts for both legs, shaken hands in memory."""

from __future__ import annotations

import os
from pathlib import Path

from attrs import evolve
from cryptography import x509
from OpenSSL import SSL

from ftpalg.config import Certificate, ClientTlsSettings, ServerTlsSettings, SettingsError
from ftpalg.net.tls import ClientSide, ServerSide, describe
from tests.net.test_keypair import CA, FilesCase


def shake(client: SSL.Connection, server: SSL.Connection) -> None:
    """Shake hands in memory.  Raise what either side raises."""
    for _ in range(10):
        waiting = 0
        for one, other in ((client, server), (server, client)):
            try:
                one.do_handshake()
            except SSL.WantReadError:
                waiting += 1
            try:
                other.bio_write(one.bio_read(1 << 16))
            except SSL.WantReadError:
                pass
        if not waiting:
            return
    raise AssertionError("the handshake does not end")


class TlsCase(FilesCase):
    """Both sides with files of a trusted CA."""

    def setUp(self) -> None:
        super().setUp()
        self.ca = self.folder / "ca.pem"
        CA.cert_pem.write_to_path(self.ca)

    def client_side(self, first: Certificate, *more: Certificate) -> ClientSide:
        """What clients are shown."""
        return ClientSide(
            ClientTlsSettings(
                certificate=first.certificate,
                private_key=first.private_key,
                more_certificates=more,
            )
        )

    def shown(self, side: ClientSide, name: str) -> tuple[str, ...]:
        """The names in the certificate that a client gets who asks for that name."""
        asked = ServerSide(ServerTlsSettings(ca=self.ca)).for_server(name).connection()
        shake(asked, side.for_session().connection())
        found = asked.get_peer_certificate(as_cryptography=True)
        assert found is not None
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return tuple(names.get_values_for_type(x509.DNSName))


class ClientLeg(TlsCase):
    """Certificates by SNI, and loaded anew."""

    def test_by_name(self) -> None:
        """The name decides, in any case of letters, wildcards too; else the first certificate."""
        side = self.client_side(
            self.issue("first.example"),
            self.issue("second.example", stem="b"),
            self.issue("*.third.example", stem="c"),
        )
        for asked, got in (
            ("first.example", "first.example"),
            ("SECOND.example", "second.example"),
            ("x.third.example", "*.third.example"),
            ("x.y.third.example", "first.example"),
            ("third.example", "first.example"),
            ("unknown.example", "first.example"),
            ("192.0.2.1", "first.example"),
        ):
            self.assertEqual(self.shown(side, asked), (got,), asked)

    def test_reload(self) -> None:
        """Files that changed are shown from then on; unchanged ones are not read again."""
        files = self.issue("old.example")
        side = self.client_side(files)
        self.assertFalse(side.reload())
        self.issue("new.example")
        os.utime(files.certificate, ns=(1, 1))
        self.assertTrue(side.reload())
        self.assertFalse(side.reload())
        self.assertEqual(self.shown(side, "new.example"), ("new.example",))

    def test_half_renewed(self) -> None:
        """Files that do not belong together are told once, and the old ones stay."""
        files = self.issue("old.example")
        side = self.client_side(files)
        files.certificate.write_bytes(self.issue("b.example", stem="b").certificate.read_bytes())
        os.utime(files.certificate, ns=(1, 1))
        self.assertRaises(SettingsError, side.reload)
        self.assertFalse(side.reload())
        self.assertEqual(self.shown(side, "old.example"), ("old.example",))

    def test_vanished(self) -> None:
        """Files that are gone leave the old ones in use, for new contexts too."""
        files = self.issue("old.example")
        side = self.client_side(files)
        side._settings = evolve(side._settings, require_reuse=True)
        files.private_key.unlink()
        self.assertRaises(SettingsError, side.reload)
        self.assertEqual(self.shown(side, "old.example"), ("old.example",))

    def test_sessions_apart(self) -> None:
        """Where resumption is required each session has a context of its own."""
        side = self.client_side(self.issue("a.example"))
        self.assertIs(side.for_session()._context, side.for_session()._context)
        side._settings = evolve(side._settings, require_reuse=True)
        self.assertIsNot(side.for_session()._context, side.for_session()._context)


class ServerLeg(TlsCase):
    """What servers are verified with."""

    def fault_of(self, settings: ServerTlsSettings) -> str:
        """The one sentence that these settings end with."""
        error = self.assertRaises(SettingsError, ServerSide, settings)
        (sentence,) = error.faults
        return str(sentence)

    def test_bad_ca(self) -> None:
        """A CA file that is missing or holds none names its setting."""
        empty = self.folder / "empty"
        empty.write_bytes(b"")
        for file in (empty, self.folder / "none"):
            self.assertRegex(
                self.fault_of(ServerTlsSettings(ca=file)), rf"^server-tls\.ca = '{file}': "
            )

    def test_bad_crl(self) -> None:
        """A revocation list that is missing or is none names its setting and the file."""
        empty = self.folder / "empty"
        empty.write_bytes(b"")
        for file in (empty, self.folder / "none"):
            sentence = self.fault_of(ServerTlsSettings(ca=self.ca, crl=(file,)))
            self.assertRegex(sentence, rf"^server-tls\.crl: {file}: ")

    def test_bad_pair(self) -> None:
        """The certificate for servers is read as those for clients are."""
        files = self.issue("a.example")
        settings = ServerTlsSettings(certificate=files.certificate, private_key=Path("/none"))
        self.assertRegex(self.fault_of(settings), r"^server-tls\.private-key = '/none': cannot")

    def test_name(self) -> None:
        """A trusted certificate must be for the name or address that was asked for."""
        server = self.client_side(self.issue("a.example", "192.0.2.1"))
        for host, wrong in (
            ("a.example", ""),
            ("a.example.", ""),
            ("192.0.2.1", ""),
            ("b.example", "it is not for b.example"),
            ("192.0.2.2", "it is not for 192.0.2.2"),
        ):
            made = ServerSide(ServerTlsSettings(ca=self.ca)).for_server(host)
            connection = made.connection()
            shake(connection, server.for_session().connection())
            self.assertEqual(made.mismatch(connection), wrong, host)

    def test_unknown_issuer(self) -> None:
        """The reason of a refusal is kept in words; without verify there is none."""
        other = self.folder / "other.pem"
        self.issue("x.example", stem="x")
        other.write_bytes((self.folder / "x.pem").read_bytes())
        server = self.client_side(self.issue("a.example"))
        made = ServerSide(ServerTlsSettings(ca=other)).for_server("a.example").connection()
        self.assertRaises(SSL.Error, shake, made, server.for_session().connection())
        self.assertEqual(made.refused, "its issuer is unknown")
        lax = ServerSide(ServerTlsSettings(verify=False)).for_server("b.example")
        connection = lax.connection()
        shake(connection, server.for_session().connection())
        self.assertEqual(lax.mismatch(connection), "")

    def test_describe(self) -> None:
        """OpenSSL's own words, or that the connection ended."""
        self.assertEqual(describe(SSL.Error([("SSL routines", "", "bad record")])), "bad record")
        self.assertEqual(describe(SSL.SysCallError(104, "ECONNRESET")), "ECONNRESET")
        for nothing in (None, SSL.Error(), SSL.Error([]), ValueError("x")):
            self.assertEqual(describe(nothing), "the connection ended")
