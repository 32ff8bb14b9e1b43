"""The direction of dependencies, held by walking the imports.

``core <- {policy, net, ops} <- service <- plugin``; policy, net and ops do not import each other;
``config`` imports core only; the core has no I/O, no clock and no log.  Inside a package there is no
circle, and each floor knows only those below it.
"""

from __future__ import annotations

import ast

from twisted.trial.unittest import SynchronousTestCase

from tests.imports import circles, graph_of, imports, modules, rooms, upward, within

MAY_IMPORT = {
    "core": {"core"},
    "config": {"core", "config"},
    "policy": {"core", "policy"},
    "net": {"core", "config", "net"},
    "ops": {"core", "config", "ops"},
    "admin": {"core", "config", "net", "ops", "admin", ""},
    "words": {"words"},
    "options": {"config", "words"},
    "endpoints": {"config"},
    "life": {
        "core",
        "config",
        "policy",
        "net",
        "ops",
        "admin",
        "life",
        "endpoints",
        "whole_files",
        "",
    },
    "workers": {
        *("core", "config", "policy", "net", "ops", "admin", "life", "endpoints", "workers"),
    },
    "explain": {"core", "config", "policy", "net", "life", "explain"},
    "foreground": {"config", "ops", "life", "workers"},
    "service": {"config", "ops", "life", "workers", "words", "options", ""},
    "whole_files": {"whole_files"},
    "certificate": {"certificate", "whole_files"},
    "ldap": {"ldap", "config", "net"},
    "cli": {
        "cli",
        "explain",
        "admin",
        "foreground",
        "whole_files",
        "life",
        "config",
        "net",
        "ops",
        "certificate",
        "words",
        "options",
        "endpoints",
        "",
    },
    "__main__": {"cli", "life"},
    "": {""},
}
"""Each room and what it may import; the empty name is the package itself (its version)."""

NO_IO = {
    "asyncio", "datetime", "io", "logging", "os", "pathlib", "random", "secrets", "select",
    "selectors", "socket", "ssl", "subprocess", "sys", "threading", "time", "OpenSSL", "twisted",
    "zope",
}  # fmt: skip
"""What the core may not know: design.md, "sans I/O: no Twisted, no socket, no clock"."""

PURE = NO_IO - {"secrets", "datetime"}
"""What a policy may not know; chance and the form of a date are facts."""

CORE = (
    {"value", "pace"},
    {"routes", "keys"},
    {"wire"},
    {
        *(
            "ends",
            "drained",
            "bans",
            "quotas",
            "events",
            "permits",
            "place",
            "week",
            "rates",
            "actions",
            "phases",
            "session_settings",
            "facts",
            "news",
        ),
        *("signals", "certificates", "steering", "snapshots", "reached"),
    },
    {"about"},
    {"last_lines"},
    {"desk"},
    {"stage"},
    {"stages"},
    {"session"},
)
"""``value <- {routes, keys} <- wire <- vocabulary <- desk <- stage <- stages <- session``."""

STAGES = (
    {"destination"},
    {"protection"},
    {"plan"},
    {"login"},
    {"wish"},
    {"entry"},
    {"local"},
    {"restart"},
    {"resync"},
    {"transfer_states"},
    {"transfer_steps"},
    {"transfer_legs"},
    {"transfer"},
    {"permission"},
    {"abort"},
    {"transfer_command"},
    {"data_verbs"},
    {"addressing"},
    {"forwarding"},
    {"reply_matching"},
    {"command_queue"},
    {"leaving", "timeouts"},
)
"""Each stage knows those before it; ``transfer_states`` are the transfer's, ``data_verbs`` are the
addressing's."""

NET = (
    {"unreadable", "c_stderr", "ledger", "rates", "bans"},
    {
        "stored_passwords",
        "intercept",
        "own_addresses",
        "pinholes",
        "reactors",
        "recorder",
        "call_all",
    },
    {"arrivals", "calls", "password_hashes", "secret_places", "turns"},
    {"watch"},
    {"accounts_file", "threads", "unix_accounts"},
    {"faults", "guesses"},
    {"accounts", "policies"},
    {"tls", "judging"},
    {"guarded", "quoted_passwords", "standing", "drained"},
    {"dialogues"},
    {"owners"},
    {"legs"},
    {"leading_bytes", "proxy_header_reader"},
    {"control"},
    {"reach"},
    {"bucket"},
    {"bandwidth", "quotas"},
    {"advertised", "reaching", "sessions", "shares", "timers"},
    {"shared", "seats"},
    {"data_addresses", "surroundings"},
    {"backend", "admission"},
    {"details", "snapshots"},
    {"parts"},
    {"driver"},
    {"gateway"},
)
"""``guarded <- owners <- legs <- control <- reach <- backend <- driver <- gateway``, and others between."""

