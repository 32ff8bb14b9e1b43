"""How commands find a gateway, and what they say where there is none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from argparse import Namespace
from pathlib import Path
from typing import Any

from ftpalg.cli import asking
from ftpalg.cli.asking import DEFAULT, VARIABLE, NoAnswer, Place, items, lines, place_of
from tests.cli.cases import CommandCase


def words(place: str | None = None, config: str | None = None) -> Namespace:
    """As argparse gives them."""
    return Namespace(socket=place, config=config)


class Finding(CommandCase):
    """The words, the environment, the settings, the service's place; in this order."""

    def test_order(self) -> None:
        """Each names where it is from."""
        path = self.file('[admin]\nsocket = "/s"\n')
        environ = {VARIABLE: "/e"}
        for place, config, environment, wanted in (
            ("/w", path, environ, Place("/w", "--socket")),
            (None, path, environ, Place("/e", VARIABLE)),
            (None, path, {}, Place("/s", f"admin.socket of {path}")),
            (None, None, {VARIABLE: ""}, Place(DEFAULT, "the default")),
        ):
            self.assertEqual(place_of(words(place, config), environment), wanted)

    def test_settings_without(self) -> None:
        """A file that names none: the default is tried, and the sentence says so."""
        path = self.file("")
        place = place_of(words(config=path), {})
        self.assertEqual(place.path, DEFAULT)
        self.assertIn("names none", place.said)

    def test_environment_of_settings(self) -> None:
        """A setting may come from the environment, as the gateway's does."""
        found = place_of(words(config=self.file("")), {"FTPALG_ADMIN_SOCKET": "/e"})
        self.assertEqual(found.path, "/e")

    def test_no_settings(self) -> None:
        """A file that cannot be read is a wrong word: 2."""
        with self.assertRaises(NoAnswer) as caught:
            place_of(words(config="/nowhere/f.toml"), {})
        self.assertEqual(caught.exception.status, 2)
        self.assertIn("/nowhere/f.toml", str(caught.exception))


class Words(CommandCase):
    """What the shell gave."""

    def refusing(self, status: int) -> tuple[str, list[bytes]]:
        """Where somebody says that to whoever comes, and what was heard by then."""
        path = str(self.folder / str(status))
        heard: list[bytes] = []
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.bind(path)
        sock.listen()

        def serve() -> None:
            with sock.accept()[0] as client:
                said = b""
                while b"\r\n\r\n" not in said or (b"POST" in said and not said.endswith(b"}")):
                    said += client.recv(65536)
                heard.append(said)
                client.sendall(b"HTTP/1.1 %d x\r\nContent-Length: 14\r\n\r\n" % status)
                client.sendall(b'{"error": "x"}')

        threading.Thread(target=serve, daemon=True).start()
        return path, heard

    def test_odd_bytes(self) -> None:
        """They are asked for as ``who`` shows them, in a query and in JSON."""
        for at, (command, wanted) in enumerate(
            (
                ("who", b"/sessions?filter=user%3Da%5Cxffb "),
                ("kick", rb'{"filter": ["user=a\\xffb"]}'),
            )
        ):
            path, heard = self.refusing(404 + at)
            status, _, err = self.run_it(command, "user=a\udcffb", "--socket", path)
            self.assertEqual((status, err), (1, f"ftpalg {command}: x\n"))
            self.assertIn(wanted, heard[0])

    def test_too_many(self) -> None:
        """More words than a request has room for are wrong words."""
        for status, wanted in ((400, 2), (413, 2), (431, 2), (404, 1), (503, 1)):
            path, _ = self.refusing(status)
            self.assertEqual(self.run_it("who", "--socket", path)[0], wanted, status)


