"""A server, a gateway in front of it and the clients' folder, for one class of tests at a time."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import ClassVar, Protocol

from tests.peers.servers import Gateway, NotStarted, Server


class Case(Protocol):
    """A class of tests that plays on a stage."""

    @classmethod
    def server_of(cls) -> Server:
        """Its server, to be started."""

    @classmethod
    def gateway_for(cls, server: Server) -> Gateway:
        """The gateway in front of that server, which runs; to be started."""


class Stage:
    """trial knows no setUpClass: the next class's first test clears it away, and the end of the process the
    last one.
    """

    current: ClassVar[Stage | None] = None
    broken: ClassVar[dict[type[Case], NotStarted]] = {}
    """What could not be started, so that it is tried only once."""

    def __init__(self, case: type[Case]) -> None:
        self.case = case
        self.base = Path(tempfile.mkdtemp(prefix="ftpalg-peers-"))
        self.server = case.server_of()
        self._started: Gateway | None = None
        try:
            self.server.start()
            self._started = case.gateway_for(self.server)
            self._started.start()
        except BaseException:
            self.clear()
            raise

    @property
    def gateway(self) -> Gateway:
        """The one that runs."""
        assert self._started is not None  # who has a stage has one that could be made
        return self._started

    def clear(self) -> None:
        """Kill both and remove the folders."""
        if self._started is not None:
            self._started.stop()
        self.server.stop()
        shutil.rmtree(self.base, ignore_errors=True)

    @classmethod
    def of(cls, case: type[Case]) -> Stage:
        """The stage of a class of tests; another class's is cleared away first."""
        if case in cls.broken:
            raise cls.broken[case]
        if cls.current is None or cls.current.case is not case:
            cls.clear_current()
            try:
                cls.current = cls(case)
            except NotStarted as error:
                cls.broken[case] = error
                raise
        return cls.current

    @classmethod
    def clear_current(cls) -> None:
        """Leave no process behind."""
        last, cls.current = cls.current, None
        if last is not None:
            last.clear()


atexit.register(Stage.clear_current)
