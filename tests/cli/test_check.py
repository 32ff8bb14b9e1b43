"""``ftpalg check``."""

from __future__ import annotations

import os
import tomllib
from datetime import timedelta

from ftpalg.certificate import make_pair
from ftpalg.config import read, structure
from tests.cli.cases import CommandCase, faults_in

DAY = timedelta(days=1)


class Check(CommandCase):
    """What it reads, what it says, and its status."""

    def test_file_as_word(self) -> None:
        """A file may stand by itself."""
        path = self.file("server = 'ftp://h'\n")
        for words in ((path,), ("--config", path)):
            status, out, err = self.run_it("check", *words)
            self.assertEqual((status, err), (0, ""))
            self.assertIn("every client reaches ftp://h:21", out)

    def test_ok(self) -> None:
        """A good check ends with OK and what was read."""
        certificate, key = self.pair(-DAY, 100 * DAY)
        path = self.file(
            f"[client-tls]\nmode = 'offer'\ncertificate = '{certificate}'\nprivate-key = '{key}'\n"
            "[accounts]\nauth = ['memory:gus:Gate-w0rd']\n"
        )
        self.patch(os, "environ", {**os.environ, "FTPALG_HEALTH_EVERY": "5"})
        status, out, err = self.run_it("check", path, "--server", "ftp://h")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(
            out.splitlines()[-1],
            f"OK: {path} (5 values); FTPALG_HEALTH_EVERY; the command line; 1 certificate with keys;"
            " accounts by memory",
        )

    def test_quiet(self) -> None:
        """Nothing of a file that is sound; faults and warnings of others."""
        sound = self.file("server = 'ftp://h'\n")
        self.assertEqual(self.run_it("check", "--quiet", sound), (0, "", ""))
        odd = self.file("server = 'ftpes://h'\n[server-tls]\nverify = false\n")
        status, out, err = self.run_it("check", "--quiet", odd)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual([line for line in out.splitlines() if "OK" in line or "every" in line], [])
        self.assertIn("[unverified]", out)
        status, out, err = self.run_it("check", "--quiet", self.file("server = 1\n"))
        self.assertEqual((status, out), (2, ""))
        self.assertIn("server", err)

    def test_report(self) -> None:
        """Faults stand with their line and a mark; nothing is on stdout."""
        path = self.file("[timeouts]\nidel = 3\n")
        status, out, err = self.run_it("check", path)
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(
            err,
            f"{path}:2:1: timeouts.idel: no such setting; did you mean idle?\n"
            "     2 | idel = 3\n       | ^^^^\n",
        )

    def test_all_files_at_once(self) -> None:
        """Every file that cannot be used is told, at its place."""
        certificate, _ = self.pair(-DAY, DAY)
        path = self.file(
            "[client-tls]\nmode = 'offer'\ncertificate = 'none'\nprivate-key = 'none'\n"
            "[[client-tls.more-certificates]]\n"
            f"certificate = '{certificate}'\nprivate-key = 'nokey'\n"
            "[server-tls]\nca = 'noca'\n"
            "[accounts]\nauth = ['file:/nonexistent/accounts', 'nonsense:x']\n"
        )
        status, out, err = self.run_it("check", path)
        self.assertEqual((status, out), (2, ""))
        for start in (
            f"{path}:3:15: client-tls.certificate = 'none': cannot be read",
            f"{path}:7:15: client-tls.more-certificates[0].private-key = 'nokey': cannot",
            f"{path}:9:6: server-tls.ca = 'noca': ",
            f"{path}:11:8: accounts.auth: file:/nonexistent/accounts: cannot be read",
            f"{path}:11:8: accounts.auth: nonsense: no such kind",
        ):
            self.assertIn("\n" + start, "\n" + err)

    def test_all_phases_at_once(self) -> None:
        """Single values, what contradicts, and files: none of them hides another."""
        path = self.file(
            "idle = 3\n"
            "[timeouts]\nlogin = -1\n"
            "[client-tls]\nciphers = 'NONSENSE'\nminimum = '1.3'\nmaximum = '1.2'\n"
            "[server-tls]\nciphers = 'NONSENSE'\nca = 'noca'\ncrl = ['nocrl']\n"
            "certificate = 'nocert'\nprivate-key = 'nokey'\n"
        )
        status, out, err = self.run_it("check", path)
        self.assertEqual((status, out), (2, ""))
        faults = [line.removeprefix(f"{path}:") for line in err.splitlines() if line[:1] != " "]
        self.assertEqual(
            sorted(
                fault.partition(": ")[2].partition(":")[0].partition(" =")[0] for fault in faults
            ),
            [
                *("client-tls.ciphers", "client-tls.maximum", "idle", "server-tls.ca"),
                *(
                    "server-tls.certificate",
                    "server-tls.ciphers",
                    "server-tls.crl",
                    "timeouts.login",
                ),
            ],
        )

    def test_what_follows_is_not_told(self) -> None:
        """A file is not looked for whose setting is at fault already."""
        path = self.file("[server-tls]\nca = 'noca'\nverify = false\n")
        _, _, err = self.run_it("check", path)
        (fault,) = (line for line in err.splitlines() if line[:1] != " ")
        self.assertIn("server-tls.ca: has no use", fault)

    def test_endpoints_of_systemd(self) -> None:
        """Sockets that systemd will give at the start are not missed."""
        for endpoint in ("systemd:control", "systemd:domain=INET:index=0"):
            path = self.file(f"server = 'ftp://h'\nlisten = ['{endpoint}']\n")
            status, out, err = self.run_it("check", path)
            self.assertEqual((status, err), (0, ""))
            self.assertIn(f"listens on {endpoint}", out)

    def test_warnings(self) -> None:
        """Each with its place, its name and its line; the status is 0, and 2 under --strict."""
        path = self.file("[timeouts]\nquit = 0.01\n[server-tls]\nverify = false\n")
        status, out, err = self.run_it("check", path)
        self.assertEqual((status, err), (0, ""))
        self.assertIn(
            f"{path}:2:8: warning: timeouts.quit = 0.01: is below 0.1; it is in seconds [short-wait]\n"
            "     2 | quit = 0.01\n       |        ^^^^\n",
            out,
        )
        self.assertIn(f"{path}:4:10: warning: server-tls.verify = false: ", out)
        status, out, err = self.run_it("check", "--strict", path)
        self.assertEqual(status, 2)
        self.assertIn("[short-wait]", out + err)
        self.assertNotIn("OK: ", out)

    def test_allowed(self) -> None:
        """What a comment allows is neither told nor counted."""
        path = self.file("[timeouts]\nquit = 0.01 # ftpalg: allow short-wait\n")
        status, out, err = self.run_it("check", "--strict", path)
        self.assertEqual((status, err), (0, ""))
        self.assertNotIn("warning", out)

    def test_warnings_without_a_file(self) -> None:
        """A warning says who set it."""
        self.patch(os, "environ", {**os.environ, "FTPALG_TIMEOUTS_QUIT": "0.01"})
        _, out, _ = self.run_it("check")
        self.assertIn("FTPALG_TIMEOUTS_QUIT: warning: timeouts.quit = 0.01: ", out)

    def test_effective(self) -> None:
        """A file with all settings alone is on stdout, and gives the same settings again."""
        path = self.folder / "g.toml"
        path.write_text(
            "server = 'ftp://h'\n[[routes]]\nusers = ['u']\n[timeouts]\nquit = 0.01\n", "utf-8"
        )
        status, out, err = self.run_it("check", "--effective", "--config", str(path))
        self.assertEqual(status, 0)
        self.assertIn("[short-wait]", err)
        self.assertEqual(structure(tomllib.loads(out), "x"), read(path, {}).settings)
        _, out, _ = self.run_it("check", "--effective", "--anonymous", "--server", "ftp://secret-h")
        self.assertNotIn("secret-h", out)
        structure(tomllib.loads(out), "x")

    def test_environment_fault(self) -> None:
        """A variable that is none of the settings' is a fault; 2."""
        self.patch(os, "environ", {**os.environ, "FTPALG_TIMEOUTS_IDEL": "1"})
        status, _, err = self.run_it("check")
        self.assertEqual(status, 2)
        self.assertIn("did you mean FTPALG_TIMEOUTS_IDLE?", err)


