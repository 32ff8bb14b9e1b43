"""Quotas under TLS: no close_notify and no end behind a file that was broken, none too many before it."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event
from typing import Any

from tests.tls.broken import server_data
from tests.tls.certificates import client_context, server_context
from tests.tls.peers import TlsClient, TlsTestCase, ending, finish
from tests.wire.peers import TIMEOUT, Control, echo_site

LIMIT = 300_000
SENTENCE = b"552 Transfer broken: one %b may have 300000 bytes here."


class Capped(TlsTestCase):
    """One transfer, in clear; the subclasses choose TLS."""

    more = f"[limits]\nupload-bytes-per-transfer = {LIMIT}\ndownload-bytes-per-transfer = {LIMIT}\n"
    tls = False
    client_tls = 'mode = "offer"'

    def setUp(self) -> None:
        """The server's context, where its leg is under TLS."""
        super().setUp()
        if self.scheme == "ftpes":
            self.context = server_context()

    def session(self, script: Any) -> tuple[TlsClient, Future[Any]]:
        """A logged-in client of this combination."""
        return self.talk(script, client_context(), tls=self.tls)

    def test_download(self) -> None:
        """Just as many bytes end cleanly; one more is a reset, and 552 whatever the server says."""
        for size in (LIMIT, LIMIT + 1, 20 * LIMIT):

            def script(control: Control, size: int = size) -> None:
                data = server_data(control, b"RETR", self.context)
                try:
                    data.sendall(bytes(size))
                    finish(data)
                except OSError:
                    data.close()
                control.say(b"226 Sent.")
                echo_site(control)

            client, _ = self.session(script)
            data = client.begin(b"RETR file")
            came, how = ending(data)
            if size == LIMIT:
                finish(data)
                self.assertEqual((len(came), how, client.code()), (LIMIT, "end", 226))
            else:
                self.assertEqual(how, "reset")
                self.assertLessEqual(len(came), LIMIT)
                self.assertEqual(client.reply().text, SENTENCE % b"download")
            self.assertTrue(client.in_step())

    def test_upload(self) -> None:
        """The same upwards: the server never sees an end, nor a byte too many."""

        def script(control: Control) -> tuple[int, str]:
            data = server_data(control, b"STOR", self.context)
            opened.set()
            came, how = ending(data)
            if how == "end":
                finish(data)
            control.say(b"226 Stored.")
            echo_site(control)
            return len(came), how

        for size in (LIMIT, LIMIT + 1, 20 * LIMIT):
            opened = Event()
            client, served = self.session(script)
            data = client.begin(b"STOR file")
            self.assertTrue(opened.wait(TIMEOUT))
            try:
                data.sendall(bytes(size))
                finish(data)
            except OSError:
                data.close()
            if size == LIMIT:
                self.assertEqual(client.code(), 226)
            else:
                self.assertEqual(client.reply().text, SENTENCE % b"upload")
            self.assertTrue(client.in_step())
            came, how = served.result(TIMEOUT)
            self.assertEqual(how, "end" if size == LIMIT else "reset")
            self.assertLessEqual(came, LIMIT)


class PlainToTls(Capped):
    """TLS towards the server."""

    scheme = "ftpes"


class TlsToPlain(Capped):
    """TLS towards the client."""

    tls = True


class TlsToTls(Capped):
    """TLS on both."""

    tls = True
    scheme = "ftpes"


class ThrottledTls(TlsToTls):
    """TLS on both, in pieces that a limit of bandwidth lets go."""

    more = Capped.more + '[bandwidth]\ntotal-download = "64MiB/s"\ntotal-upload = "64MiB/s"\n'
