"""What the client and the server of the walk say, and the scenes that are walked."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.events import Side
from ftpalg.core.permits import Ruling, Wanted
from ftpalg.core.routes import Mode, ServerTls
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.wire.commands import Command
from tests.core.ladder import FIXED, SERVER

Move = tuple[str, ...]
"""One thing that happens; its first word says which method of ``World`` it is."""

PASSING = (b"SIZE", b"REST", b"USER", b"PASS", b"QUIT", b"AUTH")
"""Commands whose answers pass as they are."""

FREE = ("", "ended", "failed")
"""A leg that is none, to the network."""

TRANSFERS = (b"RETR", b"STOR")
ADDRESSES = (b"EPSV", b"PASV", b"PORT", b"EPRT")
CONSENT = {b"EPSV": 229, b"PASV": 227, b"PORT": 200, b"EPRT": 200}
"""The one positive reply that each of them may have."""
SERVERS_ADDRESS = (b"198.51.100.", b"198,51,100,")
CLIENTS_ADDRESS = (b"192.0.2.", b"192,0,2,")
LATER = b"SIZE three"
"""A command that passes as it is, and so does its answer."""
NAMED = f"at {SERVER.peer} from {SERVER.local}"
"""What servers write into replies that concern a data connection."""

ANSWERS: dict[bytes, tuple[int, ...]] = {
    b"EPSV": (229, 500),
    b"PASV": (227, 421),
    b"PORT": (200, 500),
    b"EPRT": (200, 500),
    b"ABOR": (226,),
    b"NOOP": (200,),
    b"PWD": (257,),
    b"REST": (350,),
    b"STAT": (211,),
    b"SIZE": (213, 550),
    b"PBSZ": (200,),
    b"PROT": (200, 536),
    b"AUTH": (234, 502),
    b"USER": (331, 230, 530),
    b"PASS": (230, 530),
    b"QUIT": (221,),
    b"": (220, 421),
}
"""What a conforming server answers, the transfer commands aside; to nothing, with its greeting."""

FORGED = (150, 200, 226, 229, 350, 421, 425, 500, 550)
"""What a hostile server says, at any time."""

FORGED_AT_LOGIN = (150, 220, 230, 234, 421, 530)

WORDS_OF = {
    227: "Entering (198,51,100,9,195,203)",
    229: "Entering (|||50123|)",
}


class Scene(NamedTuple):
    """What is walked: the rules, and what the client will say, in this order and as fast as
    ``window`` commands unanswered.  ABOR and STAT may come in between, so often.

    ``forged`` are the replies of a hostile server, empty for one that conforms; a ``terse`` one says
    one thing to the transfer command and ABOR.  CI walks a scene that has a ``bound`` up to so many
    states, and every other to its last."""

    name: str
    script: tuple[bytes, ...]
    rules: Rules = Rules(server=FIXED)
    prelude: tuple[Move, ...] = ()
    forged: tuple[int, ...] = ()
    terse: bool = False
    window: int = 1
    aborts: int = 0
    stats: int = 0
    leaves: bool = True
    bound: int = 0


class Owed(NamedTuple):
    """A command that the server has yet to answer; ``tag`` is the client's own that it serves."""

    verb: bytes
    tag: bytes
    started: bool = False


def answers(owed: Owed, leg: str) -> tuple[int, ...]:
    """The codes that a conforming server may answer with, its data connection being ``leg``."""
    if owed.verb not in TRANSFERS:
        return ANSWERS[owed.verb]
    codes: tuple[int, ...] = (451,) if owed.started else (150, 550)
    if leg in ("", "failed"):
        codes += (425,)
    enough: tuple[str, ...] = ("ending", "ended")
    if owed.verb == b"RETR":  # what fits into the buffers on the way may be sent already
        enough += ("standing", "secure", "source")
    return (*codes, 226) if owed.started and leg in enough else codes


PORT = b"PORT 192,0,2,7,200,1"
PORTS = {Side.CLIENT: 51201, Side.SERVER: 50123}
"""What each tells of its data connection."""
ASKS = {"PASV": b"PASV", "PORT": PORT, "EPSV": b"EPSV"}
"""How the client asks for its data connection."""


def _say(*lines: str) -> tuple[Move, ...]:
    """What a server answers at once as the client wishes it."""
    moves: list[Move] = []
    for line in lines:
        said, _, codes = line.partition(" -> ")
        moves.append(("say", said))
        moves.extend(("answer", code) for code in codes.split())
    return tuple(moves)


REACHED: tuple[Move, ...] = (("net", "connected"), ("answer", "220"))
LOGIN = _say("USER bob -> 331", "PASS secret -> 230")
LOGIN_LINES = (b"USER bob", b"PASS secret", LATER)
LOGGED_IN = (*REACHED, *LOGIN)
CLIENT_SECURED = (*_say("AUTH TLS"), ("net", "client secured"), *_say("PBSZ 0", "PROT P"))
SERVER_SECURED: tuple[Move, ...] = (*REACHED, ("answer", "234"), ("net", "server secured"))
ASKED = (*LOGGED_IN, *_say("PASV -> 229"), ("leg", "client", "listens"))

BOTH_TLS = Rules(server=FIXED, client_tls=ClientTls.OFFER, server_tls=ServerTls.EXPLICIT)
TO_TLS = Rules(server=FIXED, server_tls=ServerTls.EXPLICIT)
FROM_TLS = Rules(server=FIXED, client_tls=ClientTls.OFFER)
MATCH = Rules(server=FIXED, client_tls=ClientTls.OFFER, server_tls=ServerTls.MATCH)
NAMED_BY_CLIENT = Rules(client_tls=ClientTls.OFFER, server_tls=ServerTls.EXPLICIT)
WITH_ACCOUNTS = Rules(accounts=True, client_tls=ClientTls.OFFER)


