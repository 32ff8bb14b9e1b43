"""Rules for commands before real servers, with real clients: what they say reaches no refused tree.

Every server serves the same folder: ``/secret/hidden`` is what nobody may have, ``/in`` the drop box.
"""

from __future__ import annotations

import contextlib
import ftplib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tests.peers.servers import NOBODY, Account, Gateway, Proftpd, Pyftpdlib, Server, Vsftpd

PATIENCE = 30.0
HIDDEN = b"nobody may read this"

CLOSED = """
[[access.commands]]
allow = false
paths = ["/secret"]
[[access.commands]]
commands = ["read", "write", "other"]
"""
READ_ONLY = """
[[access.commands]]
commands = ["read"]
"""
DROP_BOX = """
[[access.commands]]
commands = ["enter", "upload"]
paths = ["/in"]
"""

INTO = (
    *("/secret/hidden", "secret/hidden", "//secret//hidden", "/./secret/./hidden"),
    *("/pub/../secret/hidden", "pub/../secret/hidden", "../secret/hidden", "/../../secret/hidden"),
    *(
        "/secret/../secret/hidden",
        "/pub/./..//secret/hidden",
        " /secret/hidden",
        '"/secret/hidden"',
    ),
    *("/secret/hidden ", "~/secret/hidden", "/SECRET/hidden", "\\secret\\hidden"),
)
"""Spellings of the file."""
FROM = ("/", "/pub", "/pub/sub")
CONTROL = (
    *("SIZE %", "MDTM %", "MLST %", "STAT %", "DELE %", "RNFR %", "XCRC %", "XMD5 %", "HASH %"),
    *("MFMT 20200101000000 %", "MDTM 20200101000000 %", "SITE CHMOD 777 %"),
    *("SITE UTIME 20200101000000 %", "SITE CPFR %"),
)
LISTS = ("LIST %", "NLST %", "MLSD %", "LIST -la %", "LIST -R %", "NLST -a -l %")
TREES = (
    "/secret",
    "secret",
    "../secret",
    "/pub/../secret",
    "/s*",
    "/*/",
    "/",
    "-la /secret",
    "/sec?et",
)


