"""What each peer holds: asked for, granted, given back; what lingers is reset first."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.ledger import Bound, Grant, Line, OwnLedger, Short, network_of

A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"
FD = Line.DESCRIPTORS


class Drain:
    """Something that lingers; ``slow`` gives nothing back when it is reset."""

    def __init__(self, ledger: OwnLedger, key: str, *lines: Line, slow: bool = False) -> None:
        self.ledger, self.slow, self.aborted = ledger, slow, False
        self.grants = [Grant(ledger, key, line) for line in lines]
        self.short = [grant.to(1) for grant in self.grants]
        ledger.linger(self, key, *lines)

    def shed(self) -> None:
        self.aborted = True
        if not self.slow:
            self.over()

    def over(self) -> None:
        """Its end, for whatever reason."""
        self.ledger.settle(self)
        for grant in self.grants:
            grant.back()


class LedgerCase(SynchronousTestCase):
    """A ledger of five descriptors, three for each."""

    def setUp(self) -> None:
        self.ledger = self.made({FD: Bound(3, 5)})

    def made(self, bounds: dict[Line, Bound]) -> OwnLedger:
        """One of the kind that is tried."""
        return OwnLedger(bounds)

    def holds(self, key: str) -> int:
        """How many descriptors."""
        return self.ledger.held(key, FD)


class Asked(LedgerCase):
    """Ask, grant, give back."""

    def test_share(self) -> None:
        """One has its share and no more; another one still has its own."""
        self.assertEqual([self.ledger.ask(A, FD) for _ in range(3)], [None] * 3)
        self.assertEqual(self.ledger.ask(A, FD), Short(FD, 3, 3, of_one=True))
        self.assertIsNone(self.ledger.ask(B, FD))
        self.assertEqual((self.holds(A), self.holds(B), self.ledger.in_all(FD)), (3, 1, 4))

    def test_in_all(self) -> None:
        """All together have no more than there is."""
        self.ledger.ask(A, FD, 3)
        self.ledger.ask(B, FD, 2)
        self.assertEqual(self.ledger.ask(C, FD), Short(FD, 5, 5, of_one=False))
        self.ledger.give(A, FD)
        self.assertIsNone(self.ledger.ask(C, FD))

    def test_whole_or_not(self) -> None:
        """What does not fit as a whole changes nothing."""
        self.ledger.ask(A, FD, 2)
        self.assertEqual(self.ledger.ask(A, FD, 2), Short(FD, 2, 3, of_one=True))
        self.assertEqual((self.holds(A), self.ledger.in_all(FD)), (2, 2))

    def test_given_back(self) -> None:
        """What is given back is there for others, and of who holds nothing nothing is kept."""
        self.ledger.ask(A, FD, 3)
        self.ledger.give(A, FD, 3)
        self.assertEqual(dict(self.ledger.holders(FD)), {})
        self.assertIsNone(self.ledger.ask(A, FD, 3))

    def test_given_back_too_often(self) -> None:
        """More than is held cannot be given back; nothing changes."""
        self.ledger.ask(A, FD)
        self.ledger.ask(B, FD)
        self.assertRaises(ValueError, self.ledger.give, A, FD, 2)
        self.assertRaises(ValueError, self.ledger.give, C, FD)
        self.assertEqual((self.holds(A), self.ledger.in_all(FD)), (1, 2))

    def test_bound_for_once(self) -> None:
        """A route may have a bound of its own."""
        self.assertIsNotNone(self.ledger.ask(A, FD, 2, Bound(1)))
        self.assertIsNone(self.ledger.ask(A, FD, 9, Bound(9)))

    def test_unbound(self) -> None:
        """A line without a bound counts."""
        self.assertIsNone(self.ledger.ask(A, Line.FAILURES, 1 << 40))
        self.assertEqual(self.ledger.held(A, Line.FAILURES), 1 << 40)

    def test_lines_apart(self) -> None:
        """Lines have nothing to do with each other."""
        self.ledger.ask(A, FD, 3)
        self.assertIsNone(self.ledger.ask(A, Line.SESSIONS, 99))
        self.assertEqual(self.ledger.in_all(FD), 3)

    def test_renewed(self) -> None:
        """New bounds hold from the next time on; what is held stays, though it is more."""
        self.ledger.ask(A, FD, 3)
        self.ledger.renew({FD: Bound(1, 9)}, 64)
        self.assertEqual(self.ledger.ask(A, FD), Short(FD, 3, 1, of_one=True))
        self.ledger.give(A, FD, 3)
        self.assertIsNone(self.ledger.ask(A, FD))
        self.assertEqual(self.ledger.bound(FD), Bound(1, 9))


class Granted(LedgerCase):
    """A grant knows what it holds."""

    def test_once(self) -> None:
        """It gives back once."""
        self.ledger.ask(A, FD)
        grant = Grant(self.ledger, A, FD)
        self.assertIsNone(grant.to(2))
        grant.back()
        grant.back()
        self.assertEqual(self.holds(A), 1)

    def test_more_and_less(self) -> None:
        """It grows as far as there is room, and holds what it held where there is none."""
        grant = Grant(self.ledger, A, FD)
        self.assertEqual([grant.to(2), grant.to(3)], [None, None])
        self.assertEqual(grant.to(4), Short(FD, 3, 3, of_one=True))
        self.assertEqual((grant.amount, self.holds(A)), (3, 3))
        self.assertIsNone(grant.to(1))
        self.assertEqual((grant.amount, self.holds(A)), (1, 1))

    def test_taken_over(self) -> None:
        """What was granted already can be made one."""
        self.ledger.ask(A, FD)
        Grant(self.ledger, A, FD, 1).back()
        self.assertEqual(self.holds(A), 0)


class Lingers(LedgerCase):
    """What lingers is reset, oldest first, before anything is refused."""

    def test_own_oldest_first(self) -> None:
        """A peer whose share is used up loses what has lingered longest, and nobody else does."""
        foreign, first, second = (Drain(self.ledger, key, FD) for key in (B, A, A))
        self.ledger.ask(A, FD)
        self.assertIsNone(self.ledger.ask(A, FD))
        self.assertEqual([d.aborted for d in (foreign, first, second)], [False, True, False])
        self.assertIsNone(self.ledger.ask(A, FD))
        self.assertEqual([d.aborted for d in (foreign, second)], [False, True])
        self.assertEqual(self.ledger.ask(A, FD), Short(FD, 3, 3, of_one=True))
        self.assertEqual((self.holds(A), self.holds(B)), (3, 1))

    def test_no_more_than_needed(self) -> None:
        """So many are reset as make room."""
        drains = [Drain(self.ledger, A, FD) for _ in range(3)]
        self.assertIsNone(self.ledger.ask(A, FD, 2))
        self.assertEqual([drain.aborted for drain in drains], [True, True, False])

    def test_anybodys(self) -> None:
        """Where all there is is used up the asker's own goes first, then whatever is oldest."""
        foreign = [Drain(self.ledger, B, FD) for _ in range(2)]
        own = Drain(self.ledger, A, FD)
        self.ledger.ask(C, FD, 2)
        self.assertIsNone(self.ledger.ask(A, FD))
        self.assertEqual([d.aborted for d in (*foreign, own)], [False, False, True])
        self.assertIsNone(self.ledger.ask(A, FD))
        self.assertEqual([d.aborted for d in foreign], [True, False])

    def test_settled(self) -> None:
        """What lingers no more is left alone; of it nothing is kept."""
        drain = Drain(self.ledger, A, FD)
        self.ledger.settle(drain)
        self.ledger.settle(drain)
        self.ledger.ask(A, FD, 2)
        self.assertIsNotNone(self.ledger.ask(A, FD))
        self.assertFalse(drain.aborted)
        self.assertEqual(
            (self.ledger.lingering, any(row.oldest for row in self.ledger._rows.values())),
            (0, False),
        )

    def test_told(self) -> None:
        """What could be granted only because something was reset is told once, with what was used up; what
        is refused all the same is its asker's to tell."""
        told: list[Short] = []
        ledger = OwnLedger({FD: Bound(3, 5)}, pressed=told.append)
        for _ in range(2):
            Drain(ledger, A, FD)
        self.assertEqual([ledger.ask(A, FD), told], [None, []])
        self.assertIsNone(ledger.ask(A, FD, 2))
        self.assertEqual(told, [Short(FD, 2, 3, of_one=True)])
        Drain(ledger, B, FD)
        ledger.ask(B, FD)
        self.assertIsNone(ledger.ask(C, FD))
        self.assertEqual(told.pop(), Short(FD, 5, 5, of_one=False))
        self.assertIsNotNone(ledger.ask(C, FD, 4))
        self.assertEqual(len(told), 1)

    def test_other_line(self) -> None:
        """What holds nothing of a line is not reset for it."""
        ledger = self.made({FD: Bound(2), Line.SESSIONS: Bound(1)})
        drain, shaking = Drain(ledger, A, FD), Drain(ledger, A, FD, Line.SESSIONS)
        self.assertIsNone(ledger.ask(A, Line.SESSIONS))
        self.assertEqual((drain.aborted, shaking.aborted), (False, True))
        self.assertEqual((ledger.held(A, FD), ledger.held(A, Line.SESSIONS)), (1, 1))

    def test_gives_nothing_back(self) -> None:
        """Where one that is reset takes its time the others are not reset in vain."""
        slow = Drain(self.ledger, A, FD, slow=True)
        other = Drain(self.ledger, A, FD)
        self.ledger.ask(A, FD)
        self.assertIsNotNone(self.ledger.ask(A, FD))
        self.assertEqual((slow.aborted, other.aborted), (True, False))
        slow.over()
        self.assertIsNone(self.ledger.ask(A, FD))


