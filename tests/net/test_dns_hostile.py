"""Name servers that lie, or say nothing."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.names import dns

from ftpalg.net.reach import dns as module
from tests.net.nameservers import AAAA, NAME, A, DnsCase, record


class Hostile(DnsCase):
    """Answers to nobody's question."""

    async def _each(self) -> None:
        def number(message: dns.Message) -> None:
            message.id ^= 1

        def question(message: dns.Message) -> None:
            message.queries = [dns.Query(b"other.example", message.queries[0].type)]

        def no_question(message: dns.Message) -> None:
            message.queries = []

        def no_answer(message: dns.Message) -> None:
            message.answer = 0

        other, where = self.serve()
        other.zone = {(NAME, A): [record(NAME, "192.0.2.1")]}
        self.server.zone = {(NAME, A): [record(NAME, "203.0.113.66")]}
        self.patch(module, "RETRY", 0.02)
        for mangle in (number, question, no_question, no_answer):
            self.server.mangle = mangle
            found = await self.found(NAME, self.resolver(self.where, where))
            self.assertEqual(found, (["192.0.2.1"], ""), mangle.__name__)

    def test_not_asked(self) -> Deferred[None]:
        """With another number or question, or no answer at all, it is as if nothing had come."""
        return self.run_it(self._each())

    async def _rubbish(self) -> None:
        other, where = self.serve()
        other.zone = {(NAME, A): [record(NAME, "192.0.2.1")]}
        self.patch(module, "RETRY", 0.02)
        pieces = (b"", b"x", b"\xff" * 700, bytes(12), b"\xc0\x0c" * 20)
        for piece in pieces:
            self.patch(
                self.server,
                "answer",
                lambda data, whole, piece=piece: data[:2] + b"\x80\0\0\1\0\1\0\0\0\0" + piece,
            )
            found = await self.found(NAME, self.resolver(self.where, where))
            self.assertEqual(found, (["192.0.2.1"], ""), piece)

    def test_rubbish(self) -> Deferred[None]:
        """What cannot be read is as if it had not come."""
        return self.run_it(self._rubbish())

    async def _stranger(self) -> None:
        self.server.silent = {A, AAAA}
        resolver = self.resolver()
        asking = resolver.begin(NAME, lambda *told: self.told.append(told), self.ends)
        await self.until(lambda: len(self.server.asked) == 2)
        stranger, _ = self.serve()
        stranger.zone = {(NAME, A): [record(NAME, "203.0.113.66")]}
        for question in asking._questions.values():  # type: ignore[attr-defined]
            message = dns.Message(question.number, answer=1)
            message.queries = [question.query]
            message.answers = [record(NAME, "203.0.113.66")]
            assert stranger.transport is not None
            stranger.transport.write(
                message.toStr(), ("127.0.0.1", question._exchange._port.getHost().port)
            )
        for _ in range(5):
            await self.turn()
        self.assertEqual(self.told, [])
        asking.cancel()

    def test_stranger(self) -> Deferred[None]:
        """An answer that is right in all but its sender is not taken."""
        return self.run_it(self._stranger())
