"""``ftpalg reload``."""

from __future__ import annotations

import json

import jsonschema
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Refusal
from ftpalg.admin.reload import reload
from ftpalg.admin.verbs import verb
from ftpalg.core.news import Reloaded, ReloadFailed
from ftpalg.core.steering import Steered
from tests.admin.cases import AdminCase, Standing, asked


class Verb(SynchronousTestCase):
    """What the gateway says, as JSON."""

    def setUp(self) -> None:
        self.gateway = Standing()

    def test_done(self) -> None:
        """What has changed, and it is recorded."""
        self.gateway.reloads = [Reloaded("f.toml", ("a 1 -> 2",), 7)]
        found = reload(self.gateway, asked())
        jsonschema.validate(found, verb("reload").answer)
        self.assertEqual(
            found,
            {"reloaded": True, "file": "f.toml", "epoch": 7, "changes": ["a 1 -> 2"], "why": ""},
        )
        self.assertEqual(self.gateway.recorded, [Steered("reload", (), 1000, 98, "reloaded")])

    def test_failed(self) -> None:
        """The fault."""
        self.gateway.reloads = [ReloadFailed("no", "f.toml", epoch=6)]
        found = reload(self.gateway, asked())
        jsonschema.validate(found, verb("reload").answer)
        self.assertEqual((found["reloaded"], found["why"], found["epoch"]), (False, "no", 6))
        self.assertEqual(self.gateway.recorded[0].result, "failed")

    def test_not_now(self) -> None:
        """A gateway that starts, stops or has nothing to read."""
        self.gateway.reloads = [None]
        with self.assertRaises(Refusal) as caught:
            reload(self.gateway, asked())
        self.assertEqual(caught.exception.status, 409)
        self.assertEqual(self.gateway.recorded[0].result, "refused")


class Command(AdminCase):
    """The real one."""

    def test_changes(self) -> None:
        """It waits until it is done, prints what has changed, and says so when nothing has."""
        gateway = self.seen()
        self.assertEqual(self.command("reload"), (0, "nothing has changed\n", ""))
        gateway.file.write_text(gateway.file.read_text() + "[limits]\nsessions = 77\n")
        status, out, err = self.command("reload")
        self.assertEqual((status, out, err), (0, "limits.sessions 5000 -> 77\n", ""))
        status, out, _ = self.command("reload", "--json")
        self.assertEqual((status, json.loads(out)["epoch"]), (0, 4))
        self.assertTrue(gateway.logged("reload by uid ", 3))

    def test_fault(self) -> None:
        """A faulty file: status 1 with the fault as in the log, and the old settings serve."""
        gateway = self.seen()
        gateway.file.write_text(gateway.file.read_text() + "[limits]\nsessions = 0\n")
        status, out, err = self.command("reload")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("ftpalg.toml:", err)
        self.assertIn("limits.sessions", err)
        self.assertTrue(gateway.logged(err.removeprefix("ftpalg reload: ").strip()))
        self.assertEqual(json.loads(self.command("reload", "--json")[1])["reloaded"], False)
        self.idle(gateway)
        self.assertEqual([one["epoch"] for one in self.sessions()], [1])
