"""What clients are shown, and which sessions they may resume; hands are shaken in memory."""

from __future__ import annotations

import os

from attrs import evolve

from ftpalg.config import (
    ServerTlsSettings,
    SettingsError,
)
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.tls.towards_servers import ServerSide
from tests.net.tls_sides import TlsCase, shake


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


class Resumption(TlsCase):
    """Which of a client's data connections resumed the control connection's session."""

    def control(self) -> None:
        """A control connection that stands; ``clients`` made our side of it."""
        files = self.issue("a.example")
        side = self.client_side(files)
        side._settings = evolve(side._settings, require_reuse=True)
        self.clients = side.for_session()
        self.asking = ServerSide(ServerTlsSettings(ca=self.ca)).for_server("a.example")
        ours, theirs = self.clients.for_control(), self.asking.connection()
        shake(theirs, ours)
        ours.send(b"230 Welcome.")
        theirs.bio_write(ours.bio_read(1 << 16))
        theirs.recv(100)
        self.session = theirs.get_session()
        self.kept = theirs  # OpenSSL gives a session up with a connection that did not end

    def resumes(self, *, asked: bool) -> bool:
        """Whether a data connection counts as resumed; it is, where the client asks for it."""
        ours, theirs = self.clients.connection(), self.asking.connection()
        if asked:
            assert self.session is not None
            theirs.set_session(self.session)
        shake(theirs, ours)
        return self.clients.resumed(ours)

    def test_told_apart(self) -> None:
        """A resumed one counts, a full handshake does not."""
        self.control()
        self.assertTrue(self.resumes(asked=True))
        self.assertFalse(self.resumes(asked=False))

    def test_other_words(self) -> None:
        """Were OpenSSL to word its states otherwise, none would count: it fails closed."""
        self.patch(TlsConnection, "get_state_string", lambda connection: b"something else")
        self.control()
        self.assertFalse(self.resumes(asked=False))
        self.assertFalse(self.resumes(asked=True))

    def test_no_control_connection(self) -> None:
        """Without one under TLS there is nothing to resume."""
        self.control()
        self.clients._control = None
        self.assertFalse(self.resumes(asked=True))
