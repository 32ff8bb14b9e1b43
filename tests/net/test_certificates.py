"""TLS of both sides as the settings have it, and files that change."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme
from attrs import evolve
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from OpenSSL import SSL
from twisted.internet.task import Clock

from ftpalg.config import Certificate, ClientTlsSettings, ServerTlsSettings, Settings, structure
from ftpalg.core.events import Side
from ftpalg.net.tls.certificates import HOUR, RELOAD_SECONDS, Certificates
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.tls.towards_clients import ClientSide
from tests.net.dates import DAY, NOON, dated, write, write_key
from tests.net.doubles import Log
from tests.net.test_keypair import CA, FilesCase
from tests.net.tls_sides import shake


class Reloading(FilesCase):
    """Certificates that change while the gateway runs."""

    def setUp(self) -> None:
        super().setUp()
        self.files = self.issue("a.example")
        half = ClientTlsSettings(
            certificate=self.files.certificate, private_key=self.files.private_key
        )
        self.log = Log()
        self.clock = Clock()
        self.shared = self.certificates(Settings(client_tls=half))
        self.clock.advance(1000)

    def certificates(self, settings: Settings) -> Certificates:
        """Those of such settings."""
        log: Any = self.log
        return Certificates(self.clock, settings, log)

    def test_taken_up(self) -> None:
        """A change is seen with the next client, and said once."""
        self.issue("b.example")
        os.utime(self.files.certificate, ns=(1, 1))
        self.shared.client_side()
        self.shared.client_side()
        self.assertEqual(self.log.words, [("told", "certificates reloaded")])

    def test_seldom(self) -> None:
        """The files are looked at once in a while, not for each client."""
        looked: list[float] = []
        self.patch(self.shared, "reload", lambda: looked.append(self.clock.seconds()))
        for _ in range(5):
            self.shared.client_side()
        self.clock.advance(RELOAD_SECONDS)
        self.shared.client_side()
        self.assertEqual(looked, [1000, 1000 + RELOAD_SECONDS])

    def test_fault(self) -> None:
        """A fault is a warning that names the setting; the old certificates stay."""
        self.files.certificate.write_bytes(b"")
        side = self.shared.client_side()
        ((level, text),) = self.log.words
        self.assertEqual(level, "warned")
        self.assertRegex(text, r"^certificates not reloaded: client-tls\.certificate = ")
        self.assertEqual(side._pairs[0].names, ("a.example",))

    def test_without_tls(self) -> None:
        """A gateway without certificates has nothing to load."""
        self.certificates(Settings()).reload()
        self.assertEqual(self.log.words, [])

    def test_systems_authorities(self) -> None:
        """They are read at the start where there is TLS to servers, and else with the first of it;
        once, unless something has changed.  Where the settings name others they never are."""
        read: list[SSL.Context] = []
        self.patch(SSL.Context, "set_default_verify_paths", lambda made: read.append(made))
        for server, options, at_start in (
            ("ftp://h", {}, 0),
            ("ftpes://h", {}, 1),
            ("ftp://h", {"server-tls": {"mode": "auto"}}, 1),
            ("ftp://h", {"server-tls": {"rules": [{"server": "x", "mode": "explicit"}]}}, 1),
            ("ftp://h", {"routes": [{"server": "ftps://x"}]}, 1),
        ):
            read.clear()
            made = self.certificates(structure({"server": server, **options}, "x"))
            self.assertEqual(len(read), at_start, options)
            for _ in range(2):
                made.server_side.for_server("h")
            self.assertEqual(len(read), 1, options)
        ca = str(self.folder / "ca.pem")
        CA.cert_pem.write_to_path(ca)
        read.clear()
        made = self.certificates(structure({"server": "ftpes://h", "server-tls": {"ca": ca}}, "x"))
        made.server_side.for_server("h")
        self.assertEqual(read, [])

    def test_lenient(self) -> None:
        """Each side has its own word on TLS without close_notify."""
        settings = Settings()
        for name, sides in (("client_tls", (True, False)), ("server_tls", (False, True))):
            half = evolve(getattr(settings, name), lenient=True)
            made = self.certificates(evolve(settings, **{name: half}))
            self.assertEqual((made.lenient(Side.CLIENT), made.lenient(Side.SERVER)), sides)


def revocations(file: Path, ca: trustme.CA, end: datetime, *serials: int) -> None:
    """Write a CA's list, made four days before its end."""
    issuer = x509.load_pem_x509_certificate(ca.cert_pem.bytes())
    key: Any = serialization.load_pem_private_key(ca.private_key_pem.bytes(), None)
    made = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
    made = made.last_update(end - timedelta(4)).next_update(end)
    for serial in serials:
        one = x509.RevokedCertificateBuilder().serial_number(serial)
        made = made.add_revoked_certificate(one.revocation_date(end - timedelta(4)).build())
    signed = made.sign(key, hashes.SHA256())
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


