"""Accounts in an LDAP directory: ldaptor's own server, and worse ones, over real sockets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

from ldaptor.inmemory import ReadOnlyInMemoryLDAPEntry  # type: ignore[import-untyped]
from ldaptor.interfaces import IConnectedLDAPEntry  # type: ignore[import-untyped]
from ldaptor.protocols import pureldap  # type: ignore[import-untyped]
from ldaptor.protocols.ldap import ldaperrors  # type: ignore[import-untyped]
from ldaptor.protocols.ldap.ldapserver import LDAPServer  # type: ignore[import-untyped]
from twisted.cred import strcred
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import CancelledError
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.ssl import PrivateCertificate
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import SettingsError
from ftpalg.ldap import ANSWERS, Directory, LdapChecker, Protection, directory_of, prepared
from ftpalg.net.accounts import CannotCheck, checkers_of
from tests.net.pairs import REACTOR, SocketCase, listener
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


class Binding(DirectoryCase):
    """Logins on the host itself, without TLS."""

    async def test_right(self) -> None:
        """The right password is accepted, under the name that was bound."""
        self.serve()
        self.assertEqual(await self.ask(b"joe"), b"joe")
        self.assertEqual(self.servers.bound, [f"uid=joe,ou=people,{BASE}"])

    async def test_wrong(self) -> None:
        """A wrong password and an unknown account are refused alike, a right one later is not."""
        self.serve()
        await self.refused(b"joe", b"wrong")
        await self.refused(b"nobody")
        await self.refused(b"joe", b"S3CRET")
        self.assertEqual(await self.ask(b"joe"), b"joe")

    async def test_anonymous(self) -> None:
        """What a server takes for an anonymous bind does not reach it."""
        self.serve()
        for account, password in ((b"joe", b""), (b"", SECRET), (b"", b""), (b"  ", SECRET)):
            await self.refused(account, password)
        self.assertEqual(self.servers.bound, [])

    async def test_names_with_escapes(self) -> None:
        """A name that a DN cannot hold as it is binds all the same."""
        self.serve()
        for account in ("o'neil, pat", "#1", "jörg"):
            self.assertEqual(await self.ask(account.encode()), account.encode())

    async def test_hostile_names(self) -> None:
        """No name reaches another entry, a part of the tree or several entries."""
        self.serve()
        for account, value in (
            (b"joe,ou=admins", r"joe\,ou\=admins"),
            (b"joe+cn=x", r"joe\+cn\=x"),
            (b"*", "*"),
            (b"joe;", r"joe\;"),
            (b'"joe"', r"\"joe\""),
            (rb"joe\2c", r"joe\\2c"),
            (b"<joe>", r"\<joe\>"),
            (b"%s", "%s"),
            (b"#04036a6f65", r"\#04036a6f65"),
            (b"joe #", r"joe \#"),
        ):
            self.servers.bound.clear()
            await self.refused(account)
            self.assertEqual(self.servers.bound, [f"uid={value},ou=people,{BASE}"])

    async def test_no_names(self) -> None:
        """What is no name at all is not asked for."""
        self.serve()
        for account in (b"joe\0", b"\0", b"j\xf6rg", b"joe\x7f", "joe\u202e".encode()):
            await self.refused(account)
        self.assertEqual(self.servers.bound, [])

    async def test_other_spellings(self) -> None:
        """A directory takes these for joe: so they are joe to the rules of the gateway too."""
        self.serve()
        for account in ("JOE", " joe ", "jo\u00ade", "\uff4a\uff4f\uff45"):
            self.assertEqual(await self.ask(account.encode()), b"joe")
        self.assertEqual(set(self.servers.bound), {f"uid=joe,ou=people,{BASE}"})

    async def test_other_results(self) -> None:
        """Any other result is told by its name; the server's own text is not repeated."""
        self.serve(Answering)
        for code, name in ((51, "busy"), (53, "unwillingToPerform"), (4711, "unknownError(4711)")):
            said = pureldap.LDAPBindResponse(resultCode=code, errorMessage=f"{SECRET!r}\r\n")
            self.patch(Answering, "answer", said)
            self.assertEqual(await self.fault(), f"the answer is {name}")

    async def test_other_kinds(self) -> None:
        """A success of something else is no bind."""
        self.serve(Answering)
        self.patch(Answering, "answer", pureldap.LDAPSearchResultDone(resultCode=0))
        self.assertEqual(await self.fault(), "the answer is one to another question")


