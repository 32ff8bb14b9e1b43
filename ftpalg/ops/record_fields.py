"""What stands in records: fields with a meaning each.  A name is never given another one, because others'
programs read them.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ftpalg.core.value import value

Value = str | int | float | tuple[str, ...] | tuple[int, ...]


class Kind(Enum):
    """Whose a field's text is, which says how it may be shortened."""

    OURS = "the gateway's own word"
    USER = "names a person, or may"
    ADDRESS = "an address of a machine"
    PATH = "a file's name"
    SAID = "what a peer said, or what holds a piece of it"


@value
class Field(NamedTuple):
    """One field: its type in JSON, and that of an array's items; whose it is, the most characters it
    has, and what it says."""

    type: str
    sentence: str
    kind: Kind = Kind.OURS
    longest: int = 400
    items: str = "string"


FIELDS = {
    "node": Field("string", "the machine's name", longest=64),
    "session": Field("string", "the session's name, unique over restarts; names sort by time"),
    "client_ip": Field("string", "the client's address", Kind.ADDRESS),
    "client_port": Field("integer", "the client's port"),
    "server_name": Field("string", "the server as settings or client spell it", longest=80),
    "server_ip": Field("string", "the address that the control connection leads to", Kind.ADDRESS),
    "server_port": Field("integer", "its port"),
    "parent": Field("boolean", "whether server_ip is a parent's, which was told server_name"),
    "listener": Field("string", "the listener that the client came to", longest=80),
    "route": Field("string", "the route that was taken", longest=80),
    "account": Field("string", "the account at the gateway", Kind.USER, 64),
    "user": Field("string", "the user at the server", Kind.USER, 64),
    "where": Field("string", "gateway or server: where the login is"),
    "side": Field("string", "client or server"),
    "code": Field("integer", "the code of the reply"),
    "text": Field("string", "what was said, or what is to be known", Kind.SAID, 200),
    "arrow": Field("string", "from whom to whom: C client, P gateway, S server"),
    "sentence": Field("string", "what an operator should know"),
    "command": Field("string", "the command's verb"),
    "path": Field("string", "the path, absolute where CWD could be followed", Kind.PATH, 1024),
    "target": Field("string", "the new name, or SITE's words", Kind.PATH, 1024),
    "direction": Field("string", "download or upload"),
    "outcome": Field("string", "complete, refused, broken or aborted"),
    "letters": Field("string", "two letters: who ended it, and where it stood; -- for nobody"),
    "reason": Field("string", "why, as one word of the list"),
    "why": Field("string", "why, as a sentence", Kind.SAID, 200),
    "bytes": Field("integer", "bytes of the file that were relayed"),
    "bytes_in": Field("integer", "bytes of all uploads"),
    "bytes_out": Field("integer", "bytes of all downloads"),
    "seconds": Field("number", "how long it took"),
    "rest": Field("string", "where the transfer began in the file", longest=20),
    "client_mode": Field("string", "active or passive: the client's data connection"),
    "server_mode": Field("string", "active or passive: the server's data connection"),
    "data_ports": Field(
        "array",
        "the data ports, the client's leg's first, 0 for none: whoever listens there has it",
        items="integer",
    ),
    "client_tls": Field("boolean", "whether the client's leg was under TLS"),
    "server_tls": Field("boolean", "whether the server's leg was under TLS"),
    "tls_resumed": Field(
        "string",
        "whose leg resumed the control connection's TLS session: client, server, both, neither",
    ),
    "tls_version": Field("string", "the version of TLS on that control connection", longest=20),
    "tls_cipher": Field("string", "its cipher", longest=80),
    "proxy_header": Field(
        "string", "the balancer whose PROXY header has told the client's address", Kind.ADDRESS
    ),
    "sni": Field("string", "the name that the client asked for in its TLS handshake", longest=80),
    "transfers": Field("integer", "transfers so far, of whatever outcome"),
    "commands": Field("integer", "commands that were answered"),
    "last_command": Field("string", "the verb of the last command that was answered"),
    "checker": Field("string", "the kinds of accounts that were asked, or knew", longest=80),
    "delay": Field("number", "seconds that the client was made to wait"),
    "alert": Field("string", "the alert of TLS that went with it, as RFC 8446 names it"),
    "subject": Field(
        "string", "whose the certificate is that was refused, as RFC 4514 writes it", longest=200
    ),
    "issuer": Field("string", "who issued it", longest=200),
    "names": Field(
        "array", "the names that it is for; of many the first, and how many more", longest=80
    ),
    "not_before": Field("string", "its begin: RFC 3339, UTC"),
    "not_after": Field("string", "its end: RFC 3339, UTC"),
    "sha256": Field("string", "its digest, in hexadecimal digits"),
    "remedy": Field("string", "what would mend it"),
    "setting": Field("string", "the setting that names it", longest=80),
    "certificate_file": Field("string", "the file of the certificate, or of the list"),
    "problem": Field("string", "expires, expired, early (not valid yet) or unreadable"),
    "days_left": Field("integer", "whole days to its end, below 0 behind it"),
    "tried": Field(
        "array", "each address with what came of it, and how long that took", Kind.SAID, 200
    ),
    "state": Field("string", "where the session stood, as the second letter says"),
    "offset": Field("integer", "how many bytes that side had said before"),
    "octets": Field(
        "string",
        "what it said, its first 64 bytes, those that are no text written out",
        Kind.SAID,
        300,
    ),
    "host": Field("string", "where a stranger's connection came from", Kind.ADDRESS),
    "server": Field("string", "a server of the settings", longest=80),
    "rule": Field("string", "the setting that decides, or would, with its place", longest=160),
    "would": Field(
        "string", "what a rule would have done that is only tried", Kind.SAID, longest=200
    ),
    "differs": Field("boolean", "whether that is something else than what was done"),
    "what": Field("string", "what is used up, was not reloaded, or was not written"),
    "used": Field("integer", "how much of it is in use"),
    "limit": Field("integer", "how much of it there is"),
    "count": Field("integer", "how many of these since the last such record"),
    "version": Field("string", "the version of ftpalg"),
    "file": Field("string", "the settings' file"),
    "listeners": Field("array", "where clients are awaited"),
    "servers": Field("array", "the servers of the settings"),
    "ports": Field("string", "the data ports for clients"),
    "tls": Field("string", "TLS for clients"),
    "expiries": Field("array", "the ends of the gateway's certificates"),
    "changes": Field("array", "the settings that changed"),
    "epoch": Field("integer", "which settings these are, counted from the start"),
    "verb": Field("string", "what was asked for through the admin socket"),
    "words": Field("array", "the words with it", Kind.SAID, 200),
    "uid": Field("integer", "the user whose process asked"),
    "pid": Field("integer", "that process"),
    "result": Field("string", "what came of it", Kind.SAID, 200),
    "sessions": Field("integer", "sessions that are open"),
    "kind": Field("string", "server, route, listener or gateway: what is drained"),
    "name": Field("string", "its name, as the settings have it", longest=80),
    "within": Field("number", "seconds until the sessions that use it are ended"),
    "peer": Field(
        "string", "who is banned: an IPv4 address, or an IPv6 network", Kind.ADDRESS, longest=50
    ),
    "offence": Field("string", "what was once too often, as [bans] has it, or operator"),
    "times": Field("integer", "how often it has been, this time counted"),
    "until": Field("string", "the end of the ban: RFC 3339, UTC", longest=40),
    "mode": Field("string", "on, or shadow: it is only told"),
    "pids": Field("array", "the processes that serve, where they are several", items="integer"),
    "worker": Field("integer", "the number of a process that serves, counted from 1"),
    "worker_pid": Field("integer", "its PID"),
    "status": Field("integer", "the status that it ended with"),
    "signal": Field("string", "the signal that ended it", longest=20),
    "probes": Field("integer", "looks of balancers and monitors since the start"),
    "trace": Field(
        "string", "where an exception came from: for whoever mends the gateway", longest=20_000
    ),
}

ALWAYS = ("node",)
"""Fields of every record, behind all others."""

SESSION = (
    *("session", "client_ip", "client_port", "server_name", "server_ip", "server_port"),
    *("parent", "listener", "route", "account", "user"),
)
"""Fields of every record of a session, as far as they are known."""
