"""How a ladder spells what happens, what is ordered, and bytes."""

from __future__ import annotations

import re

from ftpalg.core import actions as do
from ftpalg.core import events as ev
from ftpalg.core import facts
from ftpalg.core.events import Side


def lines_of(action: do.Action) -> list[str]:
    """An order as the assertions that it meets; none for waits and for what observers are told."""
    match action:
        case do.SendReply(message):
            return [f"C <- P  {_text(line)}" for line in bytes(message)[:-2].split(b"\r\n")]
        case do.SendCommand(command, urgent):
            return [f"P {'=>' if urgent else '->'} S  {_text(bytes(command)[:-2])}"]
        case do.Listen() | do.Tell() | do.Learned():
            return []  # a data port is written with what came of it
        case do.StartTimer() | do.StopTimer() | do.GiveTime():
            return []
        case do.HangUp(side):
            return [] if side is Side.SERVER else ["P ..    hangs up"]
    return [f"P ..    {_words(action)}"]


def _words(action: do.Action) -> str:
    match action:
        case do.AskRoom(command):
            return f"asks for room: {_text(command.verb)}"
        case do.Connect(side, port):
            return f"connects to the {side.value}'s port {port}"
        case do.SecureLeg(side):
            return f"secures {side.value} leg"
        case do.Relay(side):
            return f"relays from {side.value}"
        case do.EndLeg(side):
            return f"ends {side.value} leg"
        case do.CloseLeg(side):
            return f"closes {side.value} leg"
        case do.AbortLeg(side):
            return f"aborts {side.value} leg"
        case do.StartTls(side):
            return f"begins TLS with the {side.value}"
        case do.Dial(servers):
            return f"dials {' or '.join(map(str, servers))}"
        case do.Authenticate(account, password):
            return f"checks {_text(account)} {_text(password)}"
        case do.SendSecret(source):
            return f"sends secret {source}"
        case do.ReportProgress():
            return "reports progress"
        case do.StopTls():
            return "goes on in clear"
    return "goes opaque"


def happened(event: ev.Event) -> list[str]:
    """An event as the input that it is."""
    match event:
        case ev.CommandReceived(command):
            return [f"C {'=>' if command.urgent else '->'} P  {_text(bytes(command)[:-2])}"]
        case ev.ReplyReceived(message):
            return [f"P <- S  {_text(line)}" for line in bytes(message)[:-2].split(b"\r\n")]
        case ev.Listening(side, port):
            return [f"P ..    listens for the {side.value} on {port}"]
        case ev.ListenFailed(side, reason):
            return [f"P ..    cannot listen for the {side.value}: {reason}"]
        case ev.LegFailed(side, reason, code):
            what = f"refused {code}" if code else "failed"
            return [f"P ..    {side.value} leg {what}: {reason}"]
        case ev.LegReached(side) | ev.LegSecured(side) | ev.LegMoved(side) | ev.LegEnded(side):
            return [f"P ..    {side.value} leg {LEG_WORDS[type(event)]}"]
        case ev.TimerExpired(timer):
            return [f"P ..    timer {timer.value}"]
    return [f"P ..    {_word(event)}"]


LEG_WORDS = {
    ev.LegReached: "open",
    ev.LegSecured: "secured",
    ev.LegMoved: "moves",
    ev.LegEnded: "ended",
}


def _word(event: ev.Event) -> str:
    match event:
        case ev.ServerConnected():
            return "connected"
        case ev.ServerUnreachable(reason):
            return f"unreachable: {reason}"
        case ev.ServerSecured():
            return "server secured"
        case ev.ServerInsecure(reason):
            return f"server insecure: {reason}"
        case ev.ServerLost():
            return "server lost"
        case ev.ClientSecured(name):
            return f"client secured {name}".rstrip()
        case ev.ClientLost():
            return "client lost"
        case ev.ClientDone():
            return "client done"
        case ev.AccountAccepted(account):
            return f"accepts {account}"
        case ev.AccountRefused(reason):
            return f"refuses account: {reason}"
        case ev.AccountsBusy(why):
            return "account full" if why is ev.Busy.FULL else "too busy for accounts"
        case ev.RoomAnswered(refusal):
            return f"no room: {refusal}" if refusal else "room"
        case ev.SecretMissing(reason):
            return f"secret missing: {reason}"
    return f"# {event}"


def _text(line: bytes) -> str:
    """Bytes as a script spells them."""
    text = line.decode("utf-8", "backslashreplace")
    return text[:-1] + "\\s" if text.endswith(" ") else text


def unescaped(text: str) -> bytes:
    """A script's text as bytes: UTF-8, with ``\\xff`` for a byte and ``\\s`` for a space at the end."""
    raw = re.sub(r"\\s$", " ", text).encode()
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes((int(found[1], 16),)), raw)


def sentence(fact: facts.Fact) -> str:
    """What the log says of a fact, where that is a sentence."""
    match fact:
        case facts.Noted(text):
            return text
        case facts.AccountLoggedIn(account):
            return f"account {account} at the gateway"
        case facts.LoginRefused(reason, _, None):
            return f"login at the gateway refused: {reason}"
        case (
            facts.ServerUnreachable(reason)
            | facts.ProtocolError(_, reason)
            | facts.TlsFailed(_, reason)
        ):
            return reason
    return ""
