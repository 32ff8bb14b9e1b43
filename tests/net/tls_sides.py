"""Both sides of TLS with files of a trusted CA, and hands shaken in memory."""

from __future__ import annotations

from cryptography import x509
from OpenSSL import SSL

from ftpalg.config import (
    Certificate,
    ClientTlsSettings,
    ServerTlsSettings,
)
from ftpalg.net.tls.towards_clients import ClientSide
from ftpalg.net.tls.towards_servers import ServerSide
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
