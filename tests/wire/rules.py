"""Tables of routes for several servers, and who of them got a session."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from tests.tls.certificates import authority
from tests.wire.peers import TIMEOUT, Client, Control, SceneTestCase, echo_site


def trust() -> str:
    """Our CA for servers."""
    return f'[server-tls]\nca = "{authority().file}"\n'


def route(**words: object) -> str:
    """One of [[routes]]; texts and lists as TOML wants them."""
    lines = (f"{key.replace('_', '-')} = {value!r}\n" for key, value in words.items())
    return "[[routes]]\n" + "".join(lines)


class RulesTestCase(SceneTestCase):
    """Several servers, of which a session gets one."""

    def ready(self) -> list[Future[Any]]:
        """Each server takes one login; its future tells the user, and whence the gateway came."""

        def script(control: Control) -> tuple[bytes, str]:
            control.say(b"220 Ready.")
            user = control.answer(b"USER", b"331 Password, please.")
            control.answer(b"PASS", b"230 Welcome.")
            echo_site(control)
            return user, str(control.sock.getpeername()[0])

        return [self.serve_at(which, script) for which in range(len(self.servers))]

    def reached(self, client: Client, ready: list[Future[Any]]) -> int:
        """Which server the client, logged in by now, has got."""
        self.assertTrue(client.in_step())
        client.close()
        for server in self.servers:
            server.forget()
        got = [which for which, future in enumerate(ready) if not future.cancelled()]
        self.assertEqual(len(got), 1, got)
        ready[got[0]].result(TIMEOUT)
        return got[0]

    def goes(self, *lines: bytes, source: str = "", which: int = 0) -> int:
        """Which server a client gets that says these lines and logs in as joe."""
        ready = self.ready()
        client = self.greeted(source, which)
        for line in lines:
            found = client.ask(line)
            self.assertLess(found.code, 400, (line, found))
        if not any(line.startswith(b"USER") for line in lines[-1:]):
            self.assertEqual(client.ask(b"USER joe").code, 331)
        self.assertEqual(client.ask(b"PASS secret").code, 230)
        return self.reached(client, ready)
