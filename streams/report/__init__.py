"""The HTML report: one self-contained page about one run, readable offline."""

from streams.report.page import render

__all__ = ["render"]
