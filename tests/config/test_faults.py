"""How faults are told: where they stand, what is quoted, and all of them at once."""

from __future__ import annotations

import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import SettingsError, load, read
from ftpalg.config.faults import dotted, fault_of, path_of


class FaultCase(SynchronousTestCase):
    """Files with faults in them."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-faults-")
        self.addCleanup(holder.cleanup)
        self.path = Path(holder.name) / "f.toml"

    def error(self, text: str) -> SettingsError:
        """What loading a text raises."""
        self.path.write_text(text, "utf-8")
        error: SettingsError = self.assertRaises(SettingsError, load, self.path, {})
        return error

    def faults(self, text: str) -> list[str]:
        """The faults of a text, without the file's name."""
        return [fault.removeprefix(f"{self.path}:") for fault in self.error(text).faults]


class Told(FaultCase):
    """Each fault with its place."""

    def test_data_addresses(self) -> None:
        """A value at itself, a key that is none at the key, what is missing at its table."""
        for text, expected in (
            ("\nserver = 'h'", "2:10: server = 'h': must be ftp://host"),
            ("[timeouts]\n  idel = 3", "2:3: timeouts.idel: no such setting; did you mean idle?"),
            ("# x\n[timeout]\nidle = 3\nx = 2", "2:1: timeout: no such section; did you mean"),
            ("[[parents]]\nurl = 'ftp://h'", "1:1: parents[0].name: is missing"),
            ("[data]\nclient-ports = '5060-5061'", "2:16: data.client-ports: every port"),
            ("parents = [ { url = 'x', name = 'p' } ]", "1:21: parents[0].url = 'x': must be"),
            ("listen = [':1', ':99999']\nserver = 'ftp://h'", "1:10: listen = [':1', ':99999']: "),
            ("listen = [\n  '127.0.0.1:1',\n  ':2']", "3:3: access.clients: is empty, and whoever"),
            ("a = [1,,]", "1:8: is not TOML: "),
            ("\na = [1", "2:7: is not TOML: "),
        ):
            (found,) = self.faults(text)
            self.assertEqual(found[: len(expected)], expected)

    def test_slip_of_what_is_needed(self) -> None:
        """A key that must be there and is misspelled is one fault."""
        self.assertEqual(
            self.faults("[[listeners]]\nendpiont = ':1'\n"),
            ["2:1: listeners[0].endpiont: no such setting; did you mean endpoint?"],
        )
        both = self.faults("[[parents]]\nname = 'p'\nuser = 'x'\nurl_ = 'ftp://h'\ncolour = 1\n")
        self.assertEqual([fault.partition(":")[0] for fault in both], ["4", "5"])

    def test_slip_hides_nothing(self) -> None:
        """What is wrong beside a misspelled key is told, too."""
        found = self.faults("[client-tls]\nciphrs = ''\nminimum = '1.3'\nmaximum = '1.2'\n")
        self.assertEqual([fault.partition(":")[0] for fault in found], ["2", "4"])

    def test_report(self) -> None:
        """The line stands under its fault, marks under the place; tabs stay under tabs."""
        error = self.error("[timeouts]\n\tidle\t= -1 # x\nidel = 3\n")
        self.assertEqual(
            error.report.replace(str(self.path), "f"),
            "f:2:9: timeouts.idle = -1: must be a number of seconds above 0\n"
            "     2 | \tidle\t= -1 # x\n"
            "       | \t    \t  ^^\n"
            "f:3:1: timeouts.idel: no such setting; did you mean idle?\n"
            "     3 | idel = 3\n"
            "       | ^^^^",
        )
        self.assertEqual(str(error), "\n".join(error.faults))

    def test_long_value(self) -> None:
        """A value over several lines is marked on its first."""
        report = self.error("listen = [\n':1',\n3]\n").report
        self.assertIn("     1 | listen = [\n       |          ^", report)
        self.assertEqual(len(report.splitlines()), 3)

    def test_nothing_for_terminals(self) -> None:
        """A line is quoted without what a terminal would obey."""
        report = self.error("server = 'a\u009b2Jb\u202e'\n").report
        self.assertIn("server = 'a?2Jb?'", report)
        self.assertNotIn("\u009b", report)

    def test_no_passwords(self) -> None:
        """A line that may hold a password is not quoted."""
        for text in (
            "accounts.auth = 'memory:anna:hunter2'",
            "[accounts]\nauth = ['memory:anna:hunter2', 3]",
            "accounts = 'hunter2'",
            "server = 'ftp://anna:hunter2@h'",
            "[[routes]]\npassword = 'hunter2'",
            "[[routes]]\nPassWord = 'hunter2'",
            "routes = [{password = 'hunter2', sni = 3}]",
            "x = {accounts.auth = 'memory:anna:hunter2'}",
        ):
            self.assertNotIn("hunter2", self.error(text).report)


