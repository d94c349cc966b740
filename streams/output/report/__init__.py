"""The HTML report: one self-contained page about one run, readable offline."""

from streams.output.report.limits import limits_of
from streams.output.report.page import render

__all__ = ["limits_of", "render"]
