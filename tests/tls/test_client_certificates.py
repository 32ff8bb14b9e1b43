"""What clients are shown: names, certificates that change, versions."""

from __future__ import annotations

import os
import signal
import ssl
from typing import Any

from tests.tls.certificates import VERSIONS, authority, client_context, issued
from tests.tls.peers import TlsClient, TlsTestCase, as_client, ending, last_words, refusal
from tests.tls.plain import copied, send_file, shown
from tests.wire.peers import BLOCK, TIMEOUT, Control

OLD = "DEFAULT:@SECLEVEL=0"


def old_context(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that knows one old version."""
    context = client_context()
    context.set_ciphers(OLD)
    context.minimum_version = version
    context.maximum_version = version
    return context


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