class AllAtOnce(FaultCase):
    """All phases in one run."""

    def test_phases(self) -> None:
        """What is wrong by itself and what cannot hold together."""
        found = self.faults(
            "[timeouts]\nidle = 0\n[client-tls]\nmode = 'offer'\n[data]\nclient-ports = '5060-5061'"
        )
        self.assertEqual([fault.split(": ")[1].split(" ")[0] for fault in found],
                         ["timeouts.idle", "client-tls.certificate", "data.client-ports"])  # fmt: skip

    def test_no_follow_ups(self) -> None:
        """A contradiction that may come from another fault alone is not told."""
        for text in (
            "listen = [':1']\nserver = 'h'",
            "listen = [':1']\naccess.clients = ['x']",
            "listen = [':1']\n[access]\nclient = ['10.0.0.0/8']",
            "listen = [':1']\nserve = 'ftp://h'",
            "listen = [':1']\n[acces]\nclients = ['10.0.0.0/8']",
            "[client-tls]\nmode = 'offer'\ncertificate = 3\nprivate-key = 'k'",
            "parent = 'p'\n[[parents]]\nname = 'p'\nurl = 'x'",
            "parent = 'p'\n[[parents]]\nname = 'q'\nurl = 'ftp://h'\n[[parents]]\nurl = 'x'\nname = 'p'",
            "[server-tls]\nminimum = '1.3'\nmaximum = 'x'",
            "data.excluded-ports = [0]\ndata.client-ports = '5060-5061'",
        ):
            self.assertEqual(len(self.faults(text)), 1, text)

    def test_places_of_others(self) -> None:
        """A table at fault does not move its neighbours."""
        found = self.faults(
            "[[routes]]\nbalance = 'x'\n[[routes]]\nuser = 'u'\n[[parents]]\nname = 'p'\nurl = 'ftp://h'\n"
            "user = 'u'"
        )
        self.assertIn("4:8: routes[1].user: would let in everybody", found[1][:50], found)
        self.assertEqual(len(found), 3)

    def test_variables_and_file(self) -> None:
        """Those of the environment and of the command line with those of the file, each by its origin."""
        self.path.write_text("server = 'h'\nlisten = []\n[health]\nevery = 0\n", "utf-8")
        environment = {"FTPALG_HEALTH_EVERYY": "3", "FTPALG_LISTEN": "x"}
        error = self.assertRaises(SettingsError, read, self.path, {"server": "i"}, environment)
        self.assertEqual(
            [fault[:40] for fault in error.faults],
            [
                "environment: FTPALG_HEALTH_EVERYY: no su",
                "command line: server = 'i': must be ftp:",
                "FTPALG_LISTEN: listen = 'x': must be a l",
                f"{self.path}:4:9: health.every = 0: must be"[:40],
            ],
        )


class Paths(SynchronousTestCase):
    """Keys with their tables."""

    def test_there_and_back(self) -> None:
        """Dotted keys and paths."""
        for key in ("server", "data.client-ports", "routes[0].server", "listen[3]", "a.b[1].c[2]"):
            self.assertEqual(dotted(path_of(key)), key)
        self.assertEqual(path_of("access.servers[1].names"), ("access", "servers", 1, "names"))

    def test_of_sentences(self) -> None:
        """The key of a sentence made elsewhere; of others none."""
        for sentence, path in (
            ("client-tls.certificate = 'a: b': cannot be read: x", ("client-tls", "certificate")),
            ("server-tls.crl: /x: is none", ("server-tls", "crl")),
            ("accounts.auth: file:/x: cannot be read", ("accounts", "auth")),
            ("Something else", ()),
        ):
            self.assertEqual(fault_of(sentence).path, path)
