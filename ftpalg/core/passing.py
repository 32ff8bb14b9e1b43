"""Commands that pass to the server, and the few whose reply or argument is ours to mind on the way.

REST goes to the server at once and again right before the transfer command if anything was sent in
between: servers do not always reset it, and clients send PASV, REST, RETR in any order.
MODE B, MODE C and STRU R mark the end of a file inside the data, which a relay cannot see: 504.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ftpalg.core.actions import StartTimer
from ftpalg.core.commands import Command, Kind
from ftpalg.core.events import Timer
from ftpalg.core.features import OPAQUE, TRANSPORT, rewrite_features
from ftpalg.core.replies import Reply, reply
from ftpalg.core.scrub import scrub

if TYPE_CHECKING:
    from ftpalg.core.session import Session

TRANSPARENT = {b"MODE": (b"S", b"Z"), b"STRU": (b"F",)}
"""Arguments under which a file ends with its data connection."""


HARMLESS = frozenset(b"NOOP SYST OPTS CLNT HELP LANG TYPE".split())
"""What a parent FTP proxy gets before the login; SITE and OPEN would name a server."""


class Passing:
    """The part of a session that hands commands on."""

    __slots__ = ("_rest", "_rest_stands", "_session", "quitting")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rest: Command | None = None
        self._rest_stands = False
        self.quitting = False

    def command(self, command: Command) -> None:
        """Carry out the command at the head of the queue."""
        COMMANDS[command.kind](self, command)

    def sent(self, command: Command) -> None:
        """A command went to the server: a REST before it stands no longer."""
        self._rest_stands = command.verb == b"REST"

    def take_rest(self) -> Command | None:
        """The REST to send again before a transfer command; None where it still stands before it."""
        held, self._rest = self._rest, None
        return None if self._rest_stands else held

    def forget_rest(self) -> None:
        """The server that took REST is gone."""
        self._rest = None

    def _forward(self, command: Command) -> None:
        if self._names_server(command):
            self._session.refuse(530, "The server is named already; log in there.")
        else:
            self._session.ask(command, self._session.forward)

    def _names_server(self, command: Command) -> bool:
        """True for what a parent FTP proxy could take for another server than ours."""
        login = self._session.login
        if login.route.parent not in self._session.rules.ftp_parents:
            return False
        return command.verb == b"OPEN" or not (login.done or command.verb in HARMLESS)

    def _quit(self, command: Command) -> None:
        self.quitting = True
        self._session.order(StartTimer(Timer.QUIT))
        self._session.ask(command, self._quit_reply)

    def _quit_reply(self, message: Reply) -> None:
        if message.preliminary:
            self._session.tell(message)
        else:
            self._session.leave(message if message.positive else reply(221, "Goodbye."))

    def _restart(self, command: Command) -> None:
        if not (command.argument or b"").strip().isdigit():
            self._session.refuse(501, "REST needs a number of bytes.")
            return
        self._rest = None
        self._session.ask(command, self._restart_reply)

    def _restart_reply(self, message: Reply) -> None:
        if message.code == 350 or message.positive:
            self._rest = self._session.head
        self._session.forward(message)

    def _abort(self, command: Command) -> None:
        early = self._session.conduct.abort_reply()
        if early is not None:
            self._session.answer(early)
        else:
            self._session.ask(command, self._session.forward, urgent=True)

    def _status(self, command: Command) -> None:
        own = not command.argument
        self._session.ask(command, self._status_reply if own else self._session.forward)

    def _status_reply(self, message: Reply) -> None:
        self._session.forward(scrub(message, self._session))

    def _features(self, command: Command) -> None:
        self._session.ask(command, self._features_reply)

    def _features_reply(self, message: Reply) -> None:
        if not message.preliminary:
            hidden = OPAQUE if self._session.rules.opaque else TRANSPORT
            message = rewrite_features(message, self._session.features, hidden)
        self._session.forward(message)

    def _structure(self, command: Command) -> None:
        wanted = (command.argument or b"").strip().upper()
        verb = command.verb.decode("ascii")
        if wanted and wanted not in TRANSPARENT[command.verb]:
            self._session.refuse(504, f"This {verb} marks the end of a file inside the data.")
        else:
            self._forward(command)

    def algs(self, argument: bytes | None) -> None:
        """ALGS of RFC 6384 section 11: what cannot be switched off is told as it is."""
        if (argument or b"").strip().upper() in (b"STATUS64", b"ENABLE64", b"DISABLE64"):
            text = "EPSVEPRT Addresses are always made anew for each side."
            self._session.answer(reply(216, text))
        else:
            self._session.refuse(504, "ALGS knows STATUS64, ENABLE64 and DISABLE64.")

    def _algs(self, command: Command) -> None:
        self.algs(command.argument)

    def _refused(self, command: Command) -> None:
        if command.verb == b"HOST" and self._session.arrival.hears_host:
            self._session.refuse(503, "HOST comes before the login.")  # RFC 7151 section 3
            return
        self._session.refuse(502, f"{command.verb.decode('ascii')} cannot pass this gateway.")

    def _login(self, command: Command) -> None:
        self._session.login.command(command)

    def _address(self, command: Command) -> None:
        self._session.preparation.begin(command)

    def _transfer(self, command: Command) -> None:
        self._session.conduct.begin(command)


COMMANDS: dict[Kind, Callable[[Passing, Command], None]] = {
    Kind.FORWARD: Passing._forward,
    Kind.LOGIN: Passing._login,
    Kind.QUIT: Passing._quit,
    Kind.ADDRESS: Passing._address,
    Kind.DOWNLOAD: Passing._transfer,
    Kind.UPLOAD: Passing._transfer,
    Kind.RESTART: Passing._restart,
    Kind.ABORT: Passing._abort,
    Kind.STATUS: Passing._status,
    Kind.FEATURES: Passing._features,
    Kind.STRUCTURE: Passing._structure,
    Kind.ALGS: Passing._algs,
    Kind.REFUSED: Passing._refused,
}
