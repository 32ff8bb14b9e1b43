"""Command-line clients that play a story, in one process where they can."""

from __future__ import annotations

import subprocess
from functools import cache
from urllib.parse import quote

from tests.peers.players import Player
from tests.peers.stories import HALF, Step, Telling, Verb

ONLY_DOWNLOADS = {
    Verb.STORE: "it only downloads",
    Verb.CONTINUE: "it only downloads",
}


def url(telling: Telling, name: str = "") -> str:
    """The URL of one of the story's names, login included."""
    account = telling.account
    login = f"{account.user}:{account.password}@{account.authority}"
    return f"ftp://{login}/{telling.folder}/{quote(name)}"


class Curl(Player):
    """curl; a range is a download that it gives up itself."""

    program = "curl"

    def play(self, telling: Telling) -> bytes:
        words = ["curl", "-q"]
        for at, step in enumerate(telling.steps):
            words += ["--next"] if at else []
            words += ["-4", "-sSgv", "-m", "60"]
            words += ["--ssl-reqd", "-k"] if telling.tls else []
            words += ["-P", "-"] if telling.active else []
            words += self.how(step, url(telling, step.name), url(telling))
        return self.process(words, telling.here)

    def how(self, step: Step, there: str, folder: str) -> list[str]:
        """The words of one step."""
        name = step.name
        match step.verb:
            case Verb.LIST:
                return [folder]
            case Verb.FETCH | Verb.MISS:
                return ["-o", name, there]
            case Verb.ABANDON:
                return ["-r", f"0-{HALF}", "-o", name, there]
            case Verb.RESUME:
                return ["-C", "-", "-o", name, there]
            case Verb.STORE:
                return ["-T", name, there]
            case Verb.CONTINUE:
                return ["-C", "-", "-T", name, there]
        raise NotImplementedError


class Lftp(Player):
    """lftp, told by a script."""

    program = "lftp"
    splits = True

    def play(self, telling: Telling) -> bytes:
        account = telling.account
        tls = "yes" if telling.tls else "no"
        lines = [
            f"set ftp:passive-mode {'no' if telling.active else 'yes'}",
            f"set ftp:ssl-allow {tls}",
            f"set ftp:ssl-force {tls}",
            f"set ftp:ssl-protect-data {tls}",
            "set ssl:verify-certificate no",
            "set cmd:fail-exit no",
            "set net:max-retries 1",
            "set net:timeout 30",
            "set net:reconnect-interval-base 1",
            "set xfer:clobber yes",
            "set cmd:at-exit ''",
            "debug 4",
            f"open -u {account.user},{account.password} -p {account.port} {account.host}",
            f"cd {telling.folder}",
            *(self.line(step) for step in telling.steps),
            "bye",
        ]
        (telling.here.parent / "lftp.script").write_text("\n".join(lines) + "\n")
        return self.process(["lftp", "--norc", "-f", "../lftp.script"], telling.here)

    def line(self, step: Step) -> str:
        """The line of one step."""
        lines = {
            Verb.LIST: "ls",
            Verb.FETCH: 'get "{}"',
            Verb.MISS: 'get "{}"',
            Verb.ABANDON: 'cat "{}" | head -c ' + f"{HALF} > /dev/null",
            Verb.RESUME: 'get -c "{}"',
            Verb.STORE: 'put "{}"',
            Verb.CONTINUE: 'put -c "{}"',
            Verb.SPLIT: 'pget -n 4 "{}"',
        }
        return lines[step.verb].format(step.name)


class Tnftp(Player):
    """tnftp, fed with commands."""

    program = "tnftp"
    no_tls = "it has no TLS for FTP"

    def play(self, telling: Telling) -> bytes:
        account = telling.account
        lines = [
            f"open {account.host} {account.port}",
            f"user {account.user} {account.password}",
            "binary",
            f"cd {telling.folder}",
            *(self.lines(step) for step in telling.steps),
            "bye",
        ]
        words = [self.program, *self.mode(active=telling.active), "-n", "-i", "-v"]
        return self.process(words, telling.here, "\n".join(lines) + "\n")

    def mode(self, *, active: bool) -> list[str]:
        """The flag of the data mode."""
        return ["-A" if active else "-p"]

    def lines(self, step: Step) -> str:
        """The line or lines of one step."""
        lines = {
            Verb.LIST: "ls",
            Verb.FETCH: 'get "{}"',
            Verb.MISS: 'get "{}"',
            Verb.ABANDON: 'get "{}" "|head -c ' + f'{HALF} >/dev/null"',
            Verb.RESUME: 'reget "{}"',
            Verb.STORE: 'put "{}"',
            Verb.CONTINUE: f"restart {HALF}\n" + 'put "{}"',
        }
        return lines[step.verb].format(step.name)


class GnuFtp(Tnftp):
    """The ftp of GNU inetutils; it speaks as tnftp does."""

    program = "inetutils-ftp"

    def mode(self, *, active: bool) -> list[str]:
        return [] if active else ["-p"]


