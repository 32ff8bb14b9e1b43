"""The settings that the documents show."""

from __future__ import annotations

from pathlib import Path

from tests.config.cases import ConfigTest


class Documented(ConfigTest):
    """The settings that the documents show."""

    def test_ways(self) -> None:
        """Every block of TOML in the documents is sound by itself."""
        folder = Path(__file__).parents[2] / "docs"
        found = 0
        for path in folder.glob("*.rst"):
            for block in path.read_text("utf-8").split(".. code-block:: toml\n")[1:]:
                lines = []
                for line in block.splitlines():
                    if line and not line.startswith("    "):
                        break
                    lines.append(line)
                self.settings("\n".join(lines))
                found += 1
        self.assertGreater(found, 0)