class Whole(CommandCase):
    """A file as a whole: what is said of it, and what it is warned of."""

    def test_good(self) -> None:
        """A sound file is explained on stdout; 0."""
        path = self.file('server = "ftpes://files.example"\nlisten = ["tcp:2121"]\n')
        status, out, err = self.run_it("check", "--config", path)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("listens on tcp:2121", out)
        self.assertIn("every client reaches ftpes://files.example:21", out)
        self.assertIn("TLS to servers: explicit", out)

    def test_warns(self) -> None:
        """What weakens the gateway is said."""
        text = "[server-tls]\nverify = false\nlenient = true\nclear-data = true\nminimum = '1.0'\n"
        status, out, _ = self.run_it("check", "--config", self.file(text))
        self.assertEqual((status, out.count("warning: ")), (0, 4))

    def test_warns_of_old_servers(self) -> None:
        """Renegotiation that others can put words into is said."""
        lines = self.explained("server-tls.old-renegotiation = true")
        found = [line for line in lines if "warning: server-tls.old-renegotiation = true: " in line]
        self.assertEqual(len(found), 1, lines)

    def test_warns_of_clear_accounts(self) -> None:
        """Accounts on listeners that others reach, unless TLS is required for them."""
        pair = make_pair(["localhost"], self.folder)
        tls = (
            f"client-tls = {{certificate = '{pair[0]}', private-key = '{pair[1]}', mode = '%s'}}\n"
        )
        accounts = "accounts = {auth = ['memory:a:b'], require-tls = %s}\n"
        far, near = "listen = ['tcp:1']\n", "listen = ['tcp:1:interface=127.0.0.1']\n"
        balanced = "proxy-protocol.balancers = ['192.0.2.1']\n"
        for text, told in (
            (far + accounts % "false", True),
            (far + accounts % "false" + tls % "offer", True),
            (near + accounts % "false" + balanced, True),
            (near + accounts % "false", False),
            (far + accounts % "false" + tls % "require", False),
            (far + accounts % "false" + tls % "implicit", False),
            (far + accounts % "true" + tls % "offer", False),
        ):
            found = [line for line in self.explained(text) if "may come in clear" in line]
            self.assertEqual(len(found), told, text)

    def test_single_brackets(self) -> None:
        """The commonest slip in TOML is a sentence, no traceback; 2."""
        path = self.file("[routes]\nserver = 'ftp://h'")
        status, out, err = self.run_it("check", "--config", path)
        self.assertEqual((status, out, len(faults_in(err))), (2, "", 1))
        self.assertIn("write its name in double brackets", err)

    def test_bad(self) -> None:
        """Every fault is told on stderr, nothing on stdout; 2."""
        text = 'server-mode = "sideways"\n[limits]\nsessions = 0\n'
        status, out, err = self.run_it("check", "--config", self.file(text))
        self.assertEqual((status, out, len(faults_in(err))), (2, "", 2))
