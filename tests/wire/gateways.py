"""ftpalg as a child process: where it listens, what it holds, what it says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from tests.wire.sockets import TIMEOUT, Wire
from tests.wire.turns import Turns

TREE = Path(os.environ.get("FTPALG_TREE") or Path(__file__).parents[2])
BIN = Path(sys.executable).parent
STARTS = 300.0
"""Seconds, which only a gateway meets that hangs at its start: twistd imports much, and a busy machine
gives it little time for that.  One that has ended is not waited for."""


class Gateway:
    """ftpalg as a child process on free ports.

    The log is read from where a test began.  Gateway and tests run beside each other: what has been
    asked of the gateway may be under way still, so reading waits until it rests.
    """

    prefix = "ftpalg-wire-"
    program: tuple[str, ...] = ("twistd", "-n", "--pidfile=", "ftpalg")
    binaries = BIN
    probed = True
    """Whether ``turns`` tells how long its reactor's turns take."""
    turns: Turns
    descriptors: tuple[int, ...] = ()
    """Of ours, which it gets under the same numbers."""

    def __init__(
        self,
        words: list[str],
        toml: str,
        interfaces: tuple[str, ...],
        listeners: tuple[str, ...] = (),
        environment: Mapping[str, str] = {},
    ) -> None:
        """``listeners`` are the hosts of ``[[listeners]]`` in the settings, behind the interfaces."""
        self._start(words, toml, interfaces, environment)
        hosts = (*interfaces, *listeners)
        self.ports = self._wait_for_ports(len(hosts))
        self.addresses = list(zip(hosts, self.ports, strict=True))
        self._own = sockets_of(self.process.pid)
        self.turns.begin()

    def _start(
        self,
        words: list[str],
        toml: str,
        interfaces: tuple[str, ...],
        environment: Mapping[str, str] = {},
    ) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix=self.prefix)
        folder = Path(self.folder.name)
        for interface in interfaces:
            words = [*words, "--listen", "tcp:0:interface=" + interface.replace(":", r"\:")]
        if toml:
            (folder / "ftpalg.toml").write_text(toml, encoding="utf-8")
            words = [*words, "--config", str(folder / "ftpalg.toml")]
        self.log = folder / "log"
        self._begun = self._read = 0
        with self._outlet() as log:
            if self.probed:
                self.turns = Turns(folder)
            self.process = subprocess.Popen(
                [*self._command(), *words],
                cwd=TREE,
                env={**os.environ, "PYTHONPATH": str(TREE), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=self.descriptors,
            )

    def _command(self) -> list[str]:
        """The program, with a probe in its reactor where it is to have one."""
        words = [str(BIN / self.program[0]), *self.program[1:]]
        return self.turns.words(words) if self.probed else words

    def _outlet(self) -> BinaryIO:
        """Its standard output and error."""
        return self.log.open("wb")

    def _wait_for_ports(self, wanted: int) -> list[int]:
        if not self.until(lambda: len(listening_ports(self.process.pid)) >= wanted, STARTS):
            raise AssertionError(f"the gateway does not listen: {self.log.read_text()[-2000:]}")
        return [port for _, port in listening_ports(self.process.pid)]

    @property
    def address(self) -> tuple[str, int]:
        """Its first endpoint."""
        return self.addresses[0]

    def listened_on(self) -> set[int]:
        """Its ports now.  Whether one can be reached tells less: it may be somebody else's by then."""
        return {port for _, port in listening_ports(self.process.pid)}

    @property
    def rss(self) -> int:
        """Resident bytes now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert match
        return int(match[1]) * 1024

    @property
    def cpu(self) -> float:
        """Seconds of a processor that it has used: what it does at a time, however busy the machine is."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii", errors="replace")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    # -- what it does now --------------------------------------------------

    def until(self, holds: Callable[[], bool], timeout: float = TIMEOUT) -> bool:
        """True as soon as this holds; False after that time, or where the gateway has ended."""
        end, pause = monotonic() + timeout, 0.001
        while not holds():
            if monotonic() > end:
                return False
            try:
                self.process.wait(pause)
            except subprocess.TimeoutExpired:
                pause = min(2 * pause, 0.02)
                continue
            return holds()
        return True

    def rests(self) -> bool:
        """True once it has done all that could be done: it sleeps and waits for events or timers.

        What a peer on this machine has sent before is then read, acted on, and written to the log:
        bytes that arrive wake the process at once, and it sleeps nowhere but in its reactor.  The thread
        of a log of its own may rest longer than that: of ``ftpalg run`` ask what is ``logged``.
        """
        return self.until(lambda: not runs(self.process.pid))

    def quiet(self, *peers: Wire) -> bool:
        """True where it has done all that could be done, and none of these has heard a word."""
        return self.rests() and all(peer.hears_nothing() for peer in peers)

    def left(self) -> bool:
        """True once every session is over and its connections are closed, the server's too."""
        return self.until(self.is_empty)

    def is_empty(self) -> bool:
        """Whether it holds no connection now, and none waits for it."""
        pid = self.process.pid
        if not sockets_of(pid) <= self._own:
            return False
        # The kernel's table is long.  What leaves its queue meanwhile is a socket afterwards.
        return not unaccepted(pid) and sockets_of(pid) <= self._own

    # -- what it says --------------------------------------------------

    def begin(self) -> None:
        """The log of another test begins here."""
        self.new_log()
        self._begun = self._read
        if self.probed:
            self.turns.begin()

    def new_log(self) -> str:
        """What was logged since the last call."""
        self.rests()
        found = self._log_from(self._read)
        self._read += len(found)
        return found.decode("utf-8", "replace")

    def whole_log(self) -> str:
        """All of it, of all tests."""
        self.rests()
        return self._log_from(0).decode("utf-8", "replace")

    def logged(self, words: str, times: int = 1, timeout: float = TIMEOUT) -> bool:
        """True as soon as this test's log holds these words that often; False after that time."""
        wanted = words.encode("utf-8")
        return self.until(lambda: self._log_from(self._begun).count(wanted) >= times, timeout)

    def situation(self) -> str:
        """What it does, whom it is connected to, and this test's log."""
        pid = self.process.pid
        does = "has work to do" if runs(pid) else "rests"
        return f"the gateway {does}, connected: {peers_of(pid)}; {self._log_from(self._begun)!r}"

    def _log_from(self, place: int) -> bytes:
        with self.log.open("rb") as log:
            log.seek(place)
            return log.read()

    def stop(self) -> None:
        """End it; sessions that a test has left are not waited for."""
        for number, seconds in (
            (signal.SIGTERM, 2.0),
            (signal.SIGTERM, TIMEOUT),
            (signal.SIGKILL, None),
        ):
            if self.process.poll() is None:
                self.process.send_signal(number)
            try:
                self.process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        self.folder.cleanup()