class Unheard(CommandCase):
    """Nobody, or somebody else."""

    def said(self, path: str) -> str:
        """By ``who``, with status 1."""
        status, out, err = self.run_it("who", "--socket", path)
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(err.count("\n"), 1)
        return err

    def listening(self, answer: bytes) -> str:
        """Where somebody answers that, and closes."""
        path = str(self.folder / "s")
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.bind(path)
        sock.listen()

        def serve() -> None:
            client, _ = sock.accept()
            with client:
                client.recv(65536)
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        return path

    def test_not_there(self) -> None:
        """The path, who says so, and the remedy."""
        path = str(self.folder / "s")
        self.assertEqual(
            self.said(path),
            f"ftpalg who: no gateway listens: {path} (--socket) is not there; start it with [admin]"
            " socket set, or say where that is by --socket or --config\n",
        )

    def test_default(self) -> None:
        """Without a word the place of the service is tried, and told."""
        self.patch(os, "environ", {})
        self.patch(asking, "DEFAULT", str(self.folder / "d"))
        status, _, err = self.run_it("who")
        self.assertEqual(status, 1)
        self.assertIn(f"{self.folder / 'd'} (the default) is not there", err)

    def test_nobody_behind(self) -> None:
        """A socket that was left."""
        path = str(self.folder / "s")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(path)
        self.assertIn("has nobody behind it", self.said(path))

    def test_no_gateway(self) -> None:
        """Something else answers, or hangs up; a file is no socket."""
        for answer in (
            b"",
            b"220 ready\r\n",
            b"HTTP/1.1 500 x\r\n\r\n{}",
            b"HTTP/1.1 404 x\r\n\r\n[]",
        ):
            path = self.listening(answer)
            self.assertIn("gives no answer of a gateway", self.said(path), answer)
            (self.folder / "s").unlink()
        self.assertIn("has nobody behind it", self.said(self.file("")))

    def test_ends_meanwhile(self) -> None:
        """It ends in the middle of its answer."""
        for rest in (b'9\r\n{"sessi', b'2\r\n{"\r\n0\r\n\r\n', b"zz\r\n"):
            path = self.listening(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
            self.assertIn("ended in the middle of its answer", self.said(path), rest)
            (self.folder / "s").unlink()

    def test_items(self) -> None:
        """The items of an array are there with their line; one that does not end is told behind them."""
        head = b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
        lines_ = (b'{"sessions":[\n', b'{"a":1},{"a":2}\n', b',{"a":"},{\\n"}\n', b"]}\n")
        wanted: list[Any] = [{"a": 1}, {"a": 2}, {"a": "},{\n"}]
        for upto, whole in ((4, True), (3, False)):
            text = b"".join(lines_[:upto])
            for size in (1, 7, len(text)):
                pieces = [text[at : at + size] for at in range(0, len(text), size)]
                chunks = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces)
                path = self.listening(head + chunks + b"0\r\n\r\n")
                found = []
                try:
                    for item in items(words(path), "who", "sessions", {}):
                        found.append(item)
                    ended = True
                except NoAnswer as error:
                    self.assertIn("in the middle", str(error))
                    ended = False
                self.assertEqual((found, ended), (wanted, whole))
                (self.folder / "s").unlink()

    def test_items_of_any_json(self) -> None:
        """However the object is written; what is none is told."""
        for text, wanted in (
            (b'{"sessions": [{"a": 1}]}', [{"a": 1}]),
            (b'{\n "n": 1,\n "sessions": [\n]\n}\n', []),
            (b'{"others": []}', None),
            (b'{"sessions": 1}', None),
            (b"[]", None),
            (b"{", None),
        ):
            head = b"HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n" % len(text)
            path = self.listening(head + text)
            asked = items(words(path), "who", "sessions", {})
            if wanted is None:
                self.assertRaises(NoAnswer, list, asked)
            else:
                self.assertEqual(list(asked), wanted)
            (self.folder / "s").unlink()

    def test_lines(self) -> None:
        """Lines come one by one, up to where it ends."""
        head = b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
        path = self.listening(head + b'8\r\n{"a":1}\n\r\n8\r\n{"a":2}\n\r\n')
        found = []
        with self.assertRaises(NoAnswer):
            for line in lines(words(path), "who", {}):
                found.append(line)
        self.assertEqual(found, [{"a": 1}, {"a": 2}])

    def test_refused(self) -> None:
        """The gateway's own sentence; 2 where it is the words that are wrong."""
        for code, status in ((400, 2), (404, 1), (409, 1), (500, 1)):
            answer = b'HTTP/1.1 %d x\r\nContent-Length: 16\r\n\r\n{"error": "why"}' % code
            found = self.run_it("reload", "--socket", self.listening(answer))
            self.assertEqual(found, (status, "", "ftpalg reload: why\n"))
            (self.folder / "s").unlink()

    def test_refused_before_all_is_said(self) -> None:
        """It answers, and hears no more of what it refuses."""
        ours, other = socket.socketpair()
        other.sendall(b'HTTP/1.1 413 x\r\nContent-Length: 16\r\n\r\n{"error": "why"}')
        other.close()
        self.patch(asking, "_connected", lambda path: ours)
        found = self.run_it("kick", "state=idle", "--socket", "/s")
        self.assertEqual(found, (2, "", "ftpalg kick: why\n"))


class Quickly(CommandCase):
    """What is imported before the gateway is asked."""

    def test_imports(self) -> None:
        """Nothing of the gateway, and nothing that takes long: that has its time while the gateway works."""
        script = (
            "import sys\n"
            "from ftpalg.cli import asking\n"
            "def connected(path):\n"
            "    print(*sys.modules)\n"
            "    raise SystemExit\n"
            "asking._connected = connected\n"
            "from ftpalg.__main__ import main\n"
            "main(['who', 'x', '--socket', '/s'])\n"
        )
        tree = str(Path(__file__).parents[2])
        done = subprocess.run(
            (sys.executable, "-c", script),
            env={**os.environ, "PYTHONPATH": tree},
            stdout=subprocess.PIPE,
            timeout=60,
            text=True,
            check=True,
        )
        found = set(done.stdout.split())
        self.assertIn("ftpalg.cli.asking", found)
        ours = {name for name in found if name.startswith("ftpalg.")}
        of_the_gateway = {
            name for name in ours if name.split(".")[1] not in ("cli", "admin", "life")
        }
        wanted = {"ftpalg.core", "ftpalg.core.value", "ftpalg.__main__", "ftpalg.words"}
        self.assertEqual(of_the_gateway, wanted)
        slow = {
            "http",
            "http.client",
            "email",
            "ssl",
            "json",
            "dataclasses",
            "pathlib",
            "unicodedata",
        }
        self.assertEqual(found & {*slow, "ftpalg.cli.sessions_table"}, set())
