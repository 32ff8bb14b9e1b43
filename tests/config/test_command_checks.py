"""The values of ``[[access.commands]]``, and what cannot hold together with them."""

from __future__ import annotations

from ftpalg.core.week import Span
from tests.config.cases import ConfigTest

HEAD = "[[access.commands]]\n"


class Values(ConfigTest):
    """What is right and what is wrong."""

    def test_right(self) -> None:
        """As they are held."""
        (rule,) = self.settings(
            f'{HEAD}commands = ["read", "dele", "Other"]\npaths = ["/", "/a/**/*.b"]\n'
            'times = ["Mon", "08:00-09:00"]\nzone = "Europe/Berlin"'
        ).access.commands
        self.assertEqual(rule.commands, ("read", "DELE", "other"))
        self.assertEqual(rule.paths, ("/", "/a/**/*.b"))
        self.assertEqual(rule.times[0], Span(frozenset({0})))
        self.assertEqual(rule.zone, "Europe/Berlin")
        self.assertTrue(rule.allow)

    def test_wrong(self) -> None:
        """Each with its remedy."""
        for text, words in (
            ("commands = ['dowload']", 'or of "download"'),
            ("commands = ['NOOP']", "must be a list of FTP commands that name files"),
            ("commands = ['USER']", "must be a list of FTP commands that name files"),
            ("commands = [1]", "must be a list of FTP commands"),
            ("commands = 'read'", "must be a list of FTP commands"),
            ("commands = ['é']", "must be a list of FTP commands"),
            ("paths = ['pub']", "must be a list of paths from / on"),
            ("paths = '/pub'", "must be a list of paths from / on"),
            ("paths = [1]", "must be a list of paths from / on"),
            ("paths = ['/a/../b']", "must hold neither . nor .."),
            ("paths = ['/./b']", "must hold neither . nor .."),
            ("paths = ['/a**']", "must have ** between slashes alone"),
            ("times = ['9-17']", "must be a list of days, hours or both"),
            ("times = 'Mon'", "must be a list of days, hours or both"),
            ("zone = 'Europe/Nowhere'", "must be a time zone of this machine"),
            ("zone = '../../etc/passwd'", "must be a time zone of this machine"),
            ("zone = ''", "must be a time zone of this machine"),
            ("zone = 1", "must be a time zone of this machine"),
        ):
            (fault,) = self.faults(HEAD + text)
            self.assertTrue(fault.startswith("access.commands[0]."), fault)
            self.assertIn(words, fault)

    def test_contradictions(self) -> None:
        """No account without accounts, and no rule where nobody hears what clients say."""
        (fault,) = self.faults(f"{HEAD}accounts = ['a']")
        self.assertIn("access.commands[0].accounts: there are none", fault)
        opaque = "server = 'ftp://h'\nclient-tls.opaque = true\n"
        (fault,) = self.faults(f"{opaque}{HEAD}")
        self.assertIn("access.commands[0]: cannot hold where client-tls.opaque = true", fault)
        self.settings(f"{opaque}{HEAD}shadow = true")