class OfServers(FilesCase):
    """What servers are verified with, while the gateway runs."""

    def setUp(self) -> None:
        super().setUp()
        self.ca = self.folder / "ca.pem"
        self.crl = self.folder / "crl.pem"
        CA.cert_pem.write_to_path(self.ca)
        self.end = datetime.now(UTC) + timedelta(2)
        revocations(self.crl, CA, self.end)
        self.log = Log()
        self.clock = Clock()
        self.now = NOON

    def certificates(self, **options: Any) -> Certificates:
        """With the list and the CA of this folder."""
        settings = Settings(server_tls=ServerTlsSettings(ca=self.ca, crl=(self.crl,), **options))
        log: Any = self.log
        return Certificates(self.clock, settings, log, lambda: self.now)

    def refusal(self, certificates: Certificates, files: Certificate) -> str:
        """Why a.example with these files is refused now, or nothing."""
        self.clock.advance(RELOAD_SECONDS)
        asked: TlsConnection = certificates.server_side.for_server("a.example").connection()
        pair = ClientTlsSettings(certificate=files.certificate, private_key=files.private_key)
        try:
            shake(asked, ClientSide(pair).for_session().connection())
        except SSL.Error:
            return asked.refused or "?"
        return ""

    def serial(self, files: Certificate) -> int:
        """The certificate's number."""
        return x509.load_pem_x509_certificate(files.certificate.read_bytes()).serial_number

    def test_lists_are_reloaded(self) -> None:
        """Whoever is revoked while the gateway runs is refused; a list that is spoilt changes nothing."""
        files = self.issue("a.example")
        made = self.certificates()
        self.assertEqual(self.refusal(made, files), "")
        revocations(self.crl, CA, self.end, self.serial(files))
        self.assertEqual(self.refusal(made, files), "it has been revoked")
        self.crl.write_bytes(b"")
        self.assertEqual(self.refusal(made, files), "it has been revoked")
        self.assertIn(
            (
                "warned",
                f"certificates not reloaded: server-tls.crl: {self.crl}: is no revocation list in PEM",
            ),
            self.log.words,
        )

    def test_authorities_are_reloaded(self) -> None:
        """A CA that is trusted no longer is so for the next session, and the log says it once."""
        files = self.issue("a.example")
        made = self.certificates()
        self.assertEqual(self.refusal(made, files), "")
        self.log.words.clear()
        trustme.CA().cert_pem.write_to_path(self.ca)
        for _ in range(2):
            self.assertEqual(self.refusal(made, files), "its issuer is unknown")
        self.assertEqual(self.log.words, [("told", "certificates reloaded")])

    def test_chain(self) -> None:
        """Only ``crl-chain`` asks for the lists of the issuers between."""
        middle = CA.create_child_ca()
        files = self.issue("a.example", ca=middle)
        issuer = x509.load_pem_x509_certificate(middle.cert_pem.bytes())
        leaf = self.folder / "leaf-crl.pem"
        revocations(leaf, middle, self.end)
        revocations(self.crl, CA, self.end, issuer.serial_number)
        for chain, refusal in ((False, ""), (True, "it has been revoked")):
            half = ServerTlsSettings(ca=self.ca, crl=(self.crl, leaf), crl_chain=chain)
            log: Any = self.log
            made = Certificates(self.clock, Settings(server_tls=half), log)
            self.assertEqual(self.refusal(made, files), refusal, chain)

    def told(self) -> list[str]:
        """What is told of ends since the last time, without the file's name."""
        found, self.log.news = self.log.news, []
        return [one.sentence.replace(str(self.folder), "") for one in found]  # type: ignore[union-attr]

    def test_lists_that_end(self) -> None:
        """A list is told in the last quarter of its time and behind its end, by the hour's look."""
        revocations(self.crl, CA, NOON + timedelta(1, 60))
        made = self.certificates()
        made.start()
        self.assertEqual(self.told(), [])
        self.now += timedelta(0, 120)
        self.clock.advance(HOUR - 1)
        self.assertEqual(self.told(), [])
        self.clock.advance(1)
        begin = "server-tls.crl: /crl.pem"
        soon = f"{begin} expires on 2030-06-16 12:01 UTC, within 1 day; "
        self.assertIn(soon, "".join(self.told()))
        self.now += timedelta(1)
        self.clock.advance(HOUR)
        self.assertIn(f"{begin} has expired on 2030-06-16 12:01 UTC; ", "".join(self.told()))

    def test_authorities_that_end(self) -> None:
        """A CA of ours, with a list beside it that is told of, too."""
        write(self.ca, dated(NOON - timedelta(1), name="gone"))
        revocations(self.crl, CA, NOON)
        self.certificates().start()
        found = self.told()
        self.assertEqual([words[:15] for words in found], ["server-tls.crl:", "server-tls.ca: "])
        self.assertIn("/ca.pem: the CA CN=gone has expired", found[1])


