"""What docs/symptoms.rst quotes of clients that do not get in, and of sessions that end."""

from __future__ import annotations

from tests.tls.certificates import issued
from tests.wire.clients import Client
from tests.wire.patience import impatient
from tests.wire.servers import Control, Script
from tests.wire.symptoms import SymptomTestCase

KNOWN, GONE, NOT_ADMITTED = "127.0.0.2", "127.0.0.4", "127.0.0.8"
"""Where clients come from: with a server, with one that is not there, from outside access.clients."""


class Naming(SymptomTestCase):
    """Clients name their server, but for two of them."""

    hosts = ("127.0.0.1", "127.0.0.1")

    @classmethod
    def settings(cls) -> str:
        return (
            "[limits]\nbad-commands = 2\nbad-logins = 2\n"
            f'[access]\nclients = ["127.0.0.1", "{KNOWN}", "{GONE}"]\n'
            f'[[routes]]\nclients = ["{KNOWN}"]\nserver = ["ftp://127.0.0.1:PORT0"]\n'
            f'[[routes]]\nclients = ["{GONE}"]\nserver = ["ftp://127.0.0.1:PORT1"]\n'
        )

    def test_no_server_was_named(self) -> None:
        """A client without a proxy setting."""
        client = self.greeted()
        client.ask(b"USER joe")
        client.ask(b"PASS secret")
        client.send(b"LIST\r\nLIST\r\n")
        self.read_out(client)
        self.assertQuoted()

    def test_the_rules_do_not_let_the_client_go_there(self) -> None:
        """A port that no rule names."""
        client = self.greeted()
        client.ask(b"USER joe@198.51.100.7:22")
        self.assertQuoted()

    def test_the_server_is_the_gateway_itself(self) -> None:
        """A client that names the gateway as its server."""
        client = self.greeted()
        client.ask(b"USER joe@127.0.0.1:%d" % self.gateway.address[1])
        self.assertQuoted()

    def test_the_name_does_not_resolve(self) -> None:
        """A slip of the pen."""
        self.greeted().ask(b"USER joe@ftp.nowhere.invalid")
        self.assertQuoted()

    def test_the_server_cannot_be_reached(self) -> None:
        """Nobody listens there."""
        self.servers[1].close()
        self.read_out(self.connect(GONE))
        self.assertQuoted()

    def test_the_client_s_address_is_not_admitted(self) -> None:
        """It is not in access.clients."""
        self.read_out(self.connect(NOT_ADMITTED))
        self.assertQuoted("refused: ")

    def test_the_server_refuses_the_login(self) -> None:
        """Wrong passwords at the server."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            for _ in range(2):
                control.answer(b"USER", b"331 Password, please.")
                control.answer(b"PASS", b"530 Login incorrect.")
            control.until_end()

        client = self.known(script)
        self.assertEqual(client.code(), 220)
        for _ in range(2):
            client.ask(b"USER joe")
            client.ask(b"PASS wrong")
        self.read_out(client)
        self.assertQuoted()

    def known(self, script: Script) -> Client:
        """A client whose server runs this script from its first word on."""
        self.serve_at(0, script)
        return self.connect(KNOWN)

    def test_the_server_greets_with_a_refusal(self) -> None:
        """A server that is full."""
        self.read_out(self.known(lambda control: control.say(b"421 Too many users.")))
        self.assertQuoted()

    def test_the_server_closes_at_once(self) -> None:
        """A server that has a list of its own."""
        self.read_out(self.known(lambda control: None))
        self.assertQuoted()

    def test_the_port_is_another_service_s(self) -> None:
        """SSH."""

        def script(control: Control) -> None:
            control.say(b"SSH-2.0-OpenSSH_9.6").until_end()

        self.read_out(self.known(script))
        self.assertQuoted()

    def test_text_comes_before_the_greeting(self) -> None:
        """A banner without a code."""

        def script(control: Control) -> None:
            control.say(b"Unauthorized use is forbidden.", b"220 Ready.").until_end()

        self.assertEqual(self.known(script).code(), 220)
        self.assertQuoted("passed over")

    def test_a_browser_or_a_mailer_came(self) -> None:
        """HTTP."""
        client = self.greeted()
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.read_out(client)
        self.assertQuoted()

    def test_the_server_closes(self) -> None:
        """A server that goes between two commands."""
        self.read_out(self.inside(lambda control: None, KNOWN))
        self.assertQuoted()

    def test_the_server_says_goodbye(self) -> None:
        """A server whose own patience is over."""
        self.read_out(self.inside(lambda control: control.say(b"421 Timeout."), KNOWN))
        self.assertQuoted()

    def test_the_client_is_gone(self) -> None:
        """One that closes, and one that is torn away."""
        for leave in (Client.close, Client.reset):
            leave(self.inside(Control.until_end, KNOWN))
            self.assertTrue(self.gateway.left())
        self.assertQuoted("client-closed", "client-lost")


class OutOfStep(SymptomTestCase):
    """Servers whose replies match no commands: the gateway remembers them."""

    @classmethod
    def settings(cls) -> str:
        return (
            "[limits]\nsurplus-replies = 2\n"
            f'[[routes]]\nclients = ["{KNOWN}"]\nserver = ["ftp://127.0.0.1:PORT0"]\n'
        )

    def test_the_server_answers_too_often(self) -> None:
        """Replies that answer nothing."""

        def script(control: Control) -> None:
            control.say(*[b"200 Hm."] * 9).until_end()

        self.read_out(self.inside(script, KNOWN))
        self.assertQuoted()

    @impatient(extended=2.0)
    def test_it_is_not_clear_which_command_was_answered(self) -> None:
        """A reply behind an unanswered EPSV that may be to either verb."""

        def script(control: Control) -> None:
            control.expect(b"EPSV")
            control.answer(b"PASV", b"500 What?")
            control.until_end()

        client = self.inside(script, KNOWN)
        client.send(b"PASV\r\n")
        self.read_out(client)
        self.assertQuoted()


class Waits(SymptomTestCase):
    """Waits that are over."""

    @classmethod
    def settings(cls) -> str:
        return f'[[routes]]\nclients = ["{KNOWN}"]\nserver = ["ftp://127.0.0.1:PORT0"]\n'

    @impatient(handshake=0.3)
    def test_the_server_does_not_greet_in_time(self) -> None:
        """A server that accepts and says nothing."""
        self.serve_at(0, Control.until_end)
        self.read_out(self.connect(KNOWN))
        self.assertQuoted()

    @impatient(login=2.5)
    def test_the_client_does_not_log_in(self) -> None:
        """One that only connects."""
        self.serve_at(0, lambda control: control.say(b"220 Ready.").until_end())
        self.read_out(self.connect(KNOWN))
        self.assertQuoted()

    @impatient(idle=2.5)
    def test_the_client_says_nothing(self) -> None:
        """One that does nothing more."""
        self.read_out(self.inside(Control.until_end, KNOWN))
        self.assertQuoted()

    @impatient(idle=2.5)
    def test_the_server_does_not_answer(self) -> None:
        """A server that leaves a command without an answer."""
        client = self.inside(Control.until_end, KNOWN)
        client.send(b"CWD reports\r\n")
        self.read_out(client)
        self.assertQuoted()


class Accounts(SymptomTestCase):
    """Accounts at the gateway, under TLS only; a server whose password cannot be read."""

    @classmethod
    def settings(cls) -> str:
        return (
            '[accounts]\nauth = ["memory:gus:right"]\ndelay = 0.01\nrequire-tls = true\n'
            f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
            "[limits]\nbad-logins = 2\nsessions-per-peer = 2\n"
        )

    def test_tls_is_required(self) -> None:
        """A login in clear."""
        self.greeted().ask(b"USER gus")
        self.assertQuoted()

    def test_too_many_sessions(self) -> None:
        """A third one from one address."""
        for _ in range(2):
            self.greeted(KNOWN)
        self.read_out(self.connect(KNOWN))
        self.assertQuoted("refused: ", "used up")


class ClearAccounts(SymptomTestCase):
    """The same in clear."""

    @classmethod
    def settings(cls) -> str:
        return (
            '[accounts]\nauth = ["memory:gus:right"]\ndelay = 0.01\n[limits]\nbad-logins = 2\n'
            '[[routes]]\naccounts = ["gus"]\nserver = ["ftp://127.0.0.1:PORT0"]\nuser = "upload"\n'
            'password-file = "/nonexistent/upload.password"\npassword-in-clear = true\n'
        )

    def test_the_gateway_refuses_the_login(self) -> None:
        """Wrong passwords here."""
        client = self.greeted()
        for _ in range(2):
            client.ask(b"USER gus")
            client.send(b"PASS wrong\r\n")
            client.reply()
        self.read_out(client)
        self.assertQuoted()

    def test_the_gateway_has_no_password_for_the_server(self) -> None:
        """Its file is not there."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            control.answer(b"USER", b"331 Password, please.")
            control.until_end()

        self.serve_at(0, script)
        client = self.greeted()
        client.ask(b"USER gus")
        client.ask(b"PASS right")
        self.assertQuoted()
