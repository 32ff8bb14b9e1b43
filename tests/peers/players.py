"""Clients that play a story: a process each, and what none of them can do with its reason."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import ClassVar

from tests.peers.libraries import PROGRAMS
from tests.peers.stories import KILLED, Step, Telling, Verb

PATIENCE = 120.0
"""For a whole story; long, since the machine may be busy, and over only where something hangs.

Longer than any client's own wait and what it does behind it, 30 s of PHP's and its 64 MiB under TLS; shorter
than the gateway's waits for a transfer, so that none of them ends what hangs.
"""


class Player:
    """One client; subclasses say how it is told the steps of a story."""

    program: ClassVar[str]
    cannot: ClassVar[dict[Verb, str]] = {}
    no_tls: ClassVar[str] = ""
    no_active: ClassVar[str] = ""
    splits: ClassVar[bool] = False

    @classmethod
    def missing(cls) -> str:
        """Why the client cannot run here, or nothing."""
        return "" if shutil.which(cls.program) else f"{cls.program} is not installed"

    @classmethod
    def unable(cls, steps: tuple[Step, ...], *, tls: bool, active: bool) -> str:
        """Why the client cannot play these, or nothing."""
        if tls and cls.no_tls:
            return cls.no_tls
        if active and cls.no_active:
            return cls.no_active
        if not cls.splits and any(step.verb is Verb.SPLIT for step in steps):
            return "it fetches no file in parts"
        return next((cls.cannot[step.verb] for step in steps if step.verb in cls.cannot), "")

    def play(self, telling: Telling) -> bytes:
        """Do all steps; return all that the client printed."""
        raise NotImplementedError

    def process(
        self,
        words: list[str],
        here: Path,
        script: str = "",
        more: dict[str, str] | None = None,
    ) -> bytes:
        """Run a program in the client's folder; what hangs is killed with all that it started."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(here.parent),
            "NCFTPDIR": str(here.parent / ".ncftp"),  # ncftp asks for the password file's home
            "LC_ALL": "C.UTF-8",
            **(more or {}),
        }
        child = subprocess.Popen(
            words,
            cwd=here,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return child.communicate(script.encode(), PATIENCE)[0]
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return child.communicate()[0] + KILLED


class Scripted(Player):
    """A library, told by a program of ours in ``programs``."""

    script: ClassVar[str]

    def command(self) -> list[str]:
        """The words before the program's own."""
        return [self.program, str(PROGRAMS / self.script)]

    def play(self, telling: Telling) -> bytes:
        account = telling.account
        words = [account.host, str(account.port), account.user, account.password, telling.folder]
        words += ["tls" if telling.tls else "clear", "active" if telling.active else "passive"]
        script = "".join(f"{step.verb.value}\t{step.name}\n" for step in telling.steps)
        return self.process([*self.command(), *words], telling.here, script)


class Ftplib(Scripted):
    """Python's ftplib."""

    program = sys.executable
    script = "ftplib_session.py"


class BasicFtp(Scripted):
    """basic-ftp for Node."""

    program = "node"
    script = "basic_ftp.js"
    no_active = "basic-ftp has no active mode"

    @classmethod
    def missing(cls) -> str:
        there = (PROGRAMS.parent / "node_modules" / "basic-ftp").is_dir()
        return super().missing() or ("" if there else "basic-ftp is not installed")


@cache
def compiled() -> str:
    """The class path with CommonsNet.java compiled; or why it is not, behind an exclamation mark."""
    folder = tempfile.mkdtemp(prefix="ftpalg-peers-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    words = ["javac", "-cp", CommonsNet.jar, "-d", folder, str(PROGRAMS / CommonsNet.script)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"! {done.stderr}" if done.returncode else f"{folder}:{CommonsNet.jar}"


class CommonsNet(Scripted):
    """Apache Commons Net."""

    program = "javac"
    script = "CommonsNet.java"
    jar: ClassVar[str] = "/usr/share/java/commons-net.jar"

    @classmethod
    def missing(cls) -> str:
        there = Path(cls.jar).exists()
        return super().missing() or ("" if there else "libcommons-net-java is not installed")

    def command(self) -> list[str]:
        # the small compiler alone starts in half the time
        return ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", compiled(), "CommonsNet"]


class PerlNetFtp(Scripted):
    """Perl's Net::FTP."""

    program = "perl"
    script = "net_ftp.pl"

    @classmethod
    def missing(cls) -> str:
        return super().missing() or loads("Net::FTP", "perl", "-MNet::FTP", "-e", "1")

    @classmethod
    def unable(cls, steps: tuple[Step, ...], *, tls: bool, active: bool) -> str:
        module = "IO::Socket::SSL"
        lacks = loads(module, "perl", f"-M{module}", "-e", "1") if tls else ""
        if tls and any(step.verb is Verb.ABANDON for step in steps):
            return "it sends Telnet's urgent bytes in clear into TLS when it gives up"
        return lacks or super().unable(steps, tls=tls, active=active)


class RubyNetFtp(Scripted):
    """Ruby's net/ftp."""

    program = "ruby"
    script = "net_ftp.rb"

    @classmethod
    def missing(cls) -> str:
        return super().missing() or loads("Ruby's net/ftp", "ruby", "-rnet/ftp", "-e", "1")


class PhpFtp(Scripted):
    """PHP's ext/ftp."""

    program = "php"
    script = "ext_ftp.php"

    @classmethod
    def missing(cls) -> str:
        test = 'exit(function_exists("ftp_connect") ? 0 : 1);'
        return super().missing() or loads("PHP's ext/ftp", "php", "-r", test)


@cache
def loads(name: str, *words: str) -> str:
    """Why a module cannot be loaded, or nothing."""
    done = subprocess.run(words, capture_output=True, check=False)
    return f"{name} is not installed" if done.returncode else ""
