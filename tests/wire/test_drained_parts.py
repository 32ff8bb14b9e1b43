"""Parts of a running gateway drained and taken back by ``ftpalg drain`` and ``undrain``: what clients see."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
from concurrent.futures import Future
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from ftpalg.__main__ import main
from tests.life.programs import Foreground, LifeCase
from tests.wire.ends import CLOSED
from tests.wire.peers import BLOCK, TIMEOUT, Client, FakeServer, drained

ANY = '"tcp:0:interface=127.0.0.1"'
SERVER = b"421 The server is being drained; try again later."
WAY = b"421 This way is being drained; try again later."
LISTENER = b"421 This listener is being drained; try again later."
GATEWAY = b"421 The gateway is being drained; try again later."


class Drained(LifeCase):
    """Two servers, two routes by the client's address, two listeners, an admin socket."""

    def setUp(self) -> None:
        super().setUp()
        self.other = FakeServer()
        self.addCleanup(self.other.close)
        self.addCleanup(self.other.forget)
        self.sock = str(self.scratch / "admin.sock")

    def settings(self, rest: float = 0.2, routes: str | None = None) -> str:
        """Clients of 127.0.0.2 have a route to both servers, those of 127.0.0.3 to the second."""
        one, other = (f'"ftp://127.0.0.1:{s.port}"' for s in (self.server, self.other))
        if routes is None:
            routes = (
                f'[[routes]]\nclients = ["127.0.0.2"]\nserver = [{one}, {other}]\n'
                f'[[routes]]\nclients = ["127.0.0.3"]\nserver = {other}\n'
            )
        return (
            f"listen = [{ANY}]\nserver = {one}\n{routes}"
            f'[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.2"\n'
            f'[admin]\nsocket = "{self.sock}"\n[timeouts]\nrest = {rest}\n'
            '[log]\nformat = "text"\n[health]\nevery = 1000.0\n'
        )

    def gateway(self, rest: float = 0.2) -> Foreground:
        """One that is ready; the health checks of the first route are answered."""
        checks = self.checks()
        gateway = self.begin(self.settings(rest)).serve()
        for check in checks:
            check.result(TIMEOUT)
        gateway.ports = [
            int(port) for port in re.findall(r"127\.0\.0\.[12]:(\d+)", self.heard(gateway))
        ]
        gateway.addresses = [("127.0.0.1", gateway.ports[0]), ("127.0.0.2", gateway.ports[1])]
        return gateway

    def checks(self) -> list[Future[Any]]:
        """Both servers are looked at, for the first route, and are well."""
        return [
            server.then(lambda control: (control.say(b"220 Well."), control.expect(b"QUIT")))
            for server in (self.server, self.other)
        ]

    def heard(self, gateway: Foreground) -> str:
        """Where it listens."""
        return gateway.ready().partition(", servers ")[0]

    def ask(self, *words: str) -> tuple[int, str]:
        """A command's status, and what it says."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main([*words, "--socket", self.sock])
        return status, out.getvalue() + err.getvalue()

    def drain(self, *words: str) -> Any:
        """Its answer."""
        status, said = self.ask("drain", *words, "--json")
        self.assertEqual(status, 0, said)
        return json.loads(said)

    def come(self, gateway: Foreground, source: str = "", which: int = 0) -> Client:
        """A client that has connected."""
        client = Client(gateway.addresses[which], source)
        self.addCleanup(client.sock.close)
        return client

    def inside(self, server: FakeServer, gateway: Foreground, source: str = "") -> Client:
        """A client that is logged in and idle."""
        server.then(lambda control: control.login().until_end())
        client = self.come(gateway, source)
        self.assertEqual(client.code(), 220)
        client.login()
        return client

    def goes(self, client: Client, last: bytes) -> None:
        """It hears that, and its end."""
        self.assertEqual(client.reply().lines, (last,))
        self.assertEqual(client.rest(), b"")

    def closed(self, gateway: Foreground, *ends: str) -> None:
        """So many sessions have ended, so, each with one record."""
        self.assertTrue(gateway.logged(": closed", len(ends)), gateway.whole_log())
        self.assertEqual(sorted(CLOSED.findall(gateway.whole_log())), sorted(ends))

    def name(self, server: FakeServer) -> str:
        """The server's."""
        return f"127.0.0.1:{server.port}"

    # -- servers ------------------------------------------------------------------------------------

    def test_server_of_several(self) -> None:
        """New sessions go to the other, the idle one of it leaves with 421; a session of the other
        server is left alone.  Taken back it is the first again."""
        gateway = self.gateway()
        idle = self.inside(self.server, gateway, "127.0.0.2")
        stays = self.inside(self.other, gateway, "127.0.0.3")
        found = self.drain("server", self.name(self.server))
        self.assertEqual((found["kind"], found["sessions"]), ("server", 1))
        self.goes(idle, SERVER)
        new = self.inside(self.other, gateway, "127.0.0.2")
        self.assertEqual(self.ask("undrain", "server", self.name(self.server))[0], 0)
        self.inside(self.server, gateway, "127.0.0.2")
        self.assertTrue(stays.hears_nothing() and new.hears_nothing())
        self.closed(gateway, "OI drained")

    def test_last_server(self) -> None:
        """Where no other is left: 421 and a sentence of its own, no connection to the server, and a
        reason of its own in the record."""
        gateway = self.gateway()
        self.drain("server", self.name(self.other))
        before = self.other.accepted
        self.goes(self.come(gateway, "127.0.0.3"), SERVER)
        self.closed(gateway, "OR server-drained")
        self.assertEqual(self.other.accepted, before)
        self.drain("server", self.name(self.server))
        self.goes(self.come(gateway, "127.0.0.2"), SERVER)
        self.closed(gateway, "OR server-drained", "OR server-drained")

    def transfer(self, gateway: Foreground) -> Any:
        """A client in the middle of a download from the first server."""
        return self.downloading(gateway)

    def test_transfer_goes_on(self) -> None:
        """The file comes whole, with its 226; then 421.  A reload meanwhile changes nothing."""
        gateway = self.gateway()
        client, data, more, _ = self.transfer(gateway)
        self.assertEqual(self.drain("server", self.name(self.server))["sessions"], 1)
        self.reload(gateway, self.settings(0.1))
        self.assertEqual(self.drain("--list")["drained"][0]["sessions"], 1)
        self.goes(self.come(gateway), SERVER)
        self.assertTrue(client.hears_nothing())
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.goes(client, SERVER)
        self.closed(gateway, "OI drained", "OR server-drained")
        self.assertIn("complete", gateway.whole_log())

    def test_within(self) -> None:
        """What still runs then fails visibly: a reset, 421, and the record says why."""
        gateway = self.gateway()
        client, data, _, _ = self.transfer(gateway)
        self.assertEqual(self.drain("--all", "--within", "1")["within"], 1)
        self.assertEqual(drained(data)[1], "reset")
        self.goes(client, GATEWAY)
        self.closed(gateway, "OD drain-timeout")
        self.assertRegex(gateway.whole_log(), r"RETR.*broken")

    # -- routes -------------------------------------------------------------------------------------

    def test_route(self) -> None:
        """421, no other route and no server is tried; the other route and the general way serve on."""
        gateway = self.gateway()
        idle = self.inside(self.server, gateway, "127.0.0.2")
        general = self.inside(self.server, gateway)
        self.assertEqual(self.drain("route", "routes[0]")["sessions"], 1)
        self.goes(idle, WAY)
        before = self.server.accepted, self.other.accepted
        self.goes(self.come(gateway, "127.0.0.2"), WAY)
        self.assertEqual((self.server.accepted, self.other.accepted), before)
        self.inside(self.other, gateway, "127.0.0.3")
        self.assertTrue(general.hears_nothing())
        self.closed(gateway, "OI drained", "OR route-drained")

    def reload(self, gateway: Foreground, text: str) -> None:
        """Other settings."""
        checks = self.checks() if '"127.0.0.2"]' in text else []
        gateway.file.write_text(text, "utf-8")
        gateway.begin()
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged(" reloaded\n"), gateway.whole_log())
        for check in checks:
            check.result(TIMEOUT)

    def test_reload(self) -> None:
        """A drained route is followed to where it stands now, and its old sessions with it, not those
        of what has its name now; one that is gone is drained no longer, and that is said."""
        gateway = self.gateway(rest=3000)
        one = self.inside(self.server, gateway, "127.0.0.2")
        two = self.inside(self.other, gateway, "127.0.0.3")
        self.drain("route", "routes[0]")
        first, second = self.settings(0.2).partition("[[routes]]")[2].split("[[routes]]")
        second, _, _ = second.partition("[[listeners]]")
        swapped = f"[[routes]]{second}[[routes]]{first}"
        self.reload(gateway, self.settings(0.2, swapped))
        self.assertEqual([each["name"] for each in self.drain("--list")["drained"]], ["routes[1]"])
        self.goes(one, WAY)
        self.goes(self.come(gateway, "127.0.0.2"), WAY)
        self.inside(self.other, gateway, "127.0.0.3")
        self.assertTrue(two.hears_nothing())
        self.reload(gateway, self.settings(0.2, f"[[routes]]{second}"))
        self.assertIn("undrained: route routes[1]", gateway.whole_log())
        self.assertEqual(self.drain("--list")["drained"], [])
        self.inside(self.server, gateway, "127.0.0.2")

    # -- listeners, and all ---------------------------------------------------------------------------

    def test_listener(self) -> None:
        """Its clients get 421 and are closed; the socket stays, and the other listener serves."""
        gateway = self.gateway()
        self.server.then(lambda control: control.login().until_end())
        idle = self.come(gateway, which=1)
        self.assertEqual(idle.code(), 220)
        idle.login()
        name = "tcp:0:interface=127.0.0.2"
        self.assertEqual(self.drain("listener", name)["sessions"], 1)
        self.goes(idle, LISTENER)
        self.goes(self.come(gateway, which=1), LISTENER)
        self.assertTrue(gateway.logged("refused: This listener is being drained"))
        self.inside(self.server, gateway)
        self.assertEqual(self.ask("undrain", "listener", name)[0], 0)
        self.server.then(lambda control: control.login().until_end())
        self.assertEqual(self.come(gateway, which=1).code(), 220)
        self.closed(gateway, "OI drained")

    def test_all(self) -> None:
        """Nobody new anywhere; the process runs on, and serves again when it is taken back.  What is
        drained besides stays so."""
        gateway = self.gateway()
        idle = self.inside(self.server, gateway)
        client, data, more, _ = self.transfer(gateway)
        self.drain("server", self.name(self.other))
        status, said = self.ask("drain")
        self.assertEqual((status, said), (0, "drained: the gateway, 2 sessions there\n"))
        self.goes(idle, GATEWAY)
        for which in (0, 1):
            self.goes(self.come(gateway, which=which), GATEWAY)
        self.assertFalse(self.drain("--list")["ready"])
        sessions = json.loads(self.ask("who", "state=draining", "--json")[1])["sessions"]
        self.assertEqual([each["draining"] for each in sessions], [True])
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.goes(client, GATEWAY)
        self.assertIsNone(gateway.process.poll())
        self.assertEqual(
            self.ask("undrain", "--all"), (0, "undrained: the gateway, 0 sessions there\n")
        )
        self.inside(self.server, gateway)
        found = self.drain("--list")
        self.assertEqual([each["name"] for each in found["drained"]], [self.name(self.other)])
        self.assertTrue(found["ready"])
        self.closed(gateway, "OI drained", "OI drained")

    # -- what is said ---------------------------------------------------------------------------------

    def test_records(self) -> None:
        """Who ordered it, for what, how many were there."""
        gateway = self.gateway()
        self.inside(self.server, gateway)
        self.drain("server", self.name(self.server), "--within", "50")
        self.ask("undrain", "server", self.name(self.server))
        self.assertTrue(gateway.logged(" undrained: "))
        log = gateway.whole_log()
        name = re.escape(self.name(self.server))
        self.assertRegex(log, rf" drained: server {name}, 1 sessions are there, for 50 s\n")
        self.assertRegex(log, rf" undrained: server {name}, 1 sessions were there\n")

    def test_wrong_names(self) -> None:
        """Names that nothing has are status 1 with what was meant, words that are none status 2; what
        somebody writes harms no terminal and no log, and nothing is drained by it."""
        gateway = self.gateway()
        for words, status, wanted in (
            (("server", "127.0.0.9"), 1, "there is no server '127.0.0.9'"),
            (("route", "route[0]"), 1, "did you mean 'routes[0]'?"),
            (("listener", "\x1b]0;owned\x07"), 1, "there is no listener"),
            (("server", "a b"), 1, "is no server"),
            (("server", "x" * 9999), 2, "too long"),
            (("sever", "a"), 2, "did you mean server?"),
            (("server",), 2, "name the server"),
            (("route", "routes[0]", "--all"), 2, "--all is the whole gateway"),
            (("--within", "0"), 2, "above 0"),
            (("--within", "9999999999"), 2, "at most"),
        ):
            found, said = self.ask("drain", *words)
            self.assertEqual(found, status, said)
            self.assertIn(wanted, said)
            self.assertTrue(said.rstrip("\n").isprintable(), said)
        self.assertEqual(self.ask("undrain")[0], 1)
        self.assertEqual(self.ask("undrain", "route", "routes[0]")[0], 1)
        self.assertEqual(self.ask("drain", "--list"), (0, "nothing is drained\n"))
        self.assertNotIn("\x1b", gateway.whole_log())
        self.inside(self.server, gateway)


class Checked(LifeCase):
    """A balancer that looks by PROXY header LOCAL."""

    def test_check(self) -> None:
        """It hears that nobody is taken, and that somebody is again."""
        sock = str(self.scratch / "admin.sock")
        text = f'[proxy-protocol]\nbalancers = ["127.0.0.1/32"]\n[admin]\nsocket = "{sock}"\n'
        gateway = self.run_it(text)
        for verb, said in (("drain", GATEWAY), ("undrain", b"220 ftpalg ready.")):
            with redirect_stdout(io.StringIO()):
                self.assertEqual(main([verb, "--socket", sock]), 0)
            with socket.create_connection(gateway.address, TIMEOUT) as check:
                check.sendall(b"PROXY UNKNOWN\r\n")
                heard = b""
                while piece := check.recv(100):
                    heard += piece
            self.assertEqual(heard, said + b"\r\n")
