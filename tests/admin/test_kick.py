"""``ftpalg kick``."""

from __future__ import annotations

import json

import jsonschema
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Refusal
from ftpalg.admin.kick import BATCH, SAY, kick
from ftpalg.admin.verbs import verb
from ftpalg.core.ends import Reason
from ftpalg.core.facts import Outcome, TransferOver
from ftpalg.core.steering import Steered
from ftpalg.core.wire.commands import Command as Line
from tests.admin.cases import AdminCase, Standing, asked, session, transferring, worked
from tests.wire.peers import BLOCK, drained


class Verb(SynchronousTestCase):
    """Whom it ends."""

    def test_those_that_fit(self) -> None:
        """With the text, and no others; it is recorded with what came of it."""
        gateway = Standing(session("s1"), session("s2"), session("t1"))
        _, found = worked(kick(gateway, asked(filter=["s"])))
        jsonschema.validate(found, verb("kick").answer)
        self.assertEqual(found, {"kicked": 2, "marked": 0})
        self.assertEqual(gateway.ended, [(name, SAY, Reason.KICKED) for name in ("s1", "s2")])
        result = "2 ended, 0 end behind their transfer"
        self.assertEqual(gateway.recorded, [Steered("kick", ("filter=s",), 1000, 98, result)])

    def test_at_once(self) -> None:
        """Without a word of transfers, those that move something, too."""
        gateway = Standing(transferring("s1"))
        self.assertEqual(worked(kick(gateway, asked(filter=["s"], say="Out.")))[1]["kicked"], 1)
        self.assertEqual(gateway.ended, [("s1", "Out.", Reason.KICKED)])

    def test_after_transfer(self) -> None:
        """One that moves something is marked, the others end now."""
        gateway = Standing(transferring("s1"), session("s2"))
        _, found = worked(kick(gateway, asked(filter=["s"], after_transfer=True)))
        self.assertEqual(found, {"kicked": 1, "marked": 1})
        self.assertEqual([name for name, _, _ in gateway.ended], ["s2"])
        gateway.happens("s1", TransferOver(Line(b"RETR"), Outcome.COMPLETE, ""))
        gateway.snapshots["s1"] = session("s1")
        gateway.reactor.advance(0)
        self.assertEqual([name for name, _, _ in gateway.ended], ["s2", "s1"])

    def test_slices(self) -> None:
        """Few in one turn: ending one takes its time."""
        gateway = Standing(*(session(f"s{at:03}") for at in range(BATCH * 2 + 1)))
        turns, found = worked(kick(gateway, asked(filter=["s"])))
        self.assertEqual((turns, found["kicked"]), (3, BATCH * 2 + 1))

    def test_caller_goes(self) -> None:
        """What has been done by then is recorded."""
        gateway = Standing(*(session(f"s{at:03}") for at in range(BATCH * 2)))
        steps = kick(gateway, asked(filter=["s"])).steps
        next(steps)
        steps.close()
        self.assertEqual(gateway.recorded[0].result, f"{BATCH} ended, 0 end behind their transfer")

    def test_refused(self) -> None:
        """A text that would be more than a line, or none; a filter that is none."""
        for words in (
            {"say": "a\r\n220 b"},
            {"say": " "},
            {"say": "x" * 201},
            {"say": "\x1b"},
            {"filter": ["cleint=1"]},
        ):
            gateway = Standing(session("s1"))
            with self.assertRaises(Refusal) as caught:
                kick(gateway, asked(**{"filter": ["s"], **words}))
            self.assertEqual(caught.exception.status, 400)
            self.assertEqual((gateway.ended, gateway.told), ([], []))


class Real(AdminCase):
    """Real sessions."""

    def test_idle(self) -> None:
        """421 with the text; the log has the reason in letters, and who asked."""
        gateway = self.seen()
        client = self.idle(gateway)
        (one,) = self.sessions()
        status, out, err = self.command("kick", one["session"], "--say", "Maintenance.")
        self.assertEqual((status, out, err), (0, "1 ended\n", ""))
        answer = client.reply()
        self.assertEqual((answer.code, answer.text), (421, b"421 Maintenance."))
        self.assertTrue(gateway.logged("OI kicked"))
        self.assertTrue(gateway.logged("kick by uid "))
        self.assertEqual(self.sessions(), [])

    def test_none(self) -> None:
        """1 where none fits; 2 where nobody is named."""
        self.seen()
        self.assertEqual(self.command("kick", "zzz"), (1, "", "ftpalg kick: no session fits\n"))
        status, _, err = self.command("kick")
        self.assertEqual(status, 2)
        self.assertIn("name a session or a filter", err)
        status, out, _ = self.command("kick", "zzz", "--json")
        self.assertEqual((status, json.loads(out)), (1, {"kicked": 0, "marked": 0}))

    def test_after_transfer(self) -> None:
        """The file comes whole, with its 226, and then the 421."""
        gateway = self.seen()
        client, data, more, _ = self.downloading(gateway)
        status, out, _ = self.command("kick", "state=data", "--after-transfer")
        self.assertEqual((status, out), (0, "0 ended, 1 will behind their transfer\n"))
        self.assertTrue(client.hears_nothing())
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual([client.code(), client.code()], [226, 421])

    def test_now(self) -> None:
        """A transfer that is cut is seen to be cut."""
        gateway = self.seen()
        client, data, _, _ = self.downloading(gateway)
        self.assertEqual(self.command("kick", "state=data")[0], 0)
        self.assertEqual(client.code(), 421)
        self.assertEqual(drained(data)[1], "reset")
