"""The HTML report: one self-contained page about one run, readable offline."""

from streams.output.report.page import plot_thresholds, render

__all__ = ["plot_thresholds", "render"]