class Watched(FilesCase):
    """The gateway's own certificates, day by day."""

    def setUp(self) -> None:
        super().setUp()
        self.log: Any = Log()
        self.clock = Clock()
        self.clock.advance(1000)
        self.now = NOON
        self.files = Certificate(self.folder / "a.pem", self.folder / "a.key")
        write_key(self.files.private_key)
        self.renew(NOON + 9 * DAY)

    def renew(self, end: datetime) -> None:
        """Write a certificate that ends then."""
        write(self.files.certificate, dated(end))

    def certificates(self, settings: Settings | None = None) -> Certificates:
        """Those of the settings, which tell what they have to."""
        half = ClientTlsSettings(
            certificate=self.files.certificate, private_key=self.files.private_key
        )
        settings = settings or Settings(client_tls=half)
        made = Certificates(self.clock, settings, self.log, lambda: self.now)
        self.addCleanup(made.stop)
        made.start()
        return made

    def told(self) -> list[tuple[str, str, int | None]]:
        """Setting, problem and days of what was told since the last time."""
        found, self.log.news = self.log.news, []
        return [(one.setting, one.problem, one.days) for one in found]

    def pass_by(self, days: float) -> None:
        """So much time passes, on both clocks."""
        for _ in range(round(days * 24)):
            self.now += DAY / 24
            self.clock.advance(HOUR)

    def test_start_and_daily(self) -> None:
        """At the start, at each step, and each day behind the end; without any session."""
        self.certificates()
        key = "client-tls.certificate"
        self.assertEqual(self.told(), [(key, "expires", 9)])
        self.pass_by(1)
        self.assertEqual(self.told(), [])
        self.pass_by(7.5)
        self.assertEqual(self.told(), [(key, "expires", 7), (key, "expires", 1)])
        self.pass_by(3)
        self.assertEqual([problem for _, problem, _ in self.told()], ["expired"] * 3)

    def test_each_pair(self) -> None:
        """Those for SNI and the one for servers have their own settings."""
        more = Certificate(self.folder / "b.pem", self.folder / "b.key")
        client = Certificate(self.folder / "c.pem", self.folder / "c.key")
        for left, one in ((-DAY, more), (99 * DAY, client)):
            write(one.certificate, dated(NOON + left, NOON + left - 9 * DAY))
            write_key(one.private_key)
        self.certificates(
            Settings(
                client_tls=ClientTlsSettings(
                    certificate=self.files.certificate,
                    private_key=self.files.private_key,
                    more_certificates=(more,),
                ),
                server_tls=ServerTlsSettings(
                    certificate=client.certificate, private_key=client.private_key
                ),
            )
        )
        self.assertEqual(
            self.told(),
            [
                ("client-tls.certificate", "expires", 9),
                ("client-tls.more-certificates[0].certificate", "expired", -1),
                ("server-tls.certificate", "early", 99),
            ],
        )

    def test_reload(self) -> None:
        """What is taken up is looked at with its reload."""
        made = self.certificates()
        self.told()
        self.renew(NOON - DAY)
        made.reload()
        self.assertEqual(self.told(), [("client-tls.certificate", "expired", -1)])

    def test_stopped(self) -> None:
        """No timer is left where others are in use."""
        made = self.certificates()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        made.stop()
        made.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_unusable_renewal(self) -> None:
        """A key that is not the certificate's: at once, then each day, while the old one serves on."""
        made = self.certificates()
        self.told()
        other = self.issue("b.example", stem="b")
        self.files.private_key.write_bytes(other.private_key.read_bytes())
        made.reload()
        why = f"does not belong to '{self.files.certificate}'; put both files"
        (words,) = self.log.words
        self.assertIn(why, words[1])
        self.pass_by(2.5)
        found = [one for one in self.log.news if one.problem == "unreadable"]
        self.assertEqual([one.setting for one in found], ["client-tls.private-key"] * 2)
        self.assertEqual([(one.days, one.grave) for one in found], [(8, True), (7, True)])
        self.assertIn(why, found[0].sentence)
        old = "; what was read before serves on, until 2030-06-24 12:00 UTC"
        self.assertTrue(found[0].sentence.endswith(old))
        self.assertEqual(len(self.log.words), 1)
        self.assertIsNotNone(made.client_side().for_session())

    def test_unusable_for_servers(self) -> None:
        """The same of files that have no end."""
        ca = self.folder / "ca.pem"
        write(ca, dated(NOON + 99 * DAY, NOON - DAY))
        made = self.certificates(Settings(server_tls=ServerTlsSettings(ca=ca)))
        ca.unlink()
        made.reload()
        self.pass_by(1)
        self.assertEqual(self.told(), [("server-tls.ca", "unreadable", 98)])

    def test_mended_by_itself(self) -> None:
        """A folder that may be entered again changes no file, and is found within the hour."""
        made = self.certificates()
        content = self.files.private_key.read_bytes()
        fault = PermissionError(13, "Permission denied")

        def refused(path: Path) -> bytes:
            raise fault

        patched = self.patch(Path, "read_bytes", refused)
        self.files.private_key.write_bytes(content)
        made.reload()
        self.assertIn("Permission denied; let user", self.log.words[-1][1])
        self.pass_by(0.5)
        self.assertEqual(len(self.log.words), 1)
        patched.restore()
        self.clock.advance(HOUR)
        self.assertEqual(self.log.words[-1], ("told", "certificates reloaded"))
        self.told()
        self.pass_by(1)
        self.assertEqual(self.told(), [])

    def test_rights_are_a_change(self) -> None:
        """A key that may be read now is read with the next client: its rights are a change."""
        made = self.certificates()
        self.files.private_key.chmod(0o400)
        made.client_side()
        self.assertEqual(self.log.words, [("told", "certificates reloaded")])

    def test_clock_set_back(self) -> None:
        """Files are looked at though the clock has been set back by years."""
        made = self.certificates()
        made.look()
        self.clock.rightNow -= 1e8
        self.files.private_key.chmod(0o400)
        made.look()
        self.assertEqual(self.log.words, [("told", "certificates reloaded")])
