"""Every client tells every story to every server, through the gateway; see ``stories``.

What goes wrong is tried again without the gateway: what then goes wrong too is no fault of the
gateway's, and the test is skipped with it as its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, ClassVar
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tests.peers import commandlines, libraries, players, servers
from tests.peers.known import KNOWN
from tests.peers.players import Player
from tests.peers.servers import Account, Gateway, Server
from tests.peers.stage import Stage
from tests.peers.stories import STORIES, Telling
from tests.tls.certificates import authority, issued
from tests.tls.servers import TlsProftpd, TlsPureFtpd, TlsPyftpdlib, TlsVsftpd

PLAYERS: tuple[type[Player], ...] = (
    players.BasicFtp,
    players.CommonsNet,
    players.PerlNetFtp,
    players.RubyNetFtp,
    players.PhpFtp,
    players.Ftplib,
    commandlines.Wget,
    commandlines.Rclone,
    commandlines.Aria2,
    commandlines.GnuFtp,
    commandlines.Curl,
    commandlines.Lftp,
    commandlines.Tnftp,
    commandlines.Ncftp,
)


class Offering(Gateway):
    """Clients may say AUTH TLS."""

    toml = f'[client-tls]\nmode = "offer"\n{issued("good").toml}'


class Protecting(Gateway):
    """The server is spoken to under TLS, whatever the client does."""

    scheme = "ftpes"
    toml = f'{Offering.toml}[server-tls]\nca = "{authority().file}"\n'


class Stories(SynchronousTestCase):
    """One server, one gateway in front of it; a subclass gets a test for each client and story."""

    server_type: ClassVar[type[Server]]
    gateway_type: ClassVar[type[Gateway]] = Gateway
    mode: ClassVar[str] = "passive"
    tls: ClassVar[bool] = False
    active: ClassVar[bool] = False

    @classmethod
    def server_of(cls) -> Server:
        """The server, to be started."""
        return cls.server_type()

    @classmethod
    def gateway_for(cls, server: Server) -> Gateway:
        """The gateway in front of it."""
        return cls.gateway_type(server.account, cls.mode)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for player, story in product(PLAYERS, STORIES):
            made = telling(player, story)
            row = cls.known(player, story)
            if row:
                made.todo = row  # type: ignore[attr-defined]
            setattr(cls, f"test_{player.__name__}_{story}", made)

    @classmethod
    def known(cls, player: type[Player], story: str) -> str:
        """The row of a story that fails today, or nothing."""
        return KNOWN.get((cls.__name__.removesuffix("Stories"), player.__name__, story), "")

    def tell(self, player: type[Player], story: str) -> None:
        """Let a client tell a story; fail with its words and the ladder where it went wrong."""
        why = (
            self.server_type.missing()
            or player.missing()
            or player.unable(STORIES[story], tls=self.tls, active=self.active)
        )
        if why:
            raise SkipTest(why)
        stage = Stage.of(type(self))
        gateway, there = stage.gateway, stage.server.account
        before = len(gateway.said())
        door = Account(gateway.host, gateway.port, there.user, there.password)
        faults, said, folder = self.played(player, story, door, stage, tls=self.tls)
        ladder = gateway.said()[before:]
        if not faults and folder not in ladder:
            faults.add("the gateway saw nothing of it")
        row = self.known(player, story)
        if not faults and row:
            raise SkipTest(f"passes, though known to fail: {row}")
        if not faults:
            return
        words = f"{sorted(faults)}\n--- the client:\n{shown(said)}\n--- the gateway:\n{ladder}"
        server_tls = self.gateway_type.scheme == "ftpes"
        if (
            row  # what fails directly may fail for another reason
            or player.unable(STORIES[story], tls=server_tls, active=self.active)
        ):
            self.fail(words)
        directly, said, _ = self.played(player, story, there, stage, tls=server_tls)
        if faults <= directly:
            raise SkipTest(f"directly it fails too: {', '.join(sorted(faults))}")
        self.fail(f"{words}\n--- the client directly: {sorted(directly)}\n{shown(said)}")

    def played(
        self, player: type[Player], story: str, account: Account, stage: Stage, *, tls: bool
    ) -> tuple[set[str], bytes, str]:
        """What went wrong, all that the client printed, and the name of its folder."""
        how = Telling.prepare(
            story, account, stage.server.root, stage.base, tls=tls, active=self.active
        )
        try:
            said = player().play(how)
            return how.faults(said), said, how.folder
        finally:
            how.clear()


def telling(player: type[Player], story: str) -> Callable[[Stories], None]:
    """The test of one client and one story."""

    def test(self: Stories) -> None:
        self.tell(player, story)

    test.__doc__ = f"{player.__name__} and the story that is {story}."
    return test


def shown(said: bytes) -> str:
    """The end of what a client printed."""
    return said[-8000:].decode(errors="backslashreplace")


class VsftpdStories(Stories):
    """vsftpd."""

    server_type = servers.Vsftpd


class ProftpdStories(Stories):
    """ProFTPD."""

    server_type = servers.Proftpd


class PureFtpdStories(Stories):
    """Pure-FTPd."""

    server_type = servers.PureFtpd


class PyftpdlibStories(Stories):
    """pyftpdlib."""

    server_type = servers.Pyftpdlib


class TwistedStories(Stories):
    """Twisted's own."""

    server_type = libraries.Twisted


class AioftpStories(Stories):
    """aioftp."""

    server_type = libraries.Aioftp


class InetutilsStories(Stories):
    """GNU inetutils' ftpd."""

    server_type = libraries.InetutilsFtpd


class ActiveStories(Stories):
    """Active clients before vsftpd, to which the gateway is passive."""

    server_type = servers.Vsftpd
    active = True


class ActiveTwistedStories(Stories):
    """Active clients before Twisted's own, as they are."""

    server_type = libraries.Twisted
    active = True
    mode = "client"


class OfferingStories(Stories):
    """Clients under TLS before pyftpdlib in clear."""

    server_type = servers.Pyftpdlib
    gateway_type = Offering
    tls = True


class ProtectingStories(Stories):
    """Clients in clear before ProFTPD under TLS."""

    server_type = TlsProftpd
    gateway_type = Protecting


class TlsVsftpdStories(Stories):
    """TLS on both sides, vsftpd."""

    server_type = TlsVsftpd
    gateway_type = Protecting
    tls = True


class TlsProftpdStories(Stories):
    """TLS on both sides, ProFTPD."""

    server_type = TlsProftpd
    gateway_type = Protecting
    tls = True


class TlsPureFtpdStories(Stories):
    """TLS on both sides, Pure-FTPd."""

    server_type = TlsPureFtpd
    gateway_type = Protecting
    tls = True


class TlsPyftpdlibStories(Stories):
    """TLS on both sides, pyftpdlib."""

    server_type = TlsPyftpdlib
    gateway_type = Protecting
    tls = True
