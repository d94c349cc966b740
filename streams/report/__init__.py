"""The HTML report: one self-contained page about one run, readable offline."""

from streams.report.limits import limits_of
from streams.report.page import render

__all__ = ["limits_of", "render"]
