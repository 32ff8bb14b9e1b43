"""After a thousand transfers, a third of them broken on purpose, nothing is left behind."""

from __future__ import annotations

import contextlib
import random
import select
import socket
from concurrent.futures import Future
from typing import Any

from ftpalg.net.legs.pipes import KEPT
from tests.wire.peers import (
    BLOCK,
    TIMEOUT,
    Client,
    Closed,
    Control,
    DataPort,
    SharedCases,
    WireTestCase,
    descriptors,
    die,
    drained,
    listening_ports,
    pasv_port,
    reset,
    untouched,
)

PER_SESSION = 20


def file_server(control: Control) -> None:
    """Serves, stores and breaks as the file's name says, until the session ends."""
    port: DataPort | None = None
    control.say(b"220 Ready.")
    try:
        while True:
            verb, argument = control.command()
            if verb in (b"EPSV", b"PORT", b"EPRT", b"PASV"):
                control.buffer = verb + b" " + (argument or b"") + b"\r\n" + control.buffer
                if port is not None:
                    port.refuse()
                port = control.data()
            elif verb in (b"RETR", b"STOR"):
                assert port is not None
                transfer(control, port, verb, argument or b"")
                port.refuse()
                port = None
            else:
                control.say(b"331 Go on." if verb == b"USER" else b"230 Fine.")
    except (Closed, ConnectionError, TimeoutError):
        if port is not None:
            port.refuse()


def transfer(control: Control, port: DataPort, verb: bytes, name: bytes) -> None:
    """One transfer of the server."""
    if name == b"missing":
        port.refuse()
        control.say(b"550 No such file.")
        return
    if name == b"reset":  # before the 150: a short upload could be over behind it, and the 226 true
        reset(port.open())
        control.say(b"150 Go.")
        control.say(b"226 Done.")
        return
    control.say(b"150 Go.")
    try:
        data = port.open()
    except ConnectionError:  # the client has failed already, and the gateway's port or leg with it
        control.say(b"425 No connection.")
        return
    if name == b"refused":
        control.say(b"452 No room.")
        reset(data)
    elif name == b"crash":
        die(control.sock, data)
        raise Closed(b"")
    elif verb == b"RETR":
        try:
            data.sendall(BLOCK)
            data.close()
            control.say(b"226 Done.")
        except ConnectionError:
            data.close()
            control.say(b"426 Broken.")
    else:
        ending = drained(data)[1]
        data.close()
        control.say(b"226 Done." if ending == "end" else b"426 Broken.")


class Leaks(SharedCases):
    """The case; the subclasses choose the mode of the server."""

    def one(self, client: Client, chance: random.Random) -> bool:
        """One transfer; False where the session ended with it."""
        name = chance.choice(
            (
                b"ok",
                b"ok",
                b"ok",
                b"ok",
                b"ok",
                b"ok",
                b"missing",
                b"refused",
                b"reset",
                b"client",
                b"away",
                b"crash",
            )
        )
        verb = chance.choice((b"RETR", b"STOR"))
        if name == b"away":  # the client prepares and does not come
            pasv_port(client.ask(b"PASV"))
            return True
        waiting = client.port() if chance.random() < 0.5 else None
        data = None if waiting else client.pasv()
        code = client.ask(verb + b" " + name).code
        if code == 150 and waiting is not None:
            data = self.met(client, waiting)
        if waiting is not None:
            waiting.close()
        if code == 150 and data is not None:
            try:
                if name == b"client":
                    reset(data)
                elif verb == b"RETR":
                    drained(data)
                else:
                    data.sendall(BLOCK)
            except ConnectionError:
                pass
        if data is not None:
            data.close()
        if name == b"crash":
            client.rest()
            return False
        if code == 150:
            code = client.code()
        if name == b"ok":
            self.assertEqual(code, 226)
        elif verb == b"STOR" or name != b"client":  # a download may be over before the reset
            self.assertGreaterEqual(code, 400)
        return True

    def met(self, client: Client, waiting: socket.socket) -> socket.socket | None:
        """The data connection to an active client; none where the server's had gone before it."""
        if not client.buffer:  # else the last reply has come with the 150
            select.select([waiting, client.sock], [], [], TIMEOUT)
        return None if untouched(waiting) else waiting.accept()[0]

    def session(self, seed: int) -> int:
        """Some transfers of one session; how many there were."""
        chance = random.Random(seed)
        served: Future[Any] = self.serve(file_server)
        client = self.enter()
        done = 0
        while done < PER_SESSION:
            done += 1
            if not self.one(client, chance):
                break
        if chance.random() < 0.5:
            client.reset()
        client.sock.close()
        served.exception(TIMEOUT)
        return done

    def test_thousand_transfers(self) -> None:
        """No descriptor, no listening port and no session is left, and memory has not run away."""
        self.session(0)
        before, rss = self.settled(None), self.gateway.rss
        before_pipes = len(set(self.open(pipes=True)))
        done, seed = 0, 0
        while done < 500:
            seed += 1
            done += self.session(seed)
        after = self.settled(before)
        self.assertEqual(after, before)
        self.assertLessEqual(len(set(self.open(pipes=True))), before_pipes + KEPT)
        self.assertEqual(len(listening_ports(self.gateway.process.pid)), 1)
        self.assertLess(self.gateway.rss - rss, 16 << 20)

    def settled(self, wanted: int | None) -> int:
        """Open descriptors, but for pipes, once they are as many as wanted, or after some seconds."""
        quiet, other = socket.socketpair()  # nothing comes from it: something to wait on
        quiet.settimeout(0.25)
        with quiet, other:
            for _ in range(20 if wanted else 8):
                if len(self.open(pipes=False)) == wanted:
                    break
                with contextlib.suppress(TimeoutError):
                    quiet.recv(1)
        return len(self.open(pipes=False))

    def open(self, *, pipes: bool) -> list[str]:
        """Descriptors of one of the two kinds."""
        found = descriptors(self.gateway.process.pid)
        return [one for one in found if one.startswith("pipe:") is pipes]


class PassiveServerTests(Leaks, WireTestCase):
    """Towards a passive server."""

    alone = "leaks"


class ActiveServerTests(Leaks, WireTestCase):
    """Towards an active server."""

    alone = "leaks"
    mode = "active"
