"""The start, as it is seen from outside: ``ftpalg run``, and a daemonised ``twistd``."""

from __future__ import annotations

import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

from ftpalg.life.terminal import Terminal
from tests.life.programs import LifeCase
from tests.wire.gateways import STARTS
from tests.wire.peers import BIN, BLOCK, TREE, drained, listener, port_of

LIBRARIES = {
    *(
        "OpenSSL",
        "_cffi_backend",
        "attr",
        "attrs",
        "bcrypt",
        "cattrs",
        "constantly",
        "cryptography",
    ),
    *("ftpalg", "idna", "incremental", "service_identity", "twisted", "typing_extensions", "zope"),
}
"""What a start may import beside the standard library."""
OF_TWISTED = {
    *("_threads", "_version", "application", "copyright", "cred", "internet", "logger", "names"),
    *("persisted", "plugin", "protocols", "python"),
}
"""Its parts that a start may import: none of those for other protocols."""
NOT_OF_A_START = {
    *("csv", "decimal", "doctest", "ftplib", "imaplib", "multiprocessing", "optparse", "pdb"),
    *("pydoc", "smtplib", "sqlite3", "statistics", "unittest", "wsgiref", "xml", "xmlrpc"),
}
"""Parts of the standard library that others have brought in elsewhere."""
MODULES, OURS = 745, 275
"""Modules that a start may import, and ours among them; 692 and 245 when this was written.  Each takes
about half a millisecond: whoever needs many more for one setting imports them where that is set."""


def imported(log: str) -> set[str]:
    """The modules that a start under PYTHONPROFILEIMPORTTIME has tried to import until it was ready."""
    before = log.partition(" ready: ")[0]
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", before, re.MULTILINE))


def parts(modules: set[str], package: str = "") -> set[str]:
    """The first words of the names, or those behind a package's own."""
    return {
        name.removeprefix(package).partition(".")[0] for name in modules if name.startswith(package)
    }


