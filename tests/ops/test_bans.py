"""fail2ban and CrowdSec themselves read what the program writes: they find who guesses, and nobody else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from twisted.python.runtime import seconds
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import facts
from ftpalg.core.drained import Kind
from ftpalg.core.ends import Refusal
from ftpalg.core.events import Link, Side
from ftpalg.core.facts import About, Outcome, Peer
from ftpalg.core.news import Refused
from ftpalg.net.drained import SENTENCES
from ftpalg.ops.forms import line
from ftpalg.ops.log import SessionLog
from ftpalg.ops.outlets import for_syslog
from ftpalg.ops.record_tables import Record
from ftpalg.ops.records import Records
from ftpalg.ops.settings import Form, LogSettings
from tests.ops.cases import CLOSED, transfer

ETC = Path(__file__).parents[2] / "etc"
UNPACKED = Path("/opt/peers")
"""Where tests/ops/install.sh puts what the machine does not have."""

FORGED = '", "event":"login_refused","level":"warn","session":"1","client_ip":"203.0.113.66"'
WORDS = "203.0.113.66 refused: login of x at the server refused"
GUESSERS = Counter({"192.0.2.1": 3, "2001:db8::5": 1, "192.0.2.4": 1})
"""Who is to be found, and how often."""


def tell(log: SessionLog | Records) -> None:
    """Some who guess, one who is turned away, one who comes while a drain holds, and others who would
    like to have somebody banned."""

    def about(host: str) -> About:
        return About("1jd5k7q0z", Peer(host, 40000), Peer("198.51.100.7", 21), "files.example:21")

    refused = facts.LoginRefused("Not you.", 530, Side.SERVER, "anna")
    log.see(about("192.0.2.1"), refused)
    log.see(about("192.0.2.1"), facts.LoginRefused(FORGED, 530, Side.SERVER, FORGED))
    log.see(about("192.0.2.1"), facts.LoginRefused("no account at the gateway was named"))
    log.see(about("2001:db8::5"), facts.LoginRefused("wrong", user="gus"))
    log.tell(Refused(Link("192.0.2.4", "192.0.2.254", 4711), "Too many sessions."))
    for kind, why in (
        (Kind.GATEWAY, Refusal.DRAINED),
        (Kind.LISTENER, Refusal.LISTENER_DRAINED),
    ):
        link = Link("192.0.2.6", "192.0.2.254", 4711)
        log.tell(Refused(link, SENTENCES[kind], why, code=421))
    for text in (FORGED, WORDS):
        log.see(about("192.0.2.7"), facts.LoggedIn(text))
        log.see(about("192.0.2.7"), transfer("RETR x", Outcome.REFUSED, text))
        log.see(about("192.0.2.7"), facts.Noted(text))
    log.see(about("192.0.2.7"), CLOSED)


def tool(name: str) -> str:
    """The program, or nothing where it is not there."""
    unpacked = UNPACKED / "usr/bin" / name
    return shutil.which(name) or (str(unpacked) if unpacked.exists() else "")


class Written(SynchronousTestCase):
    """The log as files, in each form."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def written(self, form: Form) -> Path:
        """The file that the program itself writes."""
        file = self.folder / f"{form.value}.log"
        log = SessionLog(LogSettings(format=form, to=f"file:{file}"), hosted=False)
        tell(log)
        log.close()
        return file

    def as_lines(self, *heads: str) -> Path:
        """The same as another program's log has it, each line behind its head."""
        made: list[Record] = []
        tell(Records(LogSettings(), made.append, seconds))
        file = self.folder / "other.log"
        file.write_text("".join(f"{heads[0]}{line(one)}\n" for one in made), encoding="utf-8")
        return file

    def by_syslog(self, form: Form) -> Path:
        """And as syslogd writes it: without the priority, with the machine's name."""
        made: list[Record] = []
        tell(Records(LogSettings(), made.append, seconds))
        lines = [for_syslog(form)(one).decode() for one in made]
        file = self.folder / "syslog"
        put = [re.sub(r"^<\d+>(\w+ +\d+ [\d:]+)", r"\1 host", text) for text in lines]
        file.write_text("\n".join(put) + "\n", encoding="utf-8")
        return file


