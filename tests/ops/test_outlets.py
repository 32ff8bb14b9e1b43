"""Where records go, and what happens when they cannot go there."""

from __future__ import annotations

import json
import os
import pty
import socket
import struct
from pathlib import Path
from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.lines import LinesFile
from ftpalg.ops.outlets import (
    Datagrams,
    Written,
    for_journald,
    for_syslog,
    is_journal,
    lost,
    standard_error,
)
from ftpalg.ops.record_tables import Level, Record
from ftpalg.ops.settings import Form

NOTE = Record("warning", 1_790_000_000.25, {"sentence": "Grüße"})
FAULT = Record(
    "fault",
    1_790_000_000.25,
    {"session": "1", "client_ip": "192.0.2.1", "client_port": 1, "why": "x", "trace": "a\nb"},
)


class Pipes(SynchronousTestCase):
    """Descriptors."""

    def setUp(self) -> None:
        self.reads, self.writes = os.pipe()
        self.addCleanup(os.close, self.reads)
        self.addCleanup(os.close, self.writes)

    def read(self) -> str:
        """What has been written."""
        return os.read(self.reads, 65_536).decode()

    def test_pipe(self) -> None:
        """A pipe gets JSON, a line for each record."""
        outlet = standard_error(Form.AUTO, "", self.writes)
        self.assertTrue(outlet.send([NOTE]))
        outlet.send([FAULT])
        first, second = self.read().splitlines()
        self.assertEqual(json.loads(first)["sentence"], "Grüße")
        self.assertEqual(json.loads(second)["trace"], "a\nb")

    def test_terminal(self) -> None:
        """A terminal gets text."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)
        standard_error(Form.AUTO, "", theirs).send([NOTE])
        found = os.read(ours, 65_536).decode()
        self.assertEqual(found, "2026-09-21T14:13:20.250000Z warn Grüße\r\n")

    def test_asked_for(self) -> None:
        """What is asked for is taken, whatever it is written to."""
        standard_error(Form.TEXT, "", self.writes).send([NOTE])
        self.assertTrue(self.read().endswith(" warn Grüße\n"))

    def test_systemd(self) -> None:
        """Where standard error leads to journald each line begins with its priority."""
        status = os.fstat(self.writes)
        here = f"{status.st_dev}:{status.st_ino}"
        outlet = standard_error(Form.TEXT, here, self.writes)
        outlet.send([NOTE])
        outlet.send([FAULT])
        first, *others = self.read().splitlines()
        self.assertTrue(first.startswith("<4>2026-"), first)
        self.assertEqual([text[:3] for text in others], ["<2>"] * 3)

    def test_journal_of_another(self) -> None:
        """The variable is inherited by processes whose standard error leads elsewhere."""
        for told in ("", "1:1", "nonsense"):
            self.assertFalse(is_journal(self.writes, told))
        self.assertFalse(is_journal(-1, "1:1"))

    def test_again(self) -> None:
        """A file is opened anew, in the same form."""
        path = Path(self.mktemp())
        old = Written(LinesFile(str(path)), Form.TEXT, prefixed=True)
        old.send([NOTE])
        moved = path.rename(f"{path}.1")
        new = old.again()
        new.send([NOTE])
        for one in (old, new):
            one.close()
        self.assertEqual(path.read_text(), moved.read_text())

    def test_not_taken(self) -> None:
        """What cannot be written is said to be lost."""
        full = Written(LinesFile("/dev/full"), Form.JSON)
        self.addCleanup(full.close)
        self.assertFalse(full.send([NOTE]))


class Sockets(SynchronousTestCase):
    """The machine's own logs."""

    def setUp(self) -> None:
        self.path = self.mktemp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(self.path)
        self.socket.setblocking(False)

    def sent(self, outlet: Datagrams, record: Record) -> bytes:
        """The datagram of a record."""
        self.addCleanup(outlet.close)
        self.assertTrue(outlet.send([record]))
        return self.socket.recv(65_536)

    def test_syslog(self) -> None:
        """Priority of the facility daemon, time, name and number of the process, the record."""
        found = self.sent(Datagrams(self.path, for_syslog(Form.AUTO)), NOTE).decode()
        self.assertRegex(found, r"^<28>\w{3} [ \d]\d \d\d:\d\d:\d\d ftpalg\[\d+\]: \{")
        text = self.sent(Datagrams(self.path, for_syslog(Form.TEXT)), NOTE).decode()
        self.assertTrue(text.endswith(f" ftpalg[{os.getpid()}]: Grüße"), text)

    def test_journald(self) -> None:
        """A line for each field, and a length before one of several lines."""
        found = self.sent(Datagrams(self.path, for_journald), FAULT)
        for line in (b"PRIORITY=2", b"FTPALG_EVENT=fault", b"FTPALG_CLIENT_IP=192.0.2.1"):
            self.assertIn(line + b"\n", found)
        self.assertIn(b"FTPALG_TRACE\n" + struct.pack("<Q", 3) + b"a\nb\n", found)

    def test_nobody_listens(self) -> None:
        """A log that is gone takes nothing, until it is there again."""
        outlet = Datagrams(self.path, for_journald)
        self.addCleanup(outlet.close)
        self.socket.close()
        os.unlink(self.path)
        self.assertRaises(FileNotFoundError, Datagrams, self.path, for_journald)
        self.assertFalse(outlet.send([NOTE]))
        self.assertIs(outlet.again(), outlet)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(self.path)
        self.assertTrue(outlet.send([lost(3, "records", 1_790_000_000.0)]))
        self.assertIn(b"MESSAGE=3 records could not be written", self.socket.recv(65_536))

    def test_burst(self) -> None:
        """More than a slow log's queue has room for waits for it, and is not lost."""
        self.socket.setblocking(True)
        outlet = Datagrams(self.path, for_journald)
        self.addCleanup(outlet.close)
        taken: list[bool] = []
        sender = Thread(target=lambda: taken.extend(outlet.send([NOTE]) == 1 for _ in range(2000)))
        sender.start()
        for _ in range(2000):
            self.socket.recv(65_536)
        sender.join()
        self.assertTrue(all(taken))

    def test_levels(self) -> None:
        """syslog's own numbers."""
        found = {level: level.priority for level in Level}
        self.assertEqual(list(found.values()), [6, 4, 3, 2])
