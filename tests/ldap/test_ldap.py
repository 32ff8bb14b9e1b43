"""Accounts in an LDAP directory, over real sockets."""

from __future__ import annotations

from ldaptor.protocols import pureldap  # type: ignore[import-untyped]
from twisted.cred.credentials import UsernamePassword
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from ftpalg.ldap import ANSWERS
from ftpalg.net.accounts import CannotCheck
from tests.ldap.directories import (
    BASE,
    IMPLICIT,
    LOOPBACK,
    SECRET,
    START_TLS,
    Answering,
    DirectoryCase,
    Injected,
    Saying,
    Server,
    Silent,
    WithoutTls,
)
from tests.net.pairs import listener


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
