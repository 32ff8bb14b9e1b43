"""The client's data connections: their protection, resumption, and both legs at once."""

from __future__ import annotations

import ssl
from typing import Any

from tests.tls.certificates import VERSIONS, Pair, client_context, issued, server_context
from tests.tls.peers import (
    REFUSED,
    TlsClient,
    TlsTestCase,
    admit,
    as_client,
    as_server,
    ending,
    explicit,
    finish,
    last_words,
    private,
    secure,
)
from tests.tls.plain import copied, send_file, shown
from tests.wire.peers import BLOCK, TIMEOUT, Control, pasv_port


def take_file(control: Control) -> tuple[bytes, str]:
    """One upload."""
    port = control.data()
    control.answer(b"STOR", b"150 Go on.")
    data = port.open()
    found = ending(data)
    data.close()
    control.say(b"226 Taken.")
    return found


class Data(TlsTestCase):
    """Protected data connections."""

    client_tls = 'mode = "offer"'

    def test_both_modes_both_directions(self) -> None:
        """We are the TLS server on data connections whoever dials; both TLS versions."""

        def script(control: Control) -> Any:
            found = []
            for _ in range(2):
                send_file(control)
                found.append(take_file(control))
            return found

        for version in VERSIONS:
            client, served = self.talk(script, client_context(version), tls=True)
            for active in (False, True):
                data = client.begin(b"RETR file", active=active)
                assert isinstance(data, ssl.SSLSocket) and data.version() == client.tls.version()
                assert ending(data) == (BLOCK, "end")
                finish(data)
                assert client.code() == 226
                data = client.begin(b"STOR file", active=active)
                data.sendall(BLOCK * 3)
                finish(data)
                assert client.code() == 226
            assert served.result(TIMEOUT) == [(BLOCK * 3, "end")] * 2

    def test_same_certificate(self) -> None:
        """Control and data show the same one."""

        def script(control: Control) -> Any:
            send_file(control)
            send_file(control)

        client, _ = self.talk(script, tls=True)
        for active in (False, True):
            data = client.begin(b"RETR file", active=active)
            assert shown(data) == shown(client.sock) == issued("good").der
            ending(data)
            assert client.code() == 226

    def test_resumption_is_offered(self) -> None:
        """Data connections may resume the control connection's session, in every transfer."""

        def script(control: Control) -> Any:
            for _ in range(5):
                send_file(control)

        for version in VERSIONS:
            client, _ = self.talk(script, client_context(version), tls=True)
            client.reuse = True
            for _ in range(5):
                data = client.begin(b"RETR file")
                assert isinstance(data, ssl.SSLSocket) and data.session_reused, version
                assert ending(data) == (BLOCK, "end")
                assert client.code() == 226

    def test_handshake_before_the_command(self) -> None:
        """A client may shake hands before it sends the transfer command."""

        def script(control: Control) -> Any:
            send_file(control)

        client, _ = self.talk(script, tls=True)
        data = client.wrapped(client.pasv())
        assert client.ask(b"RETR file").code == 150
        assert ending(data) == (BLOCK, "end")
        assert client.code() == 226

    def test_level_changes_between_transfers(self) -> None:
        """PROT C after PROT P and back is followed by the very next transfer."""

        def script(control: Control) -> Any:
            for _ in range(3):
                send_file(control)

        client, _ = self.talk(script, tls=True)
        for level in (b"P", b"C", b"P"):
            client.protect(level)
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226

    def test_level_changes_behind_pasv(self) -> None:
        """The level at the transfer command counts, for a client that dials behind it."""

        def script(control: Control) -> Any:
            send_file(control)

        client, _ = self.talk(script, tls=True)
        client.protect(b"C")
        port = pasv_port(client.ask(b"PASV"))
        client.protect(b"P")
        assert client.ask(b"RETR file").code == 150
        data = client.wrapped(client.reach(port))
        assert ending(data) == (BLOCK, "end")
        assert client.code() == 226


