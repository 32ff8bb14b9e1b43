"""The dialogues: the settings, and what the client does in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.tls.certificates import authority, issued
from tests.torture.peers import Client

Play = Callable[[Client], None]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Settings of the gateway with PORT for the server's, the client's part, TLS at the server."""

    name: str
    toml: str
    play: Play
    tls: bool = False
    header: bytes = b""


def fixed(mode: str, scheme: str = "ftp", *, tables: str = "") -> str:
    return f'server = "{scheme}://127.0.0.1:PORT"\nserver-mode = "{mode}"\n' + tables


def offered() -> str:
    return f'[client-tls]\nmode = "offer"\n{issued("good").toml}'


def trusted() -> str:
    return f'[server-tls]\nca = "{authority().file}"\n'


def login(client: Client) -> None:
    client.enter()
    client.must(b"NOOP", 200)
    client.leave()


def moves(*commands: bytes, active: bool, tls: bool = False, user: bytes = b"joe") -> Play:
    """A session of these transfers."""

    def play(client: Client) -> None:
        client.enter(user, tls=tls)
        for command in commands:
            client.transfer(command, active=active)
        client.leave()

    return play


def aborted(client: Client) -> None:
    client.enter()
    client.transfer(b"RETR slow", active=False)
    client.reply()  # ABOR's own
    client.leave()


DOWN, UP = b"RETR file", b"STOR file"
NAMED = (
    '[[access.servers]]\nallow = true\nnames = ["localhost"]\nnetworks = ["127.0.0.0/8", "::1"]\n'
    'ports = ["1-65535"]\n'
)


def dialogues() -> tuple[Dialogue, ...]:
    """All of them."""
    both = offered() + trusted()
    return (
        Dialogue("login", fixed("passive"), login),
        Dialogue("passive download", fixed("passive"), moves(DOWN, active=False)),
        Dialogue("passive upload", fixed("passive"), moves(UP, active=False)),
        Dialogue("active download", fixed("passive"), moves(DOWN, active=True)),
        Dialogue("active upload", fixed("active"), moves(UP, active=True)),
        Dialogue("active server download", fixed("active"), moves(DOWN, active=False)),
        Dialogue(
            "client TLS", fixed("passive", tables=offered()), moves(DOWN, active=False, tls=True)
        ),
        Dialogue(
            "client TLS upload",
            fixed("passive", tables=offered()),
            moves(UP, active=False, tls=True),
        ),
        Dialogue(
            "server TLS",
            fixed("passive", "ftpes", tables=trusted()),
            moves(DOWN, active=True),
            True,
        ),
        Dialogue(
            "TLS upload",
            fixed("passive", "ftpes", tables=both),
            moves(UP, active=False, tls=True),
            True,
        ),
        Dialogue(
            "TLS download",
            fixed("active", "ftpes", tables=both),
            moves(DOWN, active=False, tls=True),
            True,
        ),
        Dialogue("named server", NAMED, moves(DOWN, active=False, user=b"joe@localhost:PORT")),
        Dialogue("refused", fixed("passive"), moves(b"RETR missing", active=False)),
        Dialogue("ABOR", fixed("passive"), aborted),
        Dialogue(
            "PROXY header",
            fixed("passive", tables='[proxy-protocol]\nbalancers = ["127.0.0.1"]\n'),
            login,
            header=b"PROXY TCP4 127.0.0.1 127.0.0.1 40000 21\r\n",
        ),
    )
