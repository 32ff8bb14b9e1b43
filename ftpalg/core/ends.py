"""How a session ends: who ended it, where it stood, and why, each from a closed list.

The words and letters stand in records, in what watches them, and in docs/records.rst: a name here is
never given another meaning.
"""

from __future__ import annotations

from enum import Enum

from ftpalg.core.keys import Key


class Lettered(Enum):
    """A letter and what it stands for."""

    def __init__(self, letter: str, sentence: str) -> None:
        self.letter = letter
        self.sentence = sentence


class Ender(Lettered):
    """Who ended a session; the first of the two letters."""

    CLIENT = "C", "the client"
    SERVER = "S", "the server, or the lack of one"
    GATEWAY = "G", "a bound, a wait or a rule of the gateway"
    OPERATOR = "O", "whoever runs the gateway"


class Moment(Lettered):
    """Where a session stood when what ended it came; the second of the two letters."""

    NAMING = "N", "no server is known yet"
    ACCOUNT = "A", "the client's account at the gateway is being checked"
    REACHING = "R", "the server is being reached, up to its greeting and its TLS"
    LOGIN = "L", "the server takes commands, and the client is not logged in there"
    IDLE = "I", "logged in, between two commands"
    COMMAND = "C", "logged in, and a command is being answered"
    DATA = "D", "a transfer's command is being answered, its data under way or to come"
    OPAQUE = "O", "both control connections are copied untouched"


CLIENT, SERVER, GATEWAY, OPERATOR = Ender


class Reason(Key):
    """Why a session ended, and who did it."""

    QUIT = CLIENT, "the client said QUIT"
    CLIENT_CLOSED = CLIENT, "the client closed its connection"
    CLIENT_LOST = CLIENT, "the client's connection was reset, or failed"
    CLIENT_CUT_TLS = CLIENT, "the client's connection ended under TLS without close_notify"
    CLIENT_TLS = CLIENT, "TLS with the client failed"
    CLIENT_TLS_VERSION = CLIENT, "the client speaks no version of TLS that client-tls allows"
    CLIENT_DISTRUST = CLIENT, "the client does not accept the gateway's certificate"
    NOT_FTP = CLIENT, "the client speaks HTTP or SMTP"
    CLEAR_BEHIND_AUTH = CLIENT, "the client sent commands in clear behind AUTH"
    TLS_BEHIND_CCC = CLIENT, "the client sent commands behind CCC before its answer"

    SERVER_CLOSED = SERVER, "the server closed its connection"
    SERVER_LOST = SERVER, "the server's connection was reset, or failed"
    SERVER_GOODBYE = SERVER, "the server said 421 and closed"
    SERVER_REFUSES = SERVER, "the server's greeting is a refusal"
    SERVER_UNREACHABLE = SERVER, "no address of the server could be reached"
    SERVER_NO_GREETING = SERVER, "the server did not greet within timeouts.handshake"
    SERVER_LEFT_EARLY = SERVER, "the server closed before its greeting was over"
    SERVER_NO_TLS = SERVER, "the server does not begin TLS, which is required"
    SERVER_TLS = SERVER, "TLS with the server failed"
    SERVER_UNTRUSTED = SERVER, "the server's certificate comes from nobody who is trusted"
    SERVER_EXPIRED = SERVER, "the server's certificate has expired, or is not valid yet"
    SERVER_MISNAMED = SERVER, "the server's certificate is for another name"
    SERVER_REVOKED = SERVER, "the server's certificate is revoked, or whether it is cannot be told"
    SERVER_NOT_FTP = SERVER, "the server sent what is no reply of FTP"
    SERVER_SURPLUS = SERVER, "the server sends replies that answer no command"
    SERVER_OUT_OF_STEP = SERVER, "which command a reply of the server answers could not be told"
    SERVER_SILENT = SERVER, "the server did not answer in time"

    ADDRESS_FORBIDDEN = GATEWAY, "the rules of access stand against the server"
    PASSWORD_MISSING = GATEWAY, "the password that the gateway has for the server cannot be used"
    BAD_LINES = GATEWAY, "limits.bad-commands lines were no commands"
    BAD_COMMANDS = GATEWAY, "limits.bad-commands commands were refused before the login"
    BAD_LOGINS_HERE = GATEWAY, "limits.bad-logins logins at the gateway were refused"
    ACCOUNTS_BUSY = (
        GATEWAY,
        "accounts.waiting logins, or accounts.waiting-per-peer of its own, waited already",
    )
    TOO_MANY_WRONG = (
        GATEWAY,
        "its peer, or its account, had too many wrong passwords lately, or is banned",
    )
    BAD_LOGINS_THERE = GATEWAY, "limits.bad-logins logins at the server were refused"
    LOGIN_TIMEOUT = GATEWAY, "no login within timeouts.login"
    SHARE_USED_UP = GATEWAY, "its peer, or all peers, held as much as the limits allow"
    ACCOUNT_FULL = GATEWAY, "its account had as many sessions as the limits allow"
    ROUTE_FULL = GATEWAY, "its route had as many sessions as the limits allow"
    SERVER_FULL = GATEWAY, "its server, or each of them, had as many sessions as the limits allow"
    IDLE_TIMEOUT = GATEWAY, "no command within timeouts.idle"
    QUIT_TIMEOUT = GATEWAY, "the client had closed, and its transfer took longer than timeouts.quit"
    BANNED = GATEWAY, "its peer was banned before it had logged in"
    EXCEPTION = GATEWAY, "a fault of the gateway itself; the log has a traceback"

    STOPPED = OPERATOR, "the gateway was stopped"
    DRAINED = (
        OPERATOR,
        "the gateway, or what the session used of it, drains, and the session was idle",
    )
    DRAIN_TIMEOUT = OPERATOR, "what the session used was drained, and drain --within was over"
    ROUTE_DRAINED = OPERATOR, "the session's route is drained"
    SERVER_DRAINED = OPERATOR, "the session's server, or each of them, is drained"
    KICKED = OPERATOR, "an operator ended it"

    def __init__(self, ender: Ender, sentence: str) -> None:
        self.ender = ender
        self.sentence = sentence
        self.word = self.name.lower().replace("_", "-")