class KnownPlaces(NamedTuple):
    """Rules for commands that ask for the place and allow what is known."""

    holds: bool = True

    def minds(self, command: Command) -> bool:
        """What moves data or tells of files."""
        return command.verb in (*TRANSFERS, b"SIZE")

    def needs_place(self, command: Command) -> bool:
        """All of it."""
        return True

    def judge(self, wanted: Wanted) -> Ruling:
        """A file in a place that is known."""
        return Ruling() if wanted.place else Ruling(550, "No.", "rule 1")


RULED = Rules(server=FIXED, permits=KnownPlaces())


def _once(mode: Mode, asks: str, verb: str) -> Scene:
    """One transfer, with a command behind it, and ABOR."""
    script = (ASKS[asks], verb.encode() + b" one", LATER)
    rules = Rules(server=FIXED, mode=mode)
    return Scene(f"{mode.value}, {asks} {verb}", script, rules, LOGGED_IN, aborts=1)


def _twice(mode: Mode, asks: str, first: str, second: str, window: int = 1) -> Scene:
    """Two transfers, and commands that wait behind them."""
    one, two = first.encode() + b" one", second.encode() + b" two"
    script = (ASKS[asks], one, ASKS[asks], two, LATER)
    name = f"{mode.value}, {asks} {first} {second}, {window} at once"
    return Scene(name, script, Rules(server=FIXED, mode=mode), LOGGED_IN, window=window, aborts=1)


EVERY = {
    (mode, asks, verb): _once(mode, asks, verb)
    for mode in Mode
    for asks in ASKS
    for verb in ("RETR", "STOR")
}
DOWNLOAD = EVERY[Mode.PASSIVE, "PASV", "RETR"]
UPLOAD = EVERY[Mode.PASSIVE, "PASV", "STOR"]
HOSTILE = Scene("hostile RETR", (b"RETR one", LATER), prelude=ASKED, forged=FORGED, bound=40_000)
PROTECTED = (b"PASV", b"PROT C", b"RETR one", LATER)

TWO = (_twice(Mode.PASSIVE, "PASV", "RETR", "STOR", window=4),)
HOSTILES = (
    HOSTILE._replace(name="hostile RETR and ABOR", aborts=1),
    HOSTILE._replace(name="hostile STOR", script=(b"STOR one", LATER)),
    HOSTILE._replace(name="hostile PASV", script=(b"PASV", LATER), prelude=LOGGED_IN),
    Scene("hostile login", LOGIN_LINES, TO_TLS, forged=FORGED_AT_LOGIN),
)
PASSIVE = tuple(EVERY[Mode.PASSIVE, asks, verb] for asks in ASKS for verb in ("RETR", "STOR"))
ACTIVE = (
    *(EVERY[Mode.ACTIVE, asks, verb] for asks in ("PASV", "PORT") for verb in ("RETR", "STOR")),
    EVERY[Mode.CLIENT, "PASV", "RETR"],
    EVERY[Mode.CLIENT, "PORT", "STOR"],
)
OTHERS = (
    DOWNLOAD._replace(name="STAT", stats=1, aborts=0, window=2),
    DOWNLOAD._replace(name="terse", terse=True),
    DOWNLOAD._replace(name="rules for commands", rules=RULED, aborts=0, window=2),
    Scene("REST", (b"REST 9", *DOWNLOAD.script), prelude=LOGGED_IN),
    Scene("QUIT", (*DOWNLOAD.script[:2], b"QUIT"), prelude=LOGGED_IN, window=3),
)
TLS = (
    Scene("TLS", PROTECTED, BOTH_TLS, (*SERVER_SECURED, *CLIENT_SECURED, *LOGIN)),
    Scene("TLS to the server", UPLOAD.script, TO_TLS, (*SERVER_SECURED, *LOGIN), aborts=1),
    Scene("TLS from the client", PROTECTED, FROM_TLS, (*REACHED, *CLIENT_SECURED, *LOGIN)),
    Scene("AUTH of both", (b"AUTH TLS", b"USER bob", b"PASS secret"), MATCH, REACHED, window=2),
)
LOGINS = (
    Scene("login", (b"USER bob", b"PASS secret", b"PASV"), window=3),
    Scene(
        "another server",
        (b"USER bob@one.test", b"USER eve@two.test", b"PASS secret", b"REST 9"),
        NAMED_BY_CLIENT,
        window=2,
    ),
    Scene(
        "account",
        (b"USER gus", b"AUTH TLS", b"USER gus", b"PASS gp", b"USER bob@one.test", b"PASS secret"),
        WITH_ACCOUNTS,
        window=2,
    ),
)
NEAR = (*LOGINS, *TLS, *OTHERS, *ACTIVE, *PASSIVE, *HOSTILES, *TWO)
"""What CI walks."""

FAR: tuple[Scene, ...] = (
    *(scene._replace(window=3, stats=1) for scene in EVERY.values()),
    *(scene._replace(name=f"{scene.name}, hostile", forged=FORGED) for scene in EVERY.values()),
    _twice(Mode.ACTIVE, "PORT", "STOR", "RETR", window=4),
    _twice(Mode.CLIENT, "EPSV", "RETR", "RETR", window=4),
    *NEAR,
)
"""What ``make walk`` walks, as far as its time lets it."""
