"""What a process has and does not need, by what the kernel says of it and by its settings."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.config.faults import Warning
from ftpalg.config.loading import examine
from ftpalg.config.warnings import OF_PROCESS, warnings
from ftpalg.life.capabilities import NUMBERS, effective, needed, superfluous
from tests.life.programs import LifeCase

BIND, ADMIN = "CAP_NET_BIND_SERVICE", "CAP_NET_ADMIN"
NEEDS: tuple[tuple[str, set[str]], ...] = (
    ("", set()),
    ('listen = ["192.0.2.1:21"]', {BIND}),
    ('listen = [":21"]', {BIND}),
    ('listen = ["tcp:990"]', {BIND}),
    ('listen = ["systemd:ftp"]', set()),
    ('listen = ["127.0.0.1:0"]', set()),
    ('[client-tls]\nimplicit-listen = [":990"]\ncertificate = "c"\nprivate-key = "k"', {BIND}),
    ("[data]\nsource-port = 20", {BIND}),
    ('[pinholes]\ntable = "inet ftpalg"', {ADMIN}),
    ('intercept = "tproxy"', {ADMIN}),
    ('intercept = "redirect"', set()),
    ('source-address = "client"', {ADMIN}),
    ('source-address = "192.0.2.1"', set()),
    ('[[routes]]\nserver = ["ftp://a.example"]\nsource-address = "client"', {ADMIN}),
    ('listen = [":21"]\n[pinholes]\ntable = "inet ftpalg"', {ADMIN, BIND}),
)
"""Settings, and the capabilities that they need."""


class Capabilities(SynchronousTestCase):
    """A /proc in a folder."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-capabilities-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def settings(self, text: str) -> Settings:
        """As a file has them."""
        file = self.folder / "ftpalg.toml"
        file.write_text(text, "utf-8")
        return examine(file, {}, {}).settings

    def proc(self, has: int, ambient: int = 0, users: str = "0 0 4294967295") -> Path:
        """What the kernel says."""
        (self.folder / "self").mkdir(exist_ok=True)
        status = f"Name:\tx\nCapInh:\t{1 << 3:016x}\nCapEff:\t{has:016x}\nCapAmb:\t{ambient:016x}\n"
        (self.folder / "self" / "status").write_text(status, "ascii")
        (self.folder / "self" / "uid_map").write_text(f"         {users}\n", "ascii")
        return self.folder

    def test_numbers(self) -> None:
        """As linux/capability.h has them."""
        for name, number in ((BIND, 10), (ADMIN, 12), ("CAP_SYS_ADMIN", 21), ("CAP_BPF", 39)):
            self.assertEqual(NUMBERS[name], number)
        self.assertEqual(len(NUMBERS), 41)

    def test_effective(self) -> None:
        """Those that hold and those that children would have; None where nobody says."""
        found = effective(self.proc(1 << 10, 1 << 12))
        self.assertEqual(found, {BIND, ADMIN})
        self.assertIsNone(effective(self.folder / "nowhere"))

    def test_needed(self) -> None:
        """Low ports, pinholes and what is transparent."""
        for text, expected in NEEDS:
            self.assertEqual(needed(self.settings(text)), expected, text)

    def told(self, text: str, user: int, proc: Path) -> list[str]:
        return [
            f"{one.sentence} [{one.id}]" for one in superfluous(self.settings(text), user, proc)
        ]

    def test_superfluous(self) -> None:
        """One sentence that names what is left over, in the order of the alphabet."""
        has = self.proc(1 << 10 | 1 << 12 | 1 << 1)
        (one,) = self.told('listen = [":21"]', 1000, has)
        self.assertIn("has CAP_DAC_OVERRIDE, CAP_NET_ADMIN, which", one)
        self.assertTrue(one.endswith("[unneeded-capability]"))
        self.assertEqual(self.told('listen = [":21"]', 1000, self.proc(1 << 10)), [])
        self.assertEqual(self.told("", 1000, self.proc(0)), [])
        self.assertEqual(self.told("", 1000, self.folder / "nowhere"), [])

    def test_root(self) -> None:
        """Root is told to have a user, and no list of what it may; root of a user namespace nothing."""
        everything = (1 << 41) - 1
        (one,) = self.told("", 0, self.proc(everything))
        self.assertTrue(one.endswith("[runs-as-root]"))
        self.assertNotIn("CAP_", one)
        self.assertEqual(self.told("", 0, self.proc(everything, users="0 100000 65536")), [])
        self.assertEqual(len(self.told("", 0, self.folder / "nowhere")), 1)

    def test_allowed(self) -> None:
        """A comment at the listener allows it, wherever it is written."""
        listened = '[[listeners]]\n# ftpalg: allow runs-as-root\nendpoint = ":2121"\n'
        for text in ('# ftpalg: allow runs-as-root\nlisten = [":2121"]', listened):
            settings = self.settings(f"{text}\n")
            more = superfluous(settings, 0, self.proc(0))
            self.assertEqual([one for one in warnings(settings, more) if one in more], [])
            other = [Warning(more[0].path, "", id="unneeded-capability")]
            self.assertEqual([one for one in warnings(settings, other) if one in other], other)

    def test_kinds(self) -> None:
        """Their names are known where comments are read."""
        found = superfluous(self.settings(""), 0, self.folder / "nowhere")
        found += superfluous(self.settings(""), 1, self.proc(1))
        self.assertEqual(tuple(one.id for one in found), OF_PROCESS)


class Started(LifeCase):
    """A gateway says it once."""

    def test_said(self) -> None:
        """At the start, and by its name."""
        gateway = self.run_it()
        times = gateway.whole_log().count("[runs-as-root]")
        mapped = Path("/proc/self/uid_map").read_text("ascii").split()
        self.assertEqual(times, int(os.geteuid() == 0 and mapped == ["0", "0", "4294967295"]))
