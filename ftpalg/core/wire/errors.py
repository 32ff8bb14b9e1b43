"""Everything that can be wrong with what a peer sent, as one tree of exceptions.

Each class carries in ``code`` the FTP reply code its peer gets, so that whoever catches one can
answer without knowing which of them it is.
"""

from __future__ import annotations


class FtpError(Exception):
    """A fault in what a peer sent; ``str(error)`` is a sentence fit for a reply or a log."""

    code = 500


class BadCommand(FtpError):
    """A command line that is not an FTP command."""

    code = 500


class BareByte(BadCommand):
    """A command line with a CR, LF or NUL inside it.

    ProFTPD keeps a bare LF as data and Pure-FTPd ends the line there: two meanings, so none is taken.
    """


class LineTooLong(BadCommand):
    """A command line beyond ``limits.command-line``."""


class TooFast(FtpError):
    """A command beyond ``limits.command-rate``, which has been held back for long."""

    code = 450


class NoHandshake(FtpError):
    """AUTH beyond ``limits.handshake-rate`` (RFC 2228: 431, a resource for security is lacking)."""

    code = 431


class BadArgument(FtpError):
    """A known command whose argument cannot be read."""

    code = 501


class ForeignAddress(FtpError):
    """PORT or EPRT that names another machine than the client's own (RFC 2577 section 3)."""

    code = 500


class PrivilegedPort(FtpError):
    """PORT or EPRT to a port below 1024 (RFC 2577 section 3)."""

    code = 504


class FamilyRefused(FtpError):
    """A network protocol that this control connection cannot have (RFC 2428 section 2)."""

    code = 522


class BadReply(FtpError):
    """A server's line that is not an FTP reply, or an address in one that cannot be read."""

    code = 421


class ReplyTooLong(BadReply):
    """A server's reply beyond ``limits.reply-line`` or ``limits.reply-size``."""
