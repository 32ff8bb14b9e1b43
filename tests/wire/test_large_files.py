"""Files larger than every buffer on the way."""

from __future__ import annotations

from threading import Event

from tests.wire.peers import (
    BLOCK,
    TIMEOUT,
    Control,
    WireTestCase,
    drained,
    echo_site,
    exactly,
    reset,
)


class LargeTests(WireTestCase):
    """A file larger than every buffer on the way."""

    def test_client_resets_large_upload(self) -> None:
        """A RST behind megabytes in flight still reaches the server as RST."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(b"STOR", b"150 Send it.")
            data = port.open()
            exactly(data, 100)
            ending = drained(data)[1]
            control.say(b"226 Stored it.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"STOR f").code, 150)
        data.sendall(BLOCK * 160)
        reset(data)
        self.assertIn(client.code(), (425, 426, 451))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_slow_client_and_early_226(self) -> None:
        """226 comes only after the data, though the server sent it before the client read any."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            control.say(b"226 Sent.")
            said.set()
            data.sendall(BLOCK * 320)
            data.close()
            echo_site(control)

        said = Event()
        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertTrue(said.wait(TIMEOUT))
        self.assertTrue(self.gateway.quiet(client))
        found, ending = drained(data)
        self.assertEqual((len(found), ending), (len(BLOCK) * 320, "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
