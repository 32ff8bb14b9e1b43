"""Python's ftplib, plain or as FTP_TLS."""

from __future__ import annotations

import ftplib
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

HALF = 100_000


class Session:
    """The verbs over one connection."""

    def __init__(self, ftp: ftplib.FTP) -> None:
        self.ftp = ftp

    def list(self, _: str) -> None:
        """Print what is there."""
        self.ftp.retrlines("LIST")

    def fetch(self, name: str) -> None:
        """A whole download."""
        with open(name, "wb") as file:
            self.ftp.retrbinary(f"RETR {name}", file.write)

    miss = fetch

    def resume(self, name: str) -> None:
        """The rest of a download."""
        with open(name, "ab") as file:
            self.ftp.retrbinary(f"RETR {name}", file.write, rest=file.tell())

    def store(self, name: str, rest: int | None = None) -> None:
        """An upload, or its rest."""
        with open(name, "rb") as file:
            file.seek(rest or 0)
            self.ftp.storbinary(f"STOR {name}", file, rest=rest)

    def continued(self, name: str) -> None:
        """The rest of an upload."""
        self.store(name, HALF)

    def abandon(self, name: str) -> None:
        """Some of a download; then its data connection is closed and the last word read."""
        self.ftp.voidcmd("TYPE I")
        with self.ftp.transfercmd(f"RETR {name}") as data:
            taken = 0
            while taken < HALF:
                taken += len(data.recv(10_000)) or HALF
        self.ftp.voidresp()


def main(host: str, port: str, user: str, password: str, folder: str, *how: str) -> None:
    """Do what standard input says."""
    ftp: ftplib.FTP
    if how[0] == "tls":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        ftp = ftplib.FTP_TLS(context=context, timeout=30)
    else:
        ftp = ftplib.FTP(timeout=30)
    ftp.set_debuglevel(1)
    ftp.connect(host, int(port))
    ftp.login(user, password)
    if isinstance(ftp, ftplib.FTP_TLS):
        ftp.prot_p()
    ftp.set_pasv(how[1] == "passive")
    ftp.cwd(folder)
    session = Session(ftp)
    verbs: dict[str, Callable[[str], None]] = {
        "list": session.list,
        "fetch": session.fetch,
        "store": session.store,
        "miss": session.miss,
        "abandon": session.abandon,
        "resume": session.resume,
        "continue": session.continued,
    }
    for line in sys.stdin.read().splitlines():
        verb, name = line.split("\t")
        try:
            verbs[verb](name)
        except ftplib.Error as error:
            print("refused", Path(name).name, error)
    ftp.quit()


main(*sys.argv[1:])
