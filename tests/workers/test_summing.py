"""The metrics of several workers as one text."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.metric_tables import PREFIX, ROWS, Family, Kind, Over
from ftpalg.workers.summing import summed

LABELS = '{where="say \\"}{ 7\\" to",result="x"}'


def text_of(family: Family, *numbers: float) -> str:
    """As one worker writes it: a sample each."""
    name = PREFIX + family.name
    head = f"# HELP {name} {family.meaning}\n# TYPE {name} {family.kind.value}\n"
    ends = ("_bucket", "_sum", "_count") if family.kind is Kind.HISTOGRAM else ("",)
    return head + "".join(f"{name}{end}{LABELS} {number}\n" for end in ends for number in numbers)


class Summing(SynchronousTestCase):
    """Family by family."""

    def test_each_family(self) -> None:
        """What the table says of several processes."""
        wanted = {Over.SUM: 6.0, Over.MOST: 4.0, Over.LEAST: 2.0}
        for family in ROWS:
            text = b"".join(summed((text_of(family, 2.0), text_of(family, 4.0)))).decode()
            self.assertEqual(text, text_of(family, wanted[family.over]))

    def test_process(self) -> None:
        """Memory is a sum, the beginning that of the first, the bound of descriptors that of each."""
        texts = [
            f"# HELP {name} x\n# TYPE {name} gauge\n{name} {number}\n"
            for number in (3, 5)
            for name in (
                "process_resident_memory_bytes",
                "process_start_time_seconds",
                "process_max_fds",
            )
        ]
        found: dict[str, Any] = {
            one.name: one.samples[0].value
            for one in text_string_to_metric_families(b"".join(summed(texts)).decode())
        }
        self.assertEqual(list(found.values()), [8, 3, 5])

    def test_not_all(self) -> None:
        """A sample that one of them has, a family that one of them has, and a line that is none."""
        one, other = ROWS[4], ROWS[5]
        name = PREFIX + one.name
        first = text_of(one, 2.0) + f'{name}{{a="b"}} 1.0\nnonsense\n'
        text = b"".join(summed((first, text_of(one, 3.0) + text_of(other, 1.0)))).decode()
        whole = text_of(one, 5.0) + f'{name}{{a="b"}} 1.0\n' + text_of(other, 1.0)
        self.assertEqual(text, whole)
        self.assertEqual(list(summed(())), [])
