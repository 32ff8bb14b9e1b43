"""``[client-tls]`` and ``[server-tls]``: TLS with clients and with servers."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from attrs import field, frozen

from ftpalg.config import checks
from ftpalg.config.section import Section, setting
from ftpalg.config.tables import needed
from ftpalg.core.routes import ServerTls
from ftpalg.core.session_settings import ClientTls
from ftpalg.core.wire.addresses import plain_name

VERSIONS = ("1.0", "1.1", "1.2", "1.3")


@frozen(eq=False, repr=False)
class Certificate(Section):
    """``[[client-tls.more-certificates]]``: two PEM files that belong together."""

    certificate: Path = field(metadata={"check": checks.path})
    private_key: Path = field(metadata={"check": checks.path})


@frozen(eq=False, repr=False)
class ClientTlsSettings(Section):
    """``[client-tls]``: TLS on the client's connections."""

    mode: ClientTls = setting(ClientTls.OFF, checks.one_of(ClientTls))
    certificate: Path | None = setting(None, checks.path)
    private_key: Path | None = setting(None, checks.path)
    more_certificates: tuple[Certificate, ...] = ()
    implicit_listen: tuple[str, ...] = setting((), checks.endpoints)
    minimum: str = setting("1.2", checks.word(*VERSIONS))
    maximum: str = setting("1.3", checks.word(*VERSIONS))
    ciphers: str = setting("", checks.text)
    require_reuse: bool = setting(False, checks.switch)
    ccc: bool = setting(False, checks.switch)
    lenient: bool = setting(False, checks.switch)
    clear_data: bool = setting(False, checks.switch)
    opaque: bool = setting(False, checks.switch)

    @property
    def pairs(self) -> tuple[Certificate, ...]:
        """Every certificate, the one for clients without SNI first; empty where there is none."""
        if self.certificate is None or self.private_key is None:
            return ()
        return (Certificate(self.certificate, self.private_key), *self.more_certificates)

    @property
    def sections(self) -> list[tuple[str, Certificate]]:
        """The same, each with the table that it stands in."""
        return [
            (f"client-tls.more-certificates[{at - 1}]" if at else "client-tls", pair)
            for at, pair in enumerate(self.pairs)
        ]


@frozen(eq=False, repr=False)
class ServerTlsRule(Section):
    """``[[server-tls.rules]]``: the TLS for servers whose name fits a pattern."""

    server: str = needed(checks.pattern)
    mode: ServerTls = needed(checks.one_of(ServerTls))
    pin: tuple[str, ...] = setting((), checks.pins)


@frozen(eq=False, repr=False)
class ServerTlsSettings(Section):
    """``[server-tls]``: TLS on the server's connections."""

    mode: ServerTls | None = setting(None, checks.one_of(ServerTls, empty=True))
    rules: tuple[ServerTlsRule, ...] = ()
    verify: bool = setting(True, checks.switch)
    ca: Path | None = setting(None, checks.path)
    crl: tuple[Path, ...] = setting((), checks.paths)
    crl_chain: bool = setting(False, checks.switch)
    certificate: Path | None = setting(None, checks.path)
    private_key: Path | None = setting(None, checks.path)
    minimum: str = setting("1.2", checks.word(*VERSIONS))
    maximum: str = setting("1.3", checks.word(*VERSIONS))
    ciphers: str = setting("", checks.text)
    clear_data: bool = setting(False, checks.switch)
    lenient: bool = setting(False, checks.switch)
    old_renegotiation: bool = setting(False, checks.switch)

    def pins(self, host: str) -> tuple[str, ...]:
        """The digests that a server's certificate or key must have one of: the first rule's that fits."""
        name = plain_name(host)
        for rule in self.rules:
            if fnmatchcase(name, plain_name(rule.server)):
                return rule.pin
        return ()

    @property
    def pair(self) -> Certificate | None:
        """The certificate shown to servers that ask for one."""
        if self.certificate is None or self.private_key is None:
            return None
        return Certificate(self.certificate, self.private_key)
