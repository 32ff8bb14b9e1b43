"""Accounts in an LDAP directory: a login is right where the server lets it bind (RFC 4513 5.1.3).

1. No password goes to a server whose certificate was not verified, loopback aside.
2. Nothing that came before TLS is taken for an answer from within it.
3. The name that is returned is the name that was bound, prepared as a directory compares names, so
   that no other spelling of it passes for another account.

ldaptor speaks the protocol.  It has had no release since 2021, and importing it imports the reactor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from encodings.idna import nameprep
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates
from ldaptor.protocols.ldap import ldaperrors  # type: ignore[import-untyped]
from ldaptor.protocols.ldap.distinguishedname import escape  # type: ignore[import-untyped]
from ldaptor.protocols.ldap.ldapclient import LDAPClient  # type: ignore[import-untyped]
from ldaptor.protocols.pureldap import (  # type: ignore[import-untyped]
    LDAPBindRequest,
    LDAPBindResponse,
    LDAPExtendedResponse,
    LDAPStartTLSRequest,
)
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Factory
from twisted.internet.ssl import (
    Certificate,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.config import SettingsError
from ftpalg.net.accounts import CannotCheck
from ftpalg.net.tls.malformed import MALFORMED
from ftpalg.net.unreadable import because

PORTS = {"ldaps": 636, "ldap": 389}
SECONDS = 10.0
ANSWERS = 1 << 16
"""The most bytes taken from a server; the two answers are short, a diagnostic message is a line."""
SEQUENCE = 0x30
"""The first octet of every LDAPMessage (RFC 4511 section 4.1.1)."""


class Protection(Enum):
    """What keeps a password from being read on its way."""

    IMPLICIT = "TLS from the first byte"
    START_TLS = "TLS by an extended operation (RFC 4511 section 4.14)"
    LOOPBACK = "it does not leave the host"


@dataclass(frozen=True, slots=True)
class Directory:
    """An LDAP server, and the name that an account binds by, with %s for the account."""

    host: str
    port: int
    name: str
    protection: Protection
    ca: Path | None = None
    seconds: float = SECONDS


def directory_of(text: str) -> Directory:
    """The directory that an ``ldaps://`` or ``ldap://`` URL names.  Raise SettingsError."""
    try:
        return _parsed(urlsplit(text))
    except ValueError as error:
        raise SettingsError([f"ldap: {error}"]) from None


