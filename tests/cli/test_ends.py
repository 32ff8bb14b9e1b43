"""Ends of certificates, as ``ftpalg check`` tells them."""

from __future__ import annotations

from pathlib import Path

from ftpalg.cli.ends import _id, ends, suspected
from ftpalg.config import Certificate, ClientTlsSettings, ServerTlsSettings, Settings
from ftpalg.config.faults import Fault, Warning, dotted
from ftpalg.config.warnings import NAMES
from ftpalg.net.tls.validity import AHEAD
from tests.cli.cases import CommandCase
from tests.net.dates import DAY, NOON, dated, listed, write, write_key


class Ends(CommandCase):
    """Of the files that settings name."""

    def setUp(self) -> None:
        super().setUp()
        self.key = self.folder / "key.pem"
        write_key(self.key)

    def one(self, name: str, days: float) -> Certificate:
        """A certificate with so many days to live."""
        file = self.folder / name
        write(file, dated(NOON + days * DAY, NOON - 99 * DAY))
        return Certificate(file, self.key)

    def found(self, settings: Settings) -> list[tuple[str, str]]:
        """The key and the warning's name, or nothing for a fault."""
        return [
            (dotted(one.path), one.id if isinstance(one, Warning) else "")
            for one in ends(settings, NOON)
        ]

    def test_each_file(self) -> None:
        """Certificates of both sides, the CA and the lists, each with its key."""
        first, more, own = self.one("a", -1), self.one("b", 3), self.one("c", 9)
        ca, crl = self.folder / "ca", self.folder / "crl"
        write(ca, dated(NOON + DAY / 2))
        write(crl, listed(NOON - 9 * DAY, NOON), listed(NOON - 9 * DAY, NOON + DAY / 2))
        settings = Settings(
            client_tls=ClientTlsSettings(
                certificate=first.certificate,
                private_key=first.private_key,
                more_certificates=(more,),
            ),
            server_tls=ServerTlsSettings(
                ca=ca, crl=(crl,), certificate=own.certificate, private_key=own.private_key
            ),
        )
        self.assertEqual(
            self.found(settings),
            [
                ("client-tls.certificate", ""),
                ("client-tls.more-certificates[0].certificate", "expires-7"),
                ("server-tls.certificate", "expires-21"),
                ("server-tls.ca", "expires-1"),
                ("server-tls.crl", ""),
                ("server-tls.crl", "expires-1"),
            ],
        )

    def test_unreadable(self) -> None:
        """What cannot be read is told elsewhere."""
        none = Path("/none")
        server = ServerTlsSettings(ca=none, crl=(none,), certificate=none, private_key=none)
        self.assertEqual(self.found(Settings(server_tls=server)), [])

    def test_suspected(self) -> None:
        """A fault as a warning; a warning as it is."""
        fault, warning = Fault(("a",), "a: x"), Warning(("b",), "b: x", id="expires-7")
        self.assertEqual(suspected(fault), Warning(("a",), "a: x", id="not-valid"))
        self.assertIs(suspected(warning), warning)


class Told(CommandCase):
    """Statuses and words."""

    allow = ""

    def check(self, days: float, *words: str) -> tuple[int, str]:
        """Status and all words for a certificate that ends in so many days."""
        certificate, key = self.pair(-99 * DAY, days * DAY, f"c{days}")
        text = (
            f"server = 'ftp://127.0.0.1'\nlisten = ['127.0.0.1:0']\n[client-tls]\nmode = 'offer'\n"
            f"certificate = '{certificate}'{self.allow}\nprivate-key = '{key}'\n"
        )
        status, out, err = self.run_it("check", *words, self.file(text))
        return status, out + err

    def test_check(self) -> None:
        """A warning with its place and its name, once; --strict counts it."""
        for days, name in ((-1, "not-valid"), (3, "expires-7"), (40, "")):
            status, text = self.check(days)
            self.assertEqual(status, 0)
            self.assertEqual(text.count("warning: "), bool(name), text)
            if name:
                self.assertRegex(
                    text, rf":5:\d+: warning: client-tls\.certificate: .* \[{name}\]\n"
                )
            self.assertEqual(self.check(days, "--strict")[0], 2 if name else 0)

    def test_allowed(self) -> None:
        """By a comment, as every other warning."""
        for days, name in ((-1, "not-valid"), (0.5, "expires-1"), (3, "expires-7")):
            for allowed, status in ((name, 0), ("expires-21", 2)):
                self.allow = f"  # ftpalg: allow {allowed}"
                found = self.check(days, "--strict")
                self.assertEqual(found[0], status, found[1])

    def test_names(self) -> None:
        """Each that is told may be allowed."""
        self.assertLessEqual({_id(step.days - 1) for step in AHEAD}, set(NAMES))

    def test_here(self) -> None:
        """On the machine itself one that has expired is a fault; told once, too."""
        for days, status in ((-1, 2), (3, 0)):
            found, text = self.check(days, "--here")
            self.assertEqual(found, status)
            self.assertEqual(text.count("client-tls.certificate: "), 1, text)
