"""The quotas in an explanation: each with what it means, and those that do not hold."""

from __future__ import annotations

from ftpalg.core.wire.commands import Command
from ftpalg.explain.quotas import steps
from ftpalg.explain.steps import Outcome
from tests.config.cases import ConfigTest
from tests.net.test_quotas import TEXT


class Steps(ConfigTest):
    """Of one session."""

    def found(
        self, at: int, route: str, account: str, command: Command | None = None
    ) -> dict[str, tuple[bool, str]]:
        """Key, whether it holds, and why."""
        settings = self.settings(TEXT)
        listener = settings.all_listeners[at]
        return {
            step.rule: (step.outcome is Outcome.TAKEN, step.why)
            for step in steps(settings, listener, route, account, command)
        }

    def test_each(self) -> None:
        """The route's instead of the general one, the listener's beside it."""
        found = self.found(0, "routes[0]", "joe")
        word, files = "upload-bytes-per-transfer", "download-files-per-day"
        self.assertEqual(
            [key for key, (holds, _) in found.items() if holds],
            [
                "limits.upload-bytes-per-day",
                f"limits.{files}",
                "routes[0].limits.upload-files-per-day",
                f"listeners[0].limits.{word}",
            ],
        )
        instead = f"listeners[0].limits.{word} counts instead"
        self.assertEqual(found[f"limits.{word}"][1], instead)
        self.assertEqual(found[f"routes[0].limits.{word}"][1], instead)
        self.assertEqual(found[f"listeners[0].limits.{files}"][1], f"limits.{files} counts instead")
        self.assertEqual(found[f"listeners[0].limits.{word}"][1], "one upload may have 800 bytes")
        day = "the account may have 5 files of downloads from midnight to midnight"
        self.assertEqual(found[f"limits.{files}"][1], day)

    def test_no_account(self) -> None:
        """What counts by accounts holds for none."""
        found = self.found(1, "", "")
        self.assertEqual([holds for holds, _ in found.values()], [True, False, False])
        self.assertIn("this session has none", found["limits.download-files-per-day"][1])

    def test_command(self) -> None:
        """Only those of its direction; of a listing none."""
        for verb, wanted in ((b"STOR", 2), (b"RETR", 1), (b"LIST", 0), (b"NOOP", 0)):
            found = self.found(1, "", "joe", Command(verb, b"x"))
            self.assertEqual(sum(holds for holds, _ in found.values()), wanted, verb)
