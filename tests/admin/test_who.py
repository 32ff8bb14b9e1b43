"""``ftpalg who``: from the snapshots to the terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
from typing import Any

import jsonschema
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Refusal
from ftpalg.admin.openapi import openapi
from ftpalg.admin.verbs import verb
from ftpalg.admin.who import BATCH, names, who
from ftpalg.config import examine
from tests.admin.cases import AdminCase, Standing, asked, batches, session
from tests.wire.peers import BIN, BLOCK, Control


class Verb(SynchronousTestCase):
    """In slices."""

    def test_slices(self) -> None:
        """So many sessions in a turn, those that fit; an empty slice is a turn, too."""
        gateway = Standing(*(session(f"s{at:03}") for at in range(BATCH * 2 + 1)))
        self.assertEqual([len(one) for one in batches(who(gateway, asked()))], [BATCH, BATCH, 1])
        found = batches(who(gateway, asked(filter=["s200"])))
        self.assertEqual([len(one) for one in found], [0, 0, 1])

    def test_frozen(self) -> None:
        """Those that were open when it was asked; one that ends meanwhile is not there, one that comes
        neither."""
        gateway = Standing(*(session(f"s{at:03}") for at in range(BATCH + 2)))
        turns = who(gateway, asked()).batches
        self.assertEqual(len(next(turns)), BATCH)
        del gateway.snapshots[f"s{BATCH:03}"]
        gateway.snapshots["new"] = session("new")
        self.assertEqual([one["session"] for one in next(turns)], [f"s{BATCH + 1:03}"])
        self.assertEqual(list(turns), [])

    def test_unknown_facts(self) -> None:
        """A session of which the log has heard nothing yet is none yet."""
        gateway = Standing(session("s1"))
        gateway.knows.clear()
        self.assertEqual(batches(who(gateway, asked())), [[]])

    def test_bad_filter(self) -> None:
        """It is refused before anything is said."""
        with self.assertRaises(Refusal) as caught:
            who(Standing(), asked(filter=["cleint=1"]))
        self.assertEqual(caught.exception.status, 400)

    def test_names(self) -> None:
        """What commands take as words."""
        gateway = Standing(session("s1"))
        text = {
            "server": "ftp://h:2121",
            "listen": ["tcp:0"],
            "routes": [{"server": ["ftp://r", "ftp://q"]}, {"clients": ["10.0.0.0/8"]}],
        }
        gateway.settings = examine(None, text, {}).settings
        found = names(gateway, asked())
        jsonschema.validate(found, verb("names").answer)
        self.assertEqual(
            found,
            {
                "sessions": ["s1"],
                "routes": ["routes[0]", "routes[1]"],
                "listeners": ["tcp:0"],
                "servers": ["h:2121", "q:21", "r:21"],
            },
        )


class Real(AdminCase):
    """Real sessions."""

    def terminal(self, columns: int, *words: str) -> tuple[int, list[str]]:
        """Status and lines of a command in a terminal of that width."""
        main, side = pty.openpty()
        self.addCleanup(os.close, main)
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environ = {name: each for name, each in os.environ.items() if name != "COLUMNS"}
        process = subprocess.Popen(
            [str(BIN / "ftpalg"), *words, "--socket", str(self.path)],
            stdin=side,
            stdout=side,
            stderr=side,
            env=environ,
        )
        os.close(side)
        said = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # EIO: nobody has the other side any more
                break
            said += piece
        return process.wait(60), said.decode().replace("\r", "").splitlines()

    def test_transfer(self) -> None:
        """What it shows of a download whose size is known, and of one at rest."""
        gateway = self.seen()

        def size(control: Control) -> Any:
            control.answer(b"TYPE", b"200 Yes.")
            control.answer(b"SIZE", b"213 %d" % (2 * len(BLOCK)))
            return control.until_end()

        idle = self.enter(gateway, size)
        self.assertEqual(idle.ask(b"TYPE I").code, 200)
        self.assertEqual(idle.ask(b"SIZE file").code, 213)
        self.downloading(gateway)
        resting, moving = self.sessions()
        self.assertEqual((resting["state"], moving["state"]), ("idle", "data"))
        self.assertEqual((moving["command"], moving["path"]), ("RETR", "~/file"))
        self.assertEqual((moving["bytes"], moving["bytes_out"]), (len(BLOCK), len(BLOCK)))
        self.assertEqual((moving["client_mode"], moving["server_mode"]), ("passive", "passive"))
        self.assertEqual((moving["user"], moving["epoch"]), ("joe", 1))
        self.assertEqual(moving["server_port"], self.server.port)
        self.assertGreaterEqual(moving["age"], moving["idle"])

    def percents(
        self, *said: bytes, opening: bytes = b"150 Here it comes.", kind: bytes = b"RETR"
    ) -> Any:
        """How far a transfer is that has moved one block, with these exchanges before it."""
        gateway = self.seen()

        def script(control: Control) -> Any:
            for line in said:
                verb_of = line.split()[0]
                answer = b"213 %d" % (4 * len(BLOCK)) if verb_of == b"SIZE" else b"200 Yes."
                control.answer(verb_of, answer)
            port = control.data()
            control.answer(kind, opening)
            data = port.open()
            if kind == b"RETR":
                data.sendall(BLOCK)
            return control.until_end()

        client = self.enter(gateway, script)
        for line in said:
            client.ask(line)
        data = client.pasv()
        self.addCleanup(data.close)
        self.assertEqual(client.ask(kind + b" file").code, 150)
        if kind != b"RETR":
            data.sendall(BLOCK)
        self.assertTrue(gateway.until(lambda: self.sessions()[0]["bytes"] == len(BLOCK)))
        return self.sessions()[0]["percent"]

    def test_percent_by_size(self) -> None:
        """The client has asked for the size."""
        self.assertEqual(self.percents(b"TYPE I", b"SIZE file"), 25)

    def test_percent_of_another_file(self) -> None:
        """It has asked for another file's."""
        self.assertIsNone(self.percents(b"TYPE I", b"SIZE other"))

    def test_percent_by_the_150(self) -> None:
        """The server says it, as vsftpd and ProFTPD do."""
        opening = b"150 Opening BINARY mode data connection for file (%d bytes)." % (2 * len(BLOCK))
        self.assertEqual(self.percents(b"TYPE I", opening=opening), 50)

    def test_percent_by_allo(self) -> None:
        """An upload that was announced."""
        self.assertEqual(self.percents(b"ALLO %d" % (2 * len(BLOCK)), kind=b"STOR"), 50)

    def test_terminal(self) -> None:
        """The table fits; no sign of a peer's moves the cursor; a filter leaves some out."""
        gateway = self.seen()
        self.idle(gateway)
        client = self.enter(gateway, lambda control: control.until_end())
        client.send(b"CWD \xff\x1b[2J\xc2\x9b31m" + b"x" * 200 + b"\r\n")
        self.assertTrue(gateway.until(lambda: self.sessions()[1]["command"] == "CWD"))
        for columns in (200, 80, 40):
            status, lines = self.terminal(columns, "who")
            self.assertEqual((status, len(lines)), (0, 4), lines)
            self.assertLessEqual(max(map(len, lines)), columns)
            self.assertTrue(all(line.isprintable() for line in lines), lines)
        self.assertEqual(lines[-1], "2 sessions")
        self.assertEqual(self.terminal(80, "who", "state=reaching"), (0, ["no sessions"]))

    def test_command(self) -> None:
        """``--json`` is what the socket says; without a terminal nothing is cut."""
        gateway = self.seen()
        self.idle(gateway)
        status, out, err = self.command("who", "--json")
        self.assertEqual((status, err), (0, ""))
        found = json.loads(out)
        self.assertEqual(list(found), ["sessions"])
        jsonschema.validate(found, {**openapi(), **verb("who").answer})
        (one,) = found["sessions"]
        status, out, err = self.command("who", one["session"][:8], "client=127.0.0.0/8")
        self.assertIn(f"127.0.0.1:{one['client_port']}  joe   127.0.0.1:{one['server_port']}", out)
        self.assertEqual(self.command("who", "user=amy")[1], "no sessions\n")

    def test_bad_filter(self) -> None:
        """2, and what might be meant."""
        self.seen()
        status, out, err = self.command("who", "cleint=1")
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(err, "ftpalg who: 'cleint=1' is no filter: did you mean client=?\n")

    def test_names_for_shells(self) -> None:
        """One a line; without a gateway nothing is said at all."""
        gateway = self.seen('[[routes]]\nserver = ["ftp://h"]\nclients = ["10.0.0.0/8"]\n')
        self.idle(gateway)
        names = [one["session"] for one in self.sessions()]
        self.assertEqual(self.command("who", "--names", "sessions"), (0, f"{names[0]}\n", ""))
        self.assertEqual(self.command("who", "--names", "routes"), (0, "routes[0]\n", ""))
        gateway.stop()
        self.assertEqual(self.command("who", "--names", "sessions"), (1, "", ""))
