"""Twisted's own FTP server as ``twistd ftp`` runs it, with one user whose home may be any folder."""

from __future__ import annotations

import sys
from typing import Any

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred
from twisted.internet.task import react
from twisted.protocols.ftp import FTPFactory, FTPShell, IFTPShell
from twisted.python.filepath import FilePath
from zope.interface import implementer


class Shell(FTPShell):
    """Names on the disk are the bytes of the wire, which Twisted reads as Latin-1."""

    def _path(self, path: list[str]) -> FilePath[bytes]:
        made: FilePath[bytes] = self.filesystemRoot.descendant(
            [name.encode("latin-1") for name in path]
        )
        return made


@implementer(IRealm)
class Realm:
    """One folder for everybody; twistd's has /home/NAME."""

    def __init__(self, root: str) -> None:
        self.root = FilePath(root.encode())

    def requestAvatar(self, *_: Any) -> tuple[Any, Shell, Any]:
        """The folder, and nothing to do at the end."""
        return IFTPShell, Shell(self.root), lambda: None


def main(reactor: Any, host: str, port: str, root: str, user: str, password: str) -> Deferred[None]:
    """Serve until killed."""
    people = InMemoryUsernamePasswordDatabaseDontUse()
    people.addUser(user, password)  # type: ignore[arg-type]  # the FTP server asks with text
    factory = FTPFactory(Portal(Realm(root), [people]))
    reactor.listenTCP(int(port), factory, interface=host)
    return Deferred()


react(main, sys.argv[1:])
