"""The metrics of all workers as one text: each family of several processes is what its table says of it
(``ops.metric_tables.Over``).

A sample that only some of them have is of those.  What a worker had counted that has died is gone, as with a
process that began anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ftpalg.ops.metric_tables import PREFIX, ROWS, Over

SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)")
"""Name, labels and number; ours have no time of their own."""
OVER: Mapping[Over, Callable[[Iterable[float]], float]] = {
    Over.SUM: sum,
    Over.MOST: max,
    Over.LEAST: min,
}
FAMILIES = {PREFIX + family.name: family.over for family in ROWS} | {
    "process_max_fds": Over.MOST,
    "process_start_time_seconds": Over.LEAST,
}


def summed(texts: Iterable[str]) -> Iterator[bytes]:
    """One text, family by family in the order of the first; a piece is a family."""
    families: dict[str, list[str]] = {}
    samples: dict[str, dict[str, list[float]]] = {}
    for text in texts:
        name = ""
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
            if line.startswith("#"):
                head = families.setdefault(name, [])
                if line not in head:
                    head.append(line)
                continue
            match = SAMPLE.fullmatch(line)
            if match is not None:
                key = match[1] + (match[2] or "")
                samples.setdefault(name, {}).setdefault(key, []).append(float(match[3]))
    for name, head in families.items():
        of_all = OVER[FAMILIES.get(name, Over.SUM)]
        lines = [*head, *(f"{key} {of_all(found)}" for key, found in samples.get(name, {}).items())]
        yield ("\n".join(lines) + "\n").encode("utf-8")
