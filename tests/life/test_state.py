"""Where what outlives the gateway is kept."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings, read
from ftpalg.config.tables import Origin
from ftpalg.life.state import folder_of

ENVIRON = {"STATE_DIRECTORY": "/var/lib/ftpalg:/var/lib/other"}


class Folder(SynchronousTestCase):
    """The settings, or systemd."""

    def test_each(self) -> None:
        """What the settings say, nowhere if that is what they say, else systemd's first folder."""
        nowhere = Settings(origin=Origin(places={"state": "f.toml:1"}))
        for settings, environ, wanted in (
            (Settings(state=Path("/s")), ENVIRON, Path("/s")),
            (nowhere, ENVIRON, None),
            (Settings(), ENVIRON, Path("/var/lib/ftpalg")),
            (Settings(), {}, None),
            (Settings(), {"STATE_DIRECTORY": ""}, None),
        ):
            self.assertEqual(folder_of(settings, environ), wanted)

    def test_of_a_file(self) -> None:
        """A file that says nowhere is believed."""
        file = Path(self.mktemp())
        file.write_text('state = ""\n')
        self.assertIsNone(folder_of(read(file, {}, {}).settings, ENVIRON))
