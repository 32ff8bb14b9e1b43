"""The command line: faults are one sentence on stderr and exit status 1, never a traceback."""

from __future__ import annotations

import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.wire.peers import BIN, TREE, TestCase, listener, port_of

TWISTD = ("twistd", "-n", "--pidfile=", "ftpalg")
TWIST = ("twist", "ftpalg")
CHECK = ("ftpalg", "check")


class CommandLineTests(TestCase):
    """Every fault, with ``twistd -n`` and with ``twist``."""

    def setUp(self) -> None:
        self.holder = tempfile.TemporaryDirectory(prefix="ftpalg-cli-")
        self.addCleanup(self.holder.cleanup)
        self.folder = Path(self.holder.name)

    def run_it(self, program: tuple[str, ...], *words: str) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of a command that must end by itself."""
        done = subprocess.run(
            [str(BIN / program[0]), *program[1:], *words],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=8,
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
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertIn(word, err)

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
