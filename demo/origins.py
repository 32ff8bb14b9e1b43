"""The demo's FTP servers, by pyftpdlib: one plain, one that insists on TLS and session reuse.

Both refuse active mode, as a server behind a firewall or NAT does.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

USER, PASSWORD = "demo", "demo"


def _authorizer(folder: Path) -> DummyAuthorizer:
    made = DummyAuthorizer()
    made.add_user(USER, PASSWORD, str(folder), perm="elradfmwMT")
    return made


class _PassiveOnly:
    def ftp_PORT(self: Any, line: str) -> None:
        self.respond("502 Active mode is not available here.")

    ftp_EPRT = ftp_PORT


class PlainHandler(_PassiveOnly, FTPHandler):  # type: ignore[misc]
    """Plain FTP, passive only."""


class ResumedOnly(TLS_DTPHandler):  # type: ignore[misc]
    """Accepts a data connection only if its handshake was resumed: no certificate was written."""

    def handle_ssl_established(self) -> None:
        if self.socket.get_app_data() == "full":
            self.cmd_channel.respond("522 Data connections must resume the control session.")
            self.close()
            return
        super().handle_ssl_established()


class TlsHandler(_PassiveOnly, TLS_FTPHandler):  # type: ignore[misc]
    """FTP under explicit TLS, passive only, data connections resumed."""

    tls_control_required = True
    tls_data_required = True
    dtp_handler = ResumedOnly

    @classmethod
    def get_ssl_context(cls) -> SSL.Context:
        fresh = cls.ssl_context is None  # one serves all sessions, and cannot be changed once used
        context: SSL.Context = super().get_ssl_context()
        if fresh:
            context.set_session_id(b"ftpalg demo")
            context.set_info_callback(cls._inform)
        return context

    @staticmethod
    def _inform(connection: SSL.Connection, where: int, code: int) -> None:
        if b"write certificate" in connection.get_state_string():
            connection.set_app_data("full")


def start(handler: type[FTPHandler], folder: Path, **attributes: Any) -> int:
    """Serve ``folder`` in a thread until the process ends; return the port."""
    logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())
    logging.getLogger("pyftpdlib").propagate = False
    made = type("Origin", (handler,), {"authorizer": _authorizer(folder), **attributes})
    server = FTPServer(("127.0.0.1", 0), made, ioloop=IOLoop())
    port = int(server.socket.getsockname()[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return port
