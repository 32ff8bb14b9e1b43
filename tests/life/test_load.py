"""Upgrades under load refuse no connection and tear no file.

Here with few clients and one upgrade; ``make upgrades`` does what the name says: 20 logins a second,
50 transfers, a third of all under TLS, five upgrades.
"""

from __future__ import annotations

import os
import re
import signal

from ftpalg.certificate import make_pair
from ftpalg.life.upgrade_request import ask
from tests.life.load import Load, RealServer
from tests.life.programs import LifeCase
from tests.life.test_upgrading import end
from tests.wire.gateways import STARTS

FULL = os.environ.get("FTPALG_LOAD") == "full"
TRANSFERS, LOGINS, SIZE, UPGRADES = (50, 20.0, 8 << 20, 5) if FULL else (6, 5.0, 4 << 20, 1)


class Upgrades(LifeCase):
    """One after the other, on the same address."""

    timeout = 1200.0

    def test_under_load(self) -> None:
        """No refused connection, no torn file; work goes on under each of the programs."""
        server = RealServer(SIZE)
        self.addCleanup(server.close)
        certificate, key = make_pair(["localhost"], self.scratch)
        gateway = self.begin(
            'listen = ["tcp:0:interface=127.0.0.1"]\n'
            f'server = "ftp://127.0.0.1:{server.port}"\n'
            f'[client-tls]\nmode = "offer"\ncertificate = "{certificate}"\nprivate-key = "{key}"\n'
            '[log]\nformat = "text"\n'
        ).serve()
        load = Load(gateway.ports[0], server.digest, TRANSFERS, LOGINS)
        self.addCleanup(load.stop)
        pids = [gateway.process.pid]
        for which in range(1, UPGRADES + 1):
            load.wait_for_more(STARTS)
            self.assertEqual(ask(pids[-1]), "")
            pids.append(gateway.successor(which))
            self.addCleanup(end, pids[-1])
        load.wait_for_more(STARTS)
        load.stop()
        wrong = [line for line in gateway.whole_log().splitlines() if " info " not in line]
        self.assertEqual((load.seen["refused"], load.seen["torn"]), (0, 0), (load.log, wrong))
        self.assertEqual(len(set(pids)), UPGRADES + 1)
        os.kill(pids[-1], signal.SIGTERM)
        self.assertEqual(gateway.status(STARTS), 0)
        log = gateway.whole_log()
        self.assertNotIn("Traceback", log)
        self.assertEqual(re.findall(r"stopped: [1-9].*", log), [])
        if FULL:
            print(f"\n{dict(load.seen)}, {UPGRADES} upgrades")
