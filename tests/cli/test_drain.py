"""``ftpalg drain`` and ``ftpalg undrain``: words, what is printed, the status.  The gateway is the test's."""

from __future__ import annotations

import json
import subprocess
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from ftpalg.cli import drain as module
from ftpalg.cli.asking import NoAnswer
from ftpalg.core.drained import Kind
from tests.cli.cases import CommandCase

BASH = """
source {file}
{program}() {{ [[ "$*" == "who --names {kind}s --socket /s" ]] && printf '%s\\n' {names}; }}
COMP_LINE={line!r} COMP_POINT={point} COMP_WORDS=({words}) COMP_CWORD={last}
_ftpalg_parts {piece!r}
"""


class Drain(CommandCase):
    """What is asked, and what is said of the answer."""

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.answer: Any = {"kind": "gateway", "name": "", "sessions": 2, "within": 0.0}
        self.patch(module, "ask", self.ask)

    def ask(self, words: Namespace, name: str, said: Mapping[str, Any]) -> Any:
        """As a gateway does."""
        self.asked.append((name, {key: one for key, one in said.items() if one is not None}))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def test_words(self) -> None:
        """A kind and a name, or nothing, or --all; a bound."""
        whole = {"kind": "gateway"}
        for words, verb, said in (
            (("drain",), "drain", whole),
            (("drain", "--all", "--within", "60"), "drain", {**whole, "within": 60}),
            (("undrain",), "undrain", whole),
            (("undrain", "--all"), "undrain", whole),
            (("drain", "server", "a"), "drain", {"kind": "server", "name": "a"}),
            (("undrain", "listener", ":21"), "undrain", {"kind": "listener", "name": ":21"}),
            (("drain", "--list"), "drained", {}),
        ):
            self.answer = {"drained": [], "ready": True} if "--list" in words else self.answer
            self.assertEqual(self.run_it(*words)[0], 0)
            self.assertEqual(self.asked.pop(), (verb, said))
            self.answer = {"kind": "gateway", "name": "", "sessions": 2, "within": 0.0}

    def test_kinds(self) -> None:
        """They are the gateway's own words."""
        self.assertEqual([*module.KINDS, module.WHOLE], [kind.value for kind in Kind])

    def test_said(self) -> None:
        """How many are there, one or several, and the bound."""
        self.assertEqual(self.run_it("drain")[1], "drained: the gateway, 2 sessions there\n")
        self.answer = {"kind": "route", "name": "routes[0]", "sessions": 1, "within": 2.5}
        for verb in ("drain", "undrain"):
            said = self.run_it(verb, "route", "routes[0]")[1]
            self.assertEqual(said, f"{verb}ed: route routes[0], 1 session there, for 2.5 s\n")
        said = self.run_it("drain", "--json")[1]
        self.assertEqual(json.loads(said), self.answer)

    def test_list(self) -> None:
        """What is drained, a line each."""
        one = {"kind": "server", "name": "a:21", "sessions": 1, "within": 0}
        self.answer = {"drained": [one, {**one, "name": "b:21"}], "ready": True}
        said = self.run_it("drain", "--list")[1]
        self.assertEqual(said, "server a:21, 1 session there\nserver b:21, 1 session there\n")
        self.assertEqual(json.loads(self.run_it("drain", "--list", "--json")[1]), self.answer)
        self.answer = {"drained": [], "ready": True}
        self.assertEqual(self.run_it("drain", "--list")[1], "nothing is drained\n")

    def test_wrong(self) -> None:
        """Words that are none are not asked: status 2 and one sentence."""
        for words, sentence in (
            (
                ("drain", "rout", "x"),
                "'rout' is none of server, route, listener; did you mean route?",
            ),
            (("drain", "ftp.example"), "say which of them it is"),
            (("drain", "gateway"), "is none of"),
            (("undrain", "server"), "name the server, or --all"),
            (("undrain", "server", "a", "--all"), "--all is the whole gateway"),
            (("drain", "--within", "-1"), "above 0"),
            (("drain", "--within", "soon"), "--within"),
            (("drain", "server", "a", "b"), "'b' is none of its words"),
        ):
            status, out, err = self.run_it(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertIn(sentence, err)
            self.assertEqual(err.count("\n"), 1)
        self.assertEqual(self.asked, [])

    def test_no_answer(self) -> None:
        """A gateway's no is told with its status."""
        for status in (1, 2):
            self.answer = NoAnswer("there is no route 'x'", status)
            for words in (("drain", "route", "x"), ("drain", "--list")):
                found = self.run_it(*words)
                self.assertEqual(found, (status, "", "ftpalg drain: there is no route 'x'\n"))

    def completed(self, line: str, words: str, piece: str, kind: str, names: str) -> list[str]:
        """What bash offers behind that line, which it has split so, for its last piece."""
        file = self.file(self.run_it("completion", "bash")[1], "bash")
        text = BASH.format(
            file=file,
            program="ftpalg",
            kind=kind,
            names=names,
            line=line,
            point=len(line),
            words=words,
            last=len(words.split()) - 1,
            piece=piece,
        )
        made = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=60)
        self.assertEqual(made.stderr, "")
        return made.stdout.split()

    def test_completed(self) -> None:
        """Names of that kind, by the socket of the line; bash replaces what stands behind the last colon."""
        begin = "ftpalg drain --socket /s"
        for kind, typed, words, piece, names, found in (
            ("server", "", "''", "", "a:21 b:21", ["a:21", "b:21"]),
            ("server", "a", "a", "a", "a:21 b:21", ["a:21"]),
            ("server", "a:", "a :", ":", "a:21 b:21", ["21"]),
            ("server", "a:2", "a : 2", "2", "a:21 a:990", ["21"]),
            (
                "listener",
                "tcp:0:in",
                "tcp : 0 : in",
                "in",
                "tcp:0:interface=::1",
                ["interface=::1"],
            ),
            ("route", "r", "r", "r", "'routes[0]'", ["routes[0]"]),
        ):
            line = f"{begin} {kind} {typed}"
            split = f"ftpalg drain --socket /s {kind} {words}"
            self.assertEqual(self.completed(line, split, piece, kind, names), found, line)