def _parsed(url: SplitResult) -> Directory:
    host = url.hostname or ""
    name = unquote(url.path[1:], errors="strict")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    if url.scheme not in PORTS:
        raise ValueError("write a URL that begins with ldaps:// or ldap://")
    if not host or "@" in url.netloc:
        raise ValueError("the URL must name a host and no account, like ldaps://ldap.example.net/")
    if name.count("%s") != 1 or url.fragment:
        raise ValueError(
            "the URL must have %s once behind the host, like /uid=%s,dc=example,dc=net"
        )
    if not options.keys() <= {"ca", "timeout"}:
        raise ValueError("behind the ? of the URL only ca= and timeout= are known")
    if url.scheme == "ldaps":
        protection = Protection.IMPLICIT
    else:
        protection = Protection.LOOPBACK if _is_loopback(host) else Protection.START_TLS
    return Directory(
        host,
        url.port or PORTS[url.scheme],
        name,
        protection,
        Path(options["ca"]) if "ca" in options else None,
        _seconds(options.get("timeout", SECONDS)),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _seconds(value: str | float) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise ValueError("timeout= must be a number of seconds above 0")
    return seconds


def prepared(account: bytes) -> str:
    """A name as a directory compares it: case folded, nothing invisible, single spaces.

    Nameprep differs from RFC 4518 in little; as this very form is bound, that can only refuse.
    Raise UnauthorizedLogin for what is no name.
    """
    try:
        name = " ".join(nameprep(account.decode("utf-8")).split())
    except UnicodeError:
        raise UnauthorizedLogin from None
    if not name or not name.isprintable():
        raise UnauthorizedLogin
    return name


@implementer(ICredentialsChecker)
class LdapChecker:
    """Checks an account's password by binding with it, on a connection of its own.

    Raise SettingsError where the file of CAs cannot be used.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, reactor: IReactorTime, directory: Directory) -> None:
        self._reactor = reactor
        self._directory = directory
        self._tls = optionsForClientTLS(directory.host, _trust(directory.ca))
        endpoint = HostnameEndpoint(reactor, directory.host, directory.port)
        implicit = directory.protection is Protection.IMPLICIT
        self._endpoint = wrapClientTLS(self._tls, endpoint) if implicit else endpoint

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[Any]:
        """Fires with the prepared name as bytes, or fails with UnauthorizedLogin or CannotCheck."""
        asking = Deferred.fromCoroutine(self._check(credentials.username, credentials.password))
        return asking.addTimeout(self._directory.seconds, self._reactor, self._timed_out)

    def _timed_out(self, _: object, seconds: float) -> Failure:
        return Failure(self._failure(f"no answer within {seconds:g} s"))

    def _failure(self, why: object) -> CannotCheck:
        return CannotCheck(f"{self._directory.host}:{self._directory.port}: {why}")

    async def _check(self, account: bytes, password: bytes) -> bytes:
        name = prepared(account)
        if not password:  # an "unauthenticated bind", which servers answer with success
            raise UnauthorizedLogin
        try:
            await self._bind(self._directory.name.replace("%s", escape(name)), password)
        except UnauthorizedLogin:
            raise
        except Exception as error:
            raise self._failure(str(error) or type(error).__name__) from None
        return name.encode("utf-8")

    async def _bind(self, name: str, password: bytes) -> None:
        client: Any = await self._endpoint.connect(_Clients())
        try:
            if self._directory.protection is Protection.START_TLS:
                await _succeed(client, LDAPStartTLSRequest(), LDAPExtendedResponse)
                if client.buffer:
                    raise CannotCheck("more than the answer came before TLS")
                client.transport.startTLS(self._tls)
            await _succeed(client, LDAPBindRequest(dn=name, auth=password), LDAPBindResponse)
        finally:
            client.transport.abortConnection()  # loseConnection waits for a close_notify without limit


async def _succeed(client: _Client, request: Any, kind: type[Any]) -> None:
    """Send a request.  Raise UnauthorizedLogin or CannotCheck where the answer is no success."""
    answer = await client.send(request)
    if not isinstance(answer, kind):
        raise CannotCheck("the answer is one to another question")
    if answer.resultCode == ldaperrors.LDAPInvalidCredentials.resultCode:
        raise UnauthorizedLogin
    if answer.resultCode != ldaperrors.Success.resultCode:
        # the diagnostic message is the server's text and stays out of the log
        raise CannotCheck(f"the answer is {ldaperrors.get(answer.resultCode, None)}")


class _Client(LDAPClient):  # type: ignore[misc]
    """ldaptor's client, which gives up a server that sends too much or what is no LDAP."""

    _taken = 0

    def dataReceived(self, recd: bytes) -> None:
        self._taken += len(recd)
        try:
            if self._taken > ANSWERS or (self.buffer + recd)[0] != SEQUENCE:
                raise ValueError
            super().dataReceived(recd)
        except Exception:  # ldaptor's decoder raises what it likes
            self.connectionLost(Failure(CannotCheck("what came is no answer of LDAP")))


class _Clients(Factory):
    """Makes one for each login, without a word in the log."""

    protocol = _Client
    noisy = False


def _trust(ca: Path | None) -> Any:
    if ca is None:
        return platformTrust()
    try:
        found = load_pem_x509_certificates(ca.read_bytes())
    except OSError as error:
        raise SettingsError([f"ldap: ca={ca}: cannot be read: {because(error, ca)}"]) from None
    except MALFORMED:
        raise SettingsError([f"ldap: ca={ca}: holds no certificate in PEM"]) from None
    return trustRootFromCertificates(
        [Certificate.load(one.public_bytes(Encoding.DER)) for one in found]
    )
