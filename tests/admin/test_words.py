"""The words of a request, against the table."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Refusal
from ftpalg.admin.verbs import COUNT, STRING, SWITCH, WORDS, Parameter, Verb
from ftpalg.admin.words import words_of

PARAMETERS = (
    Parameter("names", WORDS, "", required=True),
    Parameter("text", STRING, ""),
    Parameter("yes", SWITCH, ""),
    Parameter("count", COUNT, ""),
)
GET = Verb("get", "GET", "/g", "", PARAMETERS, {}, "")
POST = GET._replace(name="post", method="POST", path="/p")
NONE = GET._replace(parameters=())


class Words(SynchronousTestCase):
    """In the query, and in the body."""

    def refusal(self, one: Verb, query: bytes, body: bytes = b"") -> str:
        """The sentence; the status is 400."""
        with self.assertRaises(Refusal) as caught:
            words_of(one, query, body)
        self.assertEqual(caught.exception.status, 400)
        sentence: str = caught.exception.sentence
        return sentence

    def test_query(self) -> None:
        """Each type; a list has its name once for each word."""
        found = words_of(GET, b"names=a&names=b%20c&text=%C3%A4&yes=true&count=7", b"")
        self.assertEqual(found, {"names": ["a", "b c"], "text": "ä", "yes": True, "count": 7})
        self.assertEqual(words_of(GET, b"names=&yes=false", b"")["yes"], False)

    def test_object(self) -> None:
        """The same in JSON."""
        said = {"names": ["a"], "text": "ä", "yes": False, "count": 0}
        self.assertEqual(words_of(POST, b"", json.dumps(said).encode()), said)

    def test_nothing(self) -> None:
        """A verb without words takes an empty body and an empty query."""
        self.assertEqual(words_of(NONE, b"", b""), {})
        self.assertEqual(words_of(NONE._replace(method="POST"), b"", b" \n"), {})
        self.assertEqual(words_of(NONE._replace(method="POST"), b"", b"{}"), {})

    def test_bad_query(self) -> None:
        """Unknown, twice, missing, of the wrong type, no query at all, a body behind GET."""
        for query, said in (
            (b"names=a&nope=1", "'nope' is none of its words; it takes names, text, yes, count"),
            (b"names=a&text=1&text=2", "'text' comes twice"),
            (b"text=1", "'names' is missing"),
            (b"", "'names' is missing"),
            (b"names=a&yes=1", "'yes': \"1\" is not true or false"),
            (b"names=a&yes=True", "is not true or false"),
            (b"names=a&count=-1", "'count': \"-1\" is not a number, 0 or more"),
            (b"names=a&count=" + b"9" * 19, "is not a number"),
            (b"names=a&count=\xc2\xb2", "is not a number"),
            (b"names=%ff", "no query"),
            (b"&".join([b"names=a"] * 2001), "no query"),
        ):
            self.assertIn(said, self.refusal(GET, query), query[:40])
        self.assertIn("no body", self.refusal(GET, b"names=a", b"x"))
        self.assertIn("it takes none at all", self.refusal(NONE, b"x=1"))

    def test_bad_object(self) -> None:
        """The same, and what is no JSON or no object."""
        for body, said in (
            (b"{", "no JSON"),
            (b"\xff", "no JSON"),
            (b"[" * 60000, "no JSON"),
            (b"[]", "no JSON object"),
            (b"7", "no JSON object"),
            (b'{"names": ["a"], "nope": 1}', "'nope' is none of its words"),
            (b"{}", "'names' is missing"),
            (b'{"names": []}', "'names' is missing"),
            (b'{"names": "a"}', "'names': \"a\" is not a list of texts"),
            (b'{"names": [1]}', "is not a list of texts"),
            (b'{"names": ["a"], "text": null}', "'text': null is not a text"),
            (b'{"names": ["a"], "yes": 1}', "is not true or false"),
            (b'{"names": ["a"], "count": true}', "is not a number"),
            (b'{"names": ["a"], "count": 1.5}', "is not a number"),
            (b'{"names": ["a"], "count": -1}', "is not a number"),
        ):
            self.assertIn(said, self.refusal(POST, b"", body), body[:40])
        self.assertIn("none in its path", self.refusal(POST, b"names=a"))

    def test_bounded(self) -> None:
        """What is refused is not told back whole."""
        body = json.dumps({"names": ["a"], "text": ["x" * 5000]}).encode()
        self.assertLess(len(self.refusal(POST, b"", body)), 300)

    @given(st.binary(max_size=60), st.binary(max_size=60))
    def test_any(self, query: bytes, body: bytes) -> None:
        """Whatever comes, it is taken or refused."""
        for one in (GET, POST, NONE):
            try:
                words_of(one, query, body)
            except Refusal as refusal:
                self.assertEqual(refusal.status, 400)

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), min_size=1))
    def test_same(self, names: list[str]) -> None:
        """A list is the same list both ways."""
        query = "&".join(f"names={quote(name)}" for name in names).encode()
        found: Any = words_of(GET, query, b"")
        self.assertEqual(found["names"], names)
        body = json.dumps({"names": names}).encode()
        self.assertEqual(words_of(POST, b"", body), found)
