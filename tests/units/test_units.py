"""The units as systemd's own tools see them, and as the program's settings want them."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from ftpalg.__main__ import main
from ftpalg.cli.parser import parse
from ftpalg.config import Settings
from ftpalg.life.descriptors import descriptors
from tests.units.files import (
    DROP_INS,
    ENVIRONMENT,
    ETC,
    MISSING,
    SERVICE,
    SOCKET,
    SYSUSERS,
    VARIANTS,
    Unit,
    analyze,
    laid_out,
    system_calls,
    variant,
)

EXPOSURE = {
    "plain": 1.7,
    "credentials": 1.7,
    "pinholes": 1.8,
    "tproxy": 1.8,
    "pinholes and tproxy": 1.8,
    "socket": 1.3,
    "socket, pinholes": 1.7,
    "socket, tproxy": 1.7,
}
"""At most, from 0 to 10, by systemd-analyze security; measured with systemd 252: 1.4 plain, 1.3 by the
socket without any capability."""
CAPABILITIES = {
    "plain": "CAP_NET_BIND_SERVICE",
    "credentials": "CAP_NET_BIND_SERVICE",
    "pinholes": "CAP_NET_BIND_SERVICE CAP_NET_ADMIN",
    "tproxy": "CAP_NET_BIND_SERVICE CAP_NET_ADMIN",
    "pinholes and tproxy": "CAP_NET_BIND_SERVICE CAP_NET_ADMIN",
    "socket": "",
    "socket, pinholes": "CAP_NET_ADMIN",
    "socket, tproxy": "CAP_NET_ADMIN",
}
USED = set(
    re.findall(
        r"\w+",
        "accept4 bind clone clone3 close connect dup2 epoll_ctl epoll_wait execve fcntl getrandom kill"
        " listen mmap pipe2 prlimit64 recvfrom rename sendto setsockopt shutdown socket splice wait4",
    )
)
"""Some of what the gateway does: splice moves data, execve is an upgrade."""
FOUND_IN = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")
"""Where systemd looks for a command without a path (``systemd-path search-binaries-default``)."""
SECONDS = {"": 1, "s": 1, "min": 60, "h": 3600}


def seconds(text: str) -> int:
    """A span of time of systemd's, of one word."""
    found = re.fullmatch("([0-9]+)(s|min|h|)", text)
    assert found, text
    return int(found[1]) * SECONDS[found[2]]


class Tools(SynchronousTestCase):
    """What systemd-analyze says of each variant."""

    def setUp(self) -> None:
        if MISSING:
            raise SkipTest(MISSING)

    def laid_out(self, name: str) -> Path:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-units-")
        self.addCleanup(holder.cleanup)
        return laid_out(Path(holder.name), name)

    def test_verify(self) -> None:
        """Nothing is wrong with any of them, beside the program that is not installed here."""
        for name in VARIANTS:
            service = self.laid_out(name)
            there = service.read_text("utf-8").replace("=ftpalg ", f"={sys.executable} ")
            service.write_text(there, "utf-8")
            done = analyze("verify", "--man=no", str(service), str(service.with_name(SOCKET.name)))
            said = done.stdout + done.stderr
            own = [line for line in said.splitlines() if "ftpalg" in line]
            self.assertEqual((done.returncode, own), (0, []), name)

    def test_exposure(self) -> None:
        """At most what is promised, by the tool's own measure."""
        for name in VARIANTS:
            service = self.laid_out(name)
            done = analyze("security", "--offline=true", "--no-pager", str(service))
            found = re.search(r"Overall exposure level for ftpalg\.service: ([0-9.]+)", done.stdout)
            assert found, done.stdout + done.stderr
            self.assertLessEqual(float(found[1]), EXPOSURE[name], f"{name}: {found[0]}")

    def test_system_calls(self) -> None:
        """What the gateway uses is left, what would help an intruder is not."""
        for name in VARIANTS:
            allowed = system_calls(variant(name).words("SystemCallFilter"))
            self.assertEqual(USED - allowed, set(), name)
            refused = {"mount", "bpf", "ptrace", "chroot", "setuid", "init_module", "reboot"}
            self.assertEqual(refused & allowed, set(), name)

    def test_user(self) -> None:
        """systemd-sysusers makes the user that the service runs as."""
        if not SYSUSERS:
            raise SkipTest("systemd-sysusers is not there")
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-users-")
        self.addCleanup(holder.cleanup)
        root = Path(holder.name)
        (root / "etc").mkdir()
        file = ETC.parent / "sysusers.d" / "ftpalg.conf"
        subprocess.run(
            [SYSUSERS, f"--root={root}", str(file)],
            check=True,
            capture_output=True,
            timeout=60,
            env=ENVIRONMENT,
        )
        unit = Unit(SERVICE)
        users = (root / "etc/passwd").read_text("utf-8")
        self.assertRegex(users, f"(?m)^{unit.value('User')}:.*:/usr/sbin/nologin$")
        groups = (root / "etc/group").read_text("utf-8")
        self.assertRegex(groups, f"(?m)^{unit.value('Group')}:")