def caught(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler of its own for that signal."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


class Run(LifeCase):
    """In the foreground."""

    def ended(self, text: str) -> tuple[int, list[str]]:
        """Status and lines of a gateway that must end by itself."""
        gateway = self.begin(text)
        status = gateway.status(STARTS)
        return status, gateway.whole_log().splitlines()

    def test_ready(self) -> None:
        """One line says it all; SIGTERM ends it with status 0; nothing was written anywhere."""
        gateway = self.run_it()
        log = gateway.whole_log()
        self.assertEqual(log.count("ready: "), 1)
        for word in ("ftpalg 0.", "ftpalg.toml", str(gateway.ports[0]), "ports 49152-65534"):
            self.assertIn(word, gateway.ready())
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.status(), 0)
        self.assertEqual(
            {entry.name for entry in Path(gateway.folder.name).iterdir()}, {"ftpalg.toml", "log"}
        )

    def test_threads(self) -> None:
        """SIGQUIT shows where each thread is, as often as it comes, and is the end of nobody."""
        gateway = self.run_it()
        client = self.idle(gateway)
        for times in (1, 2):
            gateway.process.send_signal(signal.SIGQUIT)
            self.assertTrue(gateway.logged("foreground.py", times))
            self.assertTrue(gateway.logged("Thread 0x", times))
        self.assertTrue(client.hears_nothing())
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.status(), 0)

    def test_no_standard_error(self) -> None:
        """Where it was closed at the start, its number is another file's: nothing is written there."""
        code = (
            "import os, signal\n"
            "from ftpalg.life.signals import Signals\n"
            "end, client = os.pipe()\n"
            "reader = os.dup(end)\n"
            "os.dup2(client, 2)\n"
            "Signals().take()\n"
            "signal.raise_signal(signal.SIGQUIT)\n"
            "os.set_blocking(reader, False)\n"
            "try: print(os.read(reader, 99))\n"
            "except BlockingIOError: print('nothing')\n"
        )
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, code],
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdout=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (0, b"nothing\n"))

    def test_busy_port(self) -> None:
        """Status 1, one sentence, and who holds it."""
        taken = listener()
        self.addCleanup(taken.close)
        endpoint = f'"tcp:{port_of(taken)}:interface=127.0.0.1"'
        status, lines = self.ended(self.text(listen=endpoint))
        self.assertEqual((status, len(lines)), (1, 1), lines)
        self.assertRegex(lines[0], rf"^ftpalg: cannot listen on .*held by PID {os.getpid()} ")

    def test_json_is_all_there_is(self) -> None:
        """Each line of a life is one object: Twisted's own words are none beside them."""
        text = self.text().replace('format = "text"', 'format = "json"')
        gateway = self.begin(text)
        self.assertTrue(gateway.logged('"event":"ready"', timeout=STARTS))
        gateway.process.terminate()
        self.assertEqual(gateway.status(), 0)
        events = [json.loads(line)["event"] for line in gateway.whole_log().splitlines()]
        self.assertEqual(events[-1], "stopped")

    def test_bad_settings(self) -> None:
        """Status 2, a sentence for each fault."""
        status, lines = self.ended(self.text('[limits]\nsessions = 0\ncolour = "red"\n'))
        faults = [line for line in lines if "ftpalg.toml:" in line]
        self.assertEqual((status, len(faults)), (2, 2), lines)

    def test_faults_of_files(self) -> None:
        """What is found only once files are read is told with its place too, and all of it."""
        text = self.text(
            '[server-tls]\nca = "no"\nciphers = "NO"\n[accounts]\nauth = ["file:no"]\n'
        )
        status, lines = self.ended(text)
        faults = [line for line in lines if not line.startswith(" ")]
        self.assertEqual((status, len(faults)), (2, 3), lines)
        for fault in faults:
            self.assertRegex(fault, r"ftpalg\.toml:\d+:\d+: (server-tls|accounts)\.")

    def test_passwords_in_clear(self) -> None:
        """A file of passwords in clear serves, and each start says what it is."""
        with tempfile.TemporaryDirectory(prefix="ftpalg-accounts-") as folder:
            file = Path(folder, "accounts")
            file.write_text("gus:s3cret\n")
            gateway = self.begin(self.text(f'[accounts]\nauth = ["file:{file}"]\n')).serve()
            self.assertTrue(gateway.logged("1 of 1 passwords are in clear"))
            self.assertTrue(gateway.logged("[plain-passwords]"))
            self.assertNotIn("s3cret", gateway.whole_log())

    def test_no_log(self) -> None:
        """A log that cannot be had: its place and why, status 1."""
        text = self.text().replace('format = "text"', 'to = "file:/nonexistent/log"')
        status, lines = self.ended(text)
        self.assertEqual((status, len(lines)), (1, 1), lines)
        self.assertRegex(
            lines[0], r'^ftpalg: .*ftpalg\.toml:\d+:\d+: log\.to = "file:/nonexistent/log": '
        )

    def test_source_port(self) -> None:
        """What is found only after the listeners stand is a sentence and status 1, too."""
        taken = listener("0.0.0.0")
        self.addCleanup(taken.close)
        status, lines = self.ended(self.text(f"[data]\nsource-port = {port_of(taken)}\n"))
        self.assertEqual(status, 1)
        self.assertRegex(lines[-1], rf"ftpalg\.toml:\d+:15: data\.source-port = {port_of(taken)}")
        self.assertNotIn("Traceback", "\n".join(lines))

    def test_signals_before_it_is_ready(self) -> None:
        """A SIGHUP and a SIGTERM in the middle of the start are remembered, in their order."""
        gateway = self.begin(self.text())
        self.assertTrue(gateway.until(lambda: caught(gateway.process.pid, signal.SIGTERM)))
        self.assertNotIn("ready: ", gateway.whole_log())
        gateway.process.send_signal(signal.SIGHUP)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.status(STARTS), 0)
        log = gateway.whole_log()
        places = [
            log.index(word) for word in ("ready: ", "settings reloaded", "draining: ", "stopped: ")
        ]
        self.assertEqual(places, sorted(places))

    def test_all_is_imported(self) -> None:
        """What is ready has imported what it needs: the files may be others later, or gone."""
        text = self.text().replace("ftp://127.0.0.1", "ftp://localhost")
        gateway = self.begin(text, {"PYTHONPROFILEIMPORTTIME": "1"}).serve()
        client, data, more, _ = self.downloading(gateway)
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        before, _, after = gateway.whole_log().partition(" ready: ")
        self.assertIn("import time:", before)
        self.assertNotIn("import time:", after)

    def test_what_is_not_configured(self) -> None:
        """Parents' languages are imported where there is such a parent, before it is ready."""
        parent = '[[parents]]\nname = "p"\nurl = "http://127.0.0.1:1"\n'
        for text, there in (("", False), (parent, True)):
            gateway = self.run_it(text, {"PYTHONPROFILEIMPORTTIME": "1"})
            before = gateway.whole_log().partition(" ready: ")[0]
            self.assertEqual("ftpalg.net.reach.parents" in before, there)

    def test_what_a_start_imports(self) -> None:
        """No library but those named, nothing heavy, and not many more modules than there are now."""
        environment = {"PYTHONPROFILEIMPORTTIME": "1"}
        without = subprocess.run(
            [sys.executable, "-c", ""],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            timeout=60,
            check=True,
        )
        bare = imported(without.stderr.decode())  # what this Python's own files of site bring
        found = imported(self.run_it(environment=environment).whole_log()) - bare
        others = parts(found) - sys.stdlib_module_names - LIBRARIES
        self.assertEqual({name for name in others if find_spec(name)}, set())
        self.assertEqual(parts(found) & NOT_OF_A_START, set())
        self.assertEqual(parts(found, "twisted.") - OF_TWISTED, set())
        self.assertLess(len(found), MODULES)
        self.assertLess(sum(name.startswith("ftpalg") for name in found), OURS)
        self.assertIn("ftpalg.net.gateway", found)

    def test_interrupt(self) -> None:
        """Ctrl-C is the same as SIGTERM."""
        gateway = self.run_it()
        gateway.process.send_signal(signal.SIGINT)
        self.assertEqual(gateway.status(), 0)
        self.assertNotIn("Traceback", gateway.whole_log())


