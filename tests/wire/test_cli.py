"""The command line: faults are one sentence on stderr and exit status 1, never a traceback."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from twisted.application.service import Application
from twisted.logger import ILogObserver
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.life.reactor import installed
from ftpalg.ops.twistd_log import line_of
from ftpalg.service import HostedService
from tests.wire.peers import BIN, TREE, TestCase, listener, port_of

TWISTD = ("twistd", "-n", "--pidfile=", "ftpalg")
TWIST = ("twist", "ftpalg")
CHECK = ("ftpalg", "check")


def faults_in(err: str) -> list[str]:
    """The faults of a report: what is not quoted below them."""
    return [line for line in err.splitlines() if not line.startswith(" ")]


class CommandLineTests(TestCase):
    """Every fault, with ``twistd -n`` and with ``twist``."""

    def setUp(self) -> None:
        self.holder = tempfile.TemporaryDirectory(prefix="ftpalg-cli-")
        self.addCleanup(self.holder.cleanup)
        self.folder = Path(self.holder.name)
        self.environment: dict[str, str] = {}

    def run_it(self, program: tuple[str, ...], *words: str) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of a command that must end by itself."""
        done = subprocess.run(
            [str(BIN / program[0]), *program[1:], *words],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE), **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    def file(self, text: str) -> str:
        """A configuration file with this text."""
        path = self.folder / "ftpalg.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def fault(self, word: str, *words: str) -> None:
        """Both programs end with status 1 and one sentence on stderr that holds ``word``."""
        both = (TWISTD, TWIST)
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda program: self.run_it(program, *words), both))
        for program, (status, out, err) in zip(both, done, strict=True):
            self.assertEqual(status, 1, (program, out, err))
            self.assertNotIn("Traceback", out + err)
            self.assertNotIn("Unhandled", out + err)
            lines = [line for line in err.splitlines() if line.strip()]
            self.assertEqual(len(lines), 1, (program, err))
            self.assertIn(word, lines[0])

    def test_bad_option(self) -> None:
        """An option that does not exist."""
        self.fault("nonsense", "--nonsense")

    def test_stray_word(self) -> None:
        """A word that is no option."""
        self.fault("stray", "stray")

    def test_missing_value(self) -> None:
        """An option without its value."""
        self.fault("server", "--server")

    def test_missing_config(self) -> None:
        """A configuration file that is not there."""
        self.fault("/nonexistent/f.toml", "--config", "/nonexistent/f.toml")

    def test_directory_as_config(self) -> None:
        """A folder where a file should be."""
        self.fault(str(self.folder), "--config", str(self.folder))

    def test_no_toml(self) -> None:
        """A file that is not TOML, and one that is not UTF-8."""
        self.fault("TOML", "--config", self.file("listen = ["))
        (self.folder / "b").write_bytes(b"\xff\xfe\x00")
        self.fault("TOML", "--config", str(self.folder / "b"))

    def test_unknown_key(self) -> None:
        """A key that no setting has, at the top and in a section."""
        self.fault("colour", "--config", self.file('colour = "red"\n'))
        self.fault("colour", "--config", self.file('[limits]\ncolour = "red"\n'))

    def test_unknown_section(self) -> None:
        """A section that does not exist."""
        self.fault("paint", "--config", self.file("[paint]\nx = 1\n"))

    def checked(self, word: str, *words: str) -> None:
        """``ftpalg check`` ends with status 2 and one sentence on stderr that holds ``word``."""
        status, out, err = self.run_it(CHECK, *words)
        self.assertEqual(status, 2, (out, err))
        self.assertNotIn("Traceback", out + err)
        (fault,) = faults_in(err)
        self.assertIn(word, fault)

    def test_bad_value(self) -> None:
        """A value beyond its bounds names its key."""
        self.fault("idle", "--config", self.file("[timeouts]\nidle = -1\n"))

    def test_bad_values(self) -> None:
        """Values of the wrong kind or beyond their bounds name their key."""
        for key, text in (
            ("idle", '[timeouts]\nidle = "x"\n'),
            ("sessions", "[limits]\nsessions = 0\n"),
            ("client-ports", '[data]\nclient-ports = "9-1"\n'),
            ("server-mode", 'server-mode = "sideways"\n'),
            ("limits", "limits = 3\n"),
            ("listen", "listen = 3\n"),
            ("server", "server = 3\n"),
            ("client-address", '[data]\nclient-address = "he re"\n'),
        ):
            self.checked(key, "--config", self.file(text))

    def test_bad_server(self) -> None:
        """Servers that cannot be read."""
        self.fault("server", "--server", "localhost")
        for bad in ("http://x", "ftp://", "ftp://x:0", "ftp://x:99999", "ftp://a b"):
            self.checked("server", "--server", bad)

    def test_bad_ciphers(self) -> None:
        """Ciphers that OpenSSL does not know are told at their place."""
        path = self.file('server = "ftp://127.0.0.1"\n[server-tls]\nciphers = "NONSENSE"\n')
        self.fault(f"{path}:3:11: server-tls.ciphers = 'NONSENSE'", "--config", path)
        self.checked("server-tls.ciphers", "--config", path)

    def test_bad_mode(self) -> None:
        """A server mode that does not exist."""
        self.fault("passive", "--server-mode", "sideways")

    def test_bad_endpoint(self) -> None:
        """Endpoints that no parser knows, or that lack their port."""
        fixed = ("--server", "ftp://127.0.0.1")
        self.fault("listen", *fixed, "--listen", "nonsense:1")
        for bad in ("tcp:x", "tcp", ""):
            self.checked("listen", *fixed, "--listen", bad)

    def test_busy_port(self) -> None:
        """A port that somebody else has."""
        taken = listener()
        self.addCleanup(taken.close)
        self.fault(str(port_of(taken)), "--listen", f"tcp:{port_of(taken)}:interface=127.0.0.1")

    def test_foreign_address(self) -> None:
        """An interface that this machine does not have."""
        self.fault("192.0.2.77", "--listen", "tcp:0:interface=192.0.2.77")

    def test_run_busy_port(self) -> None:
        """``ftpalg run`` on a port that somebody else has: one sentence, status 1."""
        taken = listener()
        self.addCleanup(taken.close)
        endpoint = f"127.0.0.1:{port_of(taken)}"
        status, out, err = self.run_it(("ftpalg", "run"), "--listen", endpoint)
        lines = [line for line in err.splitlines() if endpoint in line]
        self.assertEqual((status, out, len(lines)), (1, "", 1), err)
        self.assertIn("cannot listen on", lines[0])
        self.assertNotIn("Traceback", err)

    def test_environment(self) -> None:
        """Variables count for twistd and twist as well; a name that is none is a fault."""
        self.environment = {"FTPALG_TIMEOUTS_IDEL": "1"}
        self.fault("FTPALG_TIMEOUTS_IDLE")
        self.environment = {"FTPALG_SERVER_MODE": "sideways"}
        self.fault("FTPALG_SERVER_MODE: server-mode = 'sideways'")

    def test_check_good(self) -> None:
        """``ftpalg check`` of a sound file: status 0 and words on stdout."""
        status, out, err = self.run_it(CHECK, "--config", self.file('server = "ftp://127.0.0.1"\n'))
        self.assertEqual((status, err), (0, ""))
        self.assertIn("127.0.0.1", out)

    def test_check_bad(self) -> None:
        """``ftpalg check`` of a faulty file: status 2, every fault told."""
        path = self.file('colour = "red"\nserver-mode = "sideways"\n[limits]\nsessions = 0\n')
        status, _, err = self.run_it(CHECK, "--config", path)
        self.assertEqual(status, 2)
        self.assertNotIn("Traceback", err)
        for word in ("colour", "sideways", "sessions"):
            self.assertIn(word, err)

    def test_check_missing(self) -> None:
        """``ftpalg check`` of a file that is not there: status 2."""
        status, _, err = self.run_it(CHECK, "--config", "/nonexistent/f.toml")
        self.assertEqual(status, 2)
        self.assertEqual(len(err.splitlines()), 1)

    def test_shipped_example(self) -> None:
        """etc/ftpalg.toml passes the check."""
        example = Path(__file__).parents[2] / "etc" / "ftpalg.toml"
        status, _, err = self.run_it(CHECK, "--config", str(example))
        self.assertEqual((status, err), (0, ""))

    def test_help(self) -> None:
        """``--help`` lists the options and ends with status 0."""
        for program in (TWISTD, TWIST):
            status, out, _ = self.run_it(program, "--help")
            self.assertEqual(status, 0)
            for option in ("--listen", "--server", "--config", "--server-mode"):
                self.assertIn(option, out)

    def discreet(self, words: tuple[str, ...], *arguments: str) -> None:
        """The check says one sentence for each of these words, and no password."""
        status, out, err = self.run_it(CHECK, *arguments)
        lines = faults_in(err)
        self.assertEqual((status, len(lines)), (2, len(words)), err)
        for word, line in zip(words, lines, strict=True):
            self.assertIn(word, line)
        self.assertNotIn("Gate-w0rd", out + err)
        self.assertNotIn("Traceback", err)

    def test_bad_accounts(self) -> None:
        """Descriptions of accounts that cannot be used; none is shown, it may hold a password."""
        self.fault("nonsense", "--auth", "nonsense:gus:Gate-w0rd")
        bad = {
            "memory:Gate-w0rd": "memory",
            "memory::Gate-w0rd": "memory",
            "file:/nonexistent/accounts": "/nonexistent/accounts",
            f"file:{self.folder}": str(self.folder),
            "anonymous": "anonymous",
            "ldap:ldaps://gus:Gate-w0rd@127.0.0.1/no-user": "ldap",
        }
        self.discreet(tuple(bad.values()), *(f"--auth={description}" for description in bad))
        self.discreet(("accounts.auth",), "--auth", "")
        _, out, err = self.run_it(TWISTD, "--auth", "memory:Gate-w0rd")
        self.assertNotIn("Gate-w0rd", out + err)

    def test_bad_accounts_in_the_file(self) -> None:
        """The same in the file, and a text where the list belongs."""
        for bad in (
            '"memory:gus:Gate-w0rd"',
            '["memory:gus:Gate-w0rd", 3]',
            '["memory:Gate-w0rd"]',
        ):
            path = self.file(f"[accounts]\nauth = {bad}\n")
            self.discreet(("accounts.auth",), "--config", path)

    def test_no_password_in_a_fault(self) -> None:
        """URLs with an account in them are faults; the password is not shown."""
        url = "://gus:Gate-w0rd@" + "a-rather-long-name." * 4
        path = self.file(
            f'server = "ftp{url}"\n[[routes]]\npassword = "Gate-w0rd"\n'
            f'[[routes]]\nserver = ["ftp://a.example", "ftp{url}"]\n'
            f'[[parents]]\nname = "p"\nurl = "socks5{url}"\n'
        )
        places = ("server", "routes[0].password", "routes[1].server", "parents[0].url")
        self.discreet(places, "--config", path)
        path = self.file(f'parent = "socks5{url}"\n')
        self.discreet(("parent",), "--config", path)

    def test_open_gateway(self) -> None:
        """Whoever reaches it could reach any server through it: refused, with the three remedies."""
        self.fault("access.clients", "--listen", "tcp:0")
        endpoints = (
            "tcp:0",
            "tcp6:0",
            "tcp:port=0:interface=0.0.0.0",
            "tcp:0:interface=192.0.2.1",
            "tcp6:0:interface=\\:\\:",
            "tcp:0:interface=127.0.0.1:interface=0.0.0.0",
            "tcp:interface=127.0.0.1:port=0:interface=",
            "systemd:domain=INET:index=0",
        )
        listed = [word for endpoint in endpoints for word in ("--listen", endpoint)]
        status, _, err = self.run_it(CHECK, *listed)
        self.assertEqual((status, len(faults_in(err))), (2, len(endpoints)), err)
        for endpoint, line in zip(endpoints, faults_in(err), strict=True):
            self.assertIn(repr(endpoint), line)
            for remedy in ("access.clients", "networks", "accounts.auth", "name one server"):
                self.assertIn(remedy, line)

    def test_open_listener_among_others(self) -> None:
        """One of [[listeners]] that asks for no accounts is as open."""
        path = self.file(
            'listen = ["tcp:0"]\n[accounts]\nauth = ["memory:gus:Gate-w0rd"]\n'
            '[[listeners]]\nendpoint = "tcp:2121"\naccounts = false\n'
        )
        self.checked("tcp:2121", "--config", path)
        path = self.file('listen = ["tcp:0"]\nserver = "ftp://a.example"\nintercept = "redirect"\n')
        self.checked("access.clients", "--config", path)

    def test_guarded_gateway(self) -> None:
        """With networks, accounts or one server it is not; nor on loopback alone."""
        networks = self.file('[access]\nclients = ["10.0.0.0/8"]\n')
        local = ("tcp:0:interface=127.0.0.1", "tcp6:interface=\\:\\:1:port=0")
        for words in (
            ("--listen", "tcp:0", "--config", networks),
            ("--listen", "tcp:0", "--auth", "memory:gus:Gate-w0rd"),
            ("--listen", "tcp:0", "--server", "ftp://a.example"),
            [word for endpoint in local for word in ("--listen", endpoint)],
        ):
            status, out, err = self.run_it(CHECK, *words)
            self.assertEqual((status, err), (0, ""), words)
            self.assertNotIn("Gate-w0rd", out)

    def test_impossible_settings(self) -> None:
        """Settings of access, routes and parents that cannot hold are told with their place, at once."""
        path = self.file(
            """
            [access]
            clients = ["10.0.0.1/8"]
            [[access.servers]]
            ports = [0]
            [[access.servers]]
            name = ["x"]
            [[routes]]
            balance = "sideways"
            [[parents]]
            name = "p"
            url = "socks4://h"
            [[parents]]
            url = "http://h"
            [proxy-protocol]
            balancers = ["lb.example"]
            [login]
            dialects = ["TELEPATHY"]
            separators = "a"
            [health]
            every = 0
            """
        )
        status, _, err = self.run_it(CHECK, "--config", path)
        self.assertEqual(status, 2)
        for place in (
            "access.clients",
            "access.servers[0].ports",
            "access.servers[1].name",
            "routes[0].balance",
            "parents[0].url",
            "parents[1].name",
            "proxy-protocol.balancers",
            "login.dialects",
            "login.separators",
            "health.every",
        ):
            self.assertRegex(err, rf"(?m)^{re.escape(path)}:\d+:\d+: {re.escape(place)}\b")

    def test_contradictions(self) -> None:
        """Settings that are sound one by one and cannot hold together."""
        path = self.file(
            """
            [[routes]]
            parent = "nobody"
            [[routes]]
            user = "mapped"
            [[routes]]
            accounts = ["gus"]
            user = "mapped"
            password-file = "/a"
            password-credential = "b"
            """
        )
        status, _, err = self.run_it(CHECK, "--config", path)
        self.assertEqual(status, 2)
        for place in (
            "routes[0].parent = 'nobody",
            "routes[1].user",
            "routes[2].password-credential",
            "routes[2].accounts",
        ):
            self.assertRegex(err, rf"(?m)^{re.escape(path)}:\d+:\d+: {re.escape(place)}\b")


class Hosted(SynchronousTestCase):
    """The service as twistd has it."""

    def test_log(self) -> None:
        """Once it belongs to an application the log that twistd was asked for is written by us."""
        for options, line in (({"nodaemon": True}, line_of), (None, None)):
            reactor: Any = installed()
            service = HostedService(reactor, Settings())
            service.twistd = options
            application = Application("ftpalg")
            service.setServiceParent(application)
            observer: Any = application.getComponent(ILogObserver, None)
            self.assertIs(getattr(observer, "formatEvent", None), line)
            service.disownServiceParent()