class Agreement(SynchronousTestCase):
    """Units and program agree."""

    def test_every_drop_in(self) -> None:
        """Each file is in a variant; their names order them: the socket's takes what others give."""
        there = {file.stem for file in DROP_INS.iterdir()}
        self.assertEqual(there, {name for names in VARIANTS.values() for name in names})
        for names in VARIANTS.values():
            self.assertEqual(list(names), sorted(names))

    def test_capabilities(self) -> None:
        """Those that a variant is for, and never a PrivateUsers=, which would make them worth nothing."""
        for name in VARIANTS:
            unit = variant(name)
            for key in ("CapabilityBoundingSet", "AmbientCapabilities"):
                has = list(dict.fromkeys(unit.words(key)))
                self.assertEqual(has, CAPABILITIES[name].split(), name)
            self.assertEqual(unit.values("PrivateUsers"), [], name)
            netlink = "AF_NETLINK" in unit.words("RestrictAddressFamilies")
            self.assertEqual(netlink, "pinholes" in name, name)

    def test_times(self) -> None:
        """A stop waits longer than the gateway does, and the watchdog than any turn of its reactor."""
        unit = Unit(SERVICE)
        self.assertGreater(seconds(unit.value("TimeoutStopSec")), Settings().timeouts.stop)
        self.assertGreaterEqual(seconds(unit.value("WatchdogSec")), 10)

    def test_descriptors(self) -> None:
        """All sessions of the default limits have theirs."""
        allowed = int(Unit(SERVICE).value("LimitNOFILE"))
        self.assertEqual(descriptors(Settings().limits, allowed).warning, "")

    def test_secrets(self) -> None:
        """Nothing of the memory is written to a disk, and nobody else reads what is."""
        unit = Unit(SERVICE)
        self.assertEqual((unit.value("LimitCORE"), unit.value("UMask")), ("0", "0077"))
        for key in ("StateDirectoryMode", "RuntimeDirectoryMode", "LogsDirectoryMode"):
            self.assertEqual(unit.value(key), "0750")

    def test_commands(self) -> None:
        """The words are the program's, with one settings file for all."""
        unit = Unit(SERVICE)
        commands = [*unit.values("ExecStart"), *unit.values("ExecReload")]
        ours = [one.split() for one in commands if one.startswith("ftpalg ")]
        self.assertEqual([words[1] for words in ours], ["run", "check"])
        for words in ours:
            self.assertEqual(parse(words[1:]).config, "/etc/ftpalg/ftpalg.toml")
        self.assertEqual(unit.values("ExecReload")[-1], "/bin/kill -HUP $MAINPID")
        self.assertEqual(unit.value("Type"), "notify")
        self.assertEqual(unit.value("RestartPreventExitStatus"), "2")

    def test_place(self) -> None:
        """systemd finds the command by its name, where a package has it and where README.rst has."""
        readme = (ETC.parent.parent / "README.rst").read_text("utf-8")
        (link,) = re.findall(r"ln -s \S+/bin/ftpalg (\S+)/\n", readme)
        rules = (ETC.parent.parent / "packaging/debian/rules").read_text("utf-8")
        (packaged,) = re.findall(r"ln -s \S+ \$\(TREE\)(/\S+)/ftpalg\n", rules)
        self.assertEqual({link, packaged} - set(FOUND_IN), set())
        self.assertFalse(any("/ftpalg " in one for one in Unit(SERVICE).values("ExecStart")))

    def test_socket(self) -> None:
        """The settings that the drop-in tells of name the socket; the check needs it not."""
        name = Unit(SOCKET).value("FileDescriptorName")
        told = (DROP_INS / "10-socket.conf").read_text("utf-8").splitlines()
        (listen,) = [line.removeprefix("# ") for line in told if line.startswith("# listen = ")]
        self.assertEqual(listen, f'listen = ["systemd:{name}"]')
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(f'{listen}\nserver = "ftp://ftp.example.net"\n')
            file.flush()
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                status = main(["check", "--quiet", "--config", file.name])
        self.assertEqual((status, out.getvalue(), err.getvalue()), (0, "", ""))
