"""The files that come with ftpalg, found in the package."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.shipped import SETTINGS, folder, names, text

ETC = Path(__file__).parents[2] / "etc"


class Shipped(SynchronousTestCase):
    """The folder of the package, and etc."""

    def test_all_of_etc(self) -> None:
        """Each file of etc, with the same text, the settings first."""
        there = {p.relative_to(ETC).as_posix(): p for p in ETC.rglob("*") if p.is_file()}
        found = names()
        self.assertEqual(found[0], SETTINGS)
        self.assertEqual(sorted(found), sorted(there))
        self.assertIn("nftables/edge.nft", found)
        for name in found:
            self.assertEqual(text(name), there[name].read_text("utf-8"), name)

    def test_folder(self) -> None:
        """Where they are is a folder that a person can open."""
        self.assertTrue((Path(folder()) / SETTINGS).is_file())