class Refusal(Enum):
    """Why a client is turned away before it has a session: a word, and the setting that says so, if any."""

    NOT_ADMITTED = "not-admitted", "access.clients"
    NO_DESCRIPTORS = "descriptors", "limits.sessions"
    TOO_MANY = "sessions", "limits.sessions"
    TOO_MANY_OF_PEER = "sessions-per-peer", "limits.sessions-per-peer"
    TOO_MANY_OF_LISTENER = "sessions-of-listener", "limits.sessions"
    TOO_FAST = "session-rate", "limits.session-rate"
    TOO_FAST_OF_PEER = "session-rate-per-peer", "limits.session-rate-per-peer"
    TOO_FAST_OF_LISTENER = "session-rate-of-listener", "limits.session-rate"
    HANDSHAKES_TOO_FAST = "handshake-rate", "limits.handshake-rate"
    HANDSHAKES_TOO_FAST_OF_PEER = "handshake-rate-per-peer", "limits.handshake-rate-per-peer"
    DESCRIPTORS_OF_PEER = "descriptors-per-peer", "limits.descriptors-per-peer"
    BAD_HEADER = "proxy-header", "proxy-protocol.balancers"
    NOT_INTERCEPTED = "not-intercepted", "intercept"
    BANNED = "banned", "bans.mode"
    DRAINED = "gateway-drained", ""
    LISTENER_DRAINED = "listener-drained", ""

    def __init__(self, word: str, rule: str) -> None:
        self.word = word
        self.rule = rule


DISTRUST = frozenset(
    (Reason.SERVER_UNTRUSTED, Reason.SERVER_EXPIRED, Reason.SERVER_MISNAMED, Reason.SERVER_REVOKED)
)
TLS = DISTRUST | {
    *(Reason.CLIENT_TLS, Reason.CLIENT_TLS_VERSION, Reason.CLIENT_DISTRUST),
    *(Reason.SERVER_NO_TLS, Reason.SERVER_TLS),
}
"""Those that are faults of TLS."""

CLIENTS_FAULT = frozenset(
    (
        *(Reason.NOT_FTP, Reason.BAD_LINES, Reason.CLEAR_BEHIND_AUTH),
        *(Reason.CLIENT_TLS, Reason.CLIENT_TLS_VERSION),
    )
)
"""Those of a session that somebody began who does not speak FTP, or breaks TLS."""

DRAINING = frozenset((Reason.ROUTE_DRAINED, Reason.SERVER_DRAINED))
"""Those of a session whose way is drained before it has gone it."""

FULL = frozenset((Reason.SHARE_USED_UP, Reason.ROUTE_FULL, Reason.SERVER_FULL))
"""Those of a session whose way has no room for it, before it has gone it."""

UNTOLD = frozenset(
    (
        *(Reason.SERVER_UNREACHABLE, Reason.SERVER_LEFT_EARLY, Reason.SERVER_NO_GREETING),
        *(Reason.SERVER_NOT_FTP, Reason.SERVER_TLS),
    )
)
"""Those that a client which names its server hears no difference between: it may look for open ports."""