class Daemonised(LifeCase):
    """``twistd`` that leaves the terminal."""

    def setUp(self) -> None:
        super().setUp()
        self.pid_file, self.log = self.scratch / "pid", self.scratch / "log"

    def twistd(self, *words: str) -> tuple[int, str]:
        """Status and stderr of the parent, which must end by itself."""
        files = [f"--pidfile={self.pid_file}", f"--logfile={self.log}"]
        done = subprocess.run(
            [str(BIN / "twistd"), *files, "ftpalg", *words],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STARTS,
        )
        return done.returncode, done.stderr

    def refused(self, word: str, *words: str) -> None:
        """The start fails: the whole sentence on the terminal and in the log, no PID file."""
        status, err = self.twistd("--server", "ftp://127.0.0.1", *words)
        self.assertEqual(status, 1)
        self.assertRegex(err.splitlines()[0], rf"^ftpalg: .*{word}")
        log = self.log.read_text("utf-8")
        self.assertIn(err.splitlines()[0].removeprefix("ftpalg: "), log)
        self.assertNotIn("Traceback", log + err)
        self.assertFalse(self.pid_file.exists())

    def test_busy_port(self) -> None:
        """It hung without a word: twistd hands on but exceptions (Twisted #7745)."""
        taken = listener()
        self.addCleanup(taken.close)
        words = f"tcp:{port_of(taken)}:interface=127.0.0.1"
        self.refused("another port", "--listen", words)

    def test_source_port(self) -> None:
        """The same behind the listeners."""
        taken = listener("0.0.0.0")
        self.addCleanup(taken.close)
        file = self.scratch / "f.toml"
        file.write_text(f"[data]\nsource-port = {port_of(taken)}\n")
        words = ("--listen", "tcp:0:interface=127.0.0.1", "--config", str(file))
        self.refused("data.source-port", *words)

    def test_no_standard_error(self) -> None:
        """A log that is asked for where a daemon has nothing is told before it leaves the terminal."""
        file = self.scratch / "f.toml"
        file.write_text('[log]\nto = "stderr"\n')
        status, err = self.twistd("--config", str(file))
        self.assertEqual(status, 1)
        said = f'ftpalg: {file}:2:6: log.to = "stderr": a daemonised process has none'
        self.assertTrue(err.startswith(said), err)
        self.assertFalse(self.pid_file.exists())

    def test_order(self) -> None:
        """Whoever waits for the status finds no PID file any more."""
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        os.set_blocking(ours, False)
        self.pid_file.write_text("1")
        said: list[str] = []

        def unlink(name: str) -> None:
            said.append(name)
            self.assertRaises(BlockingIOError, os.read, ours, 1)

        options = {"nodaemon": True, "pidfile": str(self.pid_file), "statusPipe": theirs}
        with patch.object(os, "unlink", unlink), patch.object(sys, "__stderr__", io.StringIO()):
            self.assertRaises(SystemExit, Terminal(options).refuse, "no")
        self.assertEqual((said, os.read(ours, 9)), ([str(self.pid_file)], b"1 no"))

    def test_good(self) -> None:
        """It leaves the terminal with status 0, and SIGTERM ends it and its PID file."""
        status, err = self.twistd(
            "--server", "ftp://127.0.0.1", "--listen", "tcp:0:interface=127.0.0.1"
        )
        self.assertEqual((status, err), (0, ""))
        pid = int(self.pid_file.read_text())
        waiting = os.pidfd_open(pid)
        self.addCleanup(os.close, waiting)
        os.kill(pid, signal.SIGTERM)
        # a zombie has ended too; its own parent is not this process
        self.assertTrue(ended(waiting))
        self.assertFalse(self.pid_file.exists())
        self.assertIn("stopped: ", self.log.read_text())


def ended(pidfd: int) -> bool:
    """True once that process has ended; False after a while."""
    return bool(select.select([pidfd], [], [], 30)[0])


class Twistd(LifeCase):
    """``twistd -n``, whose reactor installs signals of its own."""

    def test_status(self) -> None:
        """After a drain by SIGTERM the status is 0; SIGUSR1 has killed it before, and does not."""
        process = subprocess.Popen(
            [
                str(BIN / "twistd"), "-n", "--pidfile=", "ftpalg",
                "--server", "ftp://127.0.0.1", "--listen", "tcp:0:interface=127.0.0.1",
            ],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        for line in process.stdout:
            if "ready: " in line:
                break
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGUSR2)
        for line in process.stdout:
            if "0 sessions" in line:
                break
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        self.assertEqual(process.wait(30), 0)
