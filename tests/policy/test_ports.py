"""Which data port to try next."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.policy.ports import candidates


class Candidates(SynchronousTestCase):
    """``candidates``."""

    @given(
        st.integers(1024, 65535),
        st.integers(0, 300),
        st.frozensets(st.integers(1024, 1400)),
        st.data(),
    )
    def test_each_once(
        self, first: int, more: int, excluded: frozenset[int], data: st.DataObject
    ) -> None:
        """Every port of the range that is not left out comes once, whatever is chosen."""
        last = min(first + more, 65535)
        chosen = candidates(first, last, excluded, lambda size: data.draw(st.integers(0, size - 1)))
        self.assertEqual(sorted(chosen), sorted(set(range(first, last + 1)) - excluded))

    def test_excluded(self) -> None:
        """Quirk 21: the ports of SIP and its kin are left out."""
        found = list(candidates(5058, 5063, frozenset((5060, 5061))))
        self.assertEqual(sorted(found), [5058, 5059, 5062, 5063])

    def test_order_follows_the_choice(self) -> None:
        """Start and stride are what was chosen; a stride with a common factor is moved on."""
        chosen = iter((2, 4))
        found = list(candidates(2000, 2009, frozenset(), lambda size: next(chosen)))
        self.assertEqual(found[:4], [2002, 2009, 2006, 2003])

    def test_cannot_be_foretold(self) -> None:
        """RFC 2577 section 8: by default the first port is spread over the whole range."""
        firsts = Counter(next(candidates(2000, 2009, frozenset())) for _ in range(2000))
        self.assertEqual(set(firsts), set(range(2000, 2010)))

    def test_empty(self) -> None:
        """Nothing is left where everything is left out."""
        self.assertEqual(list(candidates(5060, 5061, frozenset((5060, 5061)))), [])
