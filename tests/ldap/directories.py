"""Directories on sockets: ldaptor's own server over a tree in memory, and worse ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ldaptor.inmemory import ReadOnlyInMemoryLDAPEntry  # type: ignore[import-untyped]
from ldaptor.interfaces import IConnectedLDAPEntry  # type: ignore[import-untyped]
from ldaptor.protocols import pureldap  # type: ignore[import-untyped]
from ldaptor.protocols.ldap import ldaperrors  # type: ignore[import-untyped]
from ldaptor.protocols.ldap.ldapserver import LDAPServer  # type: ignore[import-untyped]
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.ssl import PrivateCertificate

from ftpalg.ldap import Directory, LdapChecker, Protection
from ftpalg.net.accounts import CannotCheck
from tests.net.pairs import REACTOR, SocketCase
from tests.tls.certificates import Pair, authority, issued

BASE = "dc=example,dc=net"
NAME = f"uid=%s,ou=people,{BASE}"
SECRET = b"s3cret"
LOOPBACK, START_TLS, IMPLICIT = Protection.LOOPBACK, Protection.START_TLS, Protection.IMPLICIT


def options(pair: Pair) -> Any:
    """What a server shows a certificate with."""
    pem = pair.certificate.read_bytes() + pair.private_key.read_bytes()
    return PrivateCertificate.loadPEM(pem).options()


def tree() -> Any:
    """Joe, somebody whose name needs escapes, and an administrator called joe elsewhere."""
    root = ReadOnlyInMemoryLDAPEntry(BASE, {"objectClass": ["dcObject"]})
    people = root.addChild("ou=people", {"objectClass": ["organizationalUnit"]})
    admins = people.addChild("ou=admins", {"objectClass": ["organizationalUnit"]})
    for place, rdn in (
        (people, "uid=joe"),
        (people, r"uid=o'neil\, pat"),
        (people, r"uid=\#1"),
        (people, "uid=jörg"),
        (admins, "uid=joe"),
    ):
        place.addChild(rdn, {"objectClass": ["account"], "userPassword": [SECRET]})
    return root


class Server(LDAPServer):  # type: ignore[misc]
    """ldaptor's server, which notes who binds and can do StartTLS."""

    factory: Servers

    def connectionMade(self) -> None:
        super().connectionMade()
        self.factory.live.append(self)

    def connectionLost(self, reason: Any = None) -> None:
        super().connectionLost(reason)
        self.factory.live.remove(self)

    def handle_LDAPBindRequest(self, request: Any, controls: Any, reply: Any) -> Any:
        self.factory.bound.append(request.dn.decode())
        return super().handle_LDAPBindRequest(request, controls, reply)

    def handle_LDAPExtendedRequest(self, request: Any, controls: Any, reply: Any) -> None:
        reply(pureldap.LDAPStartTLSResponse(resultCode=0))
        self.transport.startTLS(self.factory.tls)


class Silent(Server):
    """Takes everything and says nothing."""

    def dataReceived(self, recd: bytes) -> None:
        pass


class Answering(Server):
    """Answers a bind with what the test says."""

    answer: Any = None

    def handle_LDAPBindRequest(self, request: Any, controls: Any, reply: Any) -> Any:
        return self.answer


class WithoutTls(Server):
    """Refuses StartTLS."""

    def handle_LDAPExtendedRequest(self, request: Any, controls: Any, reply: Any) -> Any:
        raise ldaperrors.LDAPProtocolError


class Injected(Server):
    """A man in the middle appends a yes, in clear, to the answer to StartTLS."""

    def handle(self, msg: Any) -> None:
        yes = pureldap.LDAPMessage(pureldap.LDAPBindResponse(resultCode=0), id=msg.id + 1)
        answer = pureldap.LDAPMessage(pureldap.LDAPStartTLSResponse(resultCode=0), id=msg.id)
        self.transport.write(answer.toWire() + yes.toWire())


class Saying(Server):
    """Sends the test's bytes instead of an answer."""

    words = b""

    def dataReceived(self, recd: bytes) -> None:
        self.transport.write(self.words)


class Servers(ServerFactory):
    """The server's side of all connections."""

    noisy = False

    def __init__(self, kind: type[Server], tls: Any) -> None:
        self.protocol: Callable[[], Protocol] = kind
        self.tls = tls
        self.root = tree()
        self.live: list[Server] = []
        self.bound: list[str] = []

    def __conform__(self, interface: Any) -> Any:
        return self.root if interface is IConnectedLDAPEntry else None


class DirectoryCase(SocketCase):
    """A server on a free port, and a checker for it."""

    def serve(
        self, kind: type[Server] = Server, *, certificate: str = "good", implicit: bool = False
    ) -> Servers:
        """Listen until the test is over."""
        self.servers = Servers(kind, options(issued(certificate)))
        if implicit:
            port = REACTOR.listenSSL(0, self.servers, self.servers.tls, interface="127.0.0.1")
        else:
            port = REACTOR.listenTCP(0, self.servers, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.addCleanup(self.until, lambda: not self.servers.live)
        self.port = port.getHost().port
        return self.servers

    def checker(
        self, protection: Protection = LOOPBACK, host: str = "127.0.0.1", seconds: float = 5.0
    ) -> LdapChecker:
        """For that server; it trusts the tests' authority."""
        found = Directory(host, self.port, NAME, protection, authority().file, seconds)
        return LdapChecker(REACTOR, found)

    async def ask(self, account: bytes, password: bytes = SECRET, **how: Any) -> Any:
        """Log in."""
        return await self.checker(**how).requestAvatarId(UsernamePassword(account, password))

    async def refused(self, account: bytes, password: bytes = SECRET, **how: Any) -> None:
        """It is an unknown account or a wrong password."""
        asking = self.checker(**how).requestAvatarId(UsernamePassword(account, password))
        await self.assertFailure(asking, UnauthorizedLogin)

    async def fault(self, **how: Any) -> str:
        """Why the server cannot be asked, without its host and port."""
        asking = self.checker(**how).requestAvatarId(UsernamePassword(b"joe", SECRET))
        place, text = str(await self.assertFailure(asking, CannotCheck)).split(": ", 1)
        self.assertEqual(place, f"{how.get('host', '127.0.0.1')}:{self.port}")
        self.assertNotIn(SECRET.decode(), text)
        return text
