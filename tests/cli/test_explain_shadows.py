"""``ftpalg explain`` and rules that are only tried."""

from __future__ import annotations

from tests.cli.cases import CommandCase


class Shadows(CommandCase):
    """One settings file, several users."""

    def test_shadow_of_users(self) -> None:
        """Behind a server for everybody it is judged with USER, and not before."""
        path = self.file(
            'server = "ftp://h.example"\n[[routes]]\nusers = ["bob"]\nshadow = true\n'
            'server = "ftp://one.example"\n',
            "shadow.toml",
        )
        for words, said in (
            (
                ("--user", "bob"),
                "would have been taken: it would take it to one.example:21, TLS off",
            ),
            (("--user", "amy"), "would have been passed over: users has no pattern for user amy"),
            ((), "cannot be judged: it waits until users can be judged"),
        ):
            asked = ("--from", "192.0.2.7", "--address", "198.51.100.7", *words)
            status, out, err = self.run_it("explain", "--config", path, *asked)
            self.assertEqual((status, err), (0, ""), words)
            self.assertIn(f"  {path}:2: routes[0]: shadow: {said}", out.splitlines())
