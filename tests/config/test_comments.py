"""What the shipped file says of each setting."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import comments as module
from ftpalg.config.comments import comments, shipped

TREE = Path(__file__).parents[2]
TEXT = """# A file's head.

# Of the one.
# one = 1

[part]
# Of the part,
# in two lines.

# Of two and three.
# two = 2
# three = 3

# About the table.
# [[part.lists]]
# Of name.
# name = ""
# Of more.
# more = ""
#
# Of no setting.
#
# Of the last.
# last = ""
"""


class Comments(SynchronousTestCase):
    """Sentences beside their settings."""

    def test_shipped(self) -> None:
        """Sentences stand with the setting that they are about; parts of a table with theirs."""
        found = comments()
        self.assertIn("FTP parent users that hold a separator", found["parents.separators-in-user"])
        self.assertTrue(found["limits.reply-size"].startswith("Bytes in a line of a reply"))
        self.assertTrue(found["routes"].startswith("Routes: the first that fits"))
        self.assertTrue(found["routes.proxy-protocol"].startswith("Version of the PROXY header"))
        self.assertEqual(found["timeouts"], "All in seconds.")

    def test_forms(self) -> None:
        """Top level, sections, settings that stand together, and tables with parts."""
        self.patch(module, "shipped", lambda: TEXT)
        self.assertEqual(
            comments.__wrapped__(),
            {
                "one": "Of the one.",
                "part": "Of the part, in two lines.",
                "part.two": "Of two and three.",
                "part.three": "Of two and three.",
                "part.lists": "About the table.",
                "part.lists.name": "Of name.",
                "part.lists.more": "Of more.",
                "part.lists.last": "Of the last.",
            },
        )

    def test_file(self) -> None:
        """It is the one that packages install."""
        self.assertEqual(shipped(), (TREE / "etc" / "ftpalg.toml").read_text("utf-8"))