class Rules(SynchronousTestCase):
    """One server and one table; a subclass for each server."""

    server_type: ClassVar[type[Server]]

    @contextlib.contextmanager
    def behind(self, table: str) -> Iterator[tuple[Account, Path, Gateway]]:
        """A gateway with that table before the server; where it is, and the server's folder."""
        missing = self.server_type.missing()
        if missing:
            raise SkipTest(missing)
        server = self.server_type()
        for name in ("pub", "pub/sub", "secret", "in"):
            folder = server.root / name
            folder.mkdir()
            folder.chmod(0o777)
            shutil.chown(folder, NOBODY, NOBODY)
        for name, text in (("secret/hidden", HIDDEN), ("pub/open", b"anybody"), ("in/there", b"x")):
            (server.root / name).write_bytes(text)
            (server.root / name).chmod(0o644)
            shutil.chown(server.root / name, NOBODY, NOBODY)
        ruled = type("Ruled", (Gateway,), {"toml": table})
        gateway = None
        try:
            server.start()
            gateway = ruled(server.account, "passive")
            gateway.start()
            account = server.account
            yield (
                Account("127.0.0.1", gateway.port, account.user, account.password),
                server.root,
                gateway,
            )
        finally:
            if gateway is not None:
                gateway.stop()
            server.stop()

    def client(self, account: Account) -> ftplib.FTP:
        """One that is logged in."""
        made = ftplib.FTP(timeout=PATIENCE, encoding="latin-1")
        made.connect(account.host, account.port)
        made.login(account.user, account.password)
        self.addCleanup(made.close)
        return made

    def curl(self, account: Account, *words: str) -> int:
        """Its exit status."""
        login = f"{account.user}:{account.password}"
        done = subprocess.run(
            ["curl", "-sS", "-u", login, *words],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        self.printed = done.stdout + done.stderr
        return done.returncode

    def got(self, client: ftplib.FTP, line: str) -> bytes:
        """What a download command brings, or nothing."""
        found: list[bytes] = []
        with contextlib.suppress(ftplib.error_perm, ftplib.error_temp):
            try:
                client.retrbinary(line, found.append)
            except ConnectionError:  # the server had begun, and then said no
                client.voidresp()
        return b"".join(found)

    def test_no_way_in(self) -> None:
        """No command with any spelling reads, lists, moves or changes what is refused; all else goes."""
        with self.behind(CLOSED) as (account, root, gateway):
            client = self.client(account)
            for place in FROM:
                client.cwd(place)
                for name in INTO:
                    self.assertEqual(self.got(client, f"RETR {name}"), b"", (place, name))
                    for form in CONTROL:
                        line = form.replace("%", name)
                        with contextlib.suppress(ftplib.error_perm, ftplib.error_temp):
                            answer = client.sendcmd(line)
                            self.assertNotIn("hidden", answer.partition("\n")[2], line)
                            self.assertNotEqual(answer, f"213 {len(HIDDEN)}", line)
                for name, form in ((n, f) for n in TREES for f in LISTS):
                    line = form.replace("%", name)
                    self.assertNotIn(b"hidden", self.got(client, line), (place, line))
            for name in ("/secret", "secret", "/pub/../secret", "/secret/."):
                self.assertRaises(ftplib.error_perm, client.cwd, name)
            for name in ("/", "/secret", "/pub/.."):  # the tree is not carried off
                self.assertRaises(ftplib.error_perm, client.rename, name, "/pub/new")
            self.assertRaises(ftplib.error_perm, client.rename, "/pub/open", "/secret/open")
            found = self.got(client, "RETR /pub/open")
            self.assertEqual(found, b"anybody")
            self.assertEqual((root / "secret/hidden").read_bytes(), HIDDEN)
            self.assertEqual((root / "secret/hidden").stat().st_mode & 0o777, 0o644)
            self.assertNotEqual(int((root / "secret/hidden").stat().st_mtime), 1577836800)
            self.assertEqual([one.name for one in (root / "secret").iterdir()], ["hidden"])
            said = gateway.said()
        self.assertRegex(said, r"RETR \S*: refused by \S+ftpalg\.toml:2: access\.commands\[0\]: ")

    def test_read_only(self) -> None:
        """A mirror: curl and lftp read, and cannot write."""
        with self.behind(READ_ONLY) as (account, root, _):
            base = f"ftp://{account.authority}"
            self.assertEqual(self.curl(account, f"{base}/pub/open"), 0, "download")
            self.assertEqual(self.printed, b"anybody")
            self.assertEqual(self.curl(account, f"{base}/pub/"), 0, "list")
            self.assertIn(b"open", self.printed)
            self.assertEqual(self.curl(account, "-T", __file__, f"{base}/pub/new"), 25, "upload")
            self.assertNotEqual(self.curl(account, "-Q", "DELE /pub/open", f"{base}/pub/"), 0)
            if shutil.which("lftp"):
                here = Path(self.mktemp())
                here.mkdir()
                script = (
                    f"set net:max-retries 1; open -u {account.user},{account.password} {base};"
                    f" lcd {here.resolve()}; mirror /pub; put -O /pub {__file__}; rm /pub/open"
                )
                subprocess.run(["lftp", "-c", script], timeout=PATIENCE, check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
                self.assertEqual((here / "pub/open").read_bytes(), b"anybody")
            self.assertEqual(sorted(one.name for one in (root / "pub").iterdir()), ["open", "sub"])

    def test_drop_box(self) -> None:
        """In, and nothing out: not even what is there."""
        with self.behind(DROP_BOX) as (account, root, _):
            base = f"ftp://{account.authority}"
            self.assertEqual(self.curl(account, "-T", __file__, f"{base}/in/new"), 0, "upload")
            self.assertEqual((root / "in/new").read_bytes(), Path(__file__).read_bytes())
            self.assertNotEqual(self.curl(account, f"{base}/in/there"), 0)
            self.assertNotEqual(self.curl(account, f"{base}/in/"), 0)
            self.assertNotIn(b"there", self.printed)
            self.assertNotEqual(self.curl(account, "-T", __file__, f"{base}/pub/new"), 0)
            client = self.client(account)
            client.cwd("/in")
            for line in ("SIZE there", "MDTM there", "MLST there", "STAT there", "DELE there"):
                self.assertRaises(ftplib.error_perm, client.sendcmd, line)
            for line in ("LIST", "NLST", "MLSD", "RETR there"):
                self.assertEqual(self.got(client, line), b"", line)
            with Path(__file__).open("rb") as file:
                client.storbinary("STOR again", file)
            self.assertEqual(client.pwd(), "/in")


class PyftpdlibRules(Rules):
    """pyftpdlib resolves names by their spelling."""

    server_type = Pyftpdlib


class ProftpdRules(Rules):
    """ProFTPD knows options, wildcards, SITE CHMOD and SITE UTIME."""

    server_type = Proftpd


class VsftpdRules(Rules):
    """vsftpd lets its kernel resolve names."""

    server_type = Vsftpd


del Rules
