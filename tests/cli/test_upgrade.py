"""``ftpalg upgrade``."""

from __future__ import annotations

from ftpalg import foreground
from tests.cli.cases import CommandCase


class Upgrade(CommandCase):
    """It asks, and says what it was told."""

    def test_told(self) -> None:
        """The service is asked; where it cannot, one sentence and 1."""
        asked: list[int | None] = []
        for answer, printed in (((0, "upgraded"), 1), ((1, "not upgraded: why"), 2)):

            def upgrade(pid: int | None, answer: tuple[int, str] = answer) -> tuple[int, str]:
                asked.append(pid)
                return answer

            self.patch(foreground, "upgrade", upgrade)
            said = self.run_it("upgrade", "7")
            self.assertEqual((said[0], said[printed]), (answer[0], f"ftpalg: {answer[1]}\n"))
        self.run_it("upgrade")
        self.assertEqual(asked, [7, 7, None])
