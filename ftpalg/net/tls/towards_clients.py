"""TLS towards clients: the certificates that they are shown, by SNI, and which sessions they may resume.

The gateway is the TLS server on every connection, whoever dialled (RFC 4217 section 7).  ALPN is
``ftp`` or nothing (ALPACA, CVE-2021-3618).  Renegotiation and compression are off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from OpenSSL import SSL

from ftpalg.config import ClientTlsSettings
from ftpalg.net.tls.connection import ALPN, TlsConnection, note
from ftpalg.net.tls.contexts import context_of, inform, show
from ftpalg.net.tls.file_stamps import stamps
from ftpalg.net.tls.keypair import KeyPair, read_pair
from ftpalg.net.tls.validity import Dated, of_pair


class ForClients:
    """Makes the TLS server's side for one session's connections: control and data share a context,
    so that data connections can resume the control connection's session."""

    __slots__ = ("_context", "_control")

    def __init__(self, context: SSL.Context) -> None:
        self._context = context
        self._control: TlsConnection | None = None

    def connection(self) -> TlsConnection:
        """A TLS server's connection, fed from memory.

        Ticket keys stay those of the first context, the certificate is the one that SNI chose for
        the control connection.
        """
        made = TlsConnection(self._context, None)
        made.set_accept_state()
        made.serves = True
        if self._control is not None and self._control.get_context() is not self._context:
            made.set_context(self._control.get_context())
        return made

    def resumed(self, connection: TlsConnection) -> bool:
        """Whether a connection resumed the session of the control connection.

        Where that matters the control connection's handshake was a full one.  If the mark of those
        was not seen there, it cannot be missed here: then nothing counts as resumed.
        """
        return self._control is not None and self._control.full and not connection.full

    def for_control(self) -> TlsConnection:
        """The control connection's, before those of any data connection."""
        self._control = self.connection()
        return self._control


class ClientSide:
    """The certificates shown to clients, by SNI, loaded anew when their files change."""

    def __init__(self, settings: ClientTlsSettings) -> None:
        self._settings = settings
        self._stamp = self._stamps()
        self._pairs = self._read()
        self._context = self._build(self._pairs)

    def for_session(self) -> ForClients:
        """What one session uses for all its connections.

        Where resumption is required of clients each session has a context, and so ticket keys, of
        its own: only its own control connection's session can then be resumed.
        """
        return ForClients(
            self._build(self._pairs) if self._settings.require_reuse else self._context
        )

    def reload(self, *, anyhow: bool = False) -> bool:
        """Load the files anew if one changed, or ``anyhow``; running sessions keep what they have.

        Raise SettingsError where they cannot be used; the old ones then stay.
        """
        stamp = self._stamps()
        if stamp == self._stamp and not anyhow:
            return False
        self._stamp = stamp
        pairs = self._read()
        self._context = self._build(pairs)
        self._pairs = pairs
        return True

    @property
    def dated(self) -> list[Dated]:
        """The times of the certificates that are shown, whatever their files hold by now."""
        return [
            one
            for (section, files), pair in zip(self._settings.sections, self._pairs, strict=True)
            for one in of_pair(section, files.certificate, pair.certificates)
        ]

    def _stamps(self) -> tuple[object, ...]:
        pairs = self._settings.pairs
        return stamps(file for pair in pairs for file in (pair.certificate, pair.private_key))

    def _read(self) -> list[KeyPair]:
        return [read_pair(pair, section) for section, pair in self._settings.sections]

    def _build(self, pairs: Sequence[KeyPair]) -> SSL.Context:
        """Contexts from the pairs, the first for clients that name none of the others."""
        common = os.urandom(16)
        first, *others = [(self._one(pair, common), pair) for pair in pairs]
        named = {name: context for context, pair in others for name in pair.names}
        if named:
            first[0].set_tlsext_servername_callback(_choose(named))
        return first[0]

    def _one(self, pair: KeyPair, common: bytes) -> SSL.Context:
        settings = self._settings
        context = context_of(settings, "client-tls")
        inform(context, note, "client-tls")
        show(pair, context, "client-tls")
        context.set_session_id(common)
        context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
        context.set_alpn_select_callback(_select_ftp)
        return context


def _select_ftp(connection: SSL.Connection, offered: list[bytes]) -> bytes:
    if ALPN not in offered:
        raise SSL.Error([("ftpalg", "ALPN", "the client's ALPN does not offer ftp")])
    return ALPN


def _choose(named: dict[str, SSL.Context]) -> Callable[[SSL.Connection], None]:
    def choose(connection: SSL.Connection) -> None:
        name = (connection.get_servername() or b"").decode("ascii", "replace").lower()
        context = named.get(name) or named.get("*." + name.partition(".")[2])
        if context is not None:
            connection.set_context(context)

    return choose
