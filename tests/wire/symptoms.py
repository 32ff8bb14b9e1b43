"""docs/symptoms.rst, and tests that produce what it quotes: each entry has a test of its name.

An entry is a heading underlined with ``~``; what stands in its literal block are replies and lines of
the log, without whose they are.  Numbers, addresses and digests are examples; ``…`` at the end of a line
stands for the rest of it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.wire.cases import SceneTestCase
from tests.wire.clients import Client
from tests.wire.servers import Control, Script
from tests.wire.sockets import Closed

PAGE = Path(__file__).parents[2] / "docs" / "symptoms.rst"
ENTRY = re.compile(r"^(.+)\n~+$", re.MULTILINE)
BLOCK = re.compile(r"::\n\n((?:    .*\n|\n)+)")
OF_TWISTD = re.compile(r"^\S+ \[[^]]*\] ")
RUNG = re.compile(r"^\S+ (?=[CPS] (?:->|<-) [CPS] )")
WHOSE = re.compile(r"^\S+ \S+:\d+ -> (?:\S+ through )?(?:\S+:\d+|-) ")
SHOWN = (("localhost", "files.example.net"), ("/nonexistent/", "/etc/ftpalg/"))
"""What these tests have, and what the page says in its stead."""
EXAMPLES = (
    (re.compile(r"[0-9a-f]{64}"), "DIGEST"),
    (re.compile(r"\d+\.\d+\.\d+\.\d+"), "ADDRESS"),
    (re.compile(r"(?<!^)\d+(?:\.\d+)?"), "NUMBER"),
)
"""What differs from one time to another."""


def entries(text: str) -> dict[str, list[str]]:
    """The quoted lines of each entry of the page, by the name of its test."""
    _, *parts = ENTRY.split(text)
    found = {}
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        body = re.split(r"^.+\n-+$", body, maxsplit=1, flags=re.MULTILINE)[0]
        lines = [line.strip() for block in BLOCK.findall(body) for line in block.splitlines()]
        found[name_of(heading)] = [line for line in lines if line]
    return found


def name_of(heading: str) -> str:
    """What the test of an entry is called."""
    return "_".join(re.findall(r"[a-z0-9]+", heading.lower()))


def plain(line: str) -> str:
    """A line without what differs from one time to another; the code of a reply stays."""
    code, line = (line[:4], line[4:]) if re.match(r"\d{3}[ -]", line) else ("", line)
    for ours, shown in SHOWN:
        line = line.replace(ours, shown)
    for pattern, word in EXAMPLES:
        line = pattern.sub(word, line)
    return code + line


def of_log(line: str) -> str:
    """A line of the log without its time and whose it is."""
    return WHOSE.sub("", RUNG.sub("", OF_TWISTD.sub("", line)))


class Hearing(Client):
    """A client whose test knows what it was told."""

    def __init__(self, address: tuple[str, int], source: str, heard: list[str]) -> None:
        super().__init__(address, source)
        self._heard = heard

    def line(self) -> bytes:
        found = super().line()
        self._heard.append(found.decode("utf-8", "replace"))
        return found


class SymptomTestCase(SceneTestCase):
    """A test that has the gateway say what an entry quotes."""

    heard: list[str]

    def setUp(self) -> None:
        super().setUp()
        self.heard = []

    def connect(self, source: str = "", which: int = 0) -> Client:
        client = Hearing(self.gateway.addresses[which], source, self.heard)
        self.clients.append(client)
        return client

    def inside(self, script: Script, source: str, which: int = 0) -> Client:
        """A client that is logged in at that server, which runs this script then."""

        def whole(control: Control) -> Any:
            return script(control.login())

        self.serve_at(which, whole)
        return self.enter(source)

    def hears(self, client: Client, code: int) -> None:
        """Read up to that reply: whether a 150 is passed on where the data fails at once is open."""
        while client.code() != code:
            pass

    def read_out(self, client: Client) -> None:
        """Read what the client is told until its connection ends, however that is."""
        try:
            while True:
                client.line()
        except (Closed, OSError):
            client.sock.close()

    def assertQuoted(self, *waits: str) -> None:
        """Each line that the page has for this test was said; the log is read once it has ``waits``."""
        for client in self.clients:
            client.sock.close()
        self.assertTrue(self.gateway.left())
        for words in waits or (": closed",):
            self.assertTrue(self.gateway.logged(words), words)
        said = self.heard + [of_log(line) for line in self.gateway.new_log().splitlines()]
        self.gateway.begin()
        name = self.id().rpartition(".test_")[2]
        quoted = entries(PAGE.read_text("utf-8")).get(name, [])
        self.assertTrue(quoted, f"the page has no entry {name}: " + "\n".join(said))
        there = [plain(line) for line in said]
        for line in quoted:
            wanted, cut, _ = plain(line).partition("…")
            fits = any(one.startswith(wanted) if cut else one == wanted for one in there)
            self.assertTrue(fits, f"{line!r} was not said, but: " + "\n".join(said))
