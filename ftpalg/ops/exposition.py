"""The numbers as Prometheus reads them: its text format, made in steps, so that no turn is long.

All of it is of one instant, which the first step is; the others only write it down.  prometheus-client
writes the text, from families that a collector of our own gives it one after another; nothing is
registered anywhere.  It is an extra of this package, and is imported with this module only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from ftpalg.ops.metric_tables import PREFIX, ROWS, Family, Kind
from ftpalg.ops.metrics import Gauges, Histogram, Labels, Metrics, Values
from ftpalg.ops.process import Number, process

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What ``generate_latest`` writes, whose newer versions call it 1.0.0 where they escape no name."""
AT_ONCE = 250
"""Samples that are written in one step: about a millisecond's work."""
BYTES = "transfer_bytes_total"


class _One(Collector):
    """Gives a single family."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


class Exposition:
    """``gauges`` tells how things stand now."""

    def __init__(self, metrics: Metrics, gauges: Callable[[], Gauges]) -> None:
        self._metrics = metrics
        self._gauges = gauges
        self._most: dict[Labels, float] = {}

    def scrape(self) -> Iterator[bytes]:
        """The text, a piece with each step."""
        own: dict[str, float] = {}
        for some in process():
            own.update({one.name: one.number for one in some})
            yield b"".join(map(_number, some))
        instant = self._instant(own)
        yield b""
        for family, samples in instant:
            yield from _written(family, samples)

    def _instant(self, own: Mapping[str, float]) -> list[tuple[Family, Iterator[Sample]]]:
        """Every family that has something to say, with copies of what may change."""
        metrics, gauges = self._metrics, self._gauges()
        values: dict[str, Values] = {
            "start_time_seconds": {(): metrics.began},
            "config_last_reload_successful": {(): float(metrics.holds)},
            "config_last_reload_timestamp_seconds": {(): metrics.reloaded},
            **gauges.values,
        }
        values["limit_ratio"] = {**values.get("limit_ratio", {}), **_descriptors(own)}
        counts: dict[str, Values] = {name: {**known} for name, known in metrics.totals.items()}
        counts[BYTES] = self._growing(counts[BYTES], gauges.moved)
        found: list[tuple[Family, Iterator[Sample]]] = []
        for family in ROWS:
            if family.kind is Kind.HISTOGRAM:
                known = metrics.histograms[family.name]
                copies = [(labels, one.sum, tuple(one.counts)) for labels, one in known.items()]
                if not family.labels and not copies:
                    none = Histogram(family.buckets)
                    copies = [((), none.sum, tuple(none.counts))]
                found.append((family, _buckets(family, copies)))
            else:
                of = counts if family.kind is Kind.COUNTER else values
                found.append((family, _plain(family, of.get(family.name, {}))))
        return found

    def _growing(self, done: Values, moved: Mapping[Labels, int]) -> Values:
        """With the bytes of what runs; never less than was told before, whatever became of a transfer."""
        for labels, count in done.items():
            now = count + moved.get(labels, 0)
            self._most[labels] = max(self._most.get(labels, 0), now)
        return dict(self._most)


def _number(one: Number) -> bytes:
    metric = Metric(one.name.removesuffix("_total"), one.meaning, one.kind)
    metric.samples = [Sample(one.name, {}, one.number)]
    return generate_latest(_One(metric))


def _descriptors(own: Mapping[str, float]) -> Values:
    """How much of the file descriptors is used."""
    used, limit = own.get("process_open_fds"), own.get("process_max_fds")
    return {("descriptors",): used / limit} if used is not None and limit else {}


def _plain(family: Family, values: Values) -> Iterator[Sample]:
    name = PREFIX + family.name
    for labels, number in values.items():
        yield Sample(name, dict(zip(family.labels, labels, strict=True)), number)


def _buckets(
    family: Family, copies: Iterable[tuple[Labels, float, tuple[int, ...]]]
) -> Iterator[Sample]:
    name = PREFIX + family.name
    for labels, total, counts in copies:
        own, sum_of = dict(zip(family.labels, labels, strict=True)), 0
        for bound, count in zip((*map(str, family.buckets), "+Inf"), counts, strict=True):
            sum_of += count
            yield Sample(f"{name}_bucket", {**own, "le": bound}, sum_of)
        yield Sample(f"{name}_sum", own, total)
        yield Sample(f"{name}_count", own, sum_of)


def _written(family: Family, samples: Iterator[Sample]) -> Iterator[bytes]:
    """A family's text; its head is there once, whatever its length."""
    name = (PREFIX + family.name).removesuffix("_total")
    head = True
    while batch := list(islice(samples, AT_ONCE)):
        metric = Metric(name, family.meaning, family.kind.value)
        metric.samples = batch
        text = generate_latest(_One(metric))
        yield text if head else text.split(b"\n", 2)[2]
        head = False