class Tls(DirectoryCase):
    """TLS by either way, verified before anything is said."""

    async def test_implicit(self) -> None:
        """ldaps: right and wrong passwords, the server named by address and by name."""
        self.serve(implicit=True)
        for host in ("127.0.0.1", "localhost"):
            self.assertEqual(await self.ask(b"joe", protection=IMPLICIT, host=host), b"joe")
            await self.refused(b"joe", b"wrong", protection=IMPLICIT, host=host)

    async def test_start_tls(self) -> None:
        """ldap: the same behind StartTLS, and the bind is seen by TLS only."""
        self.serve()
        self.assertEqual(await self.ask(b"joe", protection=START_TLS), b"joe")
        await self.refused(b"joe", b"wrong", protection=START_TLS)

    async def test_unverified(self) -> None:
        """No bind goes to a server whose certificate is not its own, is old or is unknown."""
        for certificate in ("other.example", "expired", "unknown", "self_signed"):
            for protection in (IMPLICIT, START_TLS):
                self.serve(certificate=certificate, implicit=protection is IMPLICIT)
                self.assertRegex(await self.fault(protection=protection), "verify|Verification")
                self.assertEqual(self.servers.bound, [])

    async def test_without_tls(self) -> None:
        """No bind goes to a server that refuses StartTLS, or answers TLS in clear."""
        self.serve(WithoutTls)
        self.assertEqual(await self.fault(protection=START_TLS), "the answer is protocolError")
        self.assertEqual(self.servers.bound, [])
        self.serve(Saying)
        self.patch(Saying, "words", pureldap.LDAPBindResponse(resultCode=0).toWire())
        self.assertIn("SSL", await self.fault(protection=IMPLICIT))

    async def test_injected(self) -> None:
        """An answer to the bind that came in clear, before it was asked, is none."""
        self.serve(Injected)
        text = "more than the answer came before TLS"
        self.assertEqual(await self.fault(protection=START_TLS), text)


class Broken(DirectoryCase):
    """Servers that are no help."""

    async def test_down(self) -> None:
        """Nobody listens."""
        with listener() as free:
            self.port = free.getsockname()[1]
        self.assertIn("refused", await self.fault())

    async def test_hanging(self) -> None:
        """A server that says nothing is given up, before or within TLS."""
        for kind, protection in ((Silent, LOOPBACK), (Silent, START_TLS), (Silent, IMPLICIT)):
            self.serve(kind)
            text = await self.fault(protection=protection, seconds=0.05)
            self.assertEqual(text, "no answer within 0.05 s")
            await self.until(lambda: not self.servers.live)

    async def test_garbage(self) -> None:
        """What is no LDAP ends the connection at once, without a traceback in the log."""
        for words in (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"220 FTP ready.\r\n",
            b"\x30\x03\x02\x01\x07",
            b"\x30\x0a\x02\x01\x00\x61\x05\x0a\x01\x00\x04\x00",
            pureldap.LDAPMessage(pureldap.LDAPBindResponse(resultCode=0), id=1 << 20).toWire(),
            pureldap.LDAPMessage(pureldap.LDAPUnbindRequest(), id=1).toWire(),
        ):
            self.serve(Saying)
            self.patch(Saying, "words", words)
            self.assertEqual(await self.fault(), "what came is no answer of LDAP", words)

    async def test_endless(self) -> None:
        """An answer of two gigabytes is not waited for."""
        self.serve(Saying)
        self.patch(Saying, "words", b"\x30\x84\x7f\xff\xff\xff" + b"x" * ANSWERS)
        self.assertEqual(await self.fault(), "what came is no answer of LDAP")

    async def test_hangs_up(self) -> None:
        """A server that ends the connection has not said yes."""
        self.serve()
        self.patch(Server, "dataReceived", lambda server, _: server.transport.loseConnection())
        self.assertIn("closed", await self.fault())

    async def test_cancelled(self) -> None:
        """A client that has gone takes its connection with it."""
        self.serve(Silent)
        asking = self.checker().requestAvatarId(UsernamePassword(b"joe", SECRET))
        await self.until(lambda: self.servers.live)
        seen: list[Failure] = []
        asking.addErrback(seen.append)
        asking.cancel()
        self.assertEqual(len(seen), 1)
        seen[0].trap(CannotCheck, CancelledError)


