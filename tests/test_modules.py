"""Each module of ftpalg has a test module named after it, in the tests of its room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.imports import ROOT

TESTS = Path(__file__).parent

EXCEPTIONS = {
    "core.stage": "a class without behaviour of its own; tests.core has each stage",
    "life.admin_socket": "tests.life.test_steering: its place, reloads, upgrades, the end",
    "life.place": "frozen values; tests.workers has gateways of each place",
    "life.to_be_known": "tests.life.test_starting, tests.life.test_descriptors: what is in the log",
    "workers.serving": "tests.workers.test_supervisor: what a worker does not tell",
    "workers.work": "tests.workers.test_supervisor: each of its workers is one",
    "workers.common": "tests.workers.test_bans: what workers have in common",
    "workers.whole_site": "tests.workers.test_steering: each verb, asked of two workers",
    "workers.drain": "tests.workers.test_supervisor: the ends of all workers",
    "explain.steps": "frozen values; tests.explain.test_explaining reads them",
    "explain.question": "a frozen value; tests.cli.test_explain asks with it",
    "explain.talk": "tests.explain.test_explaining: its dialogue is the gateway's",
    "explain.servers": "tests.explain.test_explaining, tests.cli.test_explain: each step",
    "explain.routes": "tests.explain.test_explaining, tests.cli.test_explain: each step",
    "explain.ways": "tests.explain.test_explaining, tests.cli.test_explain: each step",
    "explain.names": "tests.explain.test_explaining, tests.cli.test_explain: each step",
    "cli.asked": "tests.cli.test_explain: words, right and wrong",
    "cli.explanation": "tests.cli.test_explain: what is printed",
    "core.permits": "frozen values and a Protocol; tests.core.test_permission asks with them",
    "explain.commands": "tests.cli.test_explain: each step",
    "core.stages.wish": "a frozen value; tests.core.test_entry goes through it",
    "core.stages.plan": "a frozen value; tests.core.test_login goes through its states",
    "core.signals": "names; tests.core.test_transfer_states goes through them",
    "service": "tests.wire.test_cli: what twistd makes of words and settings",
    "options": "tests.cli.test_check: what is read, and in which order",
    "words": "a table; tests.cli.test_parser and tests.wire.test_cli go through it",
    "admin.asking": "what verbs are given and answer; tests.admin has each verb",
    "admin.steered": "Protocols without a line of code",
    "admin.verbs": "a table; tests.admin.test_openapi goes through it",
    "config.bandwidth": "a table; tests.net.test_bandwidth and tests.config go through it",
    "net.control.paced": "tests.wire.test_limits: commands and handshakes a second",
    "net.parts": "tests.net.test_gateway, tests.net.test_ladders: a session over real sockets",
    "cli.kick": "tests.admin.test_kick: the command and a gateway",
    "cli.reload": "tests.admin.test_reload: the command and a gateway",
    "core.steering": "a frozen value; tests.admin.test_recording makes it",
    "net.snapshots": "tests.admin.test_who: real sessions are looked at",
    "cli.commands": "a table; tests.cli.test_parser goes through it",
    "core.reached": "a frozen value; tests.net.test_gateway has it told",
    "net.tls.refusals": "tables; tests.net.test_remedies and tests.test_replies go through them",
    "core.certificates": "two frozen values; tests.net.test_shown, test_validity make them",
    "life.upgrade_request": "tests.life.test_upgrading: who asks, and what is answered",
    "life.listening": "tests.life.test_reloading, test_upgrading: listeners that come, stay and go",
    "foreground": "tests.life: each of its gateways is one",
    "life.reactor": "names; every start goes over it",
    "life.service": "tests.life: each test of a whole process",
    "life.terminal": "tests.life.test_starting: what a terminal shows of a start that fails",
    "life.wiring": "tests.wire.test_access, test_server_rules: what the settings say is what holds",
    "net.backend": "tests.wire: every conversation with a server goes over it",
    "net.details": "tests.wire.test_records: what is added comes from real connections",
    "net.admission": "tests.net.test_headed_client",
    "net.legs.farewell": "tests.field.test_refused",
    "net.legs.half": "tests.net.test_pair",
    "net.surroundings": "tests.net.test_ladders: each data connection is given it",
    "net.policies": "a frozen record of callables; tests.policy has them",
    "net.control.attached": "tests.net.test_guarded",
    "net.control.client": "tests.net.test_control; tests.wire: every conversation begins there",
    "net.control.line": "tests.wire.test_bytes",
    "net.control.server": "tests.net.test_control; tests.wire: every conversation ends there",
    "net.control.state": "names; tests.net.test_control goes through them",
    "net.control.timers": "tests.net.test_flow_control",
    "net.legs.between": "tests.net.test_charged, test_relay_steps: which relay, and with what",
    "net.driver": "tests.wire: it has nothing but actions to perform",
    "net.legs.tls": "tests.net.test_leg_handshakes, test_leg_uploads and their like",
    "net.owners": "Protocols without a line of code",
    "net.reach.names": "tests.net.test_dns, test_system, test_known: all of them look names up by it",
    "ops.news": "tests.ops.test_records: each piece of news once",
    "ops.record_fields": "a table; tests.ops.test_records and test_record_tables go through it",
    "ops.settings": "a frozen value without a line of code",
    "net.recorder": "a Protocol without a line of code; ops.log is it, and is tested",
}
"""Modules without a test module of their name, and where they are tested instead."""


def names_of(module: str, others: Iterable[str]) -> set[str]:
    """What the tests of a module may be called, as paths below tests.

    ``net.legs.relay`` has ``net/test_relay`` or, with its folder, ``net/test_legs_relay``, whose folder
    may be in the singular.  Where the room has another module of that name nearer to its door, the
    folder must stand there.
    """
    *path, name = module.split(".")
    name = name.strip("_")
    if not path:
        return {f"test_{name}", f"{name}/test_{name}"}
    room, *inner = path
    nearer = any(
        other.split(".")[0] == room
        and other.split(".")[-1] == name
        and other.count(".") < module.count(".")
        for other in others
    )
    plain = set() if nearer else {f"{room}/test_{name}"}
    folders = {inner[-1], inner[-1].removesuffix("s")} if inner else set()
    return plain | {f"{room}/test_{folder}_{name}" for folder in folders}


def untested(modules: Iterable[str], tests: set[str]) -> list[str]:
    """The modules that have no test module of their name."""
    known = list(modules)
    return [module for module in known if not names_of(module, known) & tests]


def faults(modules: Iterable[str], tests: set[str], exceptions: Mapping[str, str]) -> list[str]:
    """What the table of exceptions does not say, and what it says in vain."""
    without = untested(modules, tests)
    return [f"{module} has no tests" for module in without if module not in exceptions] + [
        f"{module} is no exception any more" for module in exceptions if module not in without
    ]


class Modules(SynchronousTestCase):
    """The modules that there are, and the rule."""

    def test_each(self) -> None:
        """Every module has its tests, or a reason why not; no reason is left over."""
        modules = [
            ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for path in sorted(ROOT.rglob("*.py"))
            if path.name != "__init__.py"
        ]
        tests = {
            path.relative_to(TESTS).with_suffix("").as_posix() for path in TESTS.rglob("test_*.py")
        }
        self.assertIn("net.legs.relay", modules)
        self.assertEqual(faults(modules, tests, EXCEPTIONS), [])

    def test_names(self) -> None:
        """Folders of a room do not count, but where a name is taken."""
        modules = ["net.tls", "net.legs.tls", "net.legs.relay", "core.tls", "service", "__main__"]
        for module, names in (
            ("net.tls", {"net/test_tls"}),
            ("net.legs.tls", {"net/test_legs_tls", "net/test_leg_tls"}),
            ("net.legs.relay", {"net/test_relay", "net/test_legs_relay", "net/test_leg_relay"}),
            ("core.tls", {"core/test_tls"}),
            ("service", {"test_service", "service/test_service"}),
            ("__main__", {"test_main", "main/test_main"}),
        ):
            self.assertEqual(names_of(module, modules), names, module)

    def test_faults(self) -> None:
        """A module without tests, and an exception whose module has them or is gone."""
        found = faults(
            ["net.a", "net.b", "net.c", "net.x.b"],
            {"net/test_a", "net/test_b"},
            {"net.a": "why", "net.c": "why", "net.gone": "why"},
        )
        self.assertEqual(
            found,
            [
                "net.x.b has no tests",
                "net.a is no exception any more",
                "net.gone is no exception any more",
            ],
        )
