"""What is wrong with what settings name."""

from __future__ import annotations

import tomllib

from ftpalg.certificate import make_pair
from ftpalg.config import structure
from ftpalg.life.files import every_warning, faults_of_files
from tests.cli.cases import CommandCase, faults_in
from tests.net.hashes import line


class Named(CommandCase):
    """Endpoints, certificates, keys, CAs and accounts."""

    def test_endpoints(self) -> None:
        """An endpoint that Twisted does not know is a fault of the settings; 2."""
        for text, fault in (
            ("listen = ['tcp']", "'tcp' is no endpoint: it has no port; write one like"),
            ("[[listeners]]\nendpoint = 'unix:/x'", "FTP needs addresses"),
            ("[[listeners]]\nendpoint = 'carrier-pigeon:1'", "is no endpoint that Twisted knows"),
        ):
            path = self.file(f"server = 'ftp://h'\n{text}")
            status, out, err = self.run_it("check", "--config", path)
            self.assertEqual((status, out, len(faults_in(err))), (2, "", 1))
            self.assertIn(fault, err)
            self.assertNotIn("_parse", err)

    def test_reads_certificates(self) -> None:
        """A certificate that cannot be read is a fault of the settings; 2."""
        text = '[client-tls]\nmode = "require"\ncertificate = "none"\nprivate-key = "none"\n'
        status, _, err = self.run_it("check", "--config", self.file(text))
        self.assertEqual(status, 2)
        self.assertIn("client-tls.certificate = 'none': cannot be read", err)

    def test_all(self) -> None:
        """Each thing that cannot be used is told, not the first alone, and each at its setting."""
        text = """
            listen = ["tcp:1", "carrier-pigeon:1"]
            server-tls.ca = "no-ca"
            accounts.auth = ["file:no-accounts"]
            [client-tls]
            mode = "offer"
            certificate = "no-first"
            private-key = "no-first"
            [[client-tls.more-certificates]]
            certificate = "no-second"
            private-key = "no-second"
            """
        settings = structure(tomllib.loads(text), "x")
        found = [
            (".".join(map(str, fault.path)), fault.sentence) for fault in faults_of_files(settings)
        ]
        for key, word in (
            ("listen.1", "carrier-pigeon"),
            ("accounts.auth", "no-accounts"),
            ("client-tls.certificate", "no-first"),
            ("client-tls.more-certificates.0.certificate", "no-second"),
            ("server-tls.ca", "no-ca"),
        ):
            self.assertEqual(
                [at for at, sentence in found if word in sentence], [key], (word, found)
            )

    def test_sound(self) -> None:
        """Nothing is wrong with what is there, systemd's sockets among it, which come at the start."""
        made, key = make_pair(["localhost"], self.folder)
        text = f"""
            listen = ["tcp:1", "systemd:domain=INET:index=0"]
            server-tls.ca = "{made}"
            accounts.auth = ["memory:a:b"]
            client-tls = {{ mode = "offer", certificate = "{made}", private-key = "{key}" }}
            """
        self.assertEqual(faults_of_files(structure(tomllib.loads(text), "x")), [])

    def test_plain_passwords(self) -> None:
        """Those in clear are counted, and who may read them is told; a file of hashes is none."""
        mixed = self.folder / "mixed"
        mixed.write_text("gus:s3cret\nann:s3cret\n" + line("joe", "s3cret"))
        mixed.chmod(0o600)
        wide = self.folder / "wide"
        wide.write_text("gus:s3cret\n")
        wide.chmod(0o644)
        hashed = self.folder / "hashed"
        hashed.write_text(line("joe", "s3cret"))
        hashed.chmod(0o600)
        files = ", ".join(f'"file:{one}"' for one in (mixed, wide, hashed))
        found = every_warning(structure(tomllib.loads(f"accounts.auth = [{files}]"), "x"))
        add = "ftpalg account add --force --file"
        self.assertEqual(
            [(one.id, one.sentence) for one in found],
            [
                (
                    "plain-passwords",
                    f"accounts.auth = 'file:{mixed}': 2 of 3 passwords are in clear;"
                    f" {add} {mixed} NAME hashes one",
                ),
                (
                    "plain-passwords",
                    f"accounts.auth = 'file:{wide}': 1 of 1 passwords are in clear, and its group"
                    f" or others may read or write it (mode 0644; chmod 600); {add} {wide} NAME hashes one",
                ),
            ],
        )

    def test_foreign_hashes(self) -> None:
        """Who brings the hashes of another program hears that nobody can log in by them."""
        for secret, told in (
            ("$6$salt$" + "a" * 86, True),
            ("$2y$05$" + "a" * 53, True),
            ("$argon2id$v=19$m=9,t=2,p=1$c2FsdA$aGFzaA", True),
            ("$6$ and more", False),
            ("s$6$x", False),
        ):
            file = self.file(f"gus:{secret}\n", "brought")
            (found,) = every_warning(structure({"accounts": {"auth": [f"file:{file}"]}}, "x"))
            self.assertEqual("hashes of another program" in found.sentence, told, secret)

    def test_plain_passwords_allowed(self) -> None:
        """A comment allows them, at the check as at the start; without one they are told at their place."""
        plain = self.file("gus:s3cret\n", "plain")
        auth = f"[accounts]\nauth = ['file:{plain}']"
        status, out, _ = self.run_it("check", "--strict", self.file(auth))
        self.assertEqual(status, 2)
        self.assertIn("f.toml:2:8: warning: accounts.auth = ", out)
        self.assertNotIn("s3cret", out)
        status, out, _ = self.run_it(
            "check", "--strict", self.file(f"{auth} # ftpalg: allow plain-passwords")
        )
        self.assertEqual((status, "warning" in out), (0, False))

    def test_open_hashes(self) -> None:
        """A file of hashes that others may read is a fault at its setting; 2."""
        wide = self.folder / "wide"
        wide.write_text(line("joe", "s3cret"))
        wide.chmod(0o644)
        status, _, err = self.run_it("check", self.file(f"accounts.auth = ['file:{wide}']"))
        self.assertEqual((status, len(faults_in(err))), (2, 1))
        self.assertIn(f"f.toml:1:17: accounts.auth: {wide}: holds hashed passwords", err)

    def test_gone_meanwhile(self) -> None:
        """What cannot be read is a fault and no warning."""
        self.assertEqual(
            every_warning(structure({"accounts": {"auth": ["file:/nonexistent/a"]}}, "x")), []
        )