class Urls(SynchronousTestCase):
    """Where a directory is, as the administrator writes it."""

    def fault(self, text: str) -> str:
        """The one sentence that a URL ends with."""
        (sentence,) = self.assertRaises(SettingsError, directory_of, text).faults
        return str(sentence)

    def test_good(self) -> None:
        """Ports, protection and options by the scheme and the host."""
        for text, host, port, protection in (
            (f"ldaps://ldap.example.net/{NAME}", "ldap.example.net", 636, IMPLICIT),
            (f"ldaps://127.0.0.1:1636/{NAME}", "127.0.0.1", 1636, IMPLICIT),
            (f"LDAP://LDAP.example.net/{NAME}", "ldap.example.net", 389, START_TLS),
            (f"ldap://[2001:db8::1]:1389/{NAME}", "2001:db8::1", 1389, START_TLS),
            (f"ldap://localhost/{NAME}", "localhost", 389, LOOPBACK),
            (f"ldap://[::1]/{NAME}", "::1", 389, LOOPBACK),
            (f"ldap://127.1.2.3/{NAME}", "127.1.2.3", 389, LOOPBACK),
        ):
            self.assertEqual(directory_of(text), Directory(host, port, NAME, protection))

    def test_no_loopback(self) -> None:
        """A name that only begins like a loopback address needs TLS."""
        for host in ("localhost.example.net", "127.0.0.1.example.net", "128.0.0.1", "[::2]"):
            found = directory_of(f"ldap://{host}/{NAME}")
            self.assertEqual(found.protection, START_TLS)

    def test_name(self) -> None:
        """What stands for the account's name may be no DN: Active Directory takes user@domain."""
        self.assertEqual(directory_of("ldaps://a/%s@example.net").name, "%s@example.net")
        self.assertEqual(directory_of("ldaps://a/cn=%s,o=A%3F %23%25").name, "cn=%s,o=A? #%")

    def test_options(self) -> None:
        """ca= and timeout=."""
        found = directory_of(f"ldaps://a/{NAME}?ca=/etc/ca.pem&timeout=2.5")
        self.assertEqual((str(found.ca), found.seconds), ("/etc/ca.pem", 2.5))

    def test_bad(self) -> None:
        """Each fault has a sentence with its remedy."""
        for text, words in (
            ("", "begins with ldaps:// or ldap://"),
            ("ldap.example.net", "begins with ldaps:// or ldap://"),
            (f"http://a/{NAME}", "begins with ldaps:// or ldap://"),
            (f"ldaps:///{NAME}", "must name a host"),
            (f"ldaps://cn=x:{SECRET!r}@a/{NAME}", "must name a host and no account"),
            (f"ldaps://a:66666/{NAME}", "[Pp]ort"),
            ("ldaps://a", "must have %s once"),
            ("ldaps://a/uid=joe", "must have %s once"),
            ("ldaps://a/uid=%s,ou=%s", "must have %s once"),
            ("ldaps://a/uid=%s,o=#1", "must have %s once"),
            (f"ldaps://a/{NAME}?tls=off", "only ca= and timeout="),
            (f"ldaps://a/{NAME}?timeout=soon", "number of seconds"),
            (f"ldaps://a/{NAME}?timeout=0", "number of seconds"),
            (f"ldaps://a/{NAME}?timeout=nan", "number of seconds"),
            (f"ldaps://a/{NAME}?timeout=inf", "number of seconds"),
        ):
            found = self.fault(text)
            self.assertRegex(found, f"^ldap: .*{words}")
            self.assertNotIn(SECRET.decode(), found)

    def test_prepared(self) -> None:
        """Preparing what is prepared changes nothing."""
        for account in ("Joe", "Straße", "  a \t b", "İ", "ﬁ", "o'Neil, Pat"):
            once = prepared(account.encode())
            self.assertEqual(prepared(once.encode()), once)


class Plugin(SynchronousTestCase):
    """As strcred finds it."""

    def fault(self, text: str) -> str:
        """The one sentence that a description ends with."""
        (sentence,) = self.assertRaises(SettingsError, checkers_of, [text]).faults
        return str(sentence)

    def test_found(self) -> None:
        """A description makes a checker, by ftpalg's way and by strcred's own."""
        description = f"ldap:ldaps://ldap.example.net/{NAME}?ca={authority().file}"
        for checker in (checkers_of([description])[0], strcred.makeChecker(description)):
            self.assertIsInstance(checker, LdapChecker)

    def test_faults(self) -> None:
        """A URL or a file that cannot be used is told under the setting's name."""
        nowhere = authority().folder / "none"
        no_ca = issued("good").private_key
        self.assertRegex(self.fault("ldap:"), r"^accounts\.auth: ldap: write a URL that begins")
        self.assertEqual(
            self.fault(f"ldap:ldaps://a/{NAME}?ca={nowhere}"),
            f"accounts.auth: ldap: ca={nowhere}: cannot be read: No such file or directory",
        )
        self.assertEqual(
            self.fault(f"ldap:ldaps://a/{NAME}?ca={no_ca}"),
            f"accounts.auth: ldap: ca={no_ca}: holds no certificate in PEM",
        )

    def test_without_ldaptor(self) -> None:
        """Where ldaptor is not installed the sentence says how it is."""
        with mock.patch.dict(sys.modules):
            del sys.modules["ftpalg.ldap"]
            for module in [name for name in sys.modules if name.partition(".")[0] == "ldaptor"]:
                del sys.modules[module]
            sys.modules["ldaptor"] = None  # type: ignore[assignment]
            self.assertRegex(
                self.fault(f"ldap:ldaps://a/{NAME}"),
                r"^accounts\.auth: ldap: needs ldaptor.*: pip install 'ftpalg\[ldap\]'$",
            )

    def test_lazy(self) -> None:
        """twistd imports the plug-in at each start: neither ldaptor nor the reactor comes with it."""
        script = (
            "import sys, twisted.plugins.ftpalg_ldap;"
            "print([m for m in sys.modules if m in ('ldaptor', 'twisted.internet.reactor')])"
        )
        shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
        self.assertEqual(shown.stdout, b"[]\n")
