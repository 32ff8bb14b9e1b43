"""What would mend it, for each refusal."""

from __future__ import annotations

import re
import tomllib

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import structure
from ftpalg.core.certificates import Shown
from ftpalg.net.tls.refusals import MISNAMED, NOT_PINNED, REFUSALS
from ftpalg.net.tls.remedies import REMEDIES, remedy
from ftpalg.ops.record_fields import FIELDS
from tests.net.dates import NOON

SHOWN = Shown(
    "CN=a", "CN=b", ("a", "and 3 more"), "2030-01-01T00:00:00Z", "ab", "2029-01-01T00:00:00Z"
)


class Remedies(SynchronousTestCase):
    """Sentences for the log."""

    def test_pin(self) -> None:
        """It can be copied into the settings as it stands."""
        shown = SHOWN._replace(sha256="ab" * 32)
        line = re.findall('pin = "[^"]*"', remedy(18, shown, NOON))[0]
        raw = tomllib.loads(f"[[server-tls.rules]]\nserver = '*'\nmode = 'explicit'\n{line}")
        self.assertTrue(structure(raw, "x").server_tls.rules[0].pin)

    def test_each(self) -> None:
        """Every refusal that has words has a remedy, which fits its field."""
        self.assertEqual(set(REMEDIES), {*REFUSALS, MISNAMED, NOT_PINNED})
        for code in REMEDIES:
            self.assertTrue(0 < len(remedy(code, SHOWN, NOON)) <= FIELDS["remedy"].longest, code)

    def test_none(self) -> None:
        """Another one has none, nor has what showed no certificate."""
        self.assertEqual(remedy(7, SHOWN, NOON), "")
        self.assertEqual(remedy(20, None, NOON), "")

    def test_facts(self) -> None:
        """With what is known: the option, the dates and the clock, the names."""
        for code, words in (
            (20, "--server-ca FILE"),
            (10, "ended on 2030-01-01T00:00:00Z, this machine's clock says 2030-06-15T12:00:00Z"),
            (9, "begins on 2029-01-01T00:00:00Z, this machine's clock says 2030-06-15T12:00:00Z"),
            (18, 'pin = "sha256:ab" in a rule of [[server-tls.rules]]'),
            (MISNAMED, "write one of its names as the server: a, and 3 more"),
        ):
            self.assertIn(words, remedy(code, SHOWN, NOON))
        nameless = SHOWN._replace(names=())
        self.assertIn("it has no names", remedy(MISNAMED, nameless, NOON))
