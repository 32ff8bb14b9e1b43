"""What TLS contexts are made of, and what stands against it."""

from __future__ import annotations

from OpenSSL import SSL

from ftpalg.config import ClientTlsSettings, ServerTlsSettings, SettingsError
from ftpalg.net.tls.contexts import describe
from ftpalg.net.tls.towards_clients import ClientSide
from ftpalg.net.tls.towards_servers import ServerSide
from tests.net.tls_sides import TlsCase


class Contexts(TlsCase):
    """Ciphers, certificates, and OpenSSL's words."""

    def fault_of(self, settings: ServerTlsSettings) -> str:
        """The one sentence that these settings end with."""
        (sentence,) = self.assertRaises(SettingsError, ServerSide, settings).faults
        return str(sentence)

    def test_bad_ciphers(self) -> None:
        """Ciphers that OpenSSL does not know, and a certificate that is too weak for those it does."""
        wrong = "server-tls.ciphers = 'NONSENSE': OpenSSL knows none of them"
        self.assertEqual(self.fault_of(ServerTlsSettings(ciphers="NONSENSE")), wrong)
        files = self.issue("a.example")
        strict = "DEFAULT:@SECLEVEL=5"
        settings = ServerTlsSettings(
            certificate=files.certificate, private_key=files.private_key, ciphers=strict
        )
        weak = (
            r"^server-tls\.certificate: server-tls\.ciphers does not allow it: .*too (small|weak)"
        )
        self.assertRegex(self.fault_of(settings), weak)
        client = ClientTlsSettings(
            certificate=files.certificate, private_key=files.private_key, ciphers=strict
        )
        error = self.assertRaises(SettingsError, ClientSide, client)
        self.assertRegex(str(error), r"^client-tls\.certificate: client-tls\.ciphers does not")

    def test_no_callbacks(self) -> None:
        """A system that denies memory for pyOpenSSL's callbacks is told from one without memory: what
        stands against it and what helps is one sentence."""

        def denied(*_: object) -> None:
            raise MemoryError("Cannot allocate write+execute memory for ffi.callback()")

        self.patch(SSL.Context, "set_info_callback", denied)
        told = self.fault_of(ServerTlsSettings())
        self.assertTrue(told.startswith("server-tls: TLS needs memory that is writable"), told)
        self.assertIn("set MemoryDenyWriteExecute=no in its unit", told)

    def test_describe(self) -> None:
        """OpenSSL's own words, or that the connection ended."""
        self.assertEqual(describe(SSL.Error([("SSL routines", "", "bad record")])), "bad record")
        self.assertEqual(describe(SSL.SysCallError(104, "ECONNRESET")), "ECONNRESET")
        for nothing in (None, SSL.Error(), SSL.Error([]), ValueError("x")):
            self.assertEqual(describe(nothing), "the connection ended")
