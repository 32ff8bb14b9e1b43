"""A gateway of several workers, ``ftpalg run``, beside a scripted server."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Mapping

from tests.life.programs import Foreground, LifeCase
from tests.wire.gateways import BIN, STARTS, TREE, sockets_of
from tests.wire.peers import Client, Script, echo_site

MANY = 64
"""Clients of which all come to the same of two workers once in 2 ** 63 times."""
SERVES = re.compile(r"worker (\d+) serves \(PID (\d+)")
READY = re.compile(r" ready: .*pids (\d+(?:; \d+)*)")


class Company(Foreground):
    """The supervisor is ``process``."""

    @property
    def pids(self) -> dict[int, int]:
        """The PID of each worker, as the log has it."""
        log = self.whole_log()
        first = READY.findall(log)[-1].split("; ")
        found = {number: int(pid) for number, pid in enumerate(first, 1)}
        since = log.rindex(" ready: ")
        return found | {int(number): int(pid) for number, pid in SERVES.findall(log[since:])}

    def dies(self, pid: int) -> bool:
        """True once that process has ended; False after a while."""
        try:
            waiting = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            return bool(select.select([waiting], [], [], STARTS)[0])
        finally:
            os.close(waiting)


class WorkersCase(LifeCase):
    """Two workers; their bound is one that no busy machine meets."""

    def company(
        self,
        rest: str = "",
        listen: str = '"127.0.0.1:0"',
        workers: int = 2,
        bound: float = 300.0,
        environment: Mapping[str, str] = {},
    ) -> Company:
        """One that is ready."""
        return self.begun(self.company_text(rest, listen, workers, bound), environment).joined()

    def company_text(
        self, rest: str = "", listen: str = '"127.0.0.1:0"', workers: int = 2, bound: float = 300.0
    ) -> str:
        """Its settings; ``rest`` are those of ``[timeouts]``, and what comes behind them."""
        return self.text(f"workers = {workers}\n[timeouts]\nworker = {bound}\n{rest}", listen)

    def begun(self, text: str, environment: Mapping[str, str] = {}) -> Joined:
        """One that has been started, and may not be ready yet."""
        gateway = Joined(text, environment)
        self.addCleanup(gateway.stop)
        return gateway

    def spread(self, gateway: Company, script: Script = echo_site) -> dict[int, list[Client]]:
        """Clients that are logged in, by the worker that serves them: each has one at least."""
        pids = gateway.pids
        found: dict[int, list[Client]] = {number: [] for number in pids}
        for _ in range(MANY):
            before = {number: len(sockets_of(pid)) for number, pid in pids.items()}
            client = self.enter(gateway, script)
            for number, pid in pids.items():
                if len(sockets_of(pid)) > before[number]:
                    found[number].append(client)
            if all(found.values()):
                return found
        raise AssertionError(f"one worker has all of {MANY} clients")

    def upgrade(self, pid: int) -> None:
        """``ftpalg upgrade`` succeeds."""
        done = subprocess.run(
            [str(BIN / "ftpalg"), "upgrade", str(pid)],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * STARTS,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)

    def end(self, pid: int, gateway: Company) -> None:
        """The last of the programs, which is not the test's own child."""
        os.kill(pid, signal.SIGTERM)
        self.assertTrue(gateway.dies(pid))


class Joined(Company):
    """What ``begun`` gives."""

    def joined(self) -> Company:
        """Wait until it is ready."""
        self.serve()
        return self


KILL, STOP = signal.SIGKILL, signal.SIGSTOP
