"""What the gateway answers itself as long as no server is known."""

from __future__ import annotations

from ftpalg.core.desk import Desk
from ftpalg.core.ends import Reason
from ftpalg.core.stage import Stage
from ftpalg.core.stages.destination import Destination
from ftpalg.core.stages.protection import Protection
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.features import LIKELY, list_features
from ftpalg.core.wire.replies import reply

SAME = {
    b"SYST": reply(215, "UNIX Type: L8"),
    b"NOOP": reply(200, "OK."),
    b"CLNT": reply(200, "Noted."),
    b"HELP": reply(214, "Log in as user@server or user@server:port."),
}
"""What is answered the same to everybody."""


class Local(Stage):
    """Nothing of it is remembered."""

    __slots__ = ("_destination", "_protection")

    def __init__(self, desk: Desk, destination: Destination, protection: Protection) -> None:
        super().__init__(desk, None)
        self._destination = destination
        self._protection = protection

    def quit(self, command: Command) -> None:
        """QUIT, with no server to tell."""
        self.desk.leave(Reason.QUIT, reply(221, "Goodbye."))

    def features(self, command: Command) -> None:
        """FEAT: ours, and what every server can; lftp asks before its USER, and goes by it for good."""
        hosts = (b"HOST",) if self._destination.hears_host else ()
        self.desk.answer(
            list_features((*our_features(self.desk, self._protection), *hosts, *LIKELY))
        )

    def same(self, command: Command) -> None:
        """SYST, NOOP and their like."""
        self.desk.answer(SAME[command.verb])

    def options(self, command: Command) -> None:
        """OPTS, of which UTF8 is the one that clients send before the login."""
        if (command.argument or b"").upper().startswith(b"UTF8"):
            self.desk.answer(reply(200, "File names pass unchanged."))
        else:
            self.too_early(command)

    def too_early(self, command: Command) -> None:
        """What only a server can carry out."""
        if self._destination.free:
            self.desk.refuse(530, "Log in first: USER user@server.")
        else:
            self.desk.refuse(530, "Log in first: USER user.")


def our_features(desk: Desk, protection: Protection) -> tuple[bytes, ...]:
    """What FEAT shows of the gateway itself; lftp does not go on with PASV where EPSV is listed."""
    epsv = (b"EPSV",) if desk.client.direct else ()
    eprt = (b"EPRT",) if desk.rules.active else ()
    return (*protection.features, *eprt, *epsv)
