"""Real FTP clients: each does a whole exchange in as few processes as it can."""

from __future__ import annotations

import ftplib
import os
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from tests.peers.exchange import (
    AFTER,
    DELETED,
    DOWNLOADS,
    HALF,
    MADE,
    MISSING,
    NEW_NAME,
    RENAMED,
    RESUMED,
    UP_RESUMED,
    UPLOADS,
    Exchange,
)
from tests.peers.servers import Account

PATIENCE = 40.0
Words = list[bytes]


class Client:
    """One client in one way of use."""

    program: ClassVar[str]

    @classmethod
    def missing(cls) -> str:
        """Why the client cannot run here, or nothing."""
        return "" if shutil.which(cls.program) else f"{cls.program} is not installed"

    def run(self, exchange: Exchange) -> bytes:
        """Do everything; return all that the client printed."""
        raise NotImplementedError

    def process(self, words: Words, here: Path, script: bytes = b"") -> bytes:
        """Run the client's program in the client's folder."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(here.parent),
            "NCFTPDIR": str(here.parent / ".ncftp"),  # ncftp asks for the password file's home
            "LC_ALL": "C.UTF-8",
        }
        try:
            done = subprocess.run(
                [self.program.encode(), *words],
                cwd=here,
                input=script,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return (late.stdout or b"") + b"\n-- killed: took too long --\n"
        return done.stdout


class Curl(Client):
    """curl, as it is."""

    program = "curl"
    flags: ClassVar[Words] = []

    def run(self, exchange: Exchange) -> bytes:
        account = exchange.account
        login = f"{quote(account.user, safe='')}:{account.password}@{account.authority}"
        base = f"ftp://{login}/{exchange.name}/".encode()
        inside = f"/{exchange.name}/".encode()

        def url(name: bytes) -> bytes:
            return base + quote(name).encode()

        def get(name: bytes) -> Words:
            return [b"-o", name, url(name)]

        def put(name: bytes) -> Words:
            return [b"-T", name, url(name)]

        quotes: Words = []
        for line in (
            b"MKD " + inside + MADE,
            b"RNFR " + inside + RENAMED,
            b"RNTO " + inside + NEW_NAME,
            b"DELE " + inside + DELETED,
        ):
            quotes += [b"-Q", line]
        groups: list[Words] = [
            [base],
            [word for name in DOWNLOADS for word in get(name)],
            [word for name in UPLOADS for word in put(name)],
            [*get(MISSING), *get(AFTER)],
            [b"-C", b"-", *get(RESUMED)],
            [b"-C", b"-", *put(UP_RESUMED)],
            [*quotes, b"-l", base],
        ]
        # with the family left open, curl 7.88 pauses for a second before many a passive transfer
        family = b"-6" if ":" in account.host else b"-4"
        words: Words = []
        for group in groups:
            words += [b"--next"] if words else [b"-q"]
            words += [b"-sSgv", b"-m", b"15", family, *self.flags, *group]
        return self.process(words, exchange.here)


class CurlActive(Curl):
    """curl with EPRT."""

    flags = [b"-P", b"-"]


class CurlPasv(Curl):
    """curl with PASV."""

    flags = [b"--disable-epsv"]


class CurlPort(Curl):
    """curl with PORT."""

    flags = [b"-P", b"-", b"--disable-eprt"]


class Lftp(Client):
    """lftp in passive mode."""

    program = "lftp"
    settings: ClassVar[Words] = [b"ftp:passive-mode yes"]

    def run(self, exchange: Exchange) -> bytes:
        account = exchange.account
        host = f"[{account.host}]" if ":" in account.host else account.host
        script = [b"set " + setting for setting in self.settings]
        script += [
            b"set cmd:fail-exit no",
            b"set net:max-retries 1",
            b"set net:timeout 10",
            b"set net:reconnect-interval-base 1",
            b"set xfer:clobber yes",
            b"set cmd:at-exit ''",
            b"debug 4",
            f"open -u {account.user},{account.password} -p {account.port} {host}".encode(),
            b"cd " + exchange.name.encode(),
            b"ls",
        ]
        script += [b'get "' + name + b'"' for name in DOWNLOADS]
        script += [b'put "' + name + b'"' for name in UPLOADS]
        script += [b"get " + MISSING, b"get " + AFTER, b"get -c " + RESUMED]
        script += [b"put -c " + UP_RESUMED, b"mkdir " + MADE]
        script += [b"mv " + RENAMED + b" " + NEW_NAME, b"rm " + DELETED, b"bye"]
        path = exchange.here / "script"
        path.write_bytes(b"\n".join(script) + b"\n")
        return self.process([b"--norc", b"-f", b"script"], exchange.here)


class LftpActive(Lftp):
    """lftp in active mode."""

    settings = [b"ftp:passive-mode no"]


class LftpPipelined(Lftp):
    """lftp that does not wait for replies before it sends the next commands."""

    settings = [b"ftp:passive-mode yes", b"ftp:sync-mode no"]


class Tnftp(Client):
    """tnftp in passive mode, fed with commands."""

    program = "tnftp"
    flags: ClassVar[Words] = [b"-p", b"-n", b"-i", b"-v"]

    def run(self, exchange: Exchange) -> bytes:
        account = exchange.account
        script = [
            f"open {account.host} {account.port}".encode(),
            f"user {account.user} {account.password}".encode(),
            b"binary",
            b"cd " + exchange.name.encode(),
            b"ls",
        ]
        script += [b'get "' + name + b'"' for name in DOWNLOADS]
        script += [b'put "' + name + b'"' for name in UPLOADS]
        script += [b"get " + MISSING, b"get " + AFTER, b"reget " + RESUMED]
        script += [f"restart {HALF}".encode(), b"put " + UP_RESUMED, b"mkdir " + MADE]
        script += [b"rename " + RENAMED + b" " + NEW_NAME, b"delete " + DELETED, b"bye"]
        return self.process(self.flags, exchange.here, b"\n".join(script) + b"\n")


class TnftpActive(Tnftp):
    """tnftp in active mode."""

    flags = [b"-A", b"-n", b"-i", b"-v"]


class Inetutils(Tnftp):
    """The ftp of GNU inetutils in active mode, its default; it speaks as tnftp does."""

    program = "inetutils-ftp"
    flags = [b"-n", b"-i", b"-v"]


class InetutilsPassive(Inetutils):
    """The ftp of GNU inetutils in passive mode."""

    flags = [b"-p", b"-n", b"-i", b"-v"]


class Ncftp(Client):
    """ncftp, fed with commands."""

    program = "ncftp"
    mode: ClassVar[bytes] = b"set passive on"

    def run(self, exchange: Exchange) -> bytes:
        account = exchange.account
        login = f"-u {account.user} -p {account.password}"
        script = [
            self.mode,
            f"open {login} -P {account.port} {account.host}".encode(),
            b"cd " + exchange.name.encode(),
            b"ls -l",
        ]
        script += [b'get -f "' + name + b'"' for name in DOWNLOADS]
        script += [b'put -f "' + name + b'"' for name in UPLOADS]
        script += [b"get " + MISSING, b"get " + AFTER, b"get " + RESUMED]
        script += [b"put " + UP_RESUMED, b"mkdir " + MADE]
        script += [b"rename " + RENAMED + b" " + NEW_NAME, b"rm " + DELETED, b"quit"]
        return self.process([], exchange.here, b"\n".join(script) + b"\n")


class NcftpBehind(Ncftp):
    """ncftp with one of its types of firewall."""

    def __init__(self, proxy: Account, kind: int) -> None:
        self.proxy, self.kind = proxy, kind

    def run(self, exchange: Exchange) -> bytes:
        settings = {
            "type": self.kind,
            "host": self.proxy.host,
            "port": self.proxy.port,
            "user": self.proxy.user,
            "password": self.proxy.password,
            "exception-list": "none.invalid",
        }
        folder = exchange.here.parent / ".ncftp"
        folder.mkdir()
        lines = (f"firewall-{key}={value}\n" for key, value in settings.items() if value)
        (folder / "firewall").write_text("".join(lines))
        return super().run(exchange)


class NcftpActive(Ncftp):
    """ncftp in active mode."""

    mode = b"set passive off"


class NetFtp(Client):
    """Perl's Net::FTP with one of its types of firewall, on port 21 always, its account in .netrc."""

    program = "perl"
    script: ClassVar[bytes] = rb"""
# Net::Netrc asks the password file for the home
BEGIN { *CORE::GLOBAL::getpwuid = sub { ('nobody', (0) x 6, $ENV{HOME}) } }
use Net::FTP;
my ($name, $proxy, $type, $user, $password, $folder) = @ARGV;
my $ftp = Net::FTP->new($name, Firewall => $proxy, FirewallType => $type,
    Passive => 1, Timeout => 15, Debug => 1) or die "no connection: $@";
$ftp->login($user, $password) or die "no login: ", $ftp->message;
$ftp->binary;
$ftp->cwd($folder) or die $ftp->message;
print join("\n", $ftp->dir), "\n";
while (<STDIN>) {
    chomp;
    my ($verb, @words) = split /\t/;
    if ($verb eq 'append') {
        my ($file, $where) = @words;
        open my $rest, '<:raw', $file;
        sysseek $rest, $where, 0;
        @words = ($rest, $file);
    }
    $ftp->$verb(@words) or print "$verb @words: ", $ftp->message;
}
$ftp->quit;
"""

    def __init__(self, proxy: Account, kind: int) -> None:
        self.proxy, self.kind = proxy, kind

    @classmethod
    def missing(cls) -> str:
        if super().missing():
            return super().missing()
        found = subprocess.run(["perl", "-MNet::FTP", "-e", "1"], capture_output=True, check=False)
        return "Net::FTP is not installed" if found.returncode else ""

    def run(self, exchange: Exchange) -> bytes:
        account, proxy = exchange.account, self.proxy
        netrc = exchange.here.parent / ".netrc"
        netrc.touch(0o600)
        netrc.write_text(
            f"machine {proxy.host} login {proxy.user} password {proxy.password}\n"
            * bool(proxy.user)
        )
        steps = [b"get\t" + name for name in DOWNLOADS]
        steps += [b"put\t" + name for name in UPLOADS]
        steps += [b"get\t" + MISSING, b"get\t" + AFTER]
        steps += [b"get\t%b\t%b\t%d" % (RESUMED, RESUMED, HALF)]
        steps += [b"append\t%b\t%d" % (UP_RESUMED, HALF), b"mkdir\t" + MADE]
        steps += [b"rename\t%b\t%b" % (RENAMED, NEW_NAME), b"delete\t" + DELETED]
        words = [account.host, proxy.host, str(self.kind)]
        words += [account.user, account.password, exchange.name]
        program = [b"-e", self.script, *(word.encode() for word in words)]
        return self.process(program, exchange.here, b"\n".join(steps) + b"\n")


