"""Names in 8-bit encodings on real servers: stored whole, listed whole, fetched under the same name.

In Windows-1251 and Latin-1 the bytes from 0xF0 are letters, and Telnet's commands too.
"""

from __future__ import annotations

import os
from ftplib import FTP
from io import BytesIO

from tests.peers.cells import Cells
from tests.peers.servers import PureFtpd, Vsftpd

NAMES = (
    b"\xff\xfa.txt",
    b"\xff\xfa\xff\xf0.txt",
    b"a\xff\xfbb",
    b"\xff\xfd",
    b"x\xff\xf4\xff\xf2",
    b"\xff\xfe\xfd\xfc\xfb\xfa",
    "Съешь ещё этих мягких французских булок, я".encode("cp1251"),
)
"""None with 0xFF twice in a row: servers that know Telnet read that as one."""


class Names:
    """What is put under a name is there under that name, byte for byte."""

    def test_whole(self: Cells) -> None:  # type: ignore[misc]
        """STOR, NLST, CWD with PWD, RETR and DELE by ftplib, which doubles no 0xFF."""
        folder = self.server.root / "names"
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        account = self.account()
        with FTP(timeout=20, encoding="latin-1") as ftp:
            ftp.connect(account.host, account.port)
            ftp.login(account.user, account.password)
            ftp.cwd("names")
            for name in NAMES:
                shown = name.decode("latin-1")
                ftp.storbinary(f"STOR {shown}", BytesIO(name))
                self.assertEqual(os.listdir(os.fsencode(folder)), [name])
                self.assertIn(shown, ftp.nlst())
                found = BytesIO()
                ftp.retrbinary(f"RETR {shown}", found.write)
                self.assertEqual(found.getvalue(), name)
                ftp.delete(shown)
                ftp.mkd(shown)
                ftp.cwd(shown)
                where = ftp.pwd().replace("\xff\xff", "\xff")  # vsftpd doubles it in replies
                self.assertTrue(where.endswith(f"/names/{shown}"), ascii(where))
                ftp.cwd("..")
                ftp.rmd(shown)
        self.assertEqual(os.listdir(folder), [])
        folder.rmdir()


class VsftpdNames(Names, Cells):
    """vsftpd."""

    server_type = Vsftpd


class PureFtpdNames(Names, Cells):
    """Pure-FTPd."""

    server_type = PureFtpd
