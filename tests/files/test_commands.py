"""The ``ftpalg`` command, called as its entry point is."""

from __future__ import annotations

import io
import stat
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.__main__ import USAGE, main
from ftpalg.config import Certificate
from ftpalg.net.keypair import read_pair


class Commands(SynchronousTestCase):
    """Exit status, what is said, what is made."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-commands-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def run_it(self, *words: str) -> tuple[int, str, str]:
        """Exit status, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(list(words))
        return status, out.getvalue(), err.getvalue()

    def file(self, text: str) -> str:
        """A settings file with this text."""
        path = self.folder / "f.toml"
        path.write_text(text, "utf-8")
        return str(path)

    def test_check_good(self) -> None:
        """A sound file is explained on stdout; 0."""
        path = self.file('server = "ftpes://files.example"\nlisten = ["tcp:2121"]\n')
        status, out, err = self.run_it("check", "--config", path)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("listens on tcp:2121", out)
        self.assertIn("every client reaches ftpes://files.example:21", out)
        self.assertIn("TLS to servers: explicit", out)

    def test_check_warns(self) -> None:
        """What weakens the gateway is said."""
        text = "[server-tls]\nverify = false\nlenient = true\nclear-data = true\nminimum = '1.0'\n"
        status, out, _ = self.run_it("check", "--config", self.file(text))
        self.assertEqual((status, out.count("warning: ")), (0, 4))

    def explained(self, text: str) -> list[str]:
        """What is said of a sound file, line by line."""
        status, out, err = self.run_it("check", "--config", self.file(text))
        self.assertEqual((status, err), (0, ""))
        return out.splitlines()

    def test_check_explains_listeners(self) -> None:
        """Each listener with its TLS, whether it wants an account, and what it intercepts."""
        lines = self.explained(
            """
            listen = ["tcp:2121"]
            accounts.auth = ["memory:anna:hunter2"]
            access.clients = ["10.0.0.0/8", "2001:db8::/32"]
            [[listeners]]
            endpoint = "tcp:1025"
            accounts = false
            intercept = "redirect"
            """
        )
        self.assertEqual(
            lines[:3],
            [
                "listens on tcp:2121; TLS for clients: off; an account at the gateway is required",
                "listens on tcp:1025; TLS for clients: off; takes intercepted connections (redirect)",
                "clients from 10.0.0.0/8, 2001:db8::/32",
            ],
        )
        self.assertNotIn("hunter2", "".join(lines))

    def test_check_explains_routes(self) -> None:
        """Each route with its conditions and its way, and where everybody else goes."""
        lines = self.explained(
            """
            server = "ftp://general.example"
            parent = "office"
            source-address = "10.0.0.9"
            accounts.auth = ["memory:anna:hunter2"]
            [[routes]]
            clients = ["10.0.0.0/8"]
            accounts = ["scanner"]
            users = ["u*"]
            server = ["ftps://one.example", "ftps://[2001:db8::1]"]
            balance = "sticky"
            user = "upload"
            password-file = "/etc/secret"
            proxy-protocol = 2
            [[routes]]
            sni = ["a.example"]
            hosts = ["b.example"]
            destinations = ["c.example"]
            server-tls = "auto"
            server-mode = "client"
            source-address = "10.0.0.1"
            [[routes]]
            parent = "office"
            [[parents]]
            name = "office"
            url = "socks5://proxy.example"
            user = "gateway"
            password-file = "/etc/other-secret"
            """
        )
        found = [line for line in lines if line.startswith("route ")]
        self.assertEqual(
            found,
            [
                "route 0: from 10.0.0.0/8; account scanner; user u*: reaches ftps://one.example:990,"
                " ftps://[2001:db8::1]:990, by sticky, as upload, with a PROXY header of version 2",
                "route 1: SNI a.example; HOST b.example; to c.example: reaches"
                " ftp://general.example:21, from 10.0.0.1, TLS auto, data connections client",
                "route 2: everybody: reaches ftp://general.example:21, through office",
            ],
        )
        for line in (
            "every other client reaches ftp://general.example:21",
            "servers are reached through office",
            "servers are called from 10.0.0.9",
            "parent office: socks5://proxy.example:1080, with an account as gateway",
        ):
            self.assertIn(line, lines)
        self.assertNotIn("secret", "".join(lines))

    def test_check_explains_named_servers(self) -> None:
        """Where clients name the server, in which ways; with routes, through which."""
        lines = self.explained(
            """
            source-address = "client"
            login.dialects = ["SITE server", "user@server"]
            [[routes]]
            clients = ["10.0.0.0/8"]
            source-address = "client"
            """
        )
        for line in (
            "route 0: from 10.0.0.0/8: reaches whom the client names, from the client's own address",
            "clients name the server: SITE server, user@server",
            "servers are called from the client's own address",
        ):
            self.assertIn(line, lines)

    def test_check_explains_pinholes(self) -> None:
        """Data ports, and the table of nftables that opens them."""
        lines = self.explained(
            '[data]\nclient-ports = "50000-50099"\n[pinholes]\ntable = "inet ftpalg"'
        )
        self.assertIn(
            "data ports for clients: 50000 to 50099, opened one by one in nftables table inet ftpalg",
            lines,
        )
        self.assertIn("data ports for clients: 49152 to 65534", self.explained(""))

    def test_check_endpoints(self) -> None:
        """An endpoint that Twisted does not know is a fault of the settings; 2."""
        for text in ("listen = ['tcp']", "[[listeners]]\nendpoint = 'carrier-pigeon:1'"):
            path = self.file(f"server = 'ftp://h'\n{text}")
            status, out, err = self.run_it("check", "--config", path)
            self.assertEqual((status, out, len(err.splitlines())), (2, "", 1))
            self.assertIn("is no Twisted server endpoint", err)

    def test_check_single_brackets(self) -> None:
        """The commonest slip in TOML is a sentence, no traceback; 2."""
        path = self.file("[routes]\nserver = 'ftp://h'")
        status, out, err = self.run_it("check", "--config", path)
        self.assertEqual((status, out, len(err.splitlines())), (2, "", 1))
        self.assertIn("write its name in double brackets", err)

    def test_check_bad(self) -> None:
        """Every fault is told on stderr, nothing on stdout; 2."""
        text = 'server-mode = "sideways"\n[limits]\nsessions = 0\n'
        status, out, err = self.run_it("check", "--config", self.file(text))
        self.assertEqual((status, out, len(err.splitlines())), (2, "", 2))

    def test_check_reads_certificates(self) -> None:
        """A certificate that cannot be read is a fault of the settings; 2."""
        text = '[client-tls]\nmode = "require"\ncertificate = "none"\nprivate-key = "none"\n'
        status, _, err = self.run_it("check", "--config", self.file(text))
        self.assertEqual(status, 2)
        self.assertIn("client-tls.certificate = 'none': cannot be read", err)

    def test_certificate(self) -> None:
        """Both files are made, belong together, name every host; only the owner reads the key."""
        status, out, err = self.run_it("certificate", "a.example", "127.0.0.1", str(self.folder))
        self.assertEqual((status, err), (0, ""))
        made, key = self.folder / "certificate.pem", self.folder / "private-key.pem"
        self.assertIn(str(made), out)
        self.assertIn(str(key), out)
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertEqual(read_pair(Certificate(made, key), "client-tls").names, ("a.example",))
        found = x509.load_pem_x509_certificate(made.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (address,) = names.get_values_for_type(x509.IPAddress)
        self.assertEqual(str(address), "127.0.0.1")

    def test_never_overwrites(self) -> None:
        """A file that exists stays as it is; 2."""
        for taken in ("private-key.pem", "certificate.pem"):
            folder = self.folder / taken
            folder.mkdir()
            (folder / taken).write_bytes(b"precious")
            status, out, err = self.run_it("certificate", "localhost", str(folder))
            self.assertEqual((status, out), (2, ""))
            self.assertIn(taken, err)
            self.assertEqual((folder / taken).read_bytes(), b"precious")

    def test_no_half_pair(self) -> None:
        """Where one of the files cannot be made, the other is not left behind."""
        (self.folder / "certificate.pem").write_bytes(b"precious")
        self.run_it("certificate", "localhost", str(self.folder))
        self.assertEqual([p.name for p in self.folder.iterdir()], ["certificate.pem"])

    def test_bad_folder(self) -> None:
        """A folder that is not there, and a file in its place; 2 and one line."""
        (self.folder / "file").write_bytes(b"")
        for bad in ("missing", "file"):
            status, _, err = self.run_it("certificate", "localhost", str(self.folder / bad))
            self.assertEqual((status, len(err.splitlines())), (2, 1))

    def test_bad_names(self) -> None:
        """Names that no certificate can hold; 2 and one line, nothing made."""
        for bad in ("", "a" * 65, "münchen.example"):
            status, _, err = self.run_it("certificate", bad, str(self.folder))
            self.assertEqual((status, len(err.splitlines())), (2, 1), bad)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_bad_words(self) -> None:
        """No command, an unknown one, or one that lacks its words: the usage on stderr; 2."""
        for words in ((), ("nonsense",), ("certificate",), ("certificate", "localhost")):
            self.assertEqual(self.run_it(*words), (2, "", USAGE + "\n"), words)

    def test_help(self) -> None:
        """Asked for, the usage is on stdout; 0."""
        for word in ("--help", "-h", "help"):
            self.assertEqual(self.run_it(word), (0, USAGE + "\n", ""))