PACKAGES = ("core", "config", "policy", "net", "ops", "admin", "life", "workers", "explain", "cli")


def room_of(module: str) -> str:
    """The part of ``ftpalg.net.legs.relay`` that names its room."""
    return [*module.split("."), ""][1]


class Layers(SynchronousTestCase):
    """All imports of the package."""

    def setUp(self) -> None:
        self.trees = modules()
        self.graph = graph_of(self.trees)

    def test_rooms(self) -> None:
        """No room imports what it may not."""
        wrong = [
            f"{name}:{line} imports {wanted}"
            for name, tree in self.trees.items()
            for line, module, part in imports(tree)
            for wanted in ([f"ftpalg.{part}"] if module == "ftpalg" else [module])
            if wanted.partition(".")[0] == "ftpalg"
            and room_of(wanted) not in MAY_IMPORT[room_of(name)]
            and not wanted.startswith("ftpalg.__")
        ]
        self.assertEqual(wrong, [])

    def test_core_is_sans_io(self) -> None:
        """The core imports nothing that could wait, write or look at a clock; nor does a policy."""
        wrong = [
            f"{name}:{line} imports {wanted}"
            for name, tree in self.trees.items()
            for line, wanted, _ in imports(tree)
            if (room_of(name) == "core" and wanted.partition(".")[0] in NO_IO)
            or (room_of(name) == "policy" and wanted.partition(".")[0] in PURE)
        ]
        self.assertEqual(wrong, [])

    def test_no_reactor_at_import(self) -> None:
        """The reactor is nobody's at module level: installing another one stays possible."""
        wrong = [
            f"{name}:{node.lineno}"
            for name, tree in self.trees.items()
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            and node.module == "twisted.internet"
            and "reactor" in [alias.name for alias in node.names]
        ]
        self.assertEqual(wrong, [])

    def test_the_walk_sees_something(self) -> None:
        """The walk finds the rooms of the design; none is unknown to the table."""
        found = {room_of(name) for name in self.trees}
        self.assertLessEqual({"core", "policy", "net", "ops", "config", "service"}, found)
        self.assertLessEqual(found, set(MAY_IMPORT))
        seen = {
            wanted.partition(".")[0]
            for tree in self.trees.values()
            for _, wanted, _ in imports(tree)
        }
        self.assertLessEqual({"twisted", "ftpalg", "socket"}, seen)


class Circles(SynchronousTestCase):
    """No module knows, by however many others, who knows it."""

    def circles_of(self, package: str) -> list[list[str]]:
        """The circles inside one package."""
        graph = within(graph_of(modules()), f"ftpalg.{package}")
        self.assertTrue(graph)
        return circles(graph)

    def test_core(self) -> None:
        """None in the core."""
        self.assertEqual(self.circles_of("core"), [])

    def test_net(self) -> None:
        """None in net."""
        self.assertEqual(self.circles_of("net"), [])

    def test_folders_of_net(self) -> None:
        """None among the folders of net either: control, legs and reach do not know each other's."""
        graph = rooms(within(graph_of(modules()), "ftpalg.net"))
        self.assertLessEqual({"control", "legs", "reach"}, set(graph))
        self.assertEqual(circles(graph), [])

    def test_others(self) -> None:
        """None in config, policy and ops."""
        for package in PACKAGES:
            if package not in ("core", "net"):
                self.assertEqual(self.circles_of(package), [], package)

    def test_all(self) -> None:
        """None among the packages."""
        graph = rooms(within(graph_of(modules()), "ftpalg"))
        self.assertEqual(circles(graph), [])


class Floors(SynchronousTestCase):
    """Inside a package each floor knows itself and those below it; every module has a floor."""

    def setUp(self) -> None:
        self.graph = graph_of(modules())

    def test_core(self) -> None:
        """From the routes up to the session."""
        self.assertEqual(upward(within(self.graph, "ftpalg.core"), CORE), [])

    def test_stages(self) -> None:
        """From the destination up to the forwarding."""
        self.assertEqual(upward(within(self.graph, "ftpalg.core.stages"), STAGES), [])

    def test_net(self) -> None:
        """From the pieces that know nobody up to the gateway."""
        self.assertEqual(upward(within(self.graph, "ftpalg.net"), NET), [])
