"""The reference of metrics: what each process counts and measures for Prometheus."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from tests.docs.markdown import modules, page, table


def described() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Kind, text and labels of every metric that a module of streams defines, by its name."""
    found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    for metric, labels in _metrics():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        found[name] = (metric.type, metric.documentation, labels)
    return dict(sorted(found.items()))


def _metrics() -> Iterator[tuple[Metric, tuple[str, ...]]]:
    """Every metric with its labels, which only private attributes tell."""
    for module in modules("streams"):
        for value in vars(module).values():
            if isinstance(value, MetricWrapperBase):
                for metric in value.describe():
                    yield metric, value._labelnames
            elif (
                inspect.isclass(value) and Collector in value.__mro__ and value.__module__ == module.__name__
            ):
                yield from _collected(value)


def _collected(kind: Callable[..., Any]) -> Iterable[tuple[Metric, tuple[str, ...]]]:
    collector = kind(registry=CollectorRegistry())
    return [(metric, tuple(getattr(metric, "_labelnames", ()))) for metric in collector.collect()]


def metrics() -> str:
    """The page."""
    rows = [
        (f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels), text)
        for name, (kind, text, labels) in described().items()
    ]
    return page(
        "Metrics",
        "Served for Prometheus at `/metrics`: [operations.md](../operations.md#metrics) says on which port. "
        "Counters begin at 0 with the process. Every process also serves `process_…`: memory, processor time "
        "and open files.",
        table(("metric", "kind", "labels", "what it says"), rows),
    )
