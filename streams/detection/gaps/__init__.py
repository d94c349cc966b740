"""Gaps: when a vessel that counts is silent for longer than expected, and whether reception explains it."""
