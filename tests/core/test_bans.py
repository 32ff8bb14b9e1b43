"""The words of bans: who, why, and the names under which accounts are counted."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.bans import LONGEST, Ban, Kind, Offence, Who, account_key


class Words(SynchronousTestCase):
    """What operators read."""

    def test_who(self) -> None:
        """A peer is its address, an account says that it is one."""
        self.assertEqual(str(Who(Kind.PEER, "192.0.2.1")), "192.0.2.1")
        self.assertEqual(str(Who(Kind.ACCOUNT, "joe")), "account joe")

    def test_reason(self) -> None:
        """The offence's word, or the operator's; no two offences share one."""
        ban = Ban(Who(Kind.PEER, "192.0.2.1"), 0, 1)
        self.assertEqual(ban.reason, "operator")
        self.assertEqual(ban._replace(offence=Offence.SCAN).reason, "scan")
        self.assertEqual(len({one.word for one in Offence}), len(Offence))

    def test_account_key(self) -> None:
        """Cases are one account, and no name is long, though it grows when it is folded."""
        self.assertEqual(account_key("JoE"), account_key("joe"))
        for name in ("a" * 5000, "ß" * 5000, "\u0390" * 5000):
            self.assertEqual(len(account_key(name)), LONGEST)
