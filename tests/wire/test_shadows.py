"""Rules that are only tried, in a real gateway: nobody feels them, and each decision has its record."""

from __future__ import annotations

import re

from tests.wire.recorded import PLAIN, RecordsTestCase


class Shadows(RecordsTestCase):
    """One shadow in each table, before what decides."""

    @classmethod
    def settings(cls) -> str:
        return (
            f'[access]\nclients = ["{PLAIN}"]\n'
            "[[access.servers]]\nallow = false\nshadow = true\n"
            '[[access.servers]]\nnetworks = ["127.0.0.0/8"]\n'
            '[[routes]]\nshadow = true\nusers = ["joe"]\nserver-mode = "active"\n'
            '[[routes]]\ndestinations = ["127.0.0.1"]\n'
        )

    def test_told_once(self) -> None:
        """The session goes on to the server that it names; one record for each rule, with its line."""
        self.serve_at(0, lambda control: control.login().until_end())
        client = self.connect(PLAIN)
        self.assertEqual(client.code(), 220)
        port = self.servers[0].port
        client.login(b"joe@127.0.0.1:%d" % port)
        client.sock.close()
        found = {re.sub(r".*: ", "", one["rule"]): one for one in self.records("shadow")}
        self.assertEqual(set(found), {"routes[0]", "access.servers[0]"})
        for key, would in (
            ("routes[0]", "take it to whom the client names, data mode active"),
            ("access.servers[0]", f"refuse it: 127.0.0.1 port {port} is denied by rule 1 of"),
        ):
            one = found[key]
            self.assertTrue(one["would"].startswith(would), one)
            self.assertIs(one["differs"], True)
            self.assertRegex(one["rule"], r"\.toml:\d+: ")
            self.assertEqual(one["server_name"], f"127.0.0.1:{port}")
