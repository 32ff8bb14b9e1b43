"""Commands that pass to the server, and the few whose reply or argument is ours to mind on the way.

MODE B, MODE C and STRU R mark the end of a file inside the data, which a relay cannot see: 504.
"""

from __future__ import annotations

from ftpalg.core.desk import AWAIT, Await, Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import Timer
from ftpalg.core.stage import Stage
from ftpalg.core.stages.destination import Destination
from ftpalg.core.stages.local import our_features
from ftpalg.core.stages.login import Login
from ftpalg.core.stages.protection import Protection
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.features import OPAQUE, TRANSPORT, rewrite_features
from ftpalg.core.wire.replies import Reply, reply

TRANSPARENT = {b"MODE": (b"S", b"Z"), b"STRU": (b"F",)}
"""Arguments under which a file ends with its data connection."""

HARMLESS = frozenset(b"NOOP SYST OPTS CLNT HELP LANG TYPE".split())
"""What a parent FTP proxy gets before the login; SITE and OPEN would name a server."""

QUESTIONS = frozenset(b"NOOP SYST HELP".split())
"""What a server has forgotten once it has answered; STAT and FEAT, too, which pass by their own ways."""


class Forwarding(Stage):
    """``state`` is True once QUIT has gone to the server."""

    __slots__ = ("_destination", "_login", "_protection")

    state: bool

    def __init__(
        self, desk: Desk, destination: Destination, protection: Protection, login: Login
    ) -> None:
        self.desk, self.state = desk, False
        self._destination = destination
        self._protection = protection
        self._login = login

    def forward(self, command: Command) -> None:
        """A command that is the server's alone."""
        if self._names_server(command):
            self.desk.refuse(530, "The server is named already; log in there.")
        elif not (self.desk.logged_in or command.passes_before_login):
            self.desk.refuse(530, "Log in first.")
        else:
            self._pass_on(command, AWAIT.FORWARD)

    def site(self, command: Command) -> None:
        """SITE, of which AUTH may be a login (curl's alternative to USER)."""
        word = (command.argument or b"").strip().partition(b" ")[0].upper()
        if word == b"AUTH" and not self._names_server(command):
            self._pass_on(command, Await.SITE_AUTH)
        else:
            self.forward(command)

    def _pass_on(self, command: Command, awaited: Await) -> None:
        """Before the login it may have been said by another than who logs in under TLS."""
        self.desk.swayed = self.desk.swayed or command.verb not in QUESTIONS
        self.desk.ask(command, awaited)

    def answered(self, message: Reply) -> None:
        """The server's answer to it."""
        self.desk.forward(message)

    def _names_server(self, command: Command) -> bool:
        """True for what a parent FTP proxy could take for another server than ours."""
        if not self._login.behind_ftp_parent:
            return False
        return command.verb == b"OPEN" or not (self.desk.logged_in or command.verb in HARMLESS)

    def quit(self, command: Command) -> None:
        """QUIT."""
        self.state = True
        self.desk.start(Timer.QUIT)
        self.desk.ask(command, Await.QUIT)

    def quit_answered(self, message: Reply) -> None:
        """The server's goodbye, or ours where it has none."""
        if message.preliminary:
            self.desk.tell(message)
        else:
            goodbye = message if message.positive else reply(221, "Goodbye.")
            self.desk.leave(Reason.QUIT, goodbye)

    def status(self, command: Command) -> None:
        """STAT: of a path, or of the session, whose text names the server's side."""
        self.desk.ask(command, Await.FORWARD if command.argument else Await.STATUS)

    def status_answered(self, message: Reply) -> None:
        """The state of the session at the server, which names its side."""
        self.desk.forward(self.desk.masked(message))

    def features(self, command: Command) -> None:
        """FEAT."""
        self.desk.ask(command, Await.FEATURES)

    def features_answered(self, message: Reply) -> None:
        """The server's list: its transport lines give way to ours."""
        if not message.preliminary:
            hidden = OPAQUE if self.desk.rules.opaque else TRANSPORT
            message = rewrite_features(message, our_features(self.desk, self._protection), hidden)
        self.desk.forward(message)

    def structure(self, command: Command) -> None:
        """MODE and STRU."""
        wanted = (command.argument or b"").strip().upper()
        if wanted and wanted not in TRANSPARENT[command.verb]:
            verb = command.verb.decode("ascii")
            self.desk.refuse(504, f"This {verb} marks the end of a file inside the data.")
        else:
            self.forward(command)

    def algs(self, command: Command) -> None:
        """ALGS of RFC 6384 section 11: what cannot be switched off is told as it is."""
        word = (command.argument or b"").strip().upper()
        if word in (b"STATUS64", b"ENABLE64", b"DISABLE64"):
            text = "EPSVEPRT Addresses are always made anew for each side."
            self.desk.answer(reply(216, text))
        else:
            self.desk.refuse(504, "ALGS knows STATUS64, ENABLE64 and DISABLE64.")

    def host(self, command: Command) -> None:
        """HOST, too late (RFC 7151 section 3)."""
        if self._destination.hears_host:
            self.desk.refuse(503, "HOST comes before the login.")
        else:
            self.barred(command)

    def barred(self, command: Command) -> None:
        """What cannot pass a gateway that terminates both legs."""
        self.desk.refuse(502, f"{command.verb.decode('ascii')} cannot pass this gateway.")
