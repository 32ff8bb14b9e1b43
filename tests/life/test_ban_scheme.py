"""How the settings of bans become a scheme."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Bans
from ftpalg.core.bans import Offence
from ftpalg.life.banning import scheme_of


class Scheme(SynchronousTestCase):
    """The settings as the policy has them."""

    def test_each(self) -> None:
        """Every offence has its weight, under its word."""
        weights = scheme_of(Bans(no_ftp=7, limit=0)).weights
        self.assertEqual(set(weights), set(Offence))
        self.assertEqual((weights[Offence.NO_FTP], weights[Offence.LIMIT]), (7, 0))