class Reuse(TlsTestCase):
    """client-tls.require-reuse = true."""

    client_tls = 'mode = "require"\nrequire-reuse = true'

    def test_resumed(self) -> None:
        """Resumed handshakes are accepted, again and again, active and passive."""

        def script(control: Control) -> Any:
            for _ in range(6):
                send_file(control)

        for version in VERSIONS:
            client, _ = self.talk(script, client_context(version), tls=True)
            client.reuse = True
            for turn in range(6):
                data = client.begin(b"RETR file", active=bool(turn % 2))
                assert ending(data) == (BLOCK, "end"), version
                assert client.code() == 226

    def refused(self, client: TlsClient, session: ssl.SSLSession | None) -> None:
        """A download whose data connection offers that session fails with 522 or 425."""
        data = client.pasv()
        assert client.ask(b"RETR file").code == 150
        try:
            got = ending(as_client(data, client.context, session))
        except REFUSED:
            got = b"", "reset"
        assert got[0] == b"" and got[1] != "end", got
        found = client.reply()
        assert found.code in (522, 425), found
        assert b"resum" in found.text or b"session" in found.text, found

    def broken_file(self, control: Control) -> None:
        """A download that the gateway breaks; the server says so, and is still in step."""
        port = control.data()
        control.answer(b"RETR", b"150 Here it comes.")
        data = port.open()
        assert ending(data)[1] == "reset"
        control.say(b"426 Broken.")
        verb, _ = control.command()
        if verb == b"ABOR":
            control.say(b"226 Nothing to abort.")
            verb, _ = control.command()
        assert verb == b"SITE", verb
        control.say(b"200 here")

    def test_full_handshake(self) -> None:
        """A full handshake is refused with its reason, and the session goes on."""
        for version in VERSIONS:
            client, served = self.talk(self.broken_file, client_context(version), tls=True)
            self.refused(client, None)
            assert client.in_step()
            served.result(TIMEOUT)

    def test_session_of_another_client(self) -> None:
        """Another control connection's session does not count."""
        for version in VERSIONS:
            context = client_context(version)
            other, _ = self.talk(last_words, context, tls=True)
            client, _ = self.talk(self.broken_file, context, tls=True)
            self.refused(client, other.tls.session)
            assert client.in_step()

    def test_unusable_files_later(self) -> None:
        """Certificate files that have become unusable do not keep new clients out."""
        # this class's certificate is copied, so that no other test sees the change
        pair = self.room_pair
        kept = pair.certificate.read_bytes()
        try:
            pair.certificate.write_bytes(b"in the middle of being renewed")
            client, _ = self.talk(last_words, tls=True)
            assert client.ask(b"PBSZ 0").code == 200
        finally:
            pair.certificate.write_bytes(kept)

    @property
    def room_pair(self) -> Pair:
        """The copy."""
        return copied("reuse")

    def settings(self) -> str:
        """The copy in place of the certificate that all share."""
        pair = issued("good")
        return super().settings().replace(pair.toml, copied("reuse").toml)


class BothLegs(TlsTestCase):
    """match: the server's leg as the client's."""

    client_tls = 'mode = "offer"'
    server_tls = 'mode = "match"'

    def test_level_raised_behind_pasv(self) -> None:
        """PROT P between PASV and RETR holds for the server too: nothing goes there in clear."""
        context = server_context()

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            assert control.answer(b"AUTH", b"234 Go on.") == b"TLS"
            secure(control, context)
            admit(control)
            control.answer(b"PBSZ", b"200 PBSZ=0")
            assert control.answer(b"PROT", b"200 Clear.") == b"C"
            control.data()
            level = b"C"
            while True:
                verb, argument = control.command()
                if verb == b"PROT":
                    level = argument or b""
                    control.say(b"200 Fine.")
                elif verb in (b"EPSV", b"PASV"):
                    control.say(b"425 No.")
                elif verb == b"RETR":
                    control.say(b"550 No such file.")
                    return level
                else:
                    return b"none"

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.login()
        client.protect(b"C")
        client.ask(b"PASV")
        client.protect(b"P")
        client.send(b"RETR file\r\n")
        assert client.code() >= 400
        client.sock.close()
        assert served.result(TIMEOUT) != b"C", "RETR under PROT C for a client under PROT P"

    def test_follows(self) -> None:
        """A plain client gets a plain server; AUTH goes on to the server, and P and C too."""
        context = server_context()

        def plain(control: Control) -> Any:
            control.say(b"220 Ready.")
            admit(control)
            send_file(control)

        def protected(control: Control) -> Any:
            explicit(control, context)
            admit(control)
            private(control)
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = as_server(port.open(), context)
            data.sendall(BLOCK)
            finish(data)
            control.say(b"226 Sent.")

        for script, tls in ((plain, False), (protected, True)):
            self.serve(script)
            client = self.enter(tls=tls)
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226

    def test_refused_by_the_server(self) -> None:
        """A server without TLS: the client's AUTH is refused, and it may go on in clear."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"502 No TLS here.")
            control.answer(b"AUTH", b"502 Nor that.")
            admit(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 502
        client.login()