class Ncftp(Player):
    """ncftp, fed with commands; it resumes whatever is there."""

    program = "ncftp"
    no_tls = "it has no TLS"
    cannot = {Verb.ABANDON: "it gives up for a person at a terminal only"}

    def play(self, telling: Telling) -> bytes:
        account = telling.account
        lines = {
            Verb.LIST: "ls -l",
            Verb.FETCH: 'get -f "{}"',
            Verb.MISS: 'get "{}"',
            Verb.RESUME: 'get "{}"',
            Verb.STORE: 'put -f "{}"',
            Verb.CONTINUE: 'put "{}"',
        }
        script = [
            f"set passive {'off' if telling.active else 'on'}",
            f"open -u {account.user} -p {account.password} -P {account.port} {account.host}",
            f"cd {telling.folder}",
            *(lines[step.verb].format(step.name) for step in telling.steps),
            "quit",
        ]
        return self.process([self.program], telling.here, "\n".join(script) + "\n")


class Wget(Player):
    """wget, a process for each step, but one for each run of plain downloads."""

    program = "wget"
    cannot = ONLY_DOWNLOADS

    def play(self, telling: Telling) -> bytes:
        common = ["wget", "--no-config", "-d", "-t", "1", "-T", "30", "--no-check-certificate"]
        common += ["--no-passive-ftp"] if telling.active else []
        said = b""
        plain: list[str] = []
        for step in telling.steps:
            there = url(telling, step.name)
            there = there.replace("ftp://", "ftps://") if telling.tls else there
            match step.verb:
                case Verb.FETCH:
                    plain.append(there)
                case Verb.LIST:
                    folder = there.rpartition("/")[0] + "/"
                    said += self.process([*common, "-O", "-", folder], telling.here)
                case Verb.ABANDON:
                    script = f'"$@" | head -c {HALF} >/dev/null'
                    words = ["sh", "-c", script, "sh", *common, "-O", "-", there]
                    said += self.process(words, telling.here)
                case _:
                    more = ["-c"] if step.verb is Verb.RESUME else []
                    said += self.process([*common, *more, there], telling.here)
        return said + (self.process([*common, *plain], telling.here) if plain else b"")


class Aria2(Player):
    """aria2 with up to four connections for a file, each used once."""

    program = "aria2c"
    no_tls = "it has no TLS for FTP"
    splits = True
    cannot = {
        **ONLY_DOWNLOADS,
        Verb.LIST: "it lists nothing",
        Verb.ABANDON: "it gives up when killed only",
    }

    def play(self, telling: Telling) -> bytes:
        words = ["aria2c", "--no-conf", "--no-netrc", "--log=-", "--log-level=notice", "-j1"]
        words += ["--timeout=30", "--connect-timeout=30", "--max-tries=1", "--file-allocation=none"]
        words += ["-x4", "-s4", "-k1M"]
        # its 1.36 hangs at random when it uses a connection again, without the gateway too
        words += ["--ftp-reuse-connection=false"]
        words += [f"--ftp-pasv={'false' if telling.active else 'true'}", "-i", "-"]
        lines = []
        for step in telling.steps:
            options = [f"out={step.name}"]
            if step.verb is Verb.RESUME:
                options += ["continue=true"]
            lines += [url(telling, step.name), *(f"  {option}" for option in options)]
        return self.process(words, telling.here, "\n".join(lines) + "\n")


@cache
def obscured(password: str) -> str:
    """A password as rclone wants it."""
    done = subprocess.run(["rclone", "obscure", password], capture_output=True, check=True)
    return done.stdout.decode().strip()


class Rclone(Player):
    """rclone, a process for each step, but one for each run of plain downloads."""

    program = "rclone"
    no_active = "rclone has no active mode"
    cannot = {Verb.CONTINUE: "rclone never continues an upload"}

    def play(self, telling: Telling) -> bytes:
        account = telling.account
        settings = {
            "RCLONE_CONFIG": "/dev/null",
            "RCLONE_FTP_HOST": account.host,
            "RCLONE_FTP_PORT": str(account.port),
            "RCLONE_FTP_USER": account.user,
            "RCLONE_FTP_PASS": obscured(account.password),
            "RCLONE_FTP_EXPLICIT_TLS": "true" if telling.tls else "false",
            "RCLONE_FTP_NO_CHECK_CERTIFICATE": "true",
            # in clear it leaves a server that refuses OPTS UTF8 with 451, as our ProFTPD does
            "RCLONE_FTP_DISABLE_UTF8": "true",
            "RCLONE_TRANSFERS": "1",
            "RCLONE_CHECKERS": "1",
            "RCLONE_RETRIES": "1",
            "RCLONE_LOW_LEVEL_RETRIES": "1",
            "RCLONE_TIMEOUT": "30s",
            "RCLONE_VERBOSE": "2",
        }
        said = b""
        plain: list[str] = []

        def run(*words: str) -> None:
            nonlocal said
            said += self.process(["rclone", *words], telling.here, more=settings)

        for step in telling.steps:
            there = f":ftp:{telling.folder}/{step.name}"
            match step.verb:
                case Verb.FETCH:
                    plain += ["--include", f"/{step.name}"]
                case Verb.LIST:
                    run("lsl", f":ftp:{telling.folder}")
                case Verb.MISS:
                    run("copyto", there, step.name)
                case Verb.ABANDON:
                    run("cat", "--count", str(HALF), there)
                case Verb.STORE:
                    run("copyto", step.name, there)
                case Verb.RESUME:
                    script = f"exec rclone cat --offset {HALF} {there} >>{step.name}"
                    said += self.process(["sh", "-c", script], telling.here, more=settings)
        if plain:
            run("copy", f":ftp:{telling.folder}", ".", *plain)
        return said
