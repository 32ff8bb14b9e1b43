"""A reply of something before, and then the transfer's own (field.md rows 15 and 16)."""

from __future__ import annotations

from tests.field.cells import Cases, everywhere
from tests.tls.peers import ending
from tests.wire.patience import shortened
from tests.wire.peers import BLOCK, PATIENT, TIMEOUT, Control, echo_site


class Superseded(Cases):
    """What answers another verb and comes before a transfer's 1xx does not end the transfer."""

    timers = shortened(PATIENT, second_reply=0.1)

    def test_broken_behind_it(self) -> None:
        """A 220 taken for the answer would be told while the data is on its way, whatever comes of it."""
        for verb in (b"RETR", b"LIST"):
            for surplus in (b"220 Hello.", b"350 Go on."):

                def script(control: Control, verb: bytes = verb, surplus: bytes = surplus) -> None:
                    port = self.port(control)
                    control.answer(verb, surplus, b"150 Here.")
                    data = self.shaken(port.open())
                    data.sendall(BLOCK)
                    assert control.silent(0.4), "longer than a reply is held"
                    control.say(b"451 Broken.")
                    data.close()
                    echo_site(control)

                client, served = self.session(script)
                prepared = self.prepare(client)
                self.assertEqual(client.ask(verb + b" f").code, 150)
                data = self.open(client, prepared)
                ending(data)
                self.assertEqual(client.code(), 451, surplus)
                data.close()
                self.assertTrue(client.in_step())
                served.result(TIMEOUT)


globals().update(everywhere(Superseded))
