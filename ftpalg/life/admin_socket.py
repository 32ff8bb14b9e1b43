"""The admin socket: its path is had before the reactor runs, moved by new settings, and handed on.

What stands at the path is ``admin.socket_file``'s to know; who is asked there is the ``site``'s.  Both are
imported where there is a path at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ftpalg.config import Settings
from ftpalg.life.faults import CannotStart
from ftpalg.life.reactor import IWhole

if TYPE_CHECKING:
    from ftpalg.admin.accepting import Accepting
    from ftpalg.admin.socket_file import SocketFile
    from ftpalg.admin.web import Site

NAME = "admin.sock"


def path_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where the socket is to be: as the settings say, which may say nowhere, else in the folder that
    systemd has made."""
    said = settings.admin.socket
    if said is not None or "admin.socket" in settings.origin.places:
        return said
    folder = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder, NAME) if folder else None


class AdminSocket:
    """``parent`` is the PID of the program before this one, whose path is taken over, or 0."""

    def __init__(self, reactor: IWhole, site: Callable[[], Site], parent: int = 0) -> None:
        self._reactor = reactor
        self._make_site = site
        self._parent = parent
        self._file: SocketFile | None = None
        self._accepting: Accepting | None = None
        self._site: Site | None = None

    @property
    def is_there(self) -> bool:
        """Whether anybody can ask, or could soon."""
        return self._file is not None

    def prepare(self, settings: Settings) -> None:
        """Before the reactor runs: have the socket, under another name yet.  Raise CannotStart."""
        self._file = self._made(settings)

    def open(self) -> None:
        """The reactor runs: be there to be asked.  Raise CannotStart."""
        if self._file is not None:
            self._take(self._file)
            self._accept(self._file)

    @contextmanager
    def renewed(self, settings: Settings) -> Iterator[None]:
        """Go on by these settings, where nothing is raised meanwhile.  Raise CannotStart."""
        path, old = path_of(settings), self._file
        if old is not None and old.path == path and old.stands:
            yield
            return
        new = self._made(settings)
        try:
            if new is not None:
                self._take(new)
            yield
        except BaseException:
            if new is not None:
                new.remove()
            raise
        self._close()
        self._file = new
        if new is not None:
            self._accept(new)

    def again(self, settings: Settings) -> None:
        """The next program has failed: it may have taken the path by then.  Raise CannotStart."""
        if self._file is not None and not self._file.stands:
            with self.renewed(settings):
                pass

    def leave(self) -> None:
        """Who is being answered hears the rest."""
        self._close()
        if self._site is not None:
            self._site.close()

    def _made(self, settings: Settings) -> SocketFile | None:
        path = path_of(settings)
        if path is None:
            return None
        from ftpalg.admin.socket_file import SocketFault, make

        try:
            return make(path, self._parent)
        except SocketFault as error:
            raise CannotStart(str(error)) from None

    def _take(self, file: SocketFile) -> None:
        from ftpalg.admin.socket_file import SocketFault

        try:
            file.take(self._parent)
        except SocketFault as error:
            raise CannotStart(str(error)) from None

    def _accept(self, file: SocketFile) -> None:
        from ftpalg.admin.accepting import Accepting

        if self._site is None:
            self._site = self._make_site()
        self._accepting = Accepting(self._reactor, file.socket, self._site)

    def _close(self) -> None:
        if self._accepting is not None:
            self._accepting.close()
            self._accepting = None
        if self._file is not None:
            self._file.remove()
            self._file = None
