"""FTP commands: one frozen value for a line, one table of verbs.

RFC 959, 1123 section 4.1, 2228, 2389, 2428, 2640, 3659, 4217, 5797 (registry), 6384, 7151, and the
verbs that real clients send beyond them (PRET of drftpd, CLNT, MFF, XCWD and its kin).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ftpalg.core.keys import Key
from ftpalg.core.value import value
from ftpalg.core.wire.errors import BadCommand
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.secret_words import holds_secret, secrets_in

VERB = re.compile(rb"[A-Za-z@][A-Za-z0-9@]{0,15}")
"""With digits for XMD5 and XSHA256, @ for P@SW, which NcFTP sends through broken gateways."""


class Kind(Key):
    """What the session does with a command."""

    FORWARD = "goes to the server as it is"
    USER = "USER: begins a login, and may name the server"
    PASSWORD = "PASS, ACCT: the rest of a login"
    RESPONSE = "RESP: the password of an account that AUTH named"
    SITE = "names the server as long as none is known"
    OPEN = "the same"
    HOST = "names the server before the login (RFC 7151)"
    LOCAL = "answered here as long as no server is known"
    OPTIONS = "the same, as far as it concerns UTF8"
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
    AUTH = "begins TLS with the gateway, or names an account"
    TLS = "PBSZ, PROT, CCC: the gateway's own leg"
    REFUSED = "cannot pass a gateway that terminates both legs"


_TABLE = {
    Kind.USER: "USER",
    Kind.PASSWORD: "PASS ACCT",
    Kind.RESPONSE: "RESP",
    Kind.SITE: "SITE",
    Kind.OPEN: "OPEN",
    Kind.HOST: "HOST",
    Kind.LOCAL: "SYST NOOP CLNT HELP",
    Kind.OPTIONS: "OPTS",
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
    Kind.AUTH: "AUTH",
    Kind.TLS: "PBSZ PROT CCC",
    Kind.REFUSED: "REIN CPSV SSCN LPRT LPSV ADAT CONF ENC MIC",
}
KINDS = {verb.encode(): kind for kind, verbs in _TABLE.items() for verb in verbs.split()}
KNOWN = {verb: verb for verb in KINDS}
"""The same object for the same verb: sessions keep the last one for long."""

NOT_FTP = frozenset({b"OPEN", b"RESP"})
"""Verbs that clients say to proxies only."""

BEFORE_LOGIN = frozenset(KINDS) - NOT_FTP | frozenset(
    b"CWD XCWD CDUP XCUP PWD XPWD MKD XMKD RMD XRMD DELE RNFR RNTO SMNT ALLO TYPE SITE SYST HELP NOOP"
    b" OPTS LANG SIZE MDTM MLST MFMT MFCT MFF CLNT CSID PRET AVBL DSIZ COMB HASH RANG THMB"
    b" XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512 MD5 MMD5".split()
)
"""FTP's own verbs, of the registry and in use.  Others may mean something to what listens there and is
no FTP server (VRFY, XCLIENT): they pass once an FTP login has succeeded."""

FOREIGN = frozenset(
    b"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH HELO EHLO LHLO MAIL RCPT DATA".split()
)
"""First words of HTTP and SMTP: a browser or a mailer was led to this port (ALPACA, CVE-2021-3618)."""


@value
class Command(NamedTuple):
    """One command: an upper-case verb and the bytes behind its first space, None without a space.

    ``urgent`` where Telnet's IP and DM came in front of it (RFC 959 section 4.1.3).
    """

    verb: bytes
    argument: bytes | None = None
    urgent: bool = False

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
    def passes_before_login(self) -> bool:
        """Whether a server may be given it before somebody has logged in there."""
        return self.verb in BEFORE_LOGIN

    @property
    def secret(self) -> bool:
        """True where the argument holds, or may hold, a password."""
        return holds_secret(self.verb, self.argument)

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What of it is, or may be, a password."""
        return secrets_in(self.verb, self.argument) if self.secret else ()

    @property
    def shown(self) -> str:
        """The command as a log may show it: no password (``secret_words``), nothing unprintable."""
        if self.argument is None:
            return self.verb.decode("ascii")
        text = "****" if self.secret else printable(self.argument)
        return f"{self.verb.decode('ascii')} {text}"


def parse_command(line: bytes, *, urgent: bool = False) -> Command:
    """Read one line; ``urgent`` is for the command.

    Raise BadCommand where the verb is not a letter and up to 15 letters and digits.
    """
    verb, space, argument = line.partition(b" ")
    if not VERB.fullmatch(verb):
        raise BadCommand("Not an FTP command.")
    verb = verb.upper()
    return Command(KNOWN.get(verb, verb), argument if space else None, urgent)