def runs(pid: int) -> bool:
    """Whether a process has something to do; one that has ended has not.

    One that sleeps until another thread of its own lets it go on, for the interpreter's lock, has.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        sleeps_in = Path(f"/proc/{pid}/wchan").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("S", "Z", "X") or "futex" in sleeps_in


def descriptors(pid: int) -> list[str]:
    """What the process has open."""
    folder = Path(f"/proc/{pid}/fd")
    found = []
    for entry in folder.iterdir():
        try:
            found.append(os.readlink(entry))
        except OSError:
            continue
    return found


def sockets_of(pid: int) -> set[int]:
    """The inodes of its sockets."""
    try:
        return {int(name[8:-1]) for name in descriptors(pid) if name.startswith("socket:[")}
    except OSError:
        return set()


def peers_of(pid: int) -> list[str]:
    """The far ends of its connections over IPv4, as the kernel writes them, each with its state."""
    mine = sockets_of(pid)
    rows = Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:] if mine else []
    return [" ".join(words[1:4]) for row in rows if int((words := row.split())[9]) in mine]


def _listeners(pid: int) -> list[list[str]]:
    """The kernel's rows of the sockets that it listens on."""
    mine = sockets_of(pid)
    found = []
    for table in ("tcp", "tcp6") if mine else ():
        for row in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            words = row.split()
            if words[3] == "0A" and int(words[9]) in mine:
                found.append(words)
    return found


def listening_ports(pid: int) -> list[tuple[int, int]]:
    """(inode, port) of every socket the process listens on, oldest first."""
    return sorted((int(w[9]), int(w[1].rpartition(":")[2], 16)) for w in _listeners(pid))


def unaccepted(pid: int) -> int:
    """Connections that wait for the process to accept them."""
    return sum(int(words[4].rpartition(":")[2], 16) for words in _listeners(pid))