class Ftplib(Client):
    """Python's ftplib in passive mode."""

    program = "true"
    passive: ClassVar[bool] = True

    def run(self, exchange: Exchange) -> bytes:
        account, here = exchange.account, exchange.here
        said: list[str] = []

        def get(name: bytes, *, resume: bool = False) -> None:
            with exchange.path(here, name).open("ab" if resume else "wb") as file:
                ftp.retrbinary("RETR " + text(name), file.write, rest=file.tell() or None)

        def put(name: bytes, rest: int | None = None) -> None:
            with exchange.path(here, name).open("rb") as file:
                file.seek(rest or 0)
                ftp.storbinary("STOR " + text(name), file, rest=rest)

        # Latin-1 is the one encoding in which ftplib leaves every byte as it is
        with ftplib.FTP(timeout=15, encoding="latin-1") as ftp:
            ftp.set_pasv(self.passive)
            ftp.connect(account.host, account.port)
            ftp.login(account.user, account.password)
            ftp.cwd(exchange.name)
            ftp.retrlines("LIST", said.append)
            for name in DOWNLOADS:
                get(name)
            for name in UPLOADS:
                put(name)
            try:
                get(MISSING)
            except ftplib.error_perm as error:
                said.append(str(error))
            get(AFTER)
            get(RESUMED, resume=True)
            put(UP_RESUMED, HALF)
            ftp.mkd(text(MADE))
            ftp.rename(text(RENAMED), text(NEW_NAME))
            ftp.delete(text(DELETED))
            ftp.quit()
        return "\n".join(said).encode("latin-1")


class FtplibActive(Ftplib):
    """Python's ftplib in active mode."""

    passive = False


def text(name: bytes) -> str:
    """A name of bytes as ftplib wants it, in the encoding that keeps each byte."""
    return name.decode("latin-1")
