"""The client's leg: AUTH, PBSZ, PROT and CCC, implicit TLS, data, resumption, SNI, certificates."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
from typing import Any

from tests.tls.certificates import (
    VERSIONS,
    Pair,
    authority,
    client_context,
    issued,
    server_context,
)
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
    refusal,
    secure,
    verbs,
)
from tests.wire.peers import BLOCK, TIMEOUT, Control, echo_site, pasv_port

OLD = "DEFAULT:@SECLEVEL=0"


def shown(sock: socket.socket) -> bytes:
    """The peer's certificate in DER."""
    assert isinstance(sock, ssl.SSLSocket)
    found = sock.getpeercert(binary_form=True)
    assert found is not None
    return found


def idle(control: Control) -> list[bytes]:
    """A server that is asked nothing more."""
    return last_words(control)


def send_file(control: Control, *, size: int = 1, answer: bytes = b"226 Sent.") -> None:
    """One download."""
    port = control.data()
    control.answer(b"RETR", b"150 Here it comes.")
    data = port.open()
    data.sendall(BLOCK * size)
    data.close()
    control.say(answer)


def take_file(control: Control) -> tuple[bytes, str]:
    """One upload."""
    port = control.data()
    control.answer(b"STOR", b"150 Go on.")
    data = port.open()
    found = ending(data)
    data.close()
    control.say(b"226 Taken.")
    return found


