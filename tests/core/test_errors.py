"""The tree of errors."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.errors import BadCommand, BadReply, FtpError


def tree(root: type[FtpError]) -> Iterator[type[FtpError]]:
    """A class and everything below it."""
    yield root
    for branch in root.__subclasses__():
        yield from tree(branch)


class Tree(SynchronousTestCase):
    """Every class of it."""

    def test_codes(self) -> None:
        """Each carries a code that refuses: 4xx or 5xx, three digits."""
        for kind in tree(FtpError):
            self.assertTrue(400 <= kind.code <= 599, kind)

    def test_servers_faults_end_the_session(self) -> None:
        """What is wrong with a server is 421, what is wrong with a command is 500."""
        self.assertEqual({kind.code for kind in tree(BadReply)}, {421})
        self.assertEqual({kind.code for kind in tree(BadCommand)}, {500})