class Whose(SynchronousTestCase):
    """What is one peer."""

    def test_ipv4(self) -> None:
        """An address is one."""
        ledger = OwnLedger({})
        self.assertEqual(ledger.whose(A), A)
        self.assertEqual(network_of(A, 64), A)

    def test_ipv6(self) -> None:
        """A network is, of the size that the settings say."""
        ledger = OwnLedger({}, 56)
        self.assertEqual(ledger.whose("2001:db8:0:ff::1"), "2001:db8::/56")
        self.assertEqual(ledger.whose("2001:db8:0:100::1"), "2001:db8:0:100::/56")
        ledger.renew({}, 128)
        self.assertEqual(ledger.whose("2001:db8::1"), "2001:db8::1/128")
        ledger.renew({}, 1)
        self.assertEqual(ledger.whose("fe80::1"), "8000::/1")


class AtRandom(SynchronousTestCase):
    """Many hands."""

    def test_books_balance(self) -> None:
        """Whatever is asked, given back and reset: never more than there is, and nothing is left."""
        for seed in range(50):
            chance = random.Random(seed)
            ledger = OwnLedger({FD: Bound(7, 20), Line.SESSIONS: Bound(3, 8)})
            grants: list[Grant] = []
            drains: list[Drain] = []
            for _ in range(300):
                key = chance.choice("abcde")
                deed = chance.randrange(4)
                if deed == 0:
                    grants.append(Grant(ledger, key, chance.choice((FD, Line.SESSIONS))))
                elif deed == 1 and grants:
                    chance.choice(grants).to(chance.randrange(9))
                elif deed == 2:
                    drains.append(Drain(ledger, key, FD, *chance.choice(((), (Line.SESSIONS,)))))
                elif drains:
                    chance.choice(drains).over()
                every = [*grants, *(grant for drain in drains for grant in drain.grants)]
                for line in (FD, Line.SESSIONS):
                    held = {one: ledger.held(one, line) for one in "abcde"}
                    summed = sum(grant.amount for grant in every if grant.line is line)
                    self.assertEqual((sum(held.values()), ledger.in_all(line)), (summed, summed))
                    self.assertLessEqual(ledger.in_all(line), ledger.bound(line).in_all)
                    self.assertLessEqual(max(held.values()), ledger.bound(line).of_one)
            for grant in grants:
                grant.back()
            for drain in drains:
                drain.over()
            self.assertEqual([dict(ledger.holders(line)) for line in Line], [{}] * len(Line))
            self.assertEqual(
                (ledger.lingering, any(row.oldest for row in ledger._rows.values())), (0, False)
            )