class Fail2ban(Written):
    """etc/fail2ban."""

    if not tool("fail2ban-regex"):
        skip = "fail2ban is not installed"

    def found(self, file: Path) -> Counter[str]:
        """The addresses that the filter finds, with their number."""
        name = tool("fail2ban-regex")
        home = UNPACKED if name.startswith(str(UNPACKED)) else Path("/")
        made = subprocess.run(
            [
                *("/usr/bin/python3", name, "-c", str(home / "etc/fail2ban"), "-o", "<ip>"),
                *(str(file), str(ETC / "fail2ban/filter.d/ftpalg.conf")),
            ],
            env={**os.environ, "PYTHONPATH": str(home / "usr/lib/python3/dist-packages")},
            capture_output=True,
            text=True,
            check=False,
        )
        return Counter(made.stdout.split())

    def test_our_own(self) -> None:
        """Text and JSON in a file."""
        for form in (Form.TEXT, Form.JSON):
            self.assertEqual(self.found(self.written(form)), GUESSERS, form)

    def test_twistd(self) -> None:
        """The log of twistd."""
        file = self.as_lines("2026-11-26T05:00:00+0000 [ftpalg#warn] ")
        self.assertEqual(self.found(file), GUESSERS)

    def test_syslog(self) -> None:
        """What syslogd makes of either form."""
        for form in (Form.TEXT, Form.JSON):
            self.assertEqual(self.found(self.by_syslog(form)), GUESSERS, form)


class Api(BaseHTTPRequestHandler):
    """As much of CrowdSec's local API as its agent asks for before it works."""

    def answer(self) -> None:
        """Let everybody in."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.dumps({"code": 200, "expire": "2036-01-02T15:04:05Z", "token": "a.b.c"})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = answer

    def log_message(self, format: str, *args: object) -> None:
        """No noise."""


CONFIG = """
common: {{daemonize: false, log_media: stdout, log_level: info, working_dir: {home}}}
config_paths:
  config_dir: {home}
  data_dir: {home}/data
  simulation_path: {home}/simulation.yaml
  hub_dir: {home}/hub
  index_path: {home}/hub/.index.json
crowdsec_service: {{parser_routines: 1}}
db_config: {{type: sqlite, db_path: {home}/data/crowdsec.db}}
api: {{client: {{credentials_path: {home}/client.yaml}}}}
"""
STAGES = (
    "parsers/s00-raw/crowdsecurity/syslog-logs",
    "parsers/s02-enrich/crowdsecurity/dateparse-enrich",
)
PARSED = re.compile(r"log_type: (ftp_\w+)\n(?: +\w+: .*\n)*? +source_ip: (\S+)\n")


def poured_into(scenario: str, dump: str) -> str:
    """What the agent says of that scenario's bucket; one key at the line's begin for each."""
    parts = re.split(r"^(\S+):$", dump, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[scenario]


class CrowdSec(Written):
    """etc/crowdsec."""

    if not tool("crowdsec"):
        skip = "CrowdSec is not installed"

    def setUp(self) -> None:
        super().setUp()
        name = tool("crowdsec")
        system = UNPACKED if name.startswith(str(UNPACKED)) else Path("/")
        self.home = home = self.folder / "home"
        shutil.copytree(ETC / "crowdsec", home)
        shutil.copytree(system / "etc/crowdsec/patterns", home / "patterns")
        for stage in STAGES:
            place = home / Path(stage).parents[1]
            place.mkdir(exist_ok=True)
            shutil.copy(system / f"usr/share/crowdsec/hub/{stage}.yaml", place)
        for folder in ("data", "hub", "dump"):
            (home / folder).mkdir()
        kinds = ("parsers", "scenarios", "collections", "postoverflows")
        index: dict[str, dict[str, str]] = {kind: {} for kind in kinds}
        (home / "hub/.index.json").write_text(json.dumps(index), encoding="utf-8")
        (home / "simulation.yaml").write_text("simulation: off\n", encoding="utf-8")
        (home / "config.yaml").write_text(CONFIG.format(home=home), encoding="utf-8")
        api = ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self.addCleanup(api.server_close)
        self.addCleanup(api.shutdown)
        Thread(target=api.serve_forever, daemon=True).start()
        login = f"url: http://127.0.0.1:{api.server_port}/\nlogin: agent\npassword: x\n"
        (home / "client.yaml").write_text(login, encoding="utf-8")

    def dumped(self, file: Path) -> dict[str, str]:
        """What the agent says of the log: what it parsed, and what it poured into buckets."""
        made = subprocess.run(
            [
                *(tool("crowdsec"), "-c", str(self.home / "config.yaml"), "-type", "ftpalg"),
                *("-dsn", f"file://{file}", "-dump-data", str(self.home / "dump"), "-no-api"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(made.returncode, 0, made.stdout[-2_000:])
        dumps = (self.home / "dump").iterdir()
        return {dump.name: dump.read_text(encoding="utf-8") for dump in dumps}

    def test_parsed(self) -> None:
        """The parser finds them with their kind, and nobody else; the scenario those who guess."""
        dumps = self.dumped(self.written(Form.JSON))
        parsed = set(PARSED.findall(dumps["parser-dump.yaml"]))
        kinds = {"192.0.2.4": "ftp_refused"}
        self.assertEqual(parsed, {(kinds.get(ip, "ftp_failed_auth"), ip) for ip in GUESSERS})
        poured = set(PARSED.findall(poured_into("ftpalg/ftpalg-bf", dumps["bucketpour-dump.yaml"])))
        self.assertEqual(poured, {one for one in parsed if one[0] == "ftp_failed_auth"})
