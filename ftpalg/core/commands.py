"""FTP commands: one frozen value for a line, one table of verbs.

RFC 959, 1123 section 4.1, 2228, 2389, 2428, 2640, 3659, 4217, 5797 (registry), 6384, 7151, and the
verbs that real clients send beyond them (PRET of drftpd, CLNT, MFF, XCWD and its kin).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from ftpalg.core.errors import BadCommand

SECRET = frozenset({b"PASS", b"ACCT", b"RESP", b"ADAT"})
"""Verbs whose argument is never written to a log."""

SITE_RESPONSE = re.compile(rb"(?i)\s*RESPONSE\b")
"""What gFTP says behind SITE with its password at the gateway."""

VERB = re.compile(rb"[A-Za-z@]{1,16}")  # @ for P@SW, which NcFTP sends through broken gateways


class Kind(Enum):
    """What the session does with a command."""

    FORWARD = "goes to the server as it is"
    LOGIN = "USER, PASS, ACCT: part of the login"
    QUIT = "ends the session"
    ADDRESS = "names or asks for the data connection's address"
    DOWNLOAD = "data from the server to the client"
    UPLOAD = "data from the client to the server"
    RESTART = "REST, which must stand right before the transfer command"
    ABORT = "ABOR, which overtakes the queue"
    STATUS = "STAT, which is answered at once during a transfer"
    FEATURES = "FEAT, whose reply is rewritten"
    STRUCTURE = "MODE and STRU, of which only end-by-close can pass"
    ALGS = "the gateway's own command of RFC 6384"
    TLS = "AUTH, PBSZ, PROT, CCC: the gateway's own leg"
    REFUSED = "cannot pass a gateway that terminates both legs"


_TABLE = {
    Kind.LOGIN: "USER PASS ACCT",
    Kind.QUIT: "QUIT",
    Kind.ADDRESS: "PORT PASV EPRT EPSV P@SW",
    Kind.DOWNLOAD: "RETR LIST NLST MLSD",
    Kind.UPLOAD: "STOR STOU APPE",
    Kind.RESTART: "REST",
    Kind.ABORT: "ABOR",
    Kind.STATUS: "STAT",
    Kind.FEATURES: "FEAT",
    Kind.STRUCTURE: "MODE STRU",
    Kind.ALGS: "ALGS",
    Kind.TLS: "AUTH PBSZ PROT CCC",
    Kind.REFUSED: "REIN CPSV SSCN LPRT LPSV ADAT CONF ENC MIC HOST",
}
KINDS = {verb.encode(): kind for kind, verbs in _TABLE.items() for verb in verbs.split()}

FOREIGN = frozenset(
    b"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH HELO EHLO LHLO MAIL RCPT DATA".split()
)
"""First words of HTTP and SMTP: a browser or a mailer was led to this port (ALPACA, CVE-2021-3618)."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: an upper-case verb and the bytes behind its first space, None without a space."""

    verb: bytes
    argument: bytes | None = None

    def __bytes__(self) -> bytes:
        """Return the line with its CR LF.  An empty password keeps its space (`PASS `)."""
        if self.argument is None:
            return self.verb + (b" \r\n" if self.verb == b"PASS" else b"\r\n")
        return b"%b %b\r\n" % (self.verb, self.argument)

    @property
    def kind(self) -> Kind:
        """The table's word for this verb; a verb it does not know goes to the server."""
        return KINDS.get(self.verb, Kind.FORWARD)

    @property
    def shown(self) -> str:
        """The command as a log may show it: no password, nothing unprintable."""
        if self.argument is None:
            return self.verb.decode("ascii")
        secret = self.verb in SECRET or (
            self.verb == b"SITE" and SITE_RESPONSE.match(self.argument) is not None
        )
        text = "****" if secret else printable(self.argument)
        return f"{self.verb.decode('ascii')} {text}"


def parse_command(line: bytes) -> Command:
    """Read one line.  Raise BadCommand where the verb is not 1 to 16 letters."""
    verb, space, argument = line.partition(b" ")
    if not VERB.fullmatch(verb):
        raise BadCommand("Not an FTP command.")
    return Command(verb.upper(), argument if space else None)


def printable(text: bytes) -> str:
    """Bytes from a peer as text that cannot forge a log line or move a terminal's cursor."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in text.decode("utf-8", "backslashreplace")
    )