def old_context(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that knows one old version."""
    context = client_context()
    context.set_ciphers(OLD)
    context.minimum_version = version
    context.maximum_version = version
    return context


class Dialogue(TlsTestCase):
    """The replies of AUTH, PBSZ and PROT."""

    client_tls = 'mode = "offer"'

    def greeted(self) -> TlsClient:
        """A client that has read the greeting; the server is asked nothing."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        return client

    def test_every_mechanism(self) -> None:
        """TLS, TLS-C, SSL and TLS-P are accepted, in any case."""
        for word in (b"TLS", b"tls", b"TLS-C", b"Tls-c", b"SSL", b"ssl", b"TLS-P", b"tls-p"):
            client = self.greeted()
            client.auth(word)
            assert client.ask(b"PBSZ 0").code == 200, word

    def test_lower_case_verbs(self) -> None:
        """Verbs are read in any case."""
        client = self.greeted()
        assert client.ask(b"auth tls").code == 234
        client.secure()
        assert client.ask(b"pbsz 0").code == 200
        assert client.ask(b"prot p").code == 200

    def test_unknown_mechanism(self) -> None:
        """Anything else is 504, and the connection goes on in clear."""
        client = self.greeted()
        for word in (b"AUTH KERBEROS_V4", b"AUTH GSSAPI", b"AUTH TLS-X", b"AUTH TLS P"):
            assert client.ask(word).code == 504, word
        client.auth()
        assert client.ask(b"PBSZ 0").code == 200

    def test_auth_without_mechanism(self) -> None:
        """AUTH alone is an error of syntax or of parameter."""
        assert self.greeted().ask(b"AUTH").code in (501, 504)

    def test_auth_under_tls(self) -> None:
        """A second AUTH is refused and TLS stays."""
        client = self.greeted()
        client.auth()
        assert client.ask(b"AUTH TLS").code in (503, 534)
        assert client.ask(b"PBSZ 0").code == 200

    def test_before_tls(self) -> None:
        """PBSZ and PROT need AUTH, CCC needs TLS: 503, 503, 533."""
        client = self.greeted()
        assert client.ask(b"PBSZ 0").code == 503
        assert client.ask(b"PROT P").code == 503
        assert client.ask(b"CCC").code == 533

    def test_prot_before_pbsz(self) -> None:
        """PROT needs PBSZ: 503."""
        client = self.greeted()
        client.auth()
        assert client.ask(b"PROT P").code == 503
        assert client.ask(b"PBSZ 0").code == 200
        assert client.ask(b"PROT P").code == 200

    def test_levels(self) -> None:
        """S and E are 536, unknown levels 504, C and P 200; a refusal changes nothing."""
        client = self.greeted()
        client.auth()
        assert client.ask(b"PBSZ 0").code == 200
        for level, code in ((b"S", 536), (b"E", 536), (b"s", 536), (b"X", 504), (b"", 504)):
            found = client.ask(b"PROT " + level).code
            assert found == code or (level == b"" and found == 501), (level, found)
        for level in (b"C", b"P", b"c", b"p"):
            assert client.ask(b"PROT " + level).code == 200, level

    def test_pbsz_sizes(self) -> None:
        """Every number is answered with the size 0; what is none is 501."""
        client = self.greeted()
        client.auth()
        found = client.ask(b"PBSZ 16384")
        assert found.code == 200 and b"PBSZ=0" in found.text, found
        for size in (b"PBSZ", b"PBSZ x", b"PBSZ -1"):
            assert client.ask(size).code == 501, size

    def test_features(self) -> None:
        """FEAT lists AUTH TLS, PBSZ and PROT, once, and nothing of the server's own TLS."""

        def script(control: Control) -> Any:
            self.greet(control)
            control.answer(
                b"FEAT",
                b"211-Features:",
                b" AUTH TLS;SSL",
                b" PBSZ",
                b" PROT",
                b" CCC",
                b" SIZE",
                b"211 End",
            )
            return last_words(control)

        self.serve(script)
        client = self.enter()
        lines = [line.strip() for line in client.ask(b"FEAT").lines]
        for wanted in (b"AUTH TLS", b"PBSZ", b"PROT", b"SIZE"):
            assert lines.count(wanted) == 1, lines
        assert b"CCC" not in lines and b"AUTH TLS;SSL" not in lines, lines

    def test_user_is_forgotten(self) -> None:
        """A USER that came in clear is void under TLS: PASS then needs a USER of its own."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"USER", b"331 Password, please.")
            found = control.line()
            control.say(b"230 Welcome.")
            return [found, *last_words(control)]

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"USER mallory").code == 331
        client.auth()
        client.send(b"PASS secret\r\n")
        code = client.code()
        client.sock.close()
        assert code in (503, 530), f"{code} to PASS for a user named in clear"
        error = served.exception(TIMEOUT)  # the end where the PASS would have come
        assert error is not None, "PASS for a user named in clear"

    def test_port_is_forgotten(self) -> None:
        """A data port named before AUTH is void under TLS."""

        def script(control: Control) -> Any:
            self.greet(control)
            control.data()
            return last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.send(b"USER joe\r\n")
        assert client.code() == 331
        client.send(b"PASS secret\r\n")
        assert client.code() == 230
        client.pasv()
        assert client.ask(b"AUTH TLS").code in (234, 503, 534)

    def test_plain_client(self) -> None:
        """Where TLS is only offered a client may do without."""

        def script(control: Control) -> Any:
            send_file(control)

        client, _ = self.talk(script)
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_clear_data_of_a_secure_client(self) -> None:
        """After AUTH alone the level is C: data goes in clear."""

        def script(control: Control) -> Any:
            send_file(control)

        def whole(control: Control) -> Any:
            self.greet(control)
            script(control)

        self.serve(whole)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.login()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_ssl_implies_protection(self) -> None:
        """AUTH SSL and TLS-P imply PROT P, without PBSZ."""
        for word in (b"SSL", b"TLS-P"):

            def whole(control: Control) -> Any:
                self.greet(control)
                send_file(control)

            self.serve(whole)
            client = self.connect()
            assert client.code() == 220
            client.auth(word)
            client.login()
            client.level = b"P"
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226

    def test_no_session_ends_for_a_failed_handshake(self) -> None:
        """A client that does not trust us leaves; the next is served."""
        client = self.greeted()
        assert client.ask(b"AUTH TLS").code == 234
        stranger = ssl.create_default_context()
        error = refusal(lambda: as_client(client.sock, stranger))
        assert isinstance(error, ssl.SSLCertVerificationError)
        self.test_lower_case_verbs()


class Off(TlsTestCase):
    """TLS is not offered."""

    def test_refused(self) -> None:
        """AUTH is 502 and never reaches the server; FEAT tells of no TLS, the server's included."""

        def script(control: Control) -> list[bytes]:
            self.greet(control)
            control.answer(
                b"FEAT", b"211-Features:", b" AUTH TLS", b" PBSZ", b" PROT", b" SIZE", b"211 End"
            )
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 502
        assert client.ask(b"PBSZ 0").code in (502, 503)
        assert client.ask(b"PROT P").code in (502, 503)
        client.login()
        assert client.ask(b"AUTH SSL").code == 502
        text = client.ask(b"FEAT").text
        assert b"SIZE" in text and b"AUTH" not in text and b"PROT" not in text, text
        client.sock.close()
        assert not served.result(TIMEOUT)


class Required(TlsTestCase):
    """TLS is required."""

    client_tls = 'mode = "require"'

    def test_login_in_clear(self) -> None:
        """USER, PASS and all else are 530 before TLS and do not reach the server."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        for line in (b"USER joe", b"PASS secret", b"PASV", b"RETR file", b"ACCT x", b"CWD x"):
            assert client.ask(line).code == 530, line
        client.auth()
        client.sock.close()
        assert not verbs(served.result(TIMEOUT)) & {b"USER", b"PASS", b"ACCT", b"CWD", b"RETR"}

    def test_features_before_tls(self) -> None:
        """FEAT is answered before TLS: clients look there for AUTH."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"FEAT", b"530 Log in first.")
            return last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert b" AUTH TLS" in client.ask(b"FEAT").lines

    def test_clear_data(self) -> None:
        """PROT C and PASV are answered; the transfer command is 522, and the next with P works."""

        def script(control: Control) -> Any:
            self.greet(control)
            control.data()
            send_file(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.login()
        client.protect(b"C")
        client.pasv()
        assert client.ask(b"RETR file").code in (521, 522)
        client.protect()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_protection_changed_behind_pasv(self) -> None:
        """A data connection made before PROT P never carries data in clear after it."""

        def sends(control: Control) -> Any:
            self.greet(control)
            port = control.data()
            verb, _ = control.command()
            if verb != b"RETR":
                return
            control.say(b"150 Here it comes.")
            data = port.open()
            try:
                data.sendall(BLOCK)
                data.close()
                control.say(b"226 Sent.")
            except OSError:
                control.say(b"426 Broken.")
            last_words(control)

        self.serve(sends)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.login()
        data = client.pasv()
        assert client.ask(b"PBSZ 0").code == 200
        assert client.ask(b"PROT P").code == 200
        client.send(b"RETR file\r\n")
        data.settimeout(TIMEOUT)
        try:
            leaked = data.recv(65536)
        except (ConnectionError, TimeoutError):
            leaked = b""
        assert BLOCK[:64] not in leaked, "file bytes in clear where TLS is required"


class Implicit(TlsTestCase):
    """TLS from the first byte, beside explicit TLS in the same process."""

    client_tls = 'mode = "offer"\nimplicit-listen = ["tcp:0:interface=127.0.0.1"]'
    listeners = 2

    def test_side_by_side(self) -> None:
        """One listener greets in clear and knows AUTH, the other greets under TLS only."""

        def script(control: Control) -> Any:
            self.greet(control)
            send_file(control)

        for which in (0, 1):
            self.serve(script)
            client = self.connect(which=which)
            if which:
                client.secure()
            assert client.code() == 220
            if not which:
                client.auth()
            client.login()
            client.protect()
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226

    def test_data_is_protected_from_the_start(self) -> None:
        """Neither PBSZ nor PROT is needed, and both are answered."""

        def script(control: Control) -> Any:
            self.greet(control)
            send_file(control)
            send_file(control)

        self.serve(script)
        client = self.connect(which=1)
        client.secure()
        assert client.code() == 220
        client.login()
        client.level = b"P"
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        assert client.ask(b"AUTH TLS").code in (503, 534)
        client.protect()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_slow_handshake(self) -> None:
        """A client whose handshake ends after the server's greeting has come gets that greeting.

        lftp under TLS 1.3 is that slow, and so is every client that is far away.
        """

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            last_words(control)

        for version in VERSIONS:
            self.serve(script)
            client = self.connect(client_context(version), which=1)
            assert client.silent(0.3)  # by now the greeting waits in the gateway
            client.sock.settimeout(3.0)
            client.secure()
            assert client.code() == 220, version

    def test_no_greeting_in_clear(self) -> None:
        """A client that waits for a greeting in clear gets none."""
        self.serve(idle)
        client = self.connect(which=1)
        assert client.silent(0.5)


class Ccc(TlsTestCase):
    """Clear command channel."""

    client_tls = 'mode = "offer"'

    def test_refused(self) -> None:
        """By default 534, and TLS stays."""

        def script(control: Control) -> Any:
            self.greet(control)
            echo_site(control)

        self.serve(script)
        client = self.enter(tls=True)
        assert client.ask(b"CCC").code == 534
        assert client.in_step()


class CccAllowed(TlsTestCase):
    """client-tls.ccc = true."""

    client_tls = 'mode = "require"\nccc = true'

    def cleared(self, script: Any) -> TlsClient:
        """A client whose control connection has left TLS."""
        client, _ = self.talk(script, tls=True)
        found = client.ask(b"CCC")
        assert found.code == 200, found
        assert not client.buffer
        client.sock = client.tls.unwrap()
        client.sock.settimeout(TIMEOUT)
        return client

    def test_goes_on_in_clear(self) -> None:
        """Commands and replies go in clear, data stays protected."""

        def script(control: Control) -> Any:
            echo_site(control)
            send_file(control)
            echo_site(control)
            control.answer(b"QUIT", b"221 Goodbye.")

        client = self.cleared(script)
        assert client.in_step()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        assert client.in_step()
        assert client.ask(b"QUIT").code == 221
        assert ending(client.sock) == (b"", "end")

    def test_many_commands(self) -> None:
        """More than one buffer of pipelined commands passes afterwards."""

        def script(control: Control) -> Any:
            for _ in range(2000):
                echo_site(control)

        client = self.cleared(script)
        client.send(b"SITE here\r\n" * 2000)
        for _ in range(2000):
            assert client.reply().lines == (b"200 here",)

    def test_client_gone(self) -> None:
        """The end of such a client ends its session."""
        client = self.cleared(last_words)
        client.sock.close()
        self.served[-1].result(TIMEOUT)

    def test_features(self) -> None:
        """FEAT lists CCC."""

        def script(control: Control) -> Any:
            control.answer(b"FEAT", b"502 No.")
            last_words(control)

        client, _ = self.talk(script, tls=True)
        assert b" CCC" in client.ask(b"FEAT").lines

    def test_before_tls(self) -> None:
        """Without TLS still 533."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"CCC").code == 533


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


_copies: dict[str, Pair] = {}


def copied(name: str) -> Pair:
    """The good pair in files of its own."""
    if name not in _copies:
        good, base = issued("good"), authority().folder / name
        pair = Pair(base.with_suffix(".pem"), base.with_suffix(".key"), good.der)
        shutil.copy(good.certificate, pair.certificate)
        shutil.copy(good.private_key, pair.private_key)
        _copies[name] = pair
    return _copies[name]


class Names(TlsTestCase):
    """Several certificates, chosen by SNI."""

    client_tls = 'mode = "offer"'

    def settings(self) -> str:
        """Two more, one of them with a wildcard."""
        more = "".join(
            "[[client-tls.more-certificates]]\n" + issued(name).toml
            for name in ("files.example.net", "*.example.org")
        )
        return super().settings() + more

    def entered(self, name: str, version: ssl.TLSVersion | None = None) -> TlsClient:
        """A client that asks for that name."""
        client = self.connect(client_context(version))
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 234
        client.context.check_hostname = False
        client.secure(name)
        client.login()
        client.protect()
        return client

    def test_chosen(self) -> None:
        """Each name its certificate, in any case; unknown ones and none the first."""

        def script(control: Control) -> Any:
            self.greet(control)
            last_words(control)

        for name, kind in (
            ("files.example.net", "files.example.net"),
            ("FILES.Example.NET", "files.example.net"),
            ("a.example.org", "*.example.org"),
            ("b.example.org", "*.example.org"),
            ("a.b.example.org", "good"),
            ("example.org", "good"),
            ("localhost", "good"),
            ("elsewhere.example.com", "good"),
        ):
            self.serve(script)
            assert shown(self.entered(name).sock) == issued(kind).der, name

    def test_data_too(self) -> None:
        """Data shows the control connection's certificate, also to clients without SNI."""

        def script(control: Control) -> Any:
            self.greet(control)
            send_file(control)
            send_file(control)

        self.serve(script)
        client = self.entered("files.example.net")
        for name in ("files.example.net", ""):
            raw = client.pasv()
            assert client.ask(b"RETR file").code == 150
            raw.settimeout(TIMEOUT)
            data = client.context.wrap_socket(
                raw, server_hostname=name or None, suppress_ragged_eofs=False
            )
            assert shown(data) == shown(client.sock), name
            assert ending(data) == (BLOCK, "end")
            assert client.code() == 226

    def test_resumption(self) -> None:
        """Sessions under a chosen certificate can be resumed like any other."""

        def script(control: Control) -> Any:
            self.greet(control)
            send_file(control)

        for version in VERSIONS:
            self.serve(script)
            client = self.entered("files.example.net", version)
            raw = client.pasv()
            assert client.ask(b"RETR file").code == 150
            data = as_client(raw, client.context, client.tls.session, "files.example.net")
            assert data.session_reused, version
            assert ending(data) == (BLOCK, "end")
            assert client.code() == 226


class Reload(TlsTestCase):
    """New certificates in the same files."""

    client_tls = 'mode = "offer"'
    alone = "reload"

    def settings(self) -> str:
        """A copy in place of the certificate that all share."""
        return super().settings().replace(issued("good").toml, copied("renewed").toml)

    def replace(self, certificate: bytes, private_key: bytes) -> None:
        """Put new files in the old ones' places."""
        pair = copied("renewed")
        for path, content in ((pair.certificate, certificate), (pair.private_key, private_key)):
            fresh = path.with_suffix(path.suffix + ".new")
            fresh.write_bytes(content)
            os.replace(fresh, path)

    def seen(self) -> bytes:
        """What a new client is shown."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        found = shown(client.sock)
        client.sock.close()
        return found

    def eventually(self, wanted: bytes) -> bool:
        """True once new clients are shown that one."""
        return any(self.seen() == wanted for _ in range(400))

    def test_running_sessions_stay(self) -> None:
        """Changed files hold for new sessions; running ones keep what they have, data included."""

        def script(control: Control) -> Any:
            send_file(control)

        before = self.seen()
        client, _ = self.talk(script, tls=True)
        other = authority().issue("localhost", "127.0.0.1")
        self.replace(other.certificate.read_bytes(), other.private_key.read_bytes())
        assert self.eventually(other.der), "the new certificate is not shown"
        client.reuse = True
        data = client.begin(b"RETR file")
        assert shown(data) == before
        assert isinstance(data, ssl.SSLSocket) and data.session_reused
        assert ending(data) == (BLOCK, "end")
        assert client.code() == 226

    def test_hang_up(self) -> None:
        """SIGHUP loads them at once."""
        self.seen()  # the files have just been looked at
        other = authority().issue("localhost", "127.0.0.1")
        self.replace(other.certificate.read_bytes(), other.private_key.read_bytes())
        before = self.gateway.whole_log().count("certificates reloaded")
        self.gateway.process.send_signal(signal.SIGHUP)
        for _ in range(200):
            if self.gateway.whole_log().count("certificates reloaded") > before:
                break
            self.seen()
        assert self.seen() == other.der

    def test_unusable_files(self) -> None:
        """Files that do not belong together are told of in the log; the old ones stay."""
        good = self.seen()
        pair = copied("renewed")
        kept = pair.certificate.read_bytes(), pair.private_key.read_bytes()
        other = authority().issue("localhost")
        for certificate, private_key in (
            (other.certificate.read_bytes(), kept[1]),
            (b"nothing", kept[1]),
            (kept[0], b""),
        ):
            self.replace(certificate, private_key)
            self.gateway.new_log()
            self.gateway.process.send_signal(signal.SIGHUP)
            assert self.gateway.logged("certificates not reloaded")
            assert self.seen() == good
        self.replace(*kept)
        assert self.eventually(good)


class Versions(TlsTestCase):
    """What a client's TLS must be at least."""

    client_tls = 'mode = "offer"'

    def test_old_ones_refused(self) -> None:
        """TLS 1.0 and 1.1 are refused by default."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            last_words(control)

        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            self.serve(script)
            client = self.connect(old_context(version))
            assert client.code() == 220
            assert client.ask(b"AUTH TLS").code == 234
            refusal(client.secure)

    def test_alpn(self) -> None:
        """ftp among the client's protocols is chosen; none is accepted; others get an alert."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            last_words(control)

        for offered, chosen in (
            (["ftp"], "ftp"),
            (["http/1.1", "ftp"], "ftp"),
            ([], None),
            (["http/1.1"], ""),
            (["h2", "http/1.1"], ""),
            (["x-filezilla-ftp"], ""),
        ):
            self.serve(script)
            context = client_context()
            if offered:
                context.set_alpn_protocols(offered)
            client = self.connect(context)
            assert client.code() == 220
            assert client.ask(b"AUTH TLS").code == 234
            if chosen == "":
                error = refusal(client.secure)
                assert "no application protocol" in str(error).lower().replace("_", " "), (
                    offered,
                    error,
                )
            else:
                client.secure()
                assert client.tls.selected_alpn_protocol() == chosen

    def test_alpn_on_data(self) -> None:
        """The same on data connections: http/1.1 gets an alert and no byte of the file."""

        def script(control: Control) -> Any:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            found = ending(data)[1]
            control.say(b"426 Broken.")
            return found

        client, served = self.talk(script, tls=True)
        raw = client.pasv()
        assert client.ask(b"RETR file").code == 150
        context = client_context()
        context.set_alpn_protocols(["http/1.1"])
        refusal(lambda: as_client(raw, context))
        assert client.code() in (425, 426)
        assert served.result(TIMEOUT) == "reset"

    def test_no_compression_no_renegotiation(self) -> None:
        """Neither is to be had under TLS 1.2."""

        def script(control: Control) -> Any:
            self.greet(control)
            last_words(control)

        self.serve(script)
        client = self.enter(client_context(ssl.TLSVersion.TLSv1_2), tls=True)
        assert client.tls.compression() is None


class OldVersions(TlsTestCase):
    """client-tls.minimum = "1.0"."""

    client_tls = 'mode = "offer"\nminimum = "1.0"'

    def test_accepted(self) -> None:
        """By setting they are accepted, data included, and the log says so at the start."""

        def script(control: Control) -> Any:
            send_file(control)

        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            client, _ = self.talk(script, old_context(version), tls=True)
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226
        assert "client-tls.minimum = 1.0" in self.gateway.whole_log()


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
            admit(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 502
        client.login()
