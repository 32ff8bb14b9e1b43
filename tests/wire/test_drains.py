"""What is left of a data connection once its transfer is over."""

from __future__ import annotations

from tests.wire.peers import Control, WireTestCase, descriptors, drained

TRANSFERS = 30


class Drains(WireTestCase):
    """Ended downloads: what is closed is closed by its peer's end, not by the clock."""

    alone = "drains"

    def test_many_downloads(self) -> None:
        """The descriptor of a download is closed as soon as its client has closed too."""

        def script(control: Control) -> None:
            for at in range(TRANSFERS + 1):
                port = control.data()
                control.answer(b"RETR", b"150 Here.")
                data = port.open()
                data.sendall(b"x" * 1000)
                data.close()
                control.say(b"226 Gone.")
                if at:
                    for _ in range(2):
                        control.answer(b"NOOP", b"200 Fine.")

        client, _ = self.talk(script)
        before = 0
        for at in range(TRANSFERS + 1):
            data = client.pasv()
            self.assertEqual(client.ask(b"RETR f").code, 150)
            self.assertEqual(drained(data), (b"x" * 1000, "end"))
            self.assertEqual(client.code(), 226)
            data.close()
            if not at:
                before = len(descriptors(self.gateway.process.pid))
                continue
            for _ in range(2):  # turns in which the gateway hears of our end
                self.assertEqual(client.ask(b"NOOP").code, 200)
        self.assertLessEqual(len(descriptors(self.gateway.process.pid)), before + 1)
